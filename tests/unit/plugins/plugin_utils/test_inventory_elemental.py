# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""MachineInventories become machines: the observed ones, and each part of them in another way."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.addresses import chosen
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.elemental import is_deep
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.model import Lists, Machine, Read
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.reading import machines
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.sources import trimmed
from ansible_collections.elemental.networking.tests.data.machines import FILES, machine_inventory, observed

ORDER = ("claimed", "registration-ip")


def read(*items: dict[str, t.Any], prefix: str = "", **more: t.Any) -> Read:
    return machines(
        Lists(machine_inventories=[trimmed(each) for each in items], **more), "machine_inventories", prefix, ""
    )


def one(item: dict[str, t.Any], **more: t.Any) -> Machine:
    found = read(item, **more)
    assert found.troubles == ()
    return found.machines[0]


@pytest.mark.parametrize("file", FILES)
def test_what_was_observed_is_never_at_an_address_that_is_only_promised(file: str) -> None:
    """The operator ran beside the machines: all had registered from its own 127.0.0.1, where ssh would find the controller."""
    found = read(observed(file))
    assert len(found.machines) == 1
    assert [each for each in found.troubles if "registration-ip is 127.0.0.1" not in each] == []
    assert chosen(found.machines[0], ORDER, ("ip", "inventory-ip", "v4")).address == ""


@pytest.mark.parametrize(
    ("file", "state", "addresses", "configurator"),
    [
        ("a1-machineinventory-resettable-deleting", "deleting", {"ip": "198.51.100.10"}, "nmconnections"),
        ("a2-machineinventory-labels-annotations", "registered", {"ip": "198.51.100.10"}, "nmconnections"),
        ("a2-machineinventory-waiting-pool-full", "waiting", {"ip": ""}, "nmconnections"),
        ("b1-machineinventory-without-network", "registered", {}, "none"),
        ("c1-machineinventory-key-no-dns-name", "failed", {"Inventory_IP": ""}, "nmstate"),
        (
            "d1-machineinventory-global-pools-ipv6",
            "registered",
            {"v4": "203.0.113.10", "v6.lan": "2001:db8::10"},
            "nmstate",
        ),
        ("m7-machineinventory-1-by-server-alone", "waiting", {"inventory-ip": "", "secondary-ip": ""}, "nmc"),
        (
            "m7-machineinventory-2-after-controller",
            "registered",
            {"inventory-ip": "192.168.122.153", "secondary-ip": "172.16.0.153"},
            "nmc",
        ),
    ],
)
def test_what_was_observed(file: str, state: str, addresses: dict[str, str], configurator: str) -> None:
    item = observed(file)
    item["metadata"]["annotations"]["elemental.cattle.io/registration-ip"] = "192.0.2.10"
    machine = one(item)
    assert (machine.name, machine.namespace) == (item["metadata"]["name"], "fleet-default")
    assert machine.state == state
    assert {key: each.address for key, each in machine.held.items()} == addresses
    assert machine.network is not None
    assert machine.network["configurator"] == configurator
    assert machine.network.get("ipAddresses", {}) == item["spec"].get("ipAddressPools", {})
    assert machine.network.get("config", {}) == item["spec"].get("network", {}).get("config", {})
    assert machine.annotations["os.pretty-name"] == "Debian GNU/Linux 12 (bookworm)"
    assert dict(machine.labels) == item["metadata"].get("labels", {})
    where = chosen(machine, ORDER, ("inventory-ip", "ip", "v4"))
    assert (where.address, where.source) == ("192.0.2.10", "registration-ip")


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("192.0.2.10", "192.0.2.10"),
        ("[fd00::5]", "fd00::5"),
        ("[FD00:0::5]", "fd00::5"),
        ("fd00::5", "fd00::5"),
    ],
)
def test_the_address_of_the_registration_in_any_spelling(sent: str, expected: str) -> None:
    assert one(machine_inventory("a", registration_ip=sent)).registration_ip == expected


@pytest.mark.parametrize(
    "sent", ["127.0.0.1", "[::1]", "[fe80::1%eth0]", "-oProxyCommand=id", "{{ x }}", "0.0.0.0", "x" * 5000]
)
def test_what_is_not_an_address_of_a_machine_is_left_out(sent: str) -> None:
    found = read(machine_inventory("a", registration_ip=sent))
    assert found.machines[0].registration_ip == ""
    assert len(found.troubles) == 1
    assert "fleet-default/a" in found.troubles[0]


@pytest.mark.parametrize(
    ("prefix", "given"),
    [
        *(("elemental.cattle.io/", ""), ("corp.example/", ""), ("", ""), ("", "-")),
        *(("corp.example/", "corp.example"), ("corp.example/", "corp.example/")),
        *(("elemental.cattle.io/", "elemental.cattle.io"), ("elemental.cattle.io/", "corp.example")),
    ],
)
def test_a_prefix_of_the_users_own_is_recognized(prefix: str, given: str) -> None:
    item = machine_inventory("a", prefix=prefix, labels={f"{prefix}rack": "7", "manufacturer": "QEMU"})
    machine = one(item, prefix=given)
    assert machine.registration_ip == "192.0.2.10"
    assert machine.annotations["auth"] == "emulated-tpm"
    assert dict(machine.labels) == {"manufacturer": "QEMU", "rack": "7"}


_IS_CORP = "but there is corp.example/registration-ip; set label_prefix to corp.example, or leave it out"
_IS_UNKNOWN = "correct label_prefix, or leave it out"


@pytest.mark.parametrize(
    ("prefixes", "given", "looked_for", "advice"),
    [
        (["corp.example/"], "other", "other/registration-ip", _IS_CORP),
        (["corp.example/", "corp.example/"], "other/", "other/registration-ip", _IS_CORP),
        (["corp.example/"], "-", "registration-ip", _IS_CORP),
        (["corp.example/", "corp2.example/"], "other", "other/registration-ip", _IS_UNKNOWN),
        ([None], "other", "other/registration-ip", _IS_UNKNOWN),
    ],
)
def test_a_prefix_that_no_machine_has_is_named_with_the_one_that_there_is(
    prefixes: list[str | None], given: str, looked_for: str, advice: str
) -> None:
    lists = Lists([_with_prefix(each) for each in prefixes])
    (sentence,) = machines(lists, "machine_inventories", given, "", ORDER).troubles
    assert f"no machine has the annotation {looked_for}, where label_prefix looks for it" in sentence
    assert advice in sentence
    assert machines(lists, "machine_inventories", given, "", ("claimed",)).troubles == ()


@pytest.mark.parametrize(
    ("prefixes", "given"),
    [
        # one registration of several has it
        (["corp.example/", "other/"], "other"),
        # found without it
        *((["elemental.cattle.io/"], "other"), ([""], "other"), (["corp.example/"], "")),
        ([], "other"),
    ],
)
def test_a_prefix_that_hides_nothing_is_fine(prefixes: list[str | None], given: str) -> None:
    lists = Lists([_with_prefix(each) for each in prefixes])
    assert machines(lists, "machine_inventories", given, "", ORDER).troubles == ()


def _with_prefix(prefix: str | None) -> dict[str, t.Any]:
    """A machine that has registered with this prefix; None for one whose address is not known."""
    if prefix is None:
        return machine_inventory("a", registration_ip=None)
    return machine_inventory("a", prefix=prefix)


def test_a_machine_cannot_pass_an_annotation_of_its_own_as_its_address() -> None:
    item = machine_inventory("a", prefix="corp/")
    item["metadata"]["annotations"]["corp/x-registration-ip"] = "192.0.2.66"
    assert one(item).registration_ip == "192.0.2.10"


def test_annotations_of_machines_are_not_escaped_and_those_of_others_stay() -> None:
    item = machine_inventory("a")
    item["metadata"]["annotations"] |= {
        "elemental.cattle.io/os.name": "R&amp;D &#34;x&#34;",
        "note": "a &amp; b",
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
    }
    annotations = one(item).annotations
    assert (annotations["os.name"], annotations["note"]) == ('R&D "x"', "a &amp; b")
    assert not any("last-applied" in name for name in annotations)


def test_no_labels_and_a_mac_address_in_a_label() -> None:
    assert one(machine_inventory("a")).labels == {}
    labels = {"mac-eth0": "52-54-00-12-34-5A", "serial": "52-54"}
    assert one(machine_inventory("a", labels=labels)).mac_addresses == {"mac-eth0": "52:54:00:12:34:5a"}


def test_an_applied_network_is_in_use_until_the_machine_is_reset() -> None:
    machine = one(machine_inventory("a", applied=True))
    assert (machine.state, machine.settled, machine.plan) == ("ready", True, "Applied")
    assert all(each.in_use for each in machine.held.values())
    leaving = one(machine_inventory("a", applied=True, deletionTimestamp="2026-11-28T22:22:01Z"))
    assert (leaving.state, leaving.settled) == ("deleting", False)
    assert not any(each.in_use for each in leaving.held.values())


@pytest.mark.parametrize("missing", ["Ready", "NetworkConfigReady", "plan", "configurator"])
def test_each_sign_of_an_applied_network_is_needed(missing: str) -> None:
    item = machine_inventory("a", applied=True)
    if missing == "plan":
        del item["status"]["plan"]["state"]
    elif missing == "configurator":
        item["spec"]["network"]["configurator"] = "none"
    else:
        item["status"]["conditions"] = [each for each in item["status"]["conditions"] if each["type"] != missing]
    assert not any(each.in_use for each in one(item).held.values())


def test_what_a_push_confirmed_is_in_use_for_exactly_that_claim() -> None:
    confirmed = {"uid-a-secondary-ip": "2026-11-29T12:00:00Z", "uid-a-inventory-ip": "yesterday"}
    held = one(machine_inventory("a"), confirmed=confirmed).held
    assert [(key, each.in_use) for key, each in held.items()] == [("inventory-ip", False), ("secondary-ip", True)]
    assert held["secondary-ip"].confirmed == "2026-11-29T12:00:00Z"


def selector(uid: str, machine: str = "uid-m", inventory: str = "") -> dict[str, t.Any]:
    owner = {"apiVersion": "cluster.x-k8s.io/v1beta1", "kind": "Machine", "name": "m", "uid": machine}
    metadata = {
        "name": f"s-{uid}",
        "namespace": "fleet-default",
        "uid": uid,
        "ownerReferences": [owner] if machine else [],
    }
    return {"metadata": metadata, "status": {"machineInventoryRef": {"name": inventory}} if inventory else {}}


MACHINE = {
    "metadata": {
        "name": "east-cp-1",
        "namespace": "fleet-default",
        "uid": "uid-m",
        "labels": {
            "rke.cattle.io/cluster-name": "east",
            "rke.cattle.io/control-plane-role": "true",
            "rke.cattle.io/etcd-role": "true",
            "rke.cattle.io/rke-machine-pool-name": "cp",
        },
    },
    "spec": {"clusterName": "east"},
    "status": {"nodeRef": {"name": "a"}, "addresses": [{"type": "InternalIP", "address": "192.0.2.99"}]},
}


@pytest.mark.parametrize(
    ("selectors", "owner", "cluster"),
    [
        ([selector("u")], "u", "east"),
        ([selector("u", inventory="a")], "", "east"),
        ([selector("u", machine="other")], "u", ""),
        ([selector("u")], "another", ""),
        ([], "u", ""),
    ],
)
def test_the_cluster_of_a_machine(selectors: list[dict[str, t.Any]], owner: str, cluster: str) -> None:
    machine = one(machine_inventory("a", selector=owner), selectors=selectors, machines=[MACHINE])
    assert machine.membership.cluster == cluster
    if cluster:
        assert machine.membership.roles == ("control-plane", "etcd")
        assert (machine.membership.machine_pool, machine.membership.node) == ("cp", "a")
        assert chosen(machine, ("machine",), ()).address == "192.0.2.99"


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("metadata", "labels"), [], "metadata.labels"),
        (("metadata", "labels"), {"a": 1, "b": "kept"}, "metadata.labels.a"),
        (("metadata", "annotations"), "x", "metadata.annotations"),
        (("metadata", "ownerReferences"), {}, "metadata.ownerReferences"),
        (("spec",), [], "spec"),
        (("spec", "network"), 1, "spec.network"),
        (("spec", "network", "configurator"), "magic", "spec.network.configurator"),
        (("spec", "network", "config"), [], "spec.network.config"),
        (("spec", "network", "ipAddresses"), {"ip": {}}, "spec.network.ipAddresses.ip"),
        (("spec", "network", "ipAddresses"), {"ip": "10.0.0.1; reboot"}, "spec.network.ipAddresses.ip"),
        (("spec", "ipAddressPools"), {"ip": []}, "spec.ipAddressPools.ip"),
        (("spec", "ipAddressClaims"), {"ip": {"name": 3}}, "spec.ipAddressClaims.ip.name"),
        (("status",), [], "status"),
        (("status", "conditions"), [1], "status.conditions"),
        (("status", "plan"), "x", "status.plan"),
    ],
)
def test_a_part_that_is_malformed_is_left_out_and_named(path: tuple[str, ...], value: object, words: str) -> None:
    broken, good = machine_inventory("b"), machine_inventory("a")
    place = broken
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    found = read(broken, good)
    assert [each.name for each in found.machines] == ["a", "b"]
    assert any(words in each and "fleet-default/b" in each for each in found.troubles), found.troubles
    assert len(set(found.troubles)) == len(found.troubles)


@pytest.mark.parametrize(("depth", "expected"), [(1, False), (63, False), (64, True), (900, True)])
def test_a_configuration_is_as_deep_as_users_may_write_one(depth: int, expected: bool) -> None:
    config: t.Any = {"a": 1}
    for level in range(depth):
        config = [config] if level % 2 else {"a": config, "b": []}
    assert is_deep(config) is expected
    item = machine_inventory("a")
    item["spec"]["network"]["config"] = {"interfaces": config}
    found = read(item)
    assert (found.machines[0].network is None) is (depth >= 63)
    assert len(found.troubles) == (depth >= 63)


def test_half_of_a_network_is_none() -> None:
    item = machine_inventory("a")
    item["spec"]["ipAddressPools"]["inventory-ip"] = []
    assert read(item).machines[0].network is None


@pytest.mark.parametrize(
    "metadata", [None, [], {"namespace": "n"}, {"name": "a/../b", "namespace": "n"}, {"name": "A", "namespace": "n"}]
)
def test_what_cannot_be_a_machine_leaves_the_others_alone(metadata: object) -> None:
    found = read({"metadata": metadata}, machine_inventory("a"))
    assert [each.name for each in found.machines] == ["a"]
    assert len(found.troubles) == 1
