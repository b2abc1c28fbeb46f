# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which profiles come up, what the others wait for, and what belongs to the management connection."""

from __future__ import annotations

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.bindings import Binding, binding
from ansible_collections.elemental.networking.plugins.module_utils._node.plan.expectation import (
    Expectation,
    Seen,
    expect,
    referring,
    related,
    two_alike,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import (
    WantedProfile,
)

MAC = "52:54:00:12:34:56"
ETHERNET, WIFI, MODEM = 1, 2, 8
UP, NO_CABLE = 100, 20
SEEN = {
    "eth0": Seen(ETHERNET, UP, True, MAC),
    "eth1": Seen(ETHERNET, NO_CABLE, False),
    "wlan0": Seen(WIFI, 30, False),
}


def profile(name: str, text: str = "", kind: str = "ethernet", interface: str | None = None) -> Binding:
    """What a keyfile says; ``text`` is the rest of ``[connection]`` and what follows."""
    whole = f"[connection]\nid={name}\n{text}"
    return binding(WantedProfile(f"{name}.nmconnection", f"uuid-{name}", kind, interface, whole))


def waiting(*profiles: Binding) -> dict[str, str]:
    """What each profile waits for, or may."""
    found = expect(profiles, SEEN)
    return {name.split(".", maxsplit=1)[0]: each.waiting_for or each.may_come_late for name, each in found.items()}


STATIC = "[ipv4]\nmethod=manual\naddress1=192.0.2.1/24\n"


@pytest.mark.parametrize(
    ("text", "kind", "interface", "reason"),
    [
        (STATIC, "ethernet", "eth0", ""),
        (STATIC, "ethernet", "eth1", "eth1 has no carrier"),
        (STATIC, "ethernet", "eth7", "there is no interface eth7"),
        ("autoconnect=false\n" + STATIC, "ethernet", "eth0", "autoconnect=false"),
        (f"[ethernet]\nmac-address={MAC.upper()}\n{STATIC}", "ethernet", None, ""),
        (
            f"[ethernet]\nmac-address=52-54-00-00-00-01\n{STATIC}",
            "ethernet",
            None,
            "no interface has the MAC address 52:54:00:00:00:01",
        ),
        (STATIC, "ethernet", None, ""),
        ("", "ethernet", "eth0", "no answer from a DHCP server or a router on eth0"),
        ("[ipv4]\nmethod=disabled\n", "ethernet", "eth0", "no answer from a DHCP server or a router on eth0"),
        ("[ipv4]\nmethod=disabled\n[ipv6]\nmethod=disabled\n", "ethernet", "eth0", ""),
        (
            STATIC + "[ipv6]\nmethod=auto\nmay-fail=false\n",
            "ethernet",
            "eth0",
            "no answer from a DHCP server or a router on eth0",
        ),
        ("", "wifi", "wlan0", "its network is not in reach"),
        ("", "wifi", None, "its network is not in reach"),
        ("", "802-11-wireless", "wlan1", "there is no interface wlan1"),
        ("", "gsm", None, "there is no interface for gsm"),
        ("", "vpn", None, "a VPN is started by hand"),
        (STATIC, "bridge", "br0", ""),
        ("", "wireguard", "wg0", ""),
    ],
)
def test_what_a_profile_waits_for(text: str, kind: str, interface: str | None, reason: str) -> None:
    assert waiting(profile("one", text, kind, interface)) == {"one": reason}


def test_of_two_profiles_for_one_interface_that_of_higher_priority_comes_up() -> None:
    plant = profile("plant", "autoconnect-priority=20\n" + STATIC, interface="eth0")
    bench = profile("bench", "autoconnect-priority=5\n" + STATIC, interface="eth0")
    bound = profile("bound", f"[ethernet]\nmac-address={MAC}\n{STATIC}")
    reason = "profile plant has the higher autoconnect-priority for eth0"
    assert waiting(bench, plant, bound) == {"plant": "", "bench": reason, "bound": reason}
    assert two_alike([bench, plant, bound], expect([bench, plant, bound], SEEN)) is None


def test_of_two_with_one_priority_chance_decides() -> None:
    first, second = profile("a", STATIC, interface="eth0"), profile("b", f"[ethernet]\nmac-address={MAC}\n{STATIC}")
    assert two_alike([first, second], expect([first, second], SEEN)) == ("a", "b", "eth0")
    later = second._replace(autoconnect=False)
    assert two_alike([first, later], expect([first, later], SEEN)) is None
    at_home, at_work = profile("home", kind="wifi", interface="wlan0"), profile("work", kind="wifi", interface="wlan0")
    assert two_alike([at_home, at_work], expect([at_home, at_work], SEEN)) is None


def test_a_profile_for_any_interface_may_take_that_of_another_one() -> None:
    everywhere, named = profile("any", STATIC), profile("named", STATIC, interface="eth0")
    both = [everywhere, named]
    assert two_alike(both, expect(both, SEEN)) == ("any", "named", "eth0")
    for other in (
        profile("any", "autoconnect-priority=-1\n" + STATIC),
        profile("any", "autoconnect=false\n" + STATIC),
        profile("any", f"[match]\ninterface-name=eth1;\n{STATIC}"),
        profile("any", STATIC, "bluetooth"),
    ):
        assert two_alike([other, named], expect([other, named], SEEN)) is None
    assert two_alike([everywhere], expect([everywhere], SEEN)) is None


@pytest.mark.parametrize(
    ("key", "reason"), [("autoconnect-slaves=1", ""), ("autoconnect-ports=1", ""), ("id=lan", "autoconnect=false")]
)
def test_a_port_comes_up_where_its_controller_brings_it(key: str, reason: str) -> None:
    port = profile("port", "autoconnect=false\nmaster=lan\n", interface="eth0")
    assert waiting(port, profile("lan", f"{key}\n{STATIC}", "bridge", "lan"))["port"] == reason


@pytest.mark.parametrize(
    ("interface", "key", "reason"),
    [
        ("eth0", "", ""),
        ("eth0", "autoconnect=false\n", "autoconnect=false"),
        ("eth1", "", "autoconnect=false"),  # no carrier
    ],
)
def test_a_port_that_comes_up_brings_its_controller(interface: str, key: str, reason: str) -> None:
    bridge = profile("lan", f"autoconnect=false\n{STATIC}", "bridge", "lan")
    for controller in ("lan", "uuid-lan"):
        port = profile("port", f"{key}controller={controller}\n", interface=interface)
        assert waiting(bridge, port)["lan"] == reason


def test_what_is_made_of_what_waits_may_come_late() -> None:
    bridge = profile("lan", STATIC, "bridge", "lan")
    port = profile("port", "controller=uuid-lan\n", interface="eth1")
    vlan = profile("vlan", f"[vlan]\nparent=eth1\nid=7\n{STATIC}", "vlan", "eth1.7")
    assert waiting(bridge, port, vlan) == {
        "lan": "its ports wait (port)",
        "port": "eth1 has no carrier",
        "vlan": "its parent waits (port)",
    }
    second = profile("second", "controller=lan\n", interface="eth0")
    assert waiting(bridge, port, second)["lan"] == ""


def test_a_vpn_comes_up_with_the_profile_that_names_it() -> None:
    base = profile("base", f"secondaries=uuid-vpn;\n{STATIC}", interface="eth0")
    assert waiting(profile("vpn", kind="vpn"), base) == {"vpn": "it comes up with profile base", "base": ""}


def test_virtual_functions_are_there_when_their_physical_one_is() -> None:
    physical = profile("pf", f"[sriov]\ntotal-vfs=1\n{STATIC}", interface="eth0")
    assert waiting(physical, profile("vf", STATIC, interface="eth0v0")) == {"pf": "", "vf": ""}


def test_what_refers_to_a_changed_profile_goes_down_with_it() -> None:
    bridge = profile("lan", STATIC, "bridge", "lan")
    by_uuid = profile("a", "master=uuid-lan\n", interface="eth0")
    by_name = profile("b", "controller=lan\n", interface="eth1")
    on_top = profile("vlan", "[vlan]\nparent=lan\n", "vlan", "lan.7")
    other = profile("other", STATIC, interface="eth2")
    every = [by_uuid, by_name, on_top, other, bridge]
    assert referring(every, {"lan.nmconnection"}) == {"a.nmconnection", "b.nmconnection", "vlan.nmconnection"}
    assert referring(every, {"a.nmconnection"}) == set()


def test_the_management_connection_is_what_its_interface_becomes_part_of() -> None:
    bond = profile("bond0", "", "bond", "bond0")
    port = profile("port", "controller=bond0\n", interface="eth0")
    vlan = profile("vlan", "[vlan]\nparent=uuid-bond0\n", "vlan", "bond0.7")
    storage = profile("storage", STATIC, interface="eth1")
    every = [storage, vlan, port, bond]
    assert related(every, expect(every, SEEN), {"eth0"}) == {"eth0", "bond0", "bond0.7"}
    assert related([storage], expect([storage], SEEN), {"eth0"}) == {"eth0"}


def test_the_way_leads_to_the_interface_of_open_vswitch() -> None:
    bridge = profile("bridge", "", "ovs-bridge", "br0")
    uplink = profile("uplink", "controller=br0\n", "ovs-port", "port1")
    card = profile("card", "controller=port1\n", interface="eth0")
    port = profile("port", "controller=uuid-bridge\n", "ovs-port", "port0")
    own = profile("own", f"controller=uuid-port\nport-type=ovs-port\n{STATIC}", "ovs-interface", "iface0")
    every = [bridge, uplink, card, port, own]
    assert related(every, expect(every, SEEN), {"eth0"}) == {"eth0", "port1", "br0", "port0", "iface0"}
    assert "iface0" not in related(every, expect(every, SEEN), {"eth1"})


def test_the_interface_of_a_profile_bound_by_mac_address_is_found() -> None:
    bound = profile("bound", f"[ethernet]\nmac-address={MAC}\n{STATIC}")
    assert expect([bound], SEEN) == {"bound.nmconnection": Expectation("eth0")}


def test_the_physical_one_is_not_a_virtual_function_of_its_own() -> None:
    physical = profile("pf", "[sriov]\ntotal-vfs=2\n", interface="ens7f0")
    waits = waiting(physical, profile("vf", STATIC, interface="ens7f0v0"))
    assert waits == {"pf": "there is no interface ens7f0", "vf": "there is no interface ens7f0v0"}
