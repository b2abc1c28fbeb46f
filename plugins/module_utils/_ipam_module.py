# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the IPAM modules have in common: options in, results out. PRIVATE to the collection."""

from __future__ import annotations

import contextlib
import os
import typing as t
from dataclasses import replace
from datetime import datetime, timezone

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.elemental.networking.plugins.module_utils._host_keys import valid_host_keys
from ansible_collections.elemental.networking.plugins.module_utils._ipam.addresses import host_address
from ansible_collections.elemental.networking.plugins.module_utils._ipam.backend import (
    IpamBackend,
    PoolChange,
    PoolState,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.claiming import (
    ClaimRequest,
    ClaimResult,
    ensure_claims,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.errors import InvalidInput, MissingLibrary
from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kept_values import kept_values
from ansible_collections.elemental.networking.plugins.module_utils._ipam.machines import Machine
from ansible_collections.elemental.networking.plugins.module_utils._ipam.manifest import (
    GROUP,
    pool_from_manifest,
    pool_manifests,
    pool_to_manifest,
    sharing,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import (
    BoundClaim,
    Claim,
    IpamError,
    Owner,
    Pool,
    PoolReference,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.names import (
    checked_name,
    checked_owner,
    checked_pool,
    checked_site,
    claim_name,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.recording import (
    KnownMachine,
    host_keys_by_machine,
    machine_ids_by_machine,
    record_machines,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.releasing import (
    Release,
    Releasing,
    Selection,
    release_claims,
    select_claims,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.renumbering import Renumbering, finish
from ansible_collections.elemental.networking.plugins.module_utils._machine_id import valid_identity
from ansible_collections.elemental.networking.plugins.module_utils._progress import PROGRESS_FILE

from ._ipam.database.postgresql import options as postgresql_options
from ._ipam.kubernetes import connection as kubernetes_options

Spec = t.Dict[str, t.Dict[str, t.Any]]
Result = t.Dict[str, t.Any]

# of a task with a module, and of nothing that runs in Ansible's own Python
_ANOTHER_PYTHON = (
    ", or set ansible_python_interpreter of the task to another Python that has it "
    "(on localhost to the value of ansible_playbook_python)"
)

BACKEND_SPEC: Spec = {
    "backend": {"type": "str", "default": "embedded", "choices": ["embedded", "kubernetes", "postgresql"]},
    "database": {"type": "path"},
    "kubernetes": {"type": "dict", "options": kubernetes_options.OPTIONS},
    "postgresql": {"type": "dict", "options": postgresql_options.OPTIONS},
    "namespace": {"type": "str", "default": "default"},
}
POOLS_SPEC: Spec = {"pools": {"type": "list", "elements": "dict", "default": []}}
IF_OWNED_SPEC: Spec = {"if_owned": {"type": "str", "default": "fail", "choices": ["fail", "keep", "release"]}}
MACHINES_SPEC: Spec = {
    "machines": {
        "type": "list",
        "elements": "dict",
        "options": {
            "machine": {"type": "str", "required": True},
            "host": {"type": "str", "required": True},
            "namespace": {"type": "str"},
            "former_host": {"type": "str"},
            "renumber": {"type": "bool", "default": False},
            "site": {"type": "str"},
        },
    }
}
STATE_SPEC: Spec = {"state": {"type": "str", "default": "present", "choices": ["present", "absent"]}}
CLAIM_SPEC: Spec = {
    "machine": {"type": "str"},
    "key": {"type": "str", "no_log": False},
    "name": {"type": "str"},
    "pool": {
        "type": "dict",
        "options": {"apiGroup": {"type": "str"}, "kind": {"type": "str"}, "name": {"type": "str"}},
    },
    "family": {"type": "str", "choices": ["IPv4", "IPv6"]},
    "host": {"type": "str"},
    "site": {"type": "str"},
    "owner": {
        "type": "dict",
        "options": {
            "apiVersion": {"type": "str", "required": True},
            "kind": {"type": "str", "required": True},
            "name": {"type": "str", "required": True},
            "uid": {"type": "str"},
        },
    },
}
SELECTOR_SPEC: Spec = {
    **{name: CLAIM_SPEC[name] for name in ("machine", "key", "host", "site")},
    "pool": {"type": "str"},
    "owner": {
        "type": "dict",
        "options": {**CLAIM_SPEC["owner"]["options"], "apiVersion": {"type": "str"}},
    },
    "labels": {"type": "dict"},
    "not_in_inventory": {"type": "list", "elements": "str"},
    # the action looks at it: a module does not see the variables of AWX
    "in_job_slice": {"type": "bool", "default": False},
}
PATIENCE_SPEC: Spec = {
    "wait_grace": {"type": "int", "default": 60},
    "keep_pending": {"type": "bool", "default": False},
}
BATCH_SPEC: Spec = {
    "claims": {
        "type": "list",
        "elements": "dict",
        "options": {**CLAIM_SPEC, "namespace": {"type": "str"}},
    },
    "selector": {"type": "dict", "options": SELECTOR_SPEC},
    "state": {"type": "str", "default": "present", "choices": ["present", "absent", "renumbered"]},
    **POOLS_SPEC,
    **MACHINES_SPEC,
    **IF_OWNED_SPEC,
}
RECORD_SPEC: Spec = {
    "machines": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "machine": {"type": "str", "required": True},
            "host": {"type": "str"},
            "namespace": {"type": "str"},
            "machine_id": {"type": "str"},
            "site": {"type": "str"},
            "host_keys": {"type": "list", "elements": "str", "no_log": False},
            "confirmed_addresses": {"type": "list", "elements": "str"},
        },
    }
}


class Caller(t.Protocol):
    """What is needed of a module, or of an action in its place."""

    @property
    def params(self) -> t.Mapping[str, t.Any]:
        """The options, checked."""

    @property
    def check_mode(self) -> bool:
        """Whether nothing may be changed."""

    def warn(self, warning: str) -> None:
        """Show a warning when the task ends."""


def run(spec: Spec, serve: t.Callable[[AnsibleModule, IpamBackend], Result], **rules: t.Any) -> None:
    """Run a module: open the backend, serve, and turn an IpamError into one sentence; ``rules`` are those of AnsibleModule.

    Where a module has an option ``required`` that is false, the sentence is a warning.
    """
    module = AnsibleModule(argument_spec={**BACKEND_SPEC, **spec}, supports_check_mode=True, **rules)
    options = dict(module.params)
    _hide_secrets(module)
    try:
        checked_name(options["namespace"] or "default", "namespace")
        with open_backend(
            BackendOptions(
                backend=options["backend"],
                database=options["database"] or "",
                kubernetes=options["kubernetes"] or {},
                timeout=options.get("wait_grace", 60),
                keep_pending=options.get("keep_pending", False),
                report=_reporter(os.environ.get(PROGRESS_FILE)),
                postgresql=options["postgresql"] or {},
            )
        ) as backend:
            result = serve(module, backend)
    except IpamError as error:
        message = str(error) + (_ANOTHER_PYTHON if isinstance(error, MissingLibrary) else "")
        if options.get("required", True):
            module.fail_json(msg=message, error=error.result)
        module.warn(message)
        result = {"changed": False, "msg": message, "error": error.result}
    module.exit_json(**result)


def _hide_secrets(module: AnsibleModule) -> None:
    """Hide only secrets: AnsibleModule hides every string of a kubeconfig, its path, names and addresses with it."""
    kubernetes = module.params["kubernetes"] or {}
    kubeconfig = kubernetes.get("kubeconfig")
    if kubernetes_options.is_path(kubeconfig):
        module.no_log_values = module.no_log_values - {kubeconfig}
    if isinstance(kubeconfig, t.Mapping):
        module.no_log_values = kubernetes_options.secrets_of(kubernetes)
        module.params["kubernetes"] = {**kubernetes, "kubeconfig": "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"}


def _reporter(file: str | None) -> t.Callable[[str], None]:
    """What appends a line of progress to the file; one that cannot be written is not a reason to fail."""

    def report(line: str) -> None:
        if file:
            with contextlib.suppress(OSError), open(file, "a", encoding="utf-8") as stream:
                stream.write(f"{line}\n")

    return report


def serve_claims(
    module: Caller,
    backend: IpamBackend,
    asked: t.Sequence[t.Mapping[str, t.Any]],
    selector: t.Mapping[str, t.Any] | None = None,
) -> Result:
    """Claim or release in batches. The one implementation of both claim modules.

    ``asked`` has the options of single claims, ``selector`` what the claims have in common that are to be released.
    """
    namespace = module.params["namespace"] or "default"
    if module.params["state"] == "renumbered":
        return _finish_renumbering(module, backend, asked, namespace)
    if module.params["state"] == "absent":
        releases = [_release(each, namespace) for each in asked]
        if selector is not None:
            releases += select_claims(backend, namespace, selection_of(selector, module.params["backend"]))
        releasing = release_claims(backend, releases, module.check_mode, module.params.get("if_owned") or "fail")
        return _released_result(module, releasing)
    if selector is not None:
        raise InvalidInput("selector names claims to release; with state: present, give each claim in claims")
    pools = _pools(module, namespace)
    requests = [_claim_request(each, namespace) for each in asked]
    _refuse_same_key(requests)
    machines = [_machine(each, namespace) for each in module.params.get("machines") or []]
    claiming = ensure_claims(backend, requests, pools, module.check_mode, machines)
    for sentence in claiming.warnings:
        module.warn(sentence)
    for sentence in kept_values(pools, claiming.bound):
        module.warn(sentence)
    warn_of_sharing(module, backend, pools)
    return _claiming_result(requests, claiming, module.check_mode)


def _pools(module: Caller, namespace: str) -> list[Pool]:
    return [pool_from_manifest(each, namespace) for each in pool_manifests(module.params["pools"] or [])]


def _machine(options: t.Mapping[str, t.Any], namespace: str) -> Machine:
    return Machine(
        checked_name(options.get("namespace") or namespace, "namespace"),
        options["machine"],
        options["host"],
        options.get("former_host") or "",
        bool(options.get("renumber")),
        checked_site(options.get("site") or ""),
    )


def _claiming_result(requests: t.Sequence[ClaimRequest], claiming: ClaimResult, check_mode: bool) -> Result:
    created, moved = set(claiming.created), {move.after for move in claiming.moves}
    before = [bound for bound in claiming.bound if bound.claim not in created | moved]
    after = [*claiming.bound, *(move.done for move in claiming.moves)]
    before += [move.before for move in claiming.moves]
    result = _claims_result(claiming.bound, before, after, claiming.pool_changes)
    # an address is asked for by its key, no matter what its claim is called meanwhile
    asked = [
        replace(bound, claim=replace(bound.claim, key=request.claim.key))
        for request, bound in zip(requests, claiming.bound)
    ]
    result["addresses"] = addresses_result(asked)
    held = [*claiming.bound, *claiming.unused, *(each.old for each in claiming.renumbering)]
    result["host_keys"], result["machine_ids"] = host_keys_by_machine(held), machine_ids_by_machine(held)
    result["unused"] = [claim_result(bound) for bound in claiming.unused]
    result["held"] = {machine: list(addresses) for machine, addresses in claiming.held.items()}
    result["renumbering"] = [_renumbering_result(each, each.new in created) for each in claiming.renumbering]
    said = [f"claim {', '.join(claim.name for claim in claiming.created)}"] if created else []
    said += [f"rename claim {move.before.claim.name} to {move.after.name}" for move in claiming.moves]
    if said and check_mode:
        result["msg"] = f"would {' and '.join(said)}"
    return result


def _released_result(module: Caller, releasing: Releasing) -> Result:
    for sentence in (*releasing.warnings, *(reason for _bound, reason in releasing.kept)):
        module.warn(sentence)
    kept = [{**claim_result(bound), "reason": reason} for bound, reason in releasing.kept]
    return {**_claims_result(releasing.released, before=releasing.released, after=[], pool_changes=[]), "kept": kept}


def _renumbering_result(each: Renumbering, is_new: bool) -> Result:
    return {"old": claim_result(each.old), "name": each.new.name, "created": is_new, **_machine_of(each.new)}


def _machine_of(claim: Claim) -> Result:
    return {"machine": claim.machine, "host": claim.host or None, "namespace": claim.namespace}


def _finish_renumbering(
    module: Caller, backend: IpamBackend, asked: t.Sequence[t.Mapping[str, t.Any]], namespace: str
) -> Result:
    claims = [_claim_request(each, namespace).claim for each in asked]
    finished = finish(backend, claims, _pools(module, namespace), module.check_mode)
    before = [*finished.released, *(move.before for move in finished.moves)]
    result = _claims_result(finished.released, before, [move.done for move in finished.moves], finished.pool_changes)
    for sentence in finished.warnings:
        module.warn(sentence)
    return result


def serve_record(module: Caller, backend: IpamBackend) -> Result:
    """Record what pushes have learned of machines: by what they are known, and which of their addresses are proved."""
    default = module.params["namespace"] or "default"
    machines = [_known_machine(each, default) for each in module.params["machines"]]
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    changed = record_machines(backend, machines, now, module.check_mode)
    return {"changed": bool(changed), "recorded": [_title(claim) for claim in changed]}


def _known_machine(options: t.Mapping[str, t.Any], namespace: str) -> KnownMachine:
    machine, host_keys = options["machine"], valid_host_keys(options.get("host_keys"))
    identity = valid_identity(options.get("machine_id"))
    addresses = tuple(
        str(host_address(f"machine {machine}", each)) for each in options.get("confirmed_addresses") or ()
    )
    if options.get("host_keys") and not host_keys:
        raise InvalidInput(
            f"none of the host keys of machine {machine} is valid; give each as in a .pub file of its sshd"
        )
    if not (host_keys or identity or addresses):
        raise InvalidInput(
            f"there is nothing to record for machine {machine}; give host_keys, machine_id or confirmed_addresses"
        )
    site = checked_site(options.get("site") or "")
    place = (options.get("namespace") or namespace, machine, options.get("host") or "")
    return KnownMachine(*place, host_keys, identity, site, addresses)


def warn_of_sharing(module: Caller, backend: IpamBackend, pools: t.Sequence[Pool]) -> None:
    """Warn of pools that share addresses with these, which are made or changed now."""
    default = module.params["namespace"] or "default"
    namespaces = dict.fromkeys(pool.namespace or default for pool in pools)
    known = [state.pool for namespace in namespaces for state in backend.list_pools(namespace)]
    for sentence in sharing(pools, known):
        module.warn(sentence)


def _release(options: t.Mapping[str, t.Any], namespace: str) -> Release:
    """What goes is compared with all that its user specifies."""
    return Release(
        checked_name(options.get("namespace") or namespace, "namespace"),
        _name(options),
        options.get("machine") or "",
        options.get("key") or "",
        _pool_reference(options) if options.get("pool") else None,
        options.get("host") or "",
        _owner(options),
        checked_site(options.get("site") or ""),
    )


def selection_of(options: t.Mapping[str, t.Any], backend: str) -> Selection:
    """What the option selector asks for. Raises InvalidInput when it would select everything, or cannot select anything."""
    if options.get("labels") and backend != "kubernetes":
        raise InvalidInput(f"claims of the {backend} backend have no labels; select them by machine, key, pool or host")
    if options.get("not_in_inventory") == []:
        raise InvalidInput(
            "not_in_inventory names no host, so that every claim would be released; give hosts, or leave it out"
        )
    selection = Selection(
        **{name: options.get(name) or "" for name in ("machine", "key", "pool", "host", "site")},
        owner=_owner(options),
        labels=tuple((str(name), str(value)) for name, value in (options.get("labels") or {}).items()),
        hosts=frozenset(options.get("not_in_inventory") or ()),
    )
    if selection.is_empty:
        raise InvalidInput(
            "selector is empty and would select every claim; give machine, key, pool, host, site, owner, labels or not_in_inventory"
        )
    return selection


def _refuse_same_key(requests: t.Sequence[ClaimRequest]) -> None:
    """The result lists addresses by machine and key: a machine that has a key twice would get the wrong one."""
    seen: dict[tuple[str, str], Claim] = {}
    for claim in (request.claim for request in requests):
        other = seen.setdefault((claim.machine, claim.key), claim)
        if _title(other) != _title(claim):
            raise InvalidInput(
                f"machine {claim.machine} asks for key {claim.key} twice, as claim {_title(other)} and as claim {_title(claim)}:"
                " give each machine and each key a name of its own"
            )


def _claim_request(options: t.Mapping[str, t.Any], namespace: str) -> ClaimRequest:
    machine, key = options.get("machine"), options.get("key")
    if not machine or not key:
        raise InvalidInput("a claim needs a machine and a key")
    place = checked_name(options.get("namespace") or namespace, "namespace")
    claim = Claim(
        *(place, _name(options), machine, key, _pool_reference(options), options.get("host") or "", _owner(options)),
        site=checked_site(options.get("site") or ""),
    )
    return ClaimRequest(claim, options.get("family") or "")


def _owner(options: t.Mapping[str, t.Any]) -> Owner | None:
    owner = options.get("owner")
    if not owner:
        return None
    return checked_owner(Owner(owner.get("apiVersion") or "", owner["kind"], owner["name"], owner.get("uid") or ""))


def named(options: t.Mapping[str, t.Any], namespace: str) -> Result:
    """What is known of a claim before it is looked for."""
    return {
        "name": _name(options),
        "namespace": options.get("namespace") or namespace,
        "machine": options.get("machine"),
        "key": options.get("key"),
    }


def _name(options: t.Mapping[str, t.Any]) -> str:
    if options.get("name"):
        return checked_name(options["name"], "claim")
    if not options.get("machine") or not options.get("key"):
        raise InvalidInput("a claim needs a machine and a key, or a name")
    return claim_name(options["machine"], options["key"])


def _pool_reference(options: t.Mapping[str, t.Any]) -> PoolReference:
    owner = f"key {options.get('key')} of machine {options.get('machine')}"
    reference = options.get("pool")
    if not reference:
        raise InvalidInput(f"{owner} names no pool; give apiGroup, kind and name")
    if not reference.get("apiGroup"):
        raise InvalidInput(f"the pool of {owner} has no apiGroup; add apiGroup: {GROUP}")
    if "/" in reference["apiGroup"]:
        raise InvalidInput(
            f"the pool of {owner} has apiGroup {reference['apiGroup']}; give the group only, without a version"
        )
    if not reference.get("kind") or not reference.get("name"):
        raise InvalidInput(f"the pool of {owner} needs a kind and a name")
    return checked_pool(PoolReference(reference["apiGroup"], reference["kind"], reference["name"]), owner)


def claim_result(bound: BoundClaim) -> Result:
    """What a task returns of one claim; the address part is null while there is none."""
    claim, address = bound.claim, bound.address
    return {
        "name": claim.name,
        "namespace": claim.namespace,
        "machine": claim.machine,
        "key": claim.key,
        "host": claim.host or None,
        "site": claim.site or None,
        "machine_id": claim.machine_id or None,
        "owner": owner_result(claim.owner),
        "held_by": str(claim.owner) if claim.owner and claim.owner.controller else None,
        "managed": claim.managed,
        "host_keys": list(claim.host_keys),
        "confirmed": claim.confirmed or None,
        "pool": {"apiGroup": claim.pool.api_group, "kind": claim.pool.kind, "name": claim.pool.name},
        "address": address.address if address else None,
        "prefix": address.prefix if address else None,
        "gateway": address.gateway if address else None,
        "family": address.family if address else None,
    }


def owner_result(owner: Owner | None) -> Result | None:
    """The object that a claim goes with, in the form of the option owner."""
    if owner is None:
        return None
    return {"apiVersion": owner.api_version, "kind": owner.kind, "name": owner.name, "uid": owner.uid or None}


def addresses_result(claims: t.Iterable[BoundClaim]) -> Result:
    """Addresses by machine and key, as the placeholders want them."""
    addresses: Result = {}
    for bound in claims:
        if bound.address:
            address = {name: claim_result(bound)[name] for name in ("address", "prefix", "gateway", "family")}
            address["pool"] = bound.claim.pool.name
            addresses.setdefault(bound.claim.machine, {})[bound.claim.key] = address
    return addresses


def _title(claim: Claim) -> str:
    return f"{claim.namespace}/{claim.name}"


def _claims_result(
    claims: t.Sequence[BoundClaim],
    before: t.Sequence[BoundClaim],
    after: t.Sequence[BoundClaim],
    pool_changes: t.Sequence[PoolChange],
) -> Result:
    was, will_be = ({_title(bound.claim): claim_result(bound) for bound in side} for side in (before, after))
    changed = was.keys() != will_be.keys() or bool(pool_changes)
    for change in pool_changes:
        for side, pool in ((was, change.before), (will_be, change.after)):
            if pool:
                side[f"pool {pool.reference}"] = pool_to_manifest(pool)
    return {
        "changed": changed,
        "claims": [claim_result(bound) for bound in claims],
        "addresses": addresses_result(claims),
        "host_keys": host_keys_by_machine(claims),
        "machine_ids": machine_ids_by_machine(claims),
        "diff": {"before": was, "after": will_be},
    }


def held_result(bound: BoundClaim) -> Result:
    """What a task returns of one claim beside its pool: which machine holds which address."""
    names = ("name", "namespace", "machine", "key", "host", "address")
    return {name: value for name, value in claim_result(bound).items() if name in names}


def pool_result(state: PoolState) -> Result:
    """What a task returns of one pool."""
    pool = state.pool
    return {
        "name": pool.reference.name,
        "namespace": pool.namespace or None,
        "kind": pool.reference.kind,
        "apiGroup": pool.reference.api_group,
        "addresses": list(pool.addresses),
        "prefix": pool.prefix,
        "gateway": pool.gateway,
        "total": state.usage.total,
        "used": state.usage.used,
        "free": state.usage.free,
        "out_of_range": state.usage.out_of_range,
    }
