# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the inventory, checked: what to read, and how it becomes hosts."""

from __future__ import annotations

import dataclasses
import os
import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._ipam.database.postgresql.options import parameters
from ansible_collections.elemental.networking.plugins.module_utils._ipam.errors import InvalidInput
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.connection import OPTIONS, is_path
from ansible_collections.elemental.networking.plugins.module_utils._ipam.names import checked_name, checked_site
from ansible_collections.elemental.networking.plugins.module_utils._texts import plain
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.addresses import SOURCES
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.groups import GROUPS
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.model import (
    CLAIMS,
    DATABASE,
    MACHINE_INVENTORIES,
    Query,
    Rules,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.written import (
    Given,
    conditions,
    hostnames,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._request.files import database_path

Option = t.Callable[[str], t.Any]
_DEFAULTS = {MACHINE_INVENTORIES: ("fleet-default",), CLAIMS: ("default",), DATABASE: ()}
_EMBEDDED, _POSTGRESQL = "embedded", "postgresql"
# as an inventory source of AWX gets it from its credential
_DATABASE_VARIABLE = "ELEMENTAL_NETWORKING_DATABASE"
_KUBECONFIG_VARIABLE = "K8S_AUTH_KUBECONFIG"
_ALL = "*"
_NAMES = {alias: name for name, spec in OPTIONS.items() for alias in (name, *spec.get("aliases", ()))}


def query_of(option: Option, folder: str) -> Query:
    """What to read; ``folder`` is that of the inventory file. Raises InvalidInput with one sentence."""
    source = str(option("source") or MACHINE_INVENTORIES)
    if source not in _DEFAULTS:
        raise InvalidInput(f"there is no source {plain(source, 80)}; use {', '.join(_DEFAULTS)}")
    query = Query(
        source=source,
        namespaces=_namespaces(_words(option, "namespaces") or _DEFAULTS[source]),
        label_selector=str(option("label_selector") or ""),
        clusters=bool(option("clusters")),
        confirmations=option("confirmations") is not False,
    )
    if source == DATABASE:
        return dataclasses.replace(query, **_database(option, folder))
    return dataclasses.replace(query, kubernetes=_access(option("kubernetes"), folder))


def _database(option: Option, folder: str) -> dict[str, t.Any]:
    """Which database: a file, or one on a server. What the other one would need is not looked at: it may be a lookup."""
    backend = str(option("backend") or _EMBEDDED)
    if backend == _EMBEDDED:
        # Ansible takes the variable where the option is missing, not where it is empty
        name = str(option("database") or os.environ.get(_DATABASE_VARIABLE) or "")
        return {"backend": backend, "database": database_path(name, folder)}
    if backend == _POSTGRESQL:
        return {"backend": backend, "postgresql": _server(option("postgresql"))}
    raise InvalidInput(
        f"a database has no backend {plain(backend, 80)}; use {_EMBEDDED} or {_POSTGRESQL}, "
        f"or source {CLAIMS} for the claims on a cluster"
    )


def rules_of(option: Option, given: Given) -> Rules:
    """How machines become hosts; ``given`` is what the file holds. Raises InvalidInput with one sentence."""
    return Rules(
        addresses=_chosen(option, "addresses", SOURCES),
        address_keys=_words(option, "address_keys"),
        hostnames=hostnames(given)[0],
        include=conditions(given, "include"),
        exclude=conditions(given, "exclude"),
        group_by=_chosen(option, "group_by", tuple(GROUPS)),
        group_prefix=str(option("group_prefix") or ""),
        label_prefix=str(option("label_prefix") or ""),
        site=checked_site(str(option("site") or "")),
    )


def _words(option: Option, name: str) -> tuple[str, ...]:
    """A list of strings; empty ones are not set."""
    return tuple(each for each in option(name) or () if each not in (None, ""))


def _chosen(option: Option, name: str, choices: t.Sequence[str]) -> tuple[str, ...]:
    words = _words(option, name)
    unknown = next((each for each in words if each not in choices), None)
    if unknown is not None:
        raise InvalidInput(f"{name} has {plain(unknown, 80)}, which is not known; use {', '.join(choices)}")
    return words


def _namespaces(names: t.Sequence[str]) -> tuple[str, ...]:
    if _ALL in names:
        return ()
    return tuple(dict.fromkeys(checked_name(str(name), "namespace") for name in names))


def _access(value: object, folder: str) -> dict[str, t.Any]:
    """The authentication options; a file may be where Ansible was started, or beside the inventory."""
    value = {} if value is None else value
    if not isinstance(value, t.Mapping):
        raise InvalidInput("kubernetes must be a dictionary, such as {kubeconfig: ~/.kube/config}")
    unknown = next((each for each in value if each not in _NAMES), None)
    if unknown is not None:
        raise InvalidInput(f"kubernetes has no option {plain(unknown, 80)}; use {', '.join(sorted(OPTIONS))}")
    found = {str(name): _found(_NAMES[name], each, folder) for name, each in value.items()}
    named = os.environ.get(_KUBECONFIG_VARIABLE)
    if named and not found.get("kubeconfig"):  # found where the role finds it
        found["kubeconfig"] = _found("kubeconfig", named, folder)
    return found


def _server(value: object) -> dict[str, t.Any]:
    """The connection parameters; what is not given is left to libpq."""
    if value is None:
        return {}
    if not isinstance(value, t.Mapping):
        raise InvalidInput("postgresql must be a dictionary, such as {host: db.example.com, dbname: ipam}")
    given = {str(name): each for name, each in value.items() if each not in (None, "")}
    parameters(given, os.environ)
    return given


def _found(name: str, value: t.Any, folder: str) -> t.Any:
    """A value, and of a file the path at which it is."""
    is_file = is_path(value) if name == "kubeconfig" else OPTIONS[name]["type"] == "path" and isinstance(value, str)
    if not is_file or not value.strip():
        return value
    path = os.path.expanduser(value)
    beside = os.path.join(folder, path)
    return beside if not os.path.exists(path) and os.path.exists(beside) else path
