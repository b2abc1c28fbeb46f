# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""API server -> inventory: whatever an object holds, the hosts are ones that Ansible takes for nothing else, and the others stay."""

from __future__ import annotations

import ipaddress
import json
import re
import typing as t

from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.caching import kept, restored
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.hosts import candidates, hosts
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.model import Lists, Query, Rules
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.reading import machines
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.sources import trimmed
from ansible_collections.elemental.networking.tests.data.machines import FILES, machine_inventory, observed
from ansible_collections.elemental.networking.tests.unit.borders.bounds import bounded
from ansible_collections.elemental.networking.tests.unit.borders.test_api import _DROP, _VALUES, changed
from hypothesis import given
from hypothesis import strategies as st

_HOST = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z")
_GROUP = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_ORDER = ("claimed", "ExternalIP", "InternalIP", "Hostname", "machine", "registration-ip")
_KINDS = ("cluster", "role", "machine_pool", "pool", "state", "namespace")
_RULES = Rules(addresses=_ORDER, address_keys=("inventory-ip", "ip", "v4"), group_by=_KINDS)
_QUERY = Query("machine_inventories")
_ITEMS = (*map(observed, FILES), machine_inventory("a", applied=True, selector="u", labels={"x": "y"}))
_OWNER = {"kind": "Machine", "uid": "m"}
_SELECTOR = {
    "metadata": {"name": "s", "namespace": "fleet-default", "uid": "u", "ownerReferences": [_OWNER]},
    "status": {},
}
_MACHINE = {
    "metadata": {
        "name": "m",
        "namespace": "fleet-default",
        "uid": "m",
        "labels": {"rke.cattle.io/cluster-name": "east", "rke.cattle.io/worker-role": "true"},
    },
    "spec": {"clusterName": "east"},
    "status": {"addresses": [{"type": "InternalIP", "address": "192.0.2.1"}], "nodeRef": {"name": "n"}},
}
_GOOD = machine_inventory("good", addresses={}, registration_ip="192.0.2.77")


def evaluate(_expression: str, _variables: t.Mapping[str, t.Any]) -> t.Any:
    raise AssertionError("nothing is evaluated")


@given(
    st.sampled_from(range(len(_ITEMS))),
    st.sampled_from(["item", "selector", "machine", "confirmed"]),
    st.lists(st.integers(0, 9), max_size=7),
    st.one_of(st.just(_DROP), _VALUES),
)
def test_whatever_an_object_holds_the_hosts_are_sound_and_the_others_stay(
    number: int, kind: str, steps: list[int], value: object
) -> None:
    parts = {"item": _ITEMS[number], "selector": _SELECTOR, "machine": _MACHINE}
    if kind in parts:
        parts[kind] = changed(parts[kind], steps, value)
    objects = {name: [trimmed(each)] if isinstance(each, dict) else [] for name, each in parts.items()}
    confirmed = {"uid-a-inventory-ip": value} if kind == "confirmed" and isinstance(value, str) else {}
    lists = Lists([*objects["item"], trimmed(_GOOD)], objects["selector"], objects["machine"], confirmed)
    with bounded():
        read = candidates(machines(lists, "machine_inventories", "", ""), "machine_inventories", _RULES)
        found, faults = hosts(read.machines, _RULES, lambda each: each, evaluate)
        assert restored(kept(read, _QUERY, _RULES, {}), _QUERY, _RULES, {}) == read
    for sentence in (*read.troubles, *faults):
        assert sentence.isprintable()
        assert 10 < len(sentence) <= 3000
    by_name = {host.name: host for host in found}
    assert by_name["good"].variables["ansible_host"] == "192.0.2.77"
    for host in found:
        assert _HOST.match(host.name)
        assert all(_GROUP.match(group) for group in host.groups)
        _assert_is_an_address(host.variables)
        json.dumps(host.variables)


def _assert_is_an_address(variables: t.Mapping[str, t.Any]) -> None:
    address = variables.get("ansible_host")
    if address is None or variables["elemental_address_source"] == "Hostname":
        return
    parsed = ipaddress.ip_address(address)
    assert str(parsed) == address
    assert not parsed.is_loopback
