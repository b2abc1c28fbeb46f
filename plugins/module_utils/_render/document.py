# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An nmstate document before a tool sees it: what the tools would drop, garble or misread is refused here.

The rules are those of nmstate 2.2.62 (gen_conf.rs, nm/gen_conf.rs, nm/nm_dbus/gen_conf), as nmstatectl 2.2.62 showed them.
"""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import dataclass

from .families import check_family
from .profile import RenderError

Path = t.Tuple[t.Union[str, int], ...]

# interface types whose settings gc writes in full
_TYPES = frozenset(
    "bond dummy ethernet infiniband ipsec linux-bridge loopback mac-vlan mac-vtap macsec ovs-bridge ovs-interface veth vlan vrf"
    " vxlan".split()
)
# types of nmstate that gc writes a profile for, without the settings that make it work
_TYPES_WITHOUT_SETTINGS = frozenset("hsr ip-tunnel ipvlan xfrm".split())
_OVS_SUFFIXES = {"ovs-bridge": "-br", "ovs-interface": "-if"}

_OVS = "it is kept by Open vSwitch and not by NetworkManager; set it with ovs-vsctl"
_STATUS = "it is what a host reports and no wish; remove it"
# what gc drops or cannot do, and what to do instead; * is any item of a list
_REFUSED: t.Mapping[str, str] = {
    "hostname": "it is not part of a profile; set it with the module ansible.builtin.hostname",
    "ovs-db": _OVS,
    "ovn": _OVS,
    "capture": "a policy needs a running host; write the state that it comes to",
    "desired": "a policy needs a running host; write the state that it comes to",
    "desiredState": "a policy needs a running host; write the state that it comes to",
    "interfaces.*.dispatch": "dispatch scripts are not part of a profile; install them with a task of their own",
    "interfaces.*.copy-mac-from": "only a running host resolves it; write the address as mac-address",
    "interfaces.*.alt-names": "alternative names are not part of a profile; give them with a systemd .link file",
}
# reported by a host, without effect in a wish: pasted output of nmstatectl show has them
_WITHOUT_EFFECT = (
    "dns-resolver.running",
    "interfaces.*.driver",
    "interfaces.*.ipv4.address.*.preferred-life-time",
    "interfaces.*.ipv6.address.*.preferred-life-time",
    "interfaces.*.max-mtu",
    "interfaces.*.min-mtu",
    "interfaces.*.permanent-mac-address",
    "routes.running",
)
# parts where the tools drop an unknown key without a word
_KNOWN_KEYS: t.Mapping[str, frozenset[str]] = {
    "interfaces.*.veth": frozenset(("peer",)),
    "interfaces.*.link-aggregation.ports-config.*": frozenset(("name", "priority", "queue-id", "vlan")),
    "interfaces.*.bridge.port.*.link-aggregation.port.*": frozenset(("name",)),
    "interfaces.*.bridge.port.*.vlan.trunk-tags.*": frozenset(("id", "id-range")),
    "interfaces.*.802.1x": frozenset(
        "identity eap-methods private-key client-cert ca-cert private-key-password phase2-auth password".split()
    ),
}
# values that the tools take for another one without a word
_KNOWN_VALUES: t.Mapping[str, frozenset[str]] = {
    "interfaces.*.ipv6.addr-gen-mode": frozenset(("eui64", "stable-privacy")),
}
# gc has no section for a loopback interface or an InfiniBand one to keep these in
_LOST: t.Mapping[str, tuple[str, ...]] = {
    "loopback": ("mtu", "mac-address", "accept-all-mac-addresses"),
    "infiniband": ("mac-address", "accept-all-mac-addresses"),
}
# a reference to a virtual function, which only a running host resolves
_VF_REFERENCE = re.compile(r"sriov:[^:]*:[0-9]*\Z")
# they write any text as a MAC address; of an InfiniBand interface it has 20 bytes
_MAC_ADDRESS = re.compile(r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}(?:(?::[0-9A-Fa-f]{2}){14})?\Z")
_BREAKS_KEYFILE = re.compile(r"[\\\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Document:
    """A checked document: ``text`` is JSON, and ``warnings`` are sentences about what has no effect."""

    text: str
    warnings: tuple[str, ...]


def checked_document(config: t.Mapping[str, object]) -> Document:
    """The text for the tools; raises ``RenderError``, one sentence with the path in the config.

    It is JSON, which is YAML too, because a string stays one there: a YAML 1.1 writer leaves ``1e3`` and ``0o17`` without quotes,
    and a YAML 1.2 reader takes them for numbers.
    """
    if not isinstance(config, t.Mapping) or not config:
        raise RenderError("config is empty or no mapping: give at least interfaces, or use configurator none")
    warnings = []
    for path, value in _walk(config, ()):
        _check_value(path, value)
        pattern = _pattern(path)
        if pattern in _REFUSED:
            raise RenderError(f"{readable(path)} cannot be rendered: {_REFUSED[pattern]}")
        if pattern in _WITHOUT_EFFECT:
            warnings.append(f"{readable(path)} has no effect: {_STATUS}")
        _check_keys(path, pattern, value)
    _check_interfaces(config)
    _check_lists(config)
    return Document(json.dumps(_with_families(config), ensure_ascii=False), tuple(warnings))


def readable(path: t.Sequence[str | int]) -> str:
    """A path as ``interfaces[0].ipv4.address[0].ip``."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).lstrip(".")


def _pattern(path: Path) -> str:
    return ".".join("*" if isinstance(key, int) else key for key in path)


def _walk(part: object, path: Path) -> t.Iterator[tuple[Path, object]]:
    """Every part below ``part``, the outer ones first."""
    if isinstance(part, t.Mapping):
        for key, value in part.items():
            if not isinstance(key, str):
                raise RenderError(f"the key {key} in {readable(path) or 'config'} is not a string: put it in quotes")
            yield (*path, key), value
            yield from _walk(value, (*path, key))
    elif isinstance(part, (list, tuple)):
        for index, value in enumerate(part):
            yield (*path, index), value
            yield from _walk(value, (*path, index))


def _check_value(path: Path, value: object) -> None:
    where = readable(path)
    if _BREAKS_KEYFILE.search(str(path[-1])) or (isinstance(value, str) and _BREAKS_KEYFILE.search(value)):
        raise RenderError(
            f"{where} holds a backslash, a line break or a control character, which the tool writes into the keyfile as it is and"
            " NetworkManager reads as something else; use configurator nmconnections for it"
        )
    if isinstance(value, str) and path[-1] != "description" and _VF_REFERENCE.match(value):
        raise RenderError(
            f"{where} is {value}, a reference that only a running host resolves; write the name that the virtual function has"
            " there, such as ens1f0v0"
        )
    if isinstance(value, str) and value != value.strip():
        raise RenderError(f"{where} begins or ends with white space, which a keyfile does not keep: remove it")
    if str(path[-1]).endswith("mac-address") and isinstance(value, (int, float)) and not isinstance(value, bool):
        raise RenderError(
            f"{where} is a number to YAML, which reads digits with colons as one (base 60): put it in quotes"
        )
    if str(path[-1]).endswith("mac-address") and isinstance(value, str) and not _MAC_ADDRESS.match(value):
        raise RenderError(
            f"{where} is {value}, which is not a valid MAC address (expected, for example, 52:54:00:12:34:56)"
        )
    known = _KNOWN_VALUES.get(_pattern(path))
    if known is not None and value not in known:
        raise RenderError(f"{where} is {value}; choose one of {', '.join(sorted(known))}")
    if value is not None and not isinstance(value, (str, int, float, t.Mapping, list, tuple)):
        raise RenderError(f"{where} is of type {type(value).__name__}, which JSON does not have: put it in quotes")


def _check_keys(path: Path, pattern: str, value: object) -> None:
    known = _KNOWN_KEYS.get(pattern)
    if known is None or not isinstance(value, t.Mapping):
        return
    for key in value:
        if key not in known:
            listed = ", ".join(sorted(known))
            raise RenderError(f"{readable((*path, str(key)))} is unknown: {readable(path)} has {listed}")


def _check_interfaces(config: t.Mapping[str, object]) -> None:
    interfaces = config.get("interfaces")
    owners: dict[str, str] = {}
    for index, interface in enumerate(interfaces if isinstance(interfaces, (list, tuple)) else ()):
        if not isinstance(interface, t.Mapping):
            continue  # the tool reports it
        _check_state(index, interface)
        _check_type(index, interface)
        _check_identifier(index, interface)
        _check_lost(index, interface)
        for family in ("ipv4", "ipv6"):
            check_family(f"interfaces[{index}].{family}", interface.get(family), str(interface.get("name")))
        _check_name(index, interface)
        where = f"interfaces[{index}]"
        for name in _profile_names(interface):
            if owners.get(name, where) != where:
                raise RenderError(f"{owners[name]} and {where} have the same profile name, {name}: give each its own")
            owners[name] = where


def _profile_names(interface: t.Mapping[str, object]) -> list[str]:
    """What the tool calls the profiles of an interface: those of Open vSwitch have their kind in it, because they may share a name."""
    kind = str(interface.get("type"))
    name = str(interface.get("profile-name") or f"{interface.get('name')}{_OVS_SUFFIXES.get(kind, '')}")
    bridge = interface.get("bridge")
    ports = bridge.get("port") if kind == "ovs-bridge" and isinstance(bridge, t.Mapping) else None
    listed = [each.get("name") for each in ports if isinstance(each, t.Mapping)] if isinstance(ports, list) else []
    return [name, *(f"{port}-port" for port in listed)]


def _check_state(index: int, interface: t.Mapping[str, object]) -> None:
    state = interface.get("state", "up")
    if state in ("absent", "ignore", "unknown"):
        raise RenderError(
            f"interfaces[{index}].state: {state} cannot be rendered as a profile: leave interface {interface.get('name')}"
            " out of config; a profile of it that an earlier run installed is removed then"
        )


def _check_name(index: int, interface: t.Mapping[str, object]) -> None:
    key = "profile-name" if interface.get("profile-name") else "name"
    if "/" in str(interface.get(key)):
        raise RenderError(
            f"interfaces[{index}].{key} is {interface[key]}: a slash cannot be in the name of a profile, which is that of a file"
        )


def _check_type(index: int, interface: t.Mapping[str, object]) -> None:
    kind = interface.get("type", "ethernet")
    if not isinstance(kind, str) or kind in _TYPES:
        return
    if kind in _TYPES_WITHOUT_SETTINGS:
        raise RenderError(
            f"interfaces[{index}].type: {kind} cannot be rendered, the tool leaves its settings out; use configurator nmconnections"
        )
    raise RenderError(f"interfaces[{index}].type: {kind} is unknown; choose one of {', '.join(sorted(_TYPES))}")


def _check_identifier(index: int, interface: t.Mapping[str, object]) -> None:
    """Without what it names, the tool writes a profile that is bound to nothing and fits every interface."""
    identifier = interface.get("identifier")
    if identifier in ("mac-address", "pci-address") and not interface.get(str(identifier)):
        raise RenderError(
            f"interfaces[{index}].{identifier} is missing: identifier {identifier} binds interface"
            f" {interface.get('name')} by it"
        )


def _check_lost(index: int, interface: t.Mapping[str, object]) -> None:
    for key in _LOST.get(str(interface.get("type")), ()):
        if interface.get(key) is not None:
            raise RenderError(
                f"interfaces[{index}].{key}: {interface[key]} cannot be rendered, the tool leaves {key} of the"
                f" {interface['type']} interface {interface.get('name')} out; remove it, or use configurator nmconnections"
            )


def _with_families(config: t.Mapping[str, t.Any]) -> t.Mapping[str, t.Any]:
    """The config with ``enabled: false`` for families that interfaces with routes do not have, where there are route rules.

    The tool puts a rule at one of them at random, and loses it where that one does not have the family of the rule.
    """
    families = sorted({_family(rule) for rule in _listed(config, "route-rules", "config")})
    names = [route.get("next-hop-interface") for route in _listed(config, "routes", "config")]
    interfaces = config.get("interfaces")
    if not families or not isinstance(interfaces, (list, tuple)):
        return config
    added = {family: {"enabled": False} for family in families}
    changed = [
        {**added, **each} if isinstance(each, t.Mapping) and each.get("name") in names else each for each in interfaces
    ]
    return {**config, "interfaces": changed}


def _family(rule: t.Mapping[str, object]) -> str:
    is_ipv6 = rule.get("family") == "ipv6" or ":" in f"{rule.get('ip-from')}{rule.get('ip-to')}"
    return "ipv6" if is_ipv6 else "ipv4"


def _listed(part: t.Any, *path: str) -> list[t.Mapping[str, t.Any]]:
    """The mappings in a list, none where there is no such list."""
    for key in path:
        part = part.get(key) if isinstance(part, t.Mapping) else None
    return [each for each in part if isinstance(each, t.Mapping)] if isinstance(part, (list, tuple)) else []


def _check_lists(config: t.Mapping[str, object]) -> None:
    for section in ("routes", "route-rules"):
        part = config.get(section)
        items = part.get("config") if isinstance(part, t.Mapping) else None
        for index, item in enumerate(items if isinstance(items, (list, tuple)) else ()):
            if isinstance(item, t.Mapping) and item.get("state") == "absent":
                raise RenderError(
                    f"{section}.config[{index}].state: absent cannot be rendered: leave the entry out of config;"
                    " profiles hold just what config names"
                )
