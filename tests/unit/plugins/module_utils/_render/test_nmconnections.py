# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The renderer: which configurations become profiles, and what the user learns about the others."""

from __future__ import annotations

import re
import typing as t
import uuid
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.system.files import temporary_of
from ansible_collections.elemental.networking.plugins.module_utils._render import RenderError, Rendering, render

_CONNECTION = "[connection]\nid=eth0\ntype=ethernet\ninterface-name=eth0\n"
_UUID = "6a1a0c5e-6a4b-5d0a-8a39-0f1a3c2b9d77"
# MachineRegistration.spec.config.network.config of Elemental's own nmconnections example, its placeholders filled
_DOCUMENTED = {
    "eth0": (
        "[connection]\nid=Wired connection 1\ntype=ethernet\ninterface-name=eth0\n[ipv4]\n"
        "address1=192.168.122.150/24,192.168.1.1\ndns=192.168.122.1;\nmethod=manual\nroute1=0.0.0.0/0,192.168.122.1\n"
        "[ipv6]\nmethod=disabled\n"
    ),
    "eth1": (
        "[connection]\nid=Wired connection 2\ntype=ethernet\ninterface-name=eth1\n[ipv4]\n"
        "address1=172.16.0.150/24,172.16.0.1\nmethod=manual\n"
        "route1=172.16.0.0/24,172.16.0.1,150\n[ipv6]\nmethod=disabled\n"
    ),
}


def _rendered(**config: object) -> Rendering:
    return render("nmconnections", config)


def _refused(**config: object) -> str:
    with pytest.raises(RenderError) as caught:
        _rendered(**config)
    return str(caught.value)


def test_the_documented_example_becomes_two_profiles_and_one_warning() -> None:
    rendering = render("nmconnections", _DOCUMENTED)
    assert [(each.file_name, each.id, each.type, each.interface) for each in rendering.profiles] == [
        ("eth0.nmconnection", "Wired connection 1", "ethernet", "eth0"),
        ("eth1.nmconnection", "Wired connection 2", "ethernet", "eth1"),
    ]
    (warning,) = rendering.warnings
    assert all(word in warning for word in ("eth0", "192.168.1.1", "192.168.122.0/24"))


def test_a_missing_uuid_is_derived_and_nothing_else_changes() -> None:
    profile = _rendered(eth0=_CONNECTION).profiles[0]
    assert profile.text == _CONNECTION.replace("id=eth0\n", f"id=eth0\nuuid={profile.uuid}\n")
    assert uuid.UUID(profile.uuid).version == 5


def test_a_derived_uuid_is_the_same_every_time_and_differs_between_profiles() -> None:
    config = {"a": "[connection]\nid=a\ntype=dummy\n", "b": "[connection]\nid=b\ntype=dummy\n"}
    first, second = render("nmconnections", config).profiles
    assert render("nmconnections", config).profiles == (first, second)
    assert first.uuid != second.uuid
    # written down: a change would give every profile on every node a new identity
    assert first.uuid == "aca626e6-688e-5a6e-a4b6-843265ce7d2f"


def test_a_given_uuid_and_the_whole_text_stay() -> None:
    text = f"# mine\n[connection]\nuuid = {_UUID}\nid=a\ntype=wifi\n\n[wifi]\nssid=x\n"
    profile = _rendered(wlan=text).profiles[0]
    assert (profile.text, profile.uuid, profile.interface) == (text, _UUID, None)


def test_a_missing_final_newline_is_added() -> None:
    assert _rendered(eth0=_CONNECTION.rstrip()).profiles[0].text.endswith("interface-name=eth0\n")


@pytest.mark.parametrize(
    "kind", ["802-3-ethernet", "bond", "vlan", "bridge", "802-11-wireless", "ovs-port", "loopback"]
)
def test_types_of_networkmanager_are_known(kind: str) -> None:
    assert _rendered(a=f"[connection]\nid=a\ntype={kind}\n").profiles[0].type == kind


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[connection]\nid=a\nnonsense\n", "line 3 "),
        ("[ipv4]\nmethod=auto\n", "no [connection] section"),
        ("", "no [connection] section"),
        ("[connection]\nid=\ntype=ethernet\n", "line 2: id in [connection] is empty"),
        ("[connection]\nid=a\n", "no type in [connection], line 1"),
        ("[connection]\nid=a\ntype=ethernett\n", "line 3: ethernett is not a connection type"),
        (_CONNECTION + "uuid=12345\n", "line 5: 12345 is not a valid uuid"),
        (_CONNECTION + "uuid=\n", "line 5: an empty value is not a valid uuid"),
        (_CONNECTION + f"uuid={_UUID.replace('-', '')}\n", "line 5: "),
        (
            _CONNECTION + "[ipv4]\naddress1=192.168.122.300/24\n",
            "line 6: 192.168.122.300 in address1 is not a valid IPv4 address",
        ),
        (_CONNECTION + "[ipv4]\naddress1=10.0.0.1/33\n", "prefix between 0 and 32"),
        (
            _CONNECTION + "[ipv4]\naddress1=10.0.0.1/255.0.0.0\n",
            "takes the netmask 255.0.0.0 in address1 for a gateway",
        ),
        (
            _CONNECTION + "[ipv4]\naddress1=10.0.0.1/24 , 10.0.0.9\n",
            "line 6: address1=10.0.0.1/24 , 10.0.0.9 is not a valid address",
        ),
        (_CONNECTION + "[ipv4]\naddresses=10.0.0.1;24;10.0.0.9;10.0.0.2;24;10.0.0.9;\n", "further ones are address2="),
        (_CONNECTION + "[ipv4]\naddress1=10.0.0.1/24,,\n", "is not a valid address/prefix[,gateway]"),
        (
            _CONNECTION + "[ipv4]\naddress1=10.0.0.1/24\n",
            "no method in [ipv4], line 6: add method=..., one of auto, disabled",
        ),
        (_CONNECTION + "[ipv4]\nmethod=dhcp\n", "line 6: dhcp is not a method of [ipv4]; choose one of auto, disabled"),
        (
            _CONNECTION + "[ipv6]\nmethod=\n",
            "line 6: an empty value is not a method of [ipv6]; choose one of auto, dhcp",
        ),
        (_CONNECTION + "[ipv4]\nmethod=manual\n", "line 6: method=manual needs an address"),
        (
            _CONNECTION + "[ipv6]\nmethod=disabled\ndns=fd00::53;\n",
            "line 7: dns is not allowed beside method=disabled, line 6",
        ),
        (
            _CONNECTION + "[ipv4]\nmethod=shared\ndns-search=a.b;\n",
            "line 7: dns-search is not allowed beside method=shared",
        ),
        (_CONNECTION + "[ipv4]\nmethod=link-local\naddress1=10.0.0.1/24\n", "line 7: address1 is not allowed beside"),
        (
            _CONNECTION + "[ipv4]\nmethod=auto\ndns=192.168.122.1,192.168.122.2\n",
            "line 7: NetworkManager drops 192.168.122.1,192.168.122.2 in dns, which is not a valid IPv4 address; separate name servers by",
        ),
        (
            _CONNECTION + "[ipv4]\nmethod=auto\ndns=10.0.0.1; 10.0.0.2;\n",
            "line 7: NetworkManager drops  10.0.0.2 in dns",
        ),
        (
            _CONNECTION + "[ipv4]\nmethod=auto\ndns-search=lab.test,corp.test\n",
            "line 7: separate the domains in dns-search",
        ),
        (
            _CONNECTION + "[ipv4]\nmethod=manual   # no DHCP\n",
            "line 6: NetworkManager has no comments behind a value and takes all of manual   # no DHCP for method",
        ),
        (
            _CONNECTION.replace("interface-name=eth0", "interface-name=eth0 # first"),
            "line 4: NetworkManager has no comments",
        ),
        (
            _CONNECTION.replace("interface-name=eth0", "interface-name=eth0 "),
            "line 4: interface-name ends with white space",
        ),
        (_CONNECTION + "[ipv4]\nmethod=manual\naddress1=10.0.0.1/24\t\n", "line 7: address1 ends with white space"),
        (
            _CONNECTION.replace("interface-name=eth0", "interface-name=e/0"),
            "line 4: e/0 cannot be the name of an interface",
        ),
        (
            _CONNECTION.replace("interface-name=eth0", "interface-name=longer-than-fifteen"),
            "line 4: longer-than-fifteen cannot be the name of an interface, which has 15 bytes at most",
        ),
        (_CONNECTION + "[ipv6]\naddress1=2001:db8::1/129\n", "prefix between 0 and 128"),
        (_CONNECTION + "[ipv4]\naddresses=10.0.0.1/8,10.0.0.2/8\n", "further ones are address2="),
        (_CONNECTION + "[ipv4]\naddress1=10.0.0.1/8,router\n", "router in address1 is not a valid IPv4 address"),
        (_CONNECTION + "[ipv4]\ngateway=router\n", "line 6: router in gateway is not a valid IPv4 address"),
        (_CONNECTION + "[ipv4]\naddress1=2001:db8::1/64\n", "it belongs in [ipv6], not in [ipv4]"),
        (
            _CONNECTION + "[ipv6]\naddress1=fe80::1%eth0/64\n",
            "line 6: fe80::1%eth0 in address1 is not a valid IPv6 address",
        ),
        (_CONNECTION + "[ipv6]\naddress1=10.0.0.1/8\n", "it belongs in [ipv4], not in [ipv6]"),
        (
            _CONNECTION + "[ipv6]\naddress1=2001:db8::1/64,10.0.0.1\n",
            "10.0.0.1 in address1 is not a valid IPv6 address",
        ),
        (_CONNECTION + "[ipv6]\ngateway=10.0.0.1\n", "10.0.0.1 in gateway is not a valid IPv6 address"),
        (_CONNECTION + "[ipv4]\naddress1={inventory-ip}/24\n", "line 6: the placeholder of inventory-ip in address1"),
        (_CONNECTION + "[ipv4]\ndns={dns-ip};\n", "line 6: the placeholder of dns-ip in dns"),
    ],
)
def test_a_profile_that_networkmanager_would_refuse_names_profile_and_line(text: str, expected: str) -> None:
    message = _refused(eth7=text)
    assert "profile eth7" in message
    assert expected in message


@pytest.mark.parametrize(
    "lines",
    [
        "[ipv4]\nmethod=manual\naddress1=10.0.0.2/8,10.0.0.1\naddress2 = 10.1.0.2/16,0.0.0.0\n",
        "[ipv4]\nmethod=manual\naddress=10.0.0.2/8\naddresses1=10.0.0.3/8;10.0.0.1;\ngateway=10.0.0.1\n",
        "[ipv4]\nmethod=manual\naddresses=10.0.0.2;24;10.0.0.1;\n",
        "[ipv4]\nmethod=manual\naddress1=10.0.0.2;24;10.0.0.1\n",
        "[ipv4]\nmethod=manual\naddress1=10.0.0.2/24/10.0.0.1\n",
        "[ipv6]\nmethod=manual\naddress1=2001:db8::2/64,fe80::1\n",
        "[ipv6]\nmethod=manual\naddress1=2001:db8::2/64,2001:db8::1\n",
        "[ipv4]\nmethod=auto\ndns=10.0.0.1;10.0.0.2#dns.example;\ndns-search=a.b;~c.d\n",
        "[ipv4]\nmethod=auto\ndns=\n[ipv6]\nmethod=disabled\ndns=;\ndns-search=\n",
        "[ipv4]\nmethod=auto\r\ndns=10.0.0.1;\r\n",
        "[ipv4]\nmethod=auto\ngateway=10.0.0.1\n",
        "[ipv4]\nmethod=manual\naddress1=10.0.0.2/32,192.0.2.1\nroute1=192.0.2.1/32\n",
        "[ipv4]\nmethod=manual\naddress1=bad\naddress1=10.0.0.2/8\n",
        "[wifi-security]\npsk={not-a-placeholder}\n",
    ],
)
def test_good_settings_pass_without_a_warning(lines: str) -> None:
    assert _rendered(eth0=_CONNECTION + lines).warnings == ()


@pytest.mark.parametrize(
    ("section", "kind"),
    [("ethernet", "ethernet"), ("802-3-ethernet", "802-3-ethernet"), ("vlan", "vlan"), ("bond", "bond")],
)
def test_a_type_that_is_missing_is_that_of_the_one_section(section: str, kind: str) -> None:
    """As NetworkManager derives it; two such sections leave it open."""
    text = f"[connection]\nid=a\ninterface-name=eth1\n[{section}]\nmtu=1500\n"
    profile = _rendered(a=text).profiles[0]
    assert profile.type == kind
    assert "type=" not in profile.text
    assert "no type in [connection]" in _refused(a=text + "[bridge]\nstp=false\n")


def test_an_id_that_is_missing_is_the_name_of_the_file() -> None:
    """Written down, because the trial of a profile has another file."""
    profile = _rendered(uplink="[connection]\ntype=dummy\ninterface-name=d\n").profiles[0]
    assert profile.id == "uplink"
    assert profile.text.startswith(f"[connection]\nid=uplink\nuuid={profile.uuid}\ntype=dummy\n")


def test_a_uuid_in_capitals_is_the_one_in_small_letters() -> None:
    profile = _rendered(eth0=_CONNECTION + f"uuid={_UUID.upper()}\n").profiles[0]
    assert profile.uuid == _UUID
    assert f"\nuuid={_UUID}\n" in profile.text


@pytest.mark.parametrize(
    ("line", "prefix"),
    [
        ("[ipv4]\nmethod=manual\naddress1=10.0.0.2\n", "/24"),
        ("[ipv6]\nmethod=manual\naddress1=2001:db8::2,fe80::1\n", "/64"),
    ],
)
def test_a_prefix_that_is_missing_is_networkmanagers_with_a_warning(line: str, prefix: str) -> None:
    (warning,) = _rendered(eth0=_CONNECTION + line).warnings
    assert all(word in warning for word in ("profile eth0: ", "has no prefix", f"NetworkManager takes {prefix}"))


def test_what_makes_virtual_functions_comes_first() -> None:
    rendering = _rendered(
        a=_CONNECTION.replace("id=eth0", "id=a"),
        b="[connection]\nid=b\ntype=dummy\ninterface-name=d\n",
        pf="[connection]\nid=pf\ntype=ethernet\ninterface-name=ens7f0\n[sriov]\ntotal-vfs=2\n",
    )
    assert [profile.id for profile in rendering.profiles] == ["pf", "a", "b"]


@pytest.mark.parametrize(
    ("lines", "gateway", "subnet"),
    [
        ("[ipv4]\nmethod=manual\naddress1=10.0.0.2/24\ngateway=10.0.1.1\n", "10.0.1.1", "10.0.0.0/24"),
        ("[ipv6]\nmethod=manual\naddress1=2001:db8::2/64,2001:db9::1\n", "2001:db9::1", "2001:db8::/64"),
        (
            "[ipv4]\nmethod=manual\naddress1=10.0.0.2/24,10.0.1.1\nroute1=10.0.1.0/24,10.0.0.9\n",
            "10.0.1.1",
            "10.0.0.0/24",
        ),
    ],
)
def test_a_gateway_outside_the_subnet_is_a_warning(lines: str, gateway: str, subnet: str) -> None:
    (warning,) = _rendered(eth0=_CONNECTION + lines).warnings
    assert all(word in warning for word in ("eth0", gateway, subnet))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("[connection]\nid=x\ntype=dummy\n", "[connection]\nid=x\ntype=dummy\n", "the same id, x"),
        (f"[connection]\nid=x\ntype=dummy\nuuid={_UUID}\n", f"[connection]\nid=y\ntype=dummy\nuuid={_UUID}\n", _UUID),
    ],
)
def test_two_profiles_with_one_identity_are_refused(first: str, second: str, expected: str) -> None:
    message = _refused(one=first, two=second)
    assert "profiles one and two" in message
    assert expected in message


@pytest.mark.parametrize(
    "name", ["", "a/b", "../a", ".hidden", "old~", " eth0", "a\nb", "a\0b", "x" * 236, "\u00e4" * 118, 7, None]
)
def test_a_profile_name_that_is_no_good_file_name_is_refused(name: object) -> None:
    with pytest.raises(RenderError, match="the profile name "):
        render("nmconnections", t.cast("dict[str, object]", {name: _CONNECTION}))


def test_the_longest_profile_name_fits() -> None:
    """While NetworkManager, or this collection, writes a file, its name is longer."""
    name = _rendered(**{"x" * 235: _CONNECTION}).profiles[0].file_name
    assert len(f"{name}.XXXXXX") == 255
    assert len(Path(temporary_of(f"/etc/{name}")).name) < 255


@pytest.mark.parametrize("value", [None, 7, ["[connection]"], {"id": "eth0"}, b"[connection]"])
def test_a_profile_that_is_no_text_is_refused(value: object) -> None:
    assert "profile eth0 is not a string" in _refused(eth0=value)


@pytest.mark.parametrize("config", [{}, None, [], "text"])
def test_an_empty_configuration_is_refused(config: object) -> None:
    with pytest.raises(RenderError, match="at least one profile name"):
        render("nmconnections", t.cast("dict[str, object]", config))


def test_the_configurator_none_gives_nothing() -> None:
    assert render("none", {}) == Rendering((), ())


def test_an_unknown_configurator_lists_the_choices() -> None:
    with pytest.raises(RenderError, match=re.escape("choose one of nmconnections, nmc, nmstate, none")):
        render("netplan", {})


@pytest.mark.parametrize(
    "text",
    [
        "[connection]\nid=a\ntype=wifi\n[wifi-security]\npsk hunter2\n",
        "[connection]\nid=a\ntype=nope\n[wifi-security]\npsk=hunter2\n",
        "[connection]\nid=a\ntype=wifi\n[wifi-security]\npsk=hunter2\n[ipv4]\naddress1=bad\n",
    ],
)
def test_no_error_and_no_repr_shows_a_secret(text: str) -> None:
    assert "hunter2" not in _refused(wifi=text)
    assert "hunter2" not in repr(_rendered(wifi="[connection]\nid=a\ntype=wifi\n[wifi-security]\npsk=hunter2\n"))
