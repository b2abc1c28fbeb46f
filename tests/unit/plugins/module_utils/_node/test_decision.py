# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change comes to on a node, by what the node has and what its next boot would do."""

from __future__ import annotations

import typing as t
import uuid

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.model import (
    Managed,
    ManagedProfile,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.bindings import binding
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.client import Device
from ansible_collections.elemental.networking.plugins.module_utils._node.plan.decision import planned
from ansible_collections.elemental.networking.plugins.module_utils._node.plan.expectation import (
    Seen,
    expect,
    segment,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.plan.outlook import Outlook
from ansible_collections.elemental.networking.plugins.module_utils._node.plan.planning import (
    Observed,
    Plan,
    Session,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import (
    Conflict,
    InvalidInput,
    WantedProfile,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.transaction.preconditions import (
    refuse_other_media,
)

STATIC = "[ipv4]\nmethod=manual\naddress1=192.0.2.50/24,192.0.2.1\n"
SEEN = {"eth0": Seen(1, 100, True), "eth1": Seen(1, 20, False), "eth2": Seen(1, 100, True)}
AUTOMATIC = "made-by-networkmanager"
MAC = "52:54:00:12:34:56"
NEW = Observed(None, False, False, False)


class FakeManager:
    """Knows which profiles NetworkManager made by itself, and the file of each other one: its name is the uuid."""

    def is_automatic(self, device: Device) -> bool:
        return device.active_uuid == AUTOMATIC

    def profile_path(self, uuid: str) -> str:
        return uuid

    def profile_file(self, path: str) -> str:
        return f"/etc/NetworkManager/system-connections/{path}.nmconnection"


def uuid_of(name: str) -> str:
    """The uuid of a profile of ours."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, name))


def wanted(name: str, text: str = STATIC, kind: str = "ethernet", interface: str | None = None) -> WantedProfile:
    """A profile for the interface of its name; ``text`` is the rest of ``[connection]`` and what follows."""
    return WantedProfile(
        f"{name}.nmconnection", uuid_of(name), kind, interface or name, f"[connection]\nid={name}\n{text}"
    )


def device(interface: str, active_uuid: str) -> Device:
    """A device on which a profile is active."""
    return Device(f"/{interface}", interface, "/active", active_uuid, True, {}, (), "")


def plan_of(
    *profiles: WantedProfile,
    observed: t.Mapping[str, Observed] | None = None,
    devices: t.Sequence[Device] = (),
    way: str = "eth0",
    address: str = "192.0.2.11",
    required: t.Collection[str] = (),
    stale: tuple[str, ...] = (),
) -> Plan:
    """The plan for profiles of which the node has none, or what ``observed`` says of them."""
    bindings = tuple(map(binding, profiles))
    expected = expect(bindings, SEEN)
    segments = {each.file_name: segment(each, bindings, expected, SEEN) for each in bindings}
    session = Session(way, address, "ipv6" if ":" in address else "ipv4", 64 if ":" in address else 24)
    found = Outlook(bindings, expected, session, frozenset({way}), segments, frozenset({"eth1", "lan"}), MAC)
    seen = {profile.file_name: NEW for profile in profiles}
    seen.update({f"{name}.nmconnection": each for name, each in (observed or {}).items()})
    empty = Plan(profiles, (), {}, {}, stale, (), {})
    return planned(t.cast("t.Any", FakeManager()), empty, found, devices, seen, Managed(), required)


def states(plan: Plan) -> dict[str, tuple[bool, str, str]]:
    """Of each step: whether it has to be up, what it waits for, and what it may wait for."""
    return {
        step.file_name.split(".", maxsplit=1)[0]: (step.awaited, step.waiting_for, step.may_come_late)
        for step in plan.steps
    }


def test_what_is_not_up_by_itself_is_not_activated_and_reported() -> None:
    plan = plan_of(wanted("eth0"), wanted("eth1"), wanted("eth2", "autoconnect=false\n" + STATIC))
    assert states(plan) == {
        "eth0": (True, "", ""),
        "eth1": (False, "eth1 has no carrier", ""),
        "eth2": (False, "autoconnect=false", ""),
    }
    assert plan.waiting == {"eth1.nmconnection": "eth1 has no carrier", "eth2.nmconnection": "autoconnect=false"}
    assert set(plan.reasons) == {"eth0.nmconnection", "eth1.nmconnection", "eth2.nmconnection"}


def test_a_lease_is_needed_on_the_way_in_and_may_come_late_elsewhere() -> None:
    plan = plan_of(wanted("eth0", ""), wanted("eth2", ""))
    late = "no answer from a DHCP server or a router on eth2"
    assert states(plan) == {"eth0": (True, "", ""), "eth2": (False, "", late)}
    assert plan.waiting == {}
    assert states(plan_of(wanted("eth0", ""), wanted("eth2", ""), required=["eth2.nmconnection"]))["eth2"] == (
        True,
        "",
        "",
    )


def test_what_waits_is_no_difference_the_second_time() -> None:
    first, second = wanted("eth0"), wanted("eth1")
    observed = {
        "eth0": Observed(first.text, True, True, True),
        "eth1": Observed(second.text, True, True, False, is_free=True),
    }
    plan = plan_of(first, second, observed=observed)
    assert not plan.changes
    assert plan.waiting == {"eth1.nmconnection": "eth1 has no carrier"}


@pytest.mark.parametrize(("is_free", "is_changed"), [(True, False), (False, True)])
def test_what_somebody_took_down_is_brought_back(is_free: bool, is_changed: bool) -> None:
    dhcp = wanted("eth2", "")
    plan = plan_of(dhcp, observed={"eth2": Observed(dhcp.text, True, True, False, is_free=is_free)})
    assert plan.changes == is_changed


def test_a_required_profile_must_not_wait() -> None:
    with pytest.raises(
        InvalidInput, match="profile eth1 is required, and would not come up: eth1 has no carrier; nothing"
    ):
        plan_of(wanted("eth0"), wanted("eth1"), required=["eth1.nmconnection"])


@pytest.mark.parametrize("active", [uuid_of("eth2"), AUTOMATIC])
def test_what_waits_leaves_its_interface_as_the_next_boot_would(active: str) -> None:
    off = wanted("eth2", "autoconnect=false\n" + STATIC)
    assert plan_of(wanted("eth0"), off, devices=[device("eth2", active)]).idle == ("eth2",)
    assert plan_of(wanted("eth0"), off, devices=[device("eth2", "of-somebody-else")]).idle == ()
    on = wanted("on", interface="eth2")
    assert plan_of(wanted("eth0"), off, on, devices=[device("eth2", active)]).idle == ()


@pytest.mark.parametrize("active", [uuid_of("eth0"), AUTOMATIC])
def test_the_way_in_is_not_taken_down_for_nothing(active: str) -> None:
    off = wanted("eth0", "autoconnect=false\n" + STATIC)
    with pytest.raises(
        InvalidInput, match=r"eth0, which would not come up at the next boot \(autoconnect=false\), nothing"
    ):
        plan_of(off, devices=[device("eth0", active)])


@pytest.mark.parametrize("is_installed", [False, True])
def test_a_profile_that_goes_leaves_nothing_where_the_other_one_waits(is_installed: bool) -> None:
    """The one that is active is wanted no more, or renamed; the one that is left does not come up by itself."""
    off = wanted("off", "autoconnect=false\n" + STATIC, interface="eth2")
    observed = {"off": Observed(off.text, True, True, False)} if is_installed else {}
    devices, going = [device("eth0", "way"), device("eth2", "old")], ("old.nmconnection",)
    assert plan_of(wanted("eth0"), off, observed=observed, devices=devices, stale=going).idle == ("eth2",)
    on = wanted("on", interface="eth2")
    assert plan_of(wanted("eth0"), off, on, observed=observed, devices=devices, stale=going).idle == ()
    with pytest.raises(
        InvalidInput, match=r"with profile off, which .*\(autoconnect=false\), nothing would bring eth2 up"
    ):
        plan_of(off, observed=observed, devices=devices, stale=going, way="eth2")


def test_the_ports_of_a_changed_bridge_are_tried_with_it() -> None:
    bridge = wanted("lan", STATIC, "bridge")
    port = wanted("port", f"master={uuid_of('lan')}\n", interface="eth0")
    plan = plan_of(bridge, port, observed={"port": Observed(port.text, True, True, True)}, way="lan")
    assert list(plan.reasons) == ["lan.nmconnection"]
    assert [(step.file_name, step.has_ports) for step in plan.steps] == [
        ("lan.nmconnection", True),
        ("port.nmconnection", False),
    ]


@pytest.mark.parametrize("key", ["autoconnect-slaves=1\n", "autoconnect-ports=1\n", ""])
def test_the_trial_of_a_bridge_that_brings_its_ports_begins_when_it_shall(key: str) -> None:
    """NetworkManager would begin it when it has loaded it, and take the way in away before the controller has its answer."""
    port = wanted("port", "controller=lan\n", interface="eth0")
    other = wanted("eth2")
    plan = plan_of(wanted("lan", key + STATIC, "bridge"), port, other)
    assert ["autoconnect=false" in plan.texts[each.file_name] for each in plan.wanted] == [bool(key), bool(key), False]
    assert all(step.trial_uuid == step.final_uuid for step in plan.steps), (
        "what begins by itself is no change to a device"
    )


def test_ports_are_tried_after_what_brings_them() -> None:
    """Whatever the order of the files; a bond that is a port itself comes between its bridge and its own ports."""
    bridge = wanted("lan", "autoconnect-slaves=1\n" + STATIC, "bridge")
    bond = wanted("bond", "autoconnect-ports=1\ncontroller=lan\n", "bond")
    ports = [wanted(f"port{number}", "controller=bond\n", interface=f"eth{number}") for number in (1, 2)]
    plan = plan_of(*ports, wanted("eth3"), bond, bridge)
    assert [step.file_name.partition(".")[0] for step in plan.steps] == ["eth3", "lan", "bond", "port1", "port2"]


def test_a_bond_beside_the_way_in_brings_its_ports_by_itself() -> None:
    """NetworkManager makes the parent of the VLAN, which comes before it, out of what it may begin."""
    bond = wanted("bond0", "autoconnect-ports=1\n", "bond")
    tagged = wanted("bond0.100", "\n[vlan]\nparent=bond0\nid=100\n", "vlan")
    plan = plan_of(tagged, bond, wanted("port", "controller=bond0\n", interface="eth1"))
    assert not any("autoconnect=false" in text for text in plan.texts.values())
    assert [step.file_name for step in plan.steps] == [each.file_name for each in plan.wanted]


def test_what_is_on_top_of_a_bond_that_waits_for_the_answer_comes_after_it() -> None:
    bond = wanted("bond0", "autoconnect-ports=1\n", "bond")
    tagged = wanted("bond0.100", "\n[vlan]\nparent=bond0\nid=100\n", "vlan")
    port, other = wanted("port", "controller=bond0\n", interface="eth0"), wanted("eth2")
    plan = plan_of(tagged, bond, port, other)
    assert [step.file_name for step in plan.steps] == [each.file_name for each in (bond, other, port, tagged)]


def test_nothing_tells_of_a_carrier_of_a_bridge_of_open_vswitch() -> None:
    """Its name is that of no interface of the kernel, and neither is that of a port of it."""
    bridge, port = wanted("br0", "", "ovs-bridge"), wanted("port0", "controller=br0\n", "ovs-port")
    own = wanted("iface0", f"controller=port0\nport-type=ovs-port\n{STATIC}", "ovs-interface")
    assert not any(step.has_ports for step in plan_of(bridge, port, own, way="iface0").steps)


def test_a_bridge_that_asks_for_a_lease_gets_it_through_its_ports() -> None:
    port = wanted("port", "master=lan\n", interface="eth0")
    steps = plan_of(wanted("lan", "[ipv4]\nmethod=auto\n", "bridge"), port, way="lan").steps
    assert [step.asks_through_ports for step in steps] == [True, False]
    static = f"{STATIC}[ipv6]\nmethod=disabled\n"
    assert not any(step.asks_through_ports for step in plan_of(wanted("lan", static, "bridge"), port, way="lan").steps)


def test_a_bridge_whose_ports_all_wait_waits_although_it_is_active() -> None:
    bridge, port = wanted("lan", STATIC, "bridge"), wanted("port", "master=lan\n", interface="eth1")
    observed = {
        "lan": Observed(bridge.text, True, True, True),
        "port": Observed(port.text, True, True, False, is_free=True),
    }
    plan = plan_of(bridge, port, observed=observed)
    assert not plan.changes
    assert plan.waiting == {"lan.nmconnection": "its ports wait (port)", "port.nmconnection": "eth1 has no carrier"}


def test_where_to_ask_for_duplicates() -> None:
    bridge, port = wanted("lan", STATIC, "bridge"), wanted("port", "master=lan\n", interface="eth0")
    vlan = wanted("eth0.7", f"[vlan]\nparent=eth0\nid=7\n{STATIC}", "vlan")
    plan = plan_of(bridge, port, vlan)
    assert plan.segments == {"lan.nmconnection": "eth0", "port.nmconnection": "eth0", "eth0.7.nmconnection": ""}
    assert "[ipv4]\ndad-timeout=200\nmethod=manual" in plan.texts["eth0.7.nmconnection"]
    assert plan.texts["lan.nmconnection"] == bridge.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (STATIC, True),
        ("", True),
        ("[ipv4]\nmethod=manual\naddress1=192.0.2.5/24\n[ipv6]\nmethod=disabled\n", False),
        (f"{STATIC}route-table=100\n[ipv6]\nmethod=disabled\n", False),
        (f"{STATIC}never-default=true\n[ipv6]\nmethod=disabled\n", False),
        ("[ipv4]\nmethod=manual\naddress1=192.0.2.5/24\nroute1=0.0.0.0/0,192.0.2.1\n[ipv6]\nmethod=disabled\n", True),
    ],
)
def test_a_gateway_is_expected_where_a_profile_gives_one(text: str, expected: bool) -> None:
    assert plan_of(wanted("eth0", text)).expects_gateway == expected
    assert plan_of(wanted("eth0", text), way="eth2").expects_gateway


BY_ROUTER = "[ipv4]\nmethod=disabled\n[ipv6]\nmethod=auto\n"


def test_a_trial_keeps_the_controllers_address_where_another_one_may_be_given() -> None:
    """Nobody knows which: who still comes in at the old one is told."""
    plan = plan_of(wanted("eth0", BY_ROUTER), address="2001:db8::77aa:1")
    assert "[ipv6]\naddress99=2001:db8::77aa:1/64\nmethod=auto\n" in plan.texts["eth0.nmconnection"]
    assert plan.kept == "2001:db8::77aa:1"
    without = "# [ipv6] by router\n[ipv4]\nmethod=disabled\n"
    text = plan_of(wanted("eth0", without), address="2001:db8::77aa:1").texts["eth0.nmconnection"]
    assert text.endswith("\n[ipv6]\naddress99=2001:db8::77aa:1/64\nmethod=auto\n")
    text = plan_of(wanted("eth0", "[ipv4]\nmethod=auto\ndhcp-client-id=me\n")).texts["eth0.nmconnection"]
    assert "[ipv4]\ndad-timeout=0\naddress99=192.0.2.11/24\nmethod=auto\ndhcp-client-id=me\n" in text
    text = plan_of(wanted("eth0", "[ethernet]\ncloned-mac-address=stable\n[ipv4]\nmethod=auto\n")).texts[
        "eth0.nmconnection"
    ]
    assert text.endswith("[ipv4]\ndad-timeout=0\naddress99=192.0.2.11/24\nmethod=auto\n")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (BY_ROUTER, "2001:db8::5054:ff:fe12:3456"),
        (BY_ROUTER, "fe80::1"),
        ("", "192.0.2.11"),
        (f"{STATIC}[ipv6]\nmethod=manual\naddress1=2001:db8::5/64\n", "2001:db8::5"),
        (f"{BY_ROUTER}address1=2001:db8::5/64\n", "2001:db8::5"),
    ],
)
def test_a_trial_keeps_no_address_that_stays(text: str, address: str) -> None:
    plan = plan_of(wanted("eth0", text), address=address)
    assert not plan.kept
    assert "address99" not in plan.texts["eth0.nmconnection"]


def test_a_reset_knows_ethernet_only() -> None:
    shop = Managed("node1", (ManagedProfile("shop.nmconnection", "wlan0", "wifi"),))
    with pytest.raises(
        Conflict, match="no ethernet interface of ours that could get DHCP back, only profiles of type wifi"
    ):
        refuse_other_media(shop, ())
    refuse_other_media(shop, (wanted("eth0", ""),))
    refuse_other_media(Managed("node1", (ManagedProfile("wg0.nmconnection", "wg0", "wireguard"),)), ())
