# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Allocation against the in-cluster provider's rules, and against a naive model that lists every address."""

from __future__ import annotations

import ipaddress
import itertools

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.allocation import (
    AddressSet,
    allocatable,
    lowest_free,
    usage,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.manifest import MOST_SHARING, sharing
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError, Pool, PoolReference
from hypothesis import given
from hypothesis import strategies as st

REFERENCE = PoolReference("ipam.cluster.x-k8s.io", "InClusterIPPool", "p")


def pool(*addresses: str, prefix: int = 24, **more: object) -> Pool:
    return Pool(REFERENCE, "default", addresses, prefix, **more)  # type: ignore[arg-type]


def texts(of: Pool, count: int = 1000) -> list[str]:
    return [str(address) for address in itertools.islice(lowest_free(allocatable(of), ()), count)]


def test_the_documentations_pool_has_51_addresses() -> None:
    documented = pool("192.168.122.150-192.168.122.200", gateway="192.168.122.1")
    assert usage(documented, ()).total == 51
    assert texts(documented, 2) == ["192.168.122.150", "192.168.122.151"]


def test_upstreams_sample_pool_has_exactly_one_address() -> None:
    sample = pool(
        "10.0.0.2-10.0.0.254",
        gateway="10.0.0.1",
        excluded_addresses=("10.0.0.3-10.0.1.6", "10.0.0.10", "10.0.0.192/26"),
    )
    assert texts(sample) == ["10.0.0.2"]


def test_first_last_and_gateway_are_reserved_on_ipv4() -> None:
    assert texts(pool("10.0.0.0/29", prefix=29, gateway="10.0.0.3")) == [
        "10.0.0.1",
        "10.0.0.2",
        "10.0.0.4",
        "10.0.0.5",
        "10.0.0.6",
    ]


def test_reserved_addresses_can_be_given_out_but_never_the_gateway() -> None:
    everything = pool("10.0.0.0/30", prefix=30, gateway="10.0.0.1", allocate_reserved_addresses=True)
    assert texts(everything) == ["10.0.0.0", "10.0.0.2", "10.0.0.3"]


def test_the_subnet_is_that_of_the_lowest_address() -> None:
    assert "10.0.0.255" in texts(pool("10.0.0.0/24", prefix=22))


def test_ipv6_reserves_only_the_first_and_is_never_listed_whole() -> None:
    huge = pool("fd00::/64", prefix=64)
    assert usage(huge, ()).total == 2**64 - 1
    assert texts(huge, 2) == ["fd00::1", "fd00::2"]


def test_lowest_comes_first_whatever_the_order_of_the_list() -> None:
    assert texts(pool("10.0.0.9", "10.0.0.5-10.0.0.6", "10.0.0.2")) == ["10.0.0.2", "10.0.0.5", "10.0.0.6", "10.0.0.9"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (pool(), "addresses is required"),
        (pool("10.0.0.300"), "10.0.0.300"),
        (pool("10.0.0.9-10.0.0.2"), "low to high"),
        (pool("10.0.0.1", "fd00::1"), "mixed"),
        (pool("10.0.0.5", "10.0.1.5"), "subnet"),
        (pool("10.0.0.5", prefix=33), "prefix 33"),
        (pool("10.0.0.5", gateway="fd00::1"), "family"),
        (pool("10.0.0.5", gateway="router"), "router"),
        (pool("10.0.0.5", excluded_addresses=("x",)), "excludedAddresses"),
        (pool("10.0.0.5", excluded_addresses=("fd00::1",)), "fd00::1 in excludedAddresses is of another IP family"),
        (pool("fe80::5", prefix=64, gateway="fe80::1%x\n[connection]\nzone=trusted"), "a zone"),
    ],
)
def test_what_the_webhook_refuses_is_one_sentence(wrong: Pool, words: str) -> None:
    with pytest.raises(IpamError, match=words):
        allocatable(wrong)


@pytest.mark.parametrize(
    "entry",
    [
        *(
            "10.0.0.5 - 10.0.0.9",
            "10.0.0.5- 10.0.0.9",
            " 10.0.0.5",
            "10.0.0.5\n",
            "10.0.0.5\0",
            "10.0.0.5-10.0.0.9-10.0.0.12",
        ),
        *("10.0.0.0/2_4", "10.0.0.0/024", "10.0.0.0/+24", "10.0.0.0/ 24", "10.0.0.0/24 ", "10.0.0.0/33", "10.0.0.0/-1"),
        *("10.0.0.0/", "/24", "10.0.0.0/24/24", "10.0.0.0/\u0662\u0664", "10.0.0.0/24-10.0.0.9", "10.0.0.9-10.0.0.8"),
        *("10.0.0.05", "10.0.0", "0x0a000005", "167772165", "10.0.0.\u0665", "", "-", "/", "10.0.0.5-fd00::5"),
        *(
            "fe80::1%eth0",
            "fe80::1%x\n[connection]",
            "fe80::1%a-fe80::2%a",
            "fe80::%a/64",
            "::ffff:10.0.0.5",
            "fd00::1/129",
        ),
    ],
)
def test_an_entry_that_the_provider_does_not_take_is_refused(entry: str) -> None:
    for wrong in (pool(entry), pool("10.0.0.1", excluded_addresses=(entry,))):
        with pytest.raises(IpamError) as caught:
            allocatable(wrong)
        assert str(caught.value).isprintable()


def test_used_addresses_outside_the_pool_are_counted_apart() -> None:
    state = usage(pool("10.0.0.10-10.0.0.11"), [ipaddress.ip_address("10.0.0.10"), ipaddress.ip_address("10.0.0.99")])
    assert (state.total, state.used, state.free, state.out_of_range) == (2, 2, 0, 1)


_NETWORK = ipaddress.ip_network("10.1.2.0/26")
_HOSTS = st.integers(0, 63).map(lambda number: _NETWORK[number])
_ENTRY = st.one_of(
    _HOSTS.map(str),
    st.tuples(_HOSTS, _HOSTS).map(lambda pair: f"{min(pair)}-{max(pair)}"),
    st.tuples(_HOSTS, st.integers(26, 32)).map(
        lambda pair: str(ipaddress.ip_network(f"{pair[0]}/{pair[1]}", strict=False))
    ),
)


def listed(entries: tuple[str, ...]) -> set[int]:
    found: set[int] = set()
    for entry in entries:
        if "/" in entry:
            found |= {int(address) for address in ipaddress.ip_network(entry)}
        else:
            first, _dash, last = entry.partition("-")
            found |= set(range(int(ipaddress.ip_address(first)), int(ipaddress.ip_address(last or first)) + 1))
    return found


@given(
    st.lists(_ENTRY, min_size=1, max_size=5).map(tuple),
    st.lists(_ENTRY, max_size=3).map(tuple),
    st.none() | _HOSTS.map(str),
    st.booleans(),
    st.sets(_HOSTS, max_size=20),
)
def test_it_agrees_with_a_model_that_lists_every_address(
    addresses: tuple[str, ...],
    excluded: tuple[str, ...],
    gateway: str | None,
    reserved: bool,
    used: set[ipaddress.IPv4Address],
) -> None:
    some = pool(
        *addresses, prefix=26, gateway=gateway, excluded_addresses=excluded, allocate_reserved_addresses=reserved
    )
    expected = listed(addresses) - listed(excluded) - ({int(ipaddress.ip_address(gateway))} if gateway else set())
    if not reserved:
        expected -= {int(_NETWORK[0]), int(_NETWORK[-1])}
    free = [int(address) for address in lowest_free(allocatable(some), used)]
    assert free == sorted(expected - {int(address) for address in used})
    assert usage(some, ()).total == len(expected)


_RANGES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 6)).map(lambda each: (each[0], sum(each))), max_size=12)
_VERSIONS = st.sampled_from([4, 6])


def numbers(ranges: list[tuple[int, int]]) -> set[int]:
    return {value for first, last in ranges for value in range(first, last + 1)}


@given(_VERSIONS, _RANGES, _RANGES, st.sampled_from([0, 2**32 - 64]))
def test_sets_of_ranges_agree_with_sets_of_numbers(
    version: int, some: list[tuple[int, int]], others: list[tuple[int, int]], start: int
) -> None:
    mine, theirs = ([(start + first, start + last) for first, last in each] for each in (some, others))
    ours = AddressSet(version, mine)
    for found, expected in (
        (ours, numbers(mine)),
        (ours.without(theirs), numbers(mine) - numbers(theirs)),
        (ours.shared_with(AddressSet(version, theirs)), numbers(mine) & numbers(theirs)),
    ):
        assert [int(address) for address in found] == sorted(expected)
        assert found.size == len(expected)
        assert all(lower[1] + 1 < upper[0] for lower, upper in itertools.pairwise(found.ranges))
        assert all((found.address(value) in found) == (value in expected) for value in range(start, start + 64))
    assert numbers(list(ours.ranges)) == numbers(mine), "a set is not changed by what is made of it"
    assert AddressSet(4, mine).shared_with(AddressSet(6, mine)).size == 0


_PLACES = st.sampled_from([("", "g"), ("one", "a"), ("one", "b"), ("two", "a"), ("two", "c"), ("", "h")])
_POOLS = st.lists(
    st.tuples(_PLACES, st.lists(_ENTRY, min_size=1, max_size=3)), max_size=6, unique_by=lambda each: each[0]
)


def made(place: tuple[str, str], entries: list[str]) -> Pool:
    kind = "InClusterIPPool" if place[0] else "GlobalInClusterIPPool"
    return Pool(PoolReference("ipam.cluster.x-k8s.io", kind, place[1]), place[0], tuple(entries), 26)


@given(_POOLS, st.data())
def test_pools_that_share_addresses_are_those_of_a_comparison_of_each_with_each(
    drawn: list[tuple[tuple[str, str], list[str]]], data: st.DataObject
) -> None:
    pools = [made(place, entries) for place, entries in drawn]
    changed = [each for each in pools if data.draw(st.booleans())]
    expected = [
        sorted((str(one.reference), str(other.reference)))
        for one, other in itertools.combinations(pools, 2)
        if (one in changed or other in changed)
        and (not one.namespace or not other.namespace or one.namespace == other.namespace)
        and set(allocatable(one)) & set(allocatable(other))
    ]
    sentences = sharing(changed, [each for each in pools if each not in changed])
    named = [text.partition(" share ")[0].removeprefix("the pools ").split(" and ") for text in sentences]
    assert sorted(map(sorted, named)) == sorted(expected)


def test_many_pools_that_share_addresses_are_told_in_few_sentences() -> None:
    pools = [made(("one", f"p{number}"), ["10.1.2.5"]) for number in range(30)]
    sentences = sharing(pools, [])
    assert len(sentences) == MOST_SHARING + 1
    assert "only the first ones" in sentences[-1]


_ODD = st.one_of(_ENTRY, st.text("0123456789abf.:-/%_ \n", max_size=20), st.text(max_size=10))


@given(st.lists(_ODD, max_size=4), st.integers(-1, 129), st.none() | _ODD)
def test_what_is_taken_is_what_the_standard_library_reads(entries: list[str], prefix: int, gateway: str | None) -> None:
    some = pool(*entries, prefix=prefix, gateway=gateway, allocate_reserved_addresses=True)
    try:
        found = allocatable(some)
    except IpamError:
        return
    first = [ipaddress.ip_address(entry.partition("-")[0].partition("/")[0]) for entry in entries]
    assert {address.version for address in first} == {found.version}
    taken = {int(ipaddress.ip_address(gateway))} if gateway else set()
    if all("/" not in entry and "-" not in entry for entry in entries):
        assert {int(address) for address in found} == {int(address) for address in first} - taken
