# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the IPAM modules have in common: options in, results out. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.elemental.networking.plugins.module_utils._ipam.backend import (
    BackendOptions,
    IpamBackend,
    PoolChange,
    PoolState,
    open_backend,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.claiming import (
    Wish,
    ensure_claims,
    release_claims,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.manifest import (
    GROUP,
    pool_from_manifest,
    pool_to_manifest,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import (
    BoundClaim,
    Claim,
    IpamError,
    Owner,
    PoolReference,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.names import checked_name, claim_name

from . import _kubernetes_core as kubernetes_options

Spec = t.Dict[str, t.Dict[str, t.Any]]
Result = t.Dict[str, t.Any]

BACKEND_SPEC: Spec = {
    "backend": {"type": "str", "default": "embedded", "choices": ["embedded", "kubernetes"]},
    "database": {"type": "path"},
    "kubernetes": {"type": "dict", "options": kubernetes_options.OPTIONS},
    "namespace": {"type": "str", "default": "default"},
}
POOLS_SPEC: Spec = {"pools": {"type": "list", "elements": "dict", "default": []}}
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
PATIENCE_SPEC: Spec = {
    "timeout": {"type": "int", "default": 60},
    "keep_pending": {"type": "bool", "default": False},
}


def run(spec: Spec, serve: t.Callable[[AnsibleModule, IpamBackend], Result]) -> None:
    """Run a module: open the backend, serve, and turn an IpamError into one sentence."""
    module = AnsibleModule(argument_spec={**BACKEND_SPEC, **spec}, supports_check_mode=True)
    options = module.params
    try:
        with open_backend(
            BackendOptions(
                backend=options["backend"],
                database=options["database"] or "",
                kubernetes=options["kubernetes"] or {},
                timeout=options.get("timeout", 60),
                keep_pending=options.get("keep_pending", False),
                report=module.debug,
            )
        ) as backend:
            result = serve(module, backend)
    except IpamError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


def serve_claims(module: AnsibleModule, backend: IpamBackend, asked: t.Sequence[t.Mapping[str, t.Any]]) -> Result:
    """Claim or release in bulk; ``asked`` has the options of single claims. The one implementation of both claim modules."""
    namespace = module.params["namespace"] or "default"
    if module.params["state"] == "absent":
        names = [(each.get("namespace") or namespace, _name(each)) for each in asked]
        released = release_claims(backend, names, module.check_mode)
        return _claims_result(released, before=released, after=[], pool_changes=[])
    pools = [pool_from_manifest(manifest, namespace) for manifest in module.params["pools"] or []]
    wishes = [_wish(each, namespace) for each in asked]
    _refuse_same_key(wishes)
    claiming = ensure_claims(backend, wishes, pools, module.check_mode)
    created = set(claiming.created)
    before = [bound for bound in claiming.bound if bound.claim not in created]
    result = _claims_result(claiming.bound, before, claiming.bound, claiming.pool_changes)
    if created and module.check_mode:
        result["msg"] = f"would claim {', '.join(claim.name for claim in claiming.created)}"
    return result


def _refuse_same_key(wishes: t.Sequence[Wish]) -> None:
    """The result says addresses by machine and key: a machine that has a key twice would get the wrong one."""
    seen: dict[tuple[str, str], Claim] = {}
    for claim in (wish.claim for wish in wishes):
        other = seen.setdefault((claim.machine, claim.key), claim)
        if _title(other) != _title(claim):
            raise IpamError(
                f"machine {claim.machine} asks for key {claim.key} twice, as claim {_title(other)} and as claim {_title(claim)}:"
                " give each machine and each key a name of its own"
            )


def _wish(options: t.Mapping[str, t.Any], namespace: str) -> Wish:
    machine, key = options.get("machine"), options.get("key")
    if not machine or not key:
        raise IpamError("a claim needs a machine and a key")
    place = checked_name(options.get("namespace") or namespace, "namespace")
    claim = Claim(
        place, _name(options), machine, key, _pool_reference(options), options.get("host") or "", _owner(options)
    )
    return Wish(claim, options.get("family") or "")


def _owner(options: t.Mapping[str, t.Any]) -> Owner | None:
    owner = options.get("owner")
    return Owner(owner["apiVersion"], owner["kind"], owner["name"], owner.get("uid") or "") if owner else None


def named(options: t.Mapping[str, t.Any], namespace: str) -> Result:
    """What is known of a claim before anybody looks for it."""
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
        raise IpamError("a claim needs a machine and a key, or a name")
    return claim_name(options["machine"], options["key"])


def _pool_reference(options: t.Mapping[str, t.Any]) -> PoolReference:
    owner = f"key {options['key']} of machine {options['machine']}"
    reference = options.get("pool")
    if not reference:
        raise IpamError(f"{owner} names no pool; give apiGroup, kind and name")
    if not reference.get("apiGroup"):
        raise IpamError(f"the pool of {owner} has no apiGroup; add apiGroup: {GROUP}")
    if "/" in reference["apiGroup"]:
        raise IpamError(
            f"the pool of {owner} has apiGroup {reference['apiGroup']}; give the group only, without a version"
        )
    if not reference.get("kind") or not reference.get("name"):
        raise IpamError(f"the pool of {owner} needs a kind and a name")
    return PoolReference(reference["apiGroup"], reference["kind"], reference["name"])


def claim_result(bound: BoundClaim) -> Result:
    """What a task returns of one claim; the address part is null while there is none."""
    claim, address = bound.claim, bound.address
    return {
        "name": claim.name,
        "namespace": claim.namespace,
        "machine": claim.machine,
        "key": claim.key,
        "host": claim.host or None,
        "pool": {"apiGroup": claim.pool.api_group, "kind": claim.pool.kind, "name": claim.pool.name},
        "address": address.address if address else None,
        "prefix": address.prefix if address else None,
        "gateway": address.gateway if address else None,
        "family": address.family if address else None,
    }


def addresses_result(claims: t.Iterable[BoundClaim]) -> Result:
    """Addresses by machine and key, as the placeholders want them."""
    addresses: Result = {}
    for bound in claims:
        if bound.address:
            address = {name: claim_result(bound)[name] for name in ("address", "prefix", "gateway", "family")}
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
        "diff": {"before": was, "after": will_be},
    }


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
