# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the keyfile of a profile of ours states: its interface, and when NetworkManager brings it up (nm-settings-keyfile(5))."""

from __future__ import annotations

import contextlib
import re
import typing as t

from ..model import ETHERNET_TYPES
from ..protocol import FAMILIES, WantedProfile
from .address_lines import ADDRESS_KEY, address_line, addresses_of
from .keyfile import Keyfile, parse, virtual_functions
from .spellings import as_number, mac_address

Sections = t.Mapping[str, t.Mapping[str, str]]

# methods that wait for a DHCP server or a router, and those that give an address by themselves
_ASKING = ("auto", "dhcp")
_SELF_MADE = ("manual", "link-local", "shared")
_MAIN_TABLE = (None, "", "0", "254")
# strings, not patterns: each costs the start of this program 0.1 ms, and few of them are needed
_OTHER_TABLE = r"(?:^|,)\s*table=(?!(?:0|254)\s*(?:,|\Z))"
ROUTE_KEY = re.compile(r"routes?[0-9]*\Z")
_DEFAULT_ROUTES = ("0.0.0.0/0", "::/0")
_LONGEST_INTERFACE = 15
# in [match]: the whole name of one interface, no pattern of it
_ONE_NAME = r"([A-Za-z0-9][A-Za-z0-9._-]*);?\Z"
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z"
# what has no address at all: it holds together what has one
WITHOUT_ADDRESSES = ("ovs-bridge", "ovs-port")
# what has no address unless its keyfile specifies it
_WITHOUT_METHOD = ("wireguard", "loopback")


class Binding(t.NamedTuple):
    """What a profile of ours is for, by ``interface`` or by ``mac_address`` (each may be empty), and how it stands at a boot.

    ``controller`` and ``parent`` are what it is a port of, or on top of: an interface or a uuid. ``asking`` are the families in which
    its address comes from a DHCP server or a router. ``depends_on_network`` states that it does not come up before one answers.
    ``secondaries`` are the uuids of VPNs that come up with it. ``gives_gateway`` states that it may give a default route in the main table.
    ``addresses`` are static ones, and ``is_another_client`` states that a DHCP server may take it for another one than before:
    by a client-id, or by a MAC address of its own. ``is_for_any`` ethernet interface is what names none in any way.
    ``gateways`` is what decides between static default gateways: the family, and the metric that is given, or the kind of interface.
    """

    file_name: str
    interface: str = ""
    mac_address: str = ""
    priority: int = 0
    autoconnect: bool = True
    brings_ports: bool = False
    uuid: str = ""
    id: str = ""
    type: str = ""
    controller: str = ""
    parent: str = ""
    asking: tuple[str, ...] = ()
    depends_on_network: bool = False
    secondaries: tuple[str, ...] = ()
    virtual_functions: int = 0
    gives_gateway: bool = False
    addresses: tuple[str, ...] = ()
    is_another_client: bool = False
    is_for_any: bool = False
    gateways: tuple[tuple[str, str], ...] = ()

    @property
    def names(self) -> tuple[str, str]:
        """What others may call it."""
        return self.uuid, self.interface


def binding(profile: WantedProfile) -> Binding:
    """What the keyfile of a profile states; the defaults where it cannot be read."""
    text = Keyfile({})
    with contextlib.suppress(ValueError):
        text = parse(profile.text)
    sections = text.sections
    connection = sections.get("connection", {})
    wired = {key: value for name in ETHERNET_TYPES for key, value in sections.get(name, {}).items()}
    has_addresses = _has_addresses(profile.type, sections)
    asking = tuple(family for family in FAMILIES if has_addresses and _method(sections, family) in _ASKING)
    return Binding(
        file_name=profile.file_name,
        interface=profile.interface or _derived_interface(profile.type, sections),
        # that of a VLAN is its parent's
        mac_address=mac_address(wired.get("mac-address", "")) if profile.type in ETHERNET_TYPES else "",
        priority=_number(connection.get("autoconnect-priority")),
        autoconnect=connection.get("autoconnect") not in ("false", "0"),
        brings_ports=1 in (_number(connection.get("autoconnect-ports")), _number(connection.get("autoconnect-slaves"))),
        uuid=profile.uuid,
        id=connection.get("id", ""),
        type=profile.type,
        controller=_controller(sections),
        parent=next((values["parent"] for values in sections.values() if values.get("parent")), ""),
        asking=asking,
        depends_on_network=bool(asking) and _depends(sections, asking),
        secondaries=tuple(filter(None, connection.get("secondaries", "").replace(",", ";").split(";"))),
        gives_gateway=has_addresses
        and _port_type(sections) != "vrf"  # it has a table of its own
        and any(_gives_gateway(sections.get(family, {}), family, sections) for family in FAMILIES),
        gateways=_static_gateways(profile.type, sections) if has_addresses and _port_type(sections) != "vrf" else (),
        addresses=tuple(address for family in FAMILIES for address in addresses_of(sections.get(family, {}))),
        is_another_client="dhcp-client-id" in sections.get("ipv4", {}) or "cloned-mac-address" in wired,
        is_for_any=profile.type in ETHERNET_TYPES
        and not (profile.interface or "mac-address" in wired or "match" in sections),
        virtual_functions=virtual_functions(profile.text) if "sriov" in sections else 0,
    )


def _number(text: str | None) -> int:
    return as_number(text or "") or 0


def _controller(sections: Sections) -> str:
    connection = sections.get("connection", {})
    return connection.get("controller") or connection.get("master") or ""


def _port_type(sections: Sections) -> str:
    connection = sections.get("connection", {})
    return connection.get("port-type") or connection.get("slave-type") or ""


def _has_addresses(kind: str, sections: Sections) -> bool:
    """Whether a profile may have addresses: a port has none, but in a VRF, and the interface of Open vSwitch is one that has."""
    if kind in WITHOUT_ADDRESSES or (
        _controller(sections) and kind != "ovs-interface" and _port_type(sections) != "vrf"
    ):
        return False
    return kind not in _WITHOUT_METHOD or "ipv4" in sections or "ipv6" in sections


def _derived_interface(kind: str, sections: Sections) -> str:
    """The interface of a profile without interface-name: the one that it matches, or what NetworkManager calls its VLAN.

    Empty where it is not known.
    """
    matched = re.match(_ONE_NAME, sections.get("match", {}).get("interface-name", ""))
    if matched:
        return matched.group(1)
    vlan = sections.get("vlan", {})
    parent, suffix = vlan.get("parent", ""), f".{_number(vlan.get('id'))}"
    if kind != "vlan" or not parent or re.match(_UUID, parent):
        return ""
    return parent[: _LONGEST_INTERFACE - len(suffix)] + suffix


def _method(sections: Sections, family: str) -> str:
    """NetworkManager's default for a keyfile without the section is ``auto`` for IPv6, and for IPv4 too."""
    return sections.get(family, {}).get("method") or "auto"


def _static_gateways(kind: str, sections: Sections) -> tuple[tuple[str, str], ...]:
    found = []
    for family in FAMILIES:
        section = sections.get(family, {})
        metric = section.get("route-metric", "")
        if _is_main(section) and _gateways(section):
            found.append(
                (family, ETHERNET_TYPES[0] if kind in ETHERNET_TYPES else kind)
                if metric in ("", "-1")
                else (family, metric)
            )
    return tuple(found)


def is_in_main_table(section: t.Mapping[str, str], key: str) -> bool:
    """Whether the route or the address with this key, in the section of a family, is for the main routing table."""
    options = section.get(f"{key}_options", "")
    is_named = "table=" in options
    return not re.search(_OTHER_TABLE, options) and (is_named or section.get("route-table") in _MAIN_TABLE)


def _is_main(section: t.Mapping[str, str]) -> bool:
    """Whether a default route of a family is one of the main table."""
    return section.get("never-default") not in ("true", "1") and section.get("route-table") in _MAIN_TABLE


def _gateways(section: t.Mapping[str, str]) -> list[str]:
    given = [
        section.get("gateway"),
        *(address_line(value).gateway for key, value in section.items() if ADDRESS_KEY.match(key)),
    ]
    return [each for each in given if each]


def _gives_gateway(section: t.Mapping[str, str], family: str, sections: Sections) -> bool:
    if not _is_main(section):
        return False
    routes = [
        key
        for key, value in section.items()
        if ROUTE_KEY.match(key)
        and value.startswith(_DEFAULT_ROUTES)
        and not re.search(_OTHER_TABLE, section.get(f"{key}_options", ""))
    ]
    return _method(sections, family) in _ASKING or bool(_gateways(section) or routes)


def _depends(sections: Sections, asking: t.Sequence[str]) -> bool:
    """Whether a family that asks must get its answer: the only one with an address, or with ``may-fail=false``."""
    others = any(_method(sections, family) in _SELF_MADE for family in FAMILIES)
    return not others or any(sections.get(family, {}).get("may-fail") in ("false", "0") for family in asking)
