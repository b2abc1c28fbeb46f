# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host asks for: its network, from a variable or from the manifest of an Elemental user, and the claims that it needs."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible.errors import AnsibleError
from ansible_collections.elemental.networking.plugins.module_utils._ipam.manifest import (
    GLOBAL,
    NAMESPACED,
    pool_manifests,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError
from ansible_collections.elemental.networking.plugins.module_utils._ipam.names import (
    checked_name,
    checked_site,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.names import (
    machine_name as default_machine_name,
)
from ansible_collections.elemental.networking.plugins.module_utils._texts import plain, sentence
from ansible_collections.elemental.networking.plugins.module_utils._yaml import YamlError, checked, load
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import InvalidInput
from ansible_collections.elemental.networking.plugins.plugin_utils._request.files import database_path, read_manifests

_Document = t.Mapping[str, t.Any]


@dataclass(frozen=True)
class Given:
    """What the user gave for a host; an empty string, as AWX surveys send one, counts as unset everywhere."""

    host: str
    inventory_folder: str | None = None
    network: object = None
    manifest: str = ""
    pools: object = None
    pool_files: object = None
    backend: str = ""
    database: str = ""
    namespace: str = ""
    machine: str = ""
    former_name: str = ""
    renumber: bool = False
    kubernetes: object = None
    postgresql: object = None
    site: str = ""


@dataclass(frozen=True)
class MachineNetwork:
    """What a host asks for; ``network`` has the shape of ``MachineRegistration.spec.config.network``, or is empty."""

    host: str
    machine: str
    namespace: str
    backend: str
    database: str
    network: t.Mapping[str, t.Any]
    pools: tuple[t.Mapping[str, t.Any], ...]
    site: str = ""
    former_name: str = ""
    renumber: bool = False

    @property
    def configurator(self) -> str:
        """The configurator; none where the network of the host is not managed."""
        return str(self.network.get("configurator") or "none")

    @property
    def former_machine(self) -> str:
        """The name that the machine had before it was renamed, empty as a rule."""
        return default_machine_name(self.former_name) if self.former_name else ""

    @property
    def claims(self) -> list[dict[str, t.Any]]:
        """The claims in the form that the module ip_address_claims takes; a host that is not managed needs none."""
        if self.configurator == "none":
            return []
        wanted = ip_addresses(self.network)
        return [{**self._place, "key": str(key), "pool": pool} for key, pool in wanted.items()]

    @property
    def machines(self) -> list[dict[str, t.Any]]:
        """The machine in the form that the module ip_address_claims takes; a host that is not managed keeps what it holds."""
        if self.configurator == "none":
            return []
        return [{**self._place, "former_host": self.former_name, "renumber": self.renumber}]

    @property
    def _place(self) -> dict[str, t.Any]:
        place = {"machine": self.machine, "namespace": self.namespace, "host": self.host}
        return {**place, "site": self.site} if self.site else place


def described(asked: MachineNetwork) -> dict[str, t.Any]:
    """What may be shown of it: all but the configuration, which may hold secrets."""
    return {
        "machine": asked.machine,
        "namespace": asked.namespace,
        "site": asked.site,
        "backend": asked.backend,
        "database": asked.database,
        "configurator": asked.configurator,
        "claims": asked.claims,
        "machines": asked.machines,
        "former_machine": asked.former_machine,
        "pools": list(asked.pools),
    }


def ip_addresses(network: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The pools by placeholder key. Raises InvalidInput when they are not a mapping."""
    value = network.get("ipAddresses") or {}
    if not isinstance(value, t.Mapping):
        raise InvalidInput("ipAddresses of the network must be a dictionary of placeholder key to pool")
    wanted = {str(key): pool for key, pool in value.items()}
    if len(wanted) < len(value):
        raise InvalidInput("ipAddresses of the network has two keys that are the same string; put keys in quotes")
    return wanted


def machine_network(given: Given) -> MachineNetwork:
    """Determine what a host asks for. Raises InvalidInput with one sentence for what cannot be understood."""
    try:
        return _put_together(given)
    except AnsibleError as error:
        raise InvalidInput(sentence(error.message)) from None  # it may quote names of users


def _put_together(given: Given) -> MachineNetwork:
    documents = read_manifests(given.manifest, given.inventory_folder) if given.manifest else []
    registration = _registration(documents, given.manifest) if given.manifest else {}
    metadata = registration.get("metadata")
    of_registration = metadata.get("namespace") if isinstance(metadata, t.Mapping) else None
    namespace = namespace_of(given.namespace or of_registration or "default")
    network = _section(registration, given.manifest) if given.manifest else _mapping(given.network)
    machine = machine_name(given.machine, given.host)
    # a host may keep its name while its machine gets another one
    is_former = given.former_name != given.host or default_machine_name(given.host) != machine
    return MachineNetwork(
        host=given.host,
        machine=machine,
        namespace=namespace,
        backend=given.backend or "embedded",
        database=database_path(given.database, given.inventory_folder),
        network=network,
        pools=tuple(_in_namespace(pool, namespace) for pool in _pools(given, documents)),
        site=_site(given.site),
        former_name=given.former_name if is_former else "",
        renumber=given.renumber,
    )


def _site(name: str) -> str:
    try:
        return checked_site(name)
    except IpamError as error:
        raise InvalidInput(str(error)) from None


def namespace_of(name: object) -> str:
    """The name of a namespace. Raises InvalidInput when no cluster would have it."""
    try:
        return checked_name(name if isinstance(name, str) else plain(name, 60), "namespace")
    except IpamError as error:
        raise InvalidInput(str(error)) from None


def machine_name(name: str, host: str) -> str:
    """The name of the machine: as given, else made of that of the host."""
    return name or default_machine_name(host)


def _registration(documents: t.Sequence[_Document], file: str) -> _Document:
    found = [document for document in documents if document.get("kind") == "MachineRegistration"]
    if len(found) != 1:
        raise InvalidInput(f"{file} holds {len(found)} manifests of kind MachineRegistration; give a file with one")
    return found[0]


def _section(registration: _Document, file: str) -> t.Mapping[str, t.Any]:
    section: object = registration
    for name in ("spec", "config", "network"):
        section = section.get(name) if isinstance(section, t.Mapping) else None
    if not isinstance(section, t.Mapping):
        raise InvalidInput(
            f"the MachineRegistration in {file} has no spec.config.network; add it, or name another file"
        )
    return section


def _mapping(network: object) -> t.Mapping[str, t.Any]:
    value = _parsed(network, "machine_network") or {}
    if not isinstance(value, t.Mapping):
        raise InvalidInput("machine_network must be a dictionary with configurator, ipAddresses and config")
    return value


def cluster_options(given: Given) -> t.Mapping[str, t.Any]:
    """How to reach the cluster. Raises InvalidInput with one sentence."""
    value = _parsed(given.kubernetes, "machine_network_kubernetes") or {}
    if not isinstance(value, t.Mapping):
        raise InvalidInput("machine_network_kubernetes must be a dictionary, such as {kubeconfig: ~/.kube/config}")
    return value


def server_options(given: Given) -> t.Mapping[str, t.Any]:
    """How to reach the PostgreSQL server. Raises InvalidInput with one sentence."""
    value = _parsed(given.postgresql, "machine_network_postgresql") or {}
    if not isinstance(value, t.Mapping):
        raise InvalidInput(
            "machine_network_postgresql must be a dictionary, such as {host: db.example.com, dbname: ipam}"
        )
    return value


def _pools(given: Given, documents: t.Sequence[_Document]) -> list[_Document]:
    pools = _parsed(given.pools, "machine_network_pools") or []
    if isinstance(pools, t.Mapping):
        pools = [pools]
    if not isinstance(pools, (list, tuple)):
        raise InvalidInput("machine_network_pools must be a list of InClusterIPPool or GlobalInClusterIPPool manifests")
    try:
        pools = pool_manifests(pools)
    except IpamError as error:
        raise InvalidInput(f"machine_network_pools: {error}") from None
    files = _parsed(given.pool_files, "machine_network_pool_files") or []
    names = list(files) if isinstance(files, (list, tuple)) else [files]
    from_files = [each for name in names for each in _pools_of_file(name, given.inventory_folder)]
    return [*pools, *from_files, *(each for each in documents if each.get("kind") in (NAMESPACED, GLOBAL))]


def _pools_of_file(name: object, inventory_folder: str | None) -> list[_Document]:
    """The pools in a file, which may hold other objects beside them."""
    if not isinstance(name, str):
        raise InvalidInput("machine_network_pool_files must be a list of paths")
    documents = read_manifests(name, inventory_folder)
    pools: list[_Document] = [each for each in documents if each.get("kind") in (NAMESPACED, GLOBAL)]
    if not pools:
        kinds = ", ".join(sorted({plain(each.get("kind"), 60) for each in documents}))
        raise InvalidInput(
            f"{name} holds no {NAMESPACED} or {GLOBAL}, only {plain(kinds)}; name a file with pools, or correct their kind"
        )
    return pools


def _parsed(value: object, what: str) -> object:
    """A string is YAML: AWX and the command line know nothing else."""
    try:
        return load(value) if isinstance(value, str) else checked(value)
    except YamlError as error:
        words = "cannot be read as YAML" if isinstance(value, str) else "cannot be used"
        raise InvalidInput(f"{what} {words} ({error}); correct it") from None


def _in_namespace(pool: _Document, namespace: str) -> _Document:
    """The manifest with its namespace set: hosts of one play may have different ones."""
    metadata = pool.get("metadata")
    if pool.get("kind") != NAMESPACED or not isinstance(metadata, t.Mapping) or metadata.get("namespace"):
        return pool
    return {**pool, "metadata": {**metadata, "namespace": namespace}}
