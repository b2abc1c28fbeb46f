# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as a user reads it, and that it costs no more for each machine where there are many."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.allocation import Usage
from ansible_collections.elemental.networking.plugins.module_utils._ipam.backend import PoolState
from ansible_collections.elemental.networking.plugins.module_utils._ipam.holding import (
    Inventories,
    MachineInventory,
    Record,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import (
    Address,
    BoundClaim,
    Claim,
    Owner,
    Pool,
    PoolReference,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.reporting import (
    Holdings,
    OtherPool,
    Wanted,
    gather,
    lines,
    unused_lines,
)

P = PoolReference("ipam.cluster.x-k8s.io", "InClusterIPPool", "p")
M = PoolReference("ipam.metal3.io", "IPPool", "m")
POOL = PoolState(Pool(P, "default", ("10.0.0.5-10.0.0.9",), 24), Usage(5, 2, 0))
GROUP = "elemental.cattle.io/v1beta1"
SINCE = "2026-11-29T12:00:00Z"


def claim(name: str, **more: t.Any) -> Claim:
    """The claim of a machine for a key."""
    machine, _dash, key = name.partition("-")
    return Claim(
        **{"namespace": "default", "name": name, "machine": machine, "key": key, "pool": P, "host": machine, **more}
    )


def bound(name: str, address: str = "", **more: t.Any) -> BoundClaim:
    """The same with an address, or waiting for one."""
    return BoundClaim(claim(name, **more), Address(address, 24) if address else None)


def holdings(*claims: BoundClaim, **more: t.Any) -> Holdings:
    """What a backend has."""
    nothing: dict[str, t.Any] = {"inventories": Inventories(), "orphans": (), "unknown": "", "pools": ()}
    return Holdings(claims, **{**nothing, "other_pools": (), "warnings": (), **more})


def wanted(host: str, *keys: str, **more: str) -> Wanted:
    """What a host asks for."""
    return Wanted(**{"host": host, "machine": host, "namespace": "default", "site": "", **more}, keys=frozenset(keys))


def test_a_report_reads_like_this() -> None:
    elemental = MachineInventory("default", "m3", "u3", (Record("ip", "m3-ip", "c3"),))
    controller = Owner("cluster.x-k8s.io/v1", "Machine", "far", "u", controller=True)
    found = lines(
        holdings(
            bound("machine1-ip", "10.0.0.5", confirmed=SINCE, site="berlin"),
            bound("B-ip", "10.0.0.6"),
            bound("a-ip"),
            bound("m3-ip", "10.0.0.7", uid="c3", managed=False),
            bound("x", "10.0.0.8", machine="", key="", host="", managed=False),
            bound("y-ip", "10.0.0.9", managed=False, owner=controller),
            bound("z-ip", "10.0.0.9", managed=False, owner=Owner("v1", "ConfigMap", "z", "u")),
            inventories=Inventories((elemental,)),
            orphans=(claim("B-ip"), claim("a-ip")),
            unknown="it is a slice",
            pools=(POOL,),
            other_pools=(OtherPool(M, "default", 1),),
        ),
        [],
    )
    assert found == [
        "machine   placeholder       address             in use since          pool",
        "a         ip                waits               promised              p",
        "B         ip                10.0.0.6/24         promised              p",
        f"m3        ip                10.0.0.7/24         promised              p  (claim of MachineInventory m3 ({GROUP}))",
        "machine1  ip                10.0.0.5/24         2026-11-29T12:00:00Z  p  site berlin",
        "x                           10.0.0.8/24         promised              p  (claim of another tool)",
        "y         ip                10.0.0.9/24         promised              p  (claim of Machine far (cluster.x-k8s.io/v1))",
        "z         ip                10.0.0.9/24         promised              p  (claim of ConfigMap z)",
        "claims of machines that are not in the inventory: B-ip, a-ip",
        "claims of machines that are not in the inventory are not known: it is a slice",
        "pool p: 2 of 5 in use, 3 free",
        "pool m (IPPool, ipam.metal3.io): 1 claimed, size unknown",
    ]


def test_a_column_is_as_wide_as_its_longest_content() -> None:
    address = "2001:db8:1111:2222:3333:4444:5555:6666"
    long = BoundClaim(claim("a-inventory-ip.renumbering"), Address(address, 64))
    header, first, second = lines(holdings(long, bound("b-ip", "10.0.0.6")), [])
    begin = first.index("promised")
    assert first.startswith(f"a        inventory-ip.renumbering  {address}/64  promised")
    assert (header.index("in use since"), second.index("promised")) == (begin, begin)


def test_pools_of_one_name_are_shown_with_their_namespaces() -> None:
    other = PoolState(Pool(P, "site", ("10.0.0.5-10.0.0.9",), 24), Usage(5, 0, 0))
    everywhere = Pool(PoolReference("ipam.cluster.x-k8s.io", "GlobalInClusterIPPool", "p"), "", ("10.0.0.5",), 24)
    pools = (POOL, other, PoolState(everywhere, Usage(1, 0, 0)))
    found = lines(holdings(pools=pools, other_pools=(OtherPool(M, "a", 1), OtherPool(M, "b", 2))), [])
    assert found[2:] == [
        "pool p in namespace default: 2 of 5 in use, 3 free",
        "pool p in namespace site: 0 of 5 in use, 5 free",
        "pool p in all namespaces: 0 of 1 in use, 1 free",
        "pool m (IPPool, ipam.metal3.io) in namespace a: 1 claimed, size unknown",
        "pool m (IPPool, ipam.metal3.io) in namespace b: 2 claimed, size unknown",
    ]


def test_no_claims() -> None:
    assert lines(holdings(), [wanted("a", "ip")])[1:] == ["no machine holds an address"]


@pytest.mark.parametrize(
    ("held", "asks", "expected"),
    [
        (claim("a-ip"), wanted("a", "ip"), ""),
        (claim("a-old"), wanted("a", "ip"), "claim a-old is not asked for by a any more"),
        (claim("a-ip"), wanted("a", "ip", machine="b"), "claim a-ip is of a, whose machine is b now: set machine_network_former_name: a"),
        (claim("a-ip.renumbering"), wanted("a", "ip"), "claim a-ip.renumbering is beside a's own: its renumbering is not finished"),
        (claim("a-old.renumbering"), wanted("a", "ip"), "claim a-old.renumbering is not asked for by a any more"),
        # not its own to release
        (claim("a-old", site="munich"), wanted("a", "ip", site="berlin"), ""),
        (claim("a-old", site=""), wanted("a", "ip", site="berlin"), "claim a-old is not asked for"),
        (claim("a-old", namespace="other"), wanted("a", "ip"), ""),
        (claim("a-old", managed=False), wanted("a", "ip"), ""),
        (claim("a-old", owner=Owner("v1", "ConfigMap", "z")), wanted("a", "ip"), ""),
        (claim("a-old", host="b"), wanted("a", "ip"), ""),
        (claim("a-old", host=""), wanted("a", "ip"), ""),
    ],
)  # fmt: skip
def test_claims_that_are_not_asked_for(held: Claim, asks: Wanted, expected: str) -> None:
    found = unused_lines([held], [asks])
    assert len(found) == bool(expected)
    assert all(each.startswith(expected) for each in found)


class Backend:
    """A double of a backend: it has what it is given, and counts what it is asked for."""

    def __init__(self, claims: t.Sequence[BoundClaim], inventories: Inventories | None = None) -> None:
        self.claims, self.known, self.asked = claims, inventories or Inventories(), list[str]()

    def list_claims(self, _namespace: str | None) -> list[BoundClaim]:
        """All claims."""
        self.asked.append("claims")
        return list(self.claims)

    def inventories(self, _namespace: str | None) -> Inventories:
        """All machines of Elemental."""
        self.asked.append("inventories")
        return self.known

    def list_pools(self, _namespace: str | None) -> list[PoolState]:
        """All pools."""
        self.asked.append("pools")
        return [POOL]

    def why_no_pools(self) -> str:
        """There are some."""
        raise AssertionError


def _gathered(backend: Backend, *hosts: str, site: str = "", unknown: str = "") -> Holdings:
    return gather(t.cast(t.Any, backend), "default", hosts, site, unknown)


def test_each_kind_is_listed_once() -> None:
    backend = Backend([bound("a-ip", "10.0.0.5"), bound("b-ip", "10.0.0.6", pool=M)])
    found = _gathered(backend, "a")
    assert sorted(backend.asked) == ["claims", "inventories", "pools"]
    assert [each.name for each in found.orphans] == ["b-ip"]
    assert found.other_pools == (OtherPool(M, "default", 1),)


def test_claims_of_other_inventories_and_of_elemental_are_no_orphans() -> None:
    elemental = Inventories((MachineInventory("default", "c", "u"),))
    claims = [bound("b-ip", site="munich"), bound("c-ip"), bound("d-ip"), bound("e-ip", managed=False)]
    assert [each.name for each in _gathered(Backend(claims, elemental), "a").orphans] == ["d-ip"]
    assert [each.name for each in _gathered(Backend(claims), "a", site="munich").orphans] == ["b-ip"]


def test_what_cannot_be_known_is_not_reported() -> None:
    claims = [bound("b-ip")]
    sliced = _gathered(Backend(claims), "a", unknown="it is a slice")
    assert (sliced.orphans, sliced.unknown) == ((), "it is a slice")
    forbidden = _gathered(Backend(claims, Inventories(trouble="you may not list them")), "a")
    assert forbidden.orphans == ()
    assert forbidden.unknown == "it is not known which claims Elemental uses: you may not list them"


def test_an_address_whose_claim_is_gone_is_a_warning() -> None:
    lost = MachineInventory("default", "m", "u", (Record("ip", "m-ip", "gone", "10.0.0.7"),))
    (warning,) = _gathered(Backend([], Inventories((lost,))), "m").warnings
    assert "records the address 10.0.0.7 as ip, but claim m-ip that it was from is gone" in warning
