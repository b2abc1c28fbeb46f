# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bind a network to the interfaces of a host by their MAC addresses, where names are not stable (pure).

nmc does this by replacing names in the text of keyfiles, which hits eth1 inside of eth10 and leaves swapped names as they are. Here the
names in a configuration become names of profiles only, and NetworkManager matches the address.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.keyfile import (
    Entry,
    KeyfileError,
    entries,
)

_MAC_ADDRESS = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}\Z")
_ETHERNET = ("ethernet", "802-3-ethernet")


class BindingError(ValueError):
    """A configuration that cannot be bound; its text is one sentence for the user."""


def bind_to_mac_addresses(config: t.Mapping[str, t.Any], addresses: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """A copy of ``config`` whose ethernet interfaces are known by MAC address instead of by name.

    ``config`` has the form of the configurators nmc and nmstate (it has ``interfaces`` then) or of nmconnections. ``addresses`` maps the
    names in it to MAC addresses, or are the facts of a host, whose interfaces have these names now. Raises BindingError.
    """
    if not isinstance(config, t.Mapping) or not isinstance(addresses, t.Mapping):
        raise BindingError("both the configuration and the MAC addresses must be dictionaries")
    if "interfaces" in addresses:
        known = _Addresses(_checked(_of_facts(addresses)))
    else:
        known = _Addresses(_checked(addresses))
        known.refuse_shared()
    if isinstance(config.get("interfaces"), (list, tuple)):
        return _bound_state(config, known)
    return {name: _bound_keyfile(str(name), text, known) for name, text in config.items()}


def _of_facts(facts: t.Mapping[str, t.Any]) -> dict[str, str]:
    """The MAC address of each ethernet interface; that of a port of a bond is the bond's, so its own is kept apart."""
    found = {}
    for name in facts["interfaces"]:
        fact = facts.get(re.sub("[-:]", "_", str(name)))
        if isinstance(fact, t.Mapping) and fact.get("type") == "ether" and fact.get("macaddress"):
            found[str(name)] = str(fact.get("perm_macaddress") or fact["macaddress"])
    return found


def _checked(addresses: t.Mapping[str, t.Any]) -> dict[str, str]:
    """Canonical addresses by name. Of facts, two names may have one: a VLAN has that of its parent."""
    known: dict[str, str] = {}
    for name, value in addresses.items():
        address = _canonical(value)
        if isinstance(value, int):
            raise BindingError(f"the MAC address of {name} is a number to YAML: put it in quotes")
        if not _MAC_ADDRESS.match(address):
            raise BindingError(
                f"{value} is not a valid MAC address for {name} (expected, for example, 52:54:00:12:34:56)"
            )
        known[str(name)] = address
    return known


class _Addresses:
    """Gives MAC addresses out, each to one interface: a profile that fits two of them comes up on the wrong one."""

    def __init__(self, known: t.Mapping[str, str]) -> None:
        self.known = known
        self._owners: dict[str, str] = {}

    def refuse_shared(self) -> None:
        """Raise BindingError where two interfaces have one address."""
        for name in self.known:
            self.of(name)

    def of(self, name: str) -> str:
        """The address of an interface. Raises BindingError where it is unknown, or another interface has got it."""
        if name not in self.known:
            raise BindingError(
                f"the MAC address of {name} is not known; known are those of {', '.join(sorted(self.known)) or 'no interface'}"
            )
        address = self.known[name]
        owner = self._owners.setdefault(address, name)
        if owner != name:
            raise BindingError(f"{owner} and {name} have the same MAC address, {address}: give each its own")
        return address


def _bound_state(config: t.Mapping[str, t.Any], known: _Addresses) -> dict[str, t.Any]:
    interfaces = [_bound_interface(each, known) for each in config["interfaces"]]
    result = {**config, "interfaces": interfaces}
    listed = {each.get("name") for each in interfaces if isinstance(each, t.Mapping)}
    for path, key, value in _texts(result, ""):
        if value in known.known and key in ("base-iface", "port", "name") and value not in listed:
            raise BindingError(
                f"{path} names {value}, which is not in interfaces: list it there, so that it can be bound"
            )
        if value in known.known and key in ("primary", "iif"):
            raise BindingError(
                f"{path} needs the name that {value} has on the host, and it is known by its MAC address: leave it out"
            )
    return result


def _bound_interface(interface: t.Any, known: _Addresses) -> t.Any:
    if not isinstance(interface, t.Mapping) or interface.get("type", "ethernet") != "ethernet" or "veth" in interface:
        return interface
    if interface.get("identifier") not in (None, "name"):
        return interface  # bound already
    name = str(interface.get("name"))
    address = known.of(name)
    # what a host reports: the address that it has now, which is the bond's while it is a port, and its own
    reported = [_canonical(interface.get(key)) for key in ("mac-address", "permanent-mac-address")]
    if "mac-address" in interface and address not in reported:
        raise BindingError(
            f"interface {name} sets a mac-address of its own, for which nmstate has the same key: it cannot be bound by another address; "
            "leave mac-address out"
        )
    return {**interface, "identifier": "mac-address", "mac-address": address}


def _texts(part: t.Any, path: str, key: str = "") -> t.Iterator[tuple[str, str, str]]:
    """Every text, with its path and the key that it stands under."""
    if isinstance(part, t.Mapping):
        for name, value in part.items():
            yield from _texts(value, f"{path}.{name}".lstrip("."), str(name))
    elif isinstance(part, (list, tuple)):
        for index, value in enumerate(part):
            yield from _texts(value, f"{path}[{index}]", key)
    elif isinstance(part, str):
        yield path, key, part


def _canonical(address: object) -> str:
    return str(address).lower().replace("-", ":")


def _bound_keyfile(name: str, text: t.Any, known: _Addresses) -> str:
    try:
        lines = entries(text) if isinstance(text, str) else []
    except KeyfileError as error:
        raise BindingError(f"the keyfile of profile {name} cannot be read: {error}") from None
    value = {(line.section, line.key): line for line in lines}
    for section, key in (("vlan", "parent"), ("macvlan", "parent"), ("bond", "primary")):
        named = value.get((section, key))
        if named and named.value in known.known:
            raise BindingError(
                f"profile {name}, line {named.line}: {key}={named.value} needs the name that it has on the host;"
                " give the uuid of its profile"
            )
    kind, interface = value.get(("connection", "type")), value.get(("connection", "interface-name"))
    if kind is None or kind.value not in _ETHERNET or interface is None:
        return t.cast("str", text)
    return _with_address(text, lines, interface, known.of(interface.value))


def _with_address(text: str, lines: t.Sequence[Entry], interface: Entry, address: str) -> str:
    """The keyfile without the interface's name, and with its address unless it has one to match already."""
    content: list[str | None] = list(text.split("\n"))
    content[interface.line - 1] = None
    wired = [line for line in lines if line.section in _ETHERNET]
    if not any(line.key == "mac-address" for line in wired):
        if wired:
            header = content[wired[0].line - 1]
            content[wired[0].line - 1] = f"{header}\nmac-address={address}"
        else:
            content.append(f"[ethernet]\nmac-address={address}\n")
    return "\n".join(line for line in content if line is not None)
