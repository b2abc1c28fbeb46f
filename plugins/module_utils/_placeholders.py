# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Placeholders in a network configuration: ``{key}``, ``{key.prefix}``, ``{key.gateway}`` and ``{key.family}``.

``{key}`` is Elemental's (elemental-operator, pkg/network); the rest is ours. ``\\{word}`` gives the literal ``{word}``;
a doubled brace cannot be the escape, because Jinja2 takes it before it arrives here. A brace around anything that is
not shaped like a placeholder is left alone, and so is text without placeholders, object for object.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import Address
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.keyfile import redact
from ansible_collections.elemental.networking.plugins.module_utils._texts import plain, sentence
from ansible_collections.elemental.networking.plugins.module_utils._yaml import YamlError, checked

# None stands for a claim that has no address yet, a string for a bare address that came without its prefix
Addresses = t.Mapping[str, t.Union[Address, str, None]]

_ATTRIBUTES = ("prefix", "gateway", "family")
_PLACEHOLDER = re.compile(r"(?P<escape>\\?)\{(?P<name>[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)\}")
_MOST_LISTED = 50
_PLAIN_NAME = re.compile(r"[-\w]+\Z")


class PlaceholderError(ValueError):
    """A placeholder that cannot be filled; its text is a sentence that names it, its place and the keys that exist."""

    def __init__(self, text: str) -> None:
        super().__init__(sentence(text))


def placeholder_names(value: object) -> list[str]:
    """The keys that the placeholders in a string, list or mapping name: sorted, each once, without ``.prefix`` etc."""
    names = {
        _key_and_attribute(match.group("name"))[0]
        for text in _texts(value)
        for match in _PLACEHOLDER.finditer(text)
        if not match.group("escape")
    }
    return sorted(names)


def resolve_placeholders(value: object, addresses: Addresses, place: str = "config") -> object:
    """The value with every placeholder replaced, in lists, mappings and their keys; the value given is not changed.

    ``place`` is what error messages call the value. One pass: what an address brings in is never looked at again.
    Raises ``PlaceholderError`` for an unknown key, for a key that has no address yet, for an attribute that the
    address does not have, for one that is not a part of one line, and for a value that is too deep, too large or contains itself.
    """
    try:
        checked(value)
    except YamlError as error:
        raise PlaceholderError(f"{place} cannot be used: {error}") from None
    return _resolved(value, addresses, place)


def _resolved(value: object, addresses: Addresses, place: str) -> object:
    value = _readable(value)
    if isinstance(value, str):
        return _resolved_text(value, addresses, place)
    if isinstance(value, t.Mapping):
        return _resolved_mapping(value, addresses, place)
    if isinstance(value, (list, tuple)):
        return [_resolved(item, addresses, f"{place}[{index}]") for index, item in enumerate(value)]
    return value


def _texts(value: object) -> t.Iterator[str]:
    value = _readable(value)
    if isinstance(value, str):
        yield value
    elif isinstance(value, t.Mapping):
        for key, item in value.items():
            yield from _texts(key)
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)


def _readable(value: object) -> object:
    # ansible-core before 2.19 hands over vaulted text as an object that is not a str
    return str(value) if getattr(value, "__ENCRYPTED__", False) else value


def _resolved_mapping(value: t.Mapping[t.Any, object], addresses: Addresses, place: str) -> dict[object, object]:
    result: dict[object, object] = {}
    for key, item in value.items():
        resolved_key = _resolved_text(key, addresses, f"a key of {place}") if isinstance(key, str) else key
        if resolved_key in result:
            raise PlaceholderError(
                f"two keys of {place} become {resolved_key} when their placeholders are filled: rename one of them"
            )
        result[resolved_key] = _resolved(item, addresses, _inside(place, key))
    return result


def _inside(place: str, key: object) -> str:
    return f"{place}.{key}" if _PLAIN_NAME.match(str(key)) else f'{place}["{key}"]'


def _resolved_text(text: str, addresses: Addresses, place: str) -> str:
    if not _PLACEHOLDER.search(text):
        return text

    def replacement(match: re.Match[str]) -> str:
        if match.group("escape"):
            return match.group(0)[1:]
        return _substitute(match.group("name"), addresses, _Place(match, place))

    return _PLACEHOLDER.sub(replacement, text)


class _Place:
    """Where a placeholder stands, determined only where a sentence needs it: a string may hold thousands of them."""

    def __init__(self, match: re.Match[str], path: str) -> None:
        self._text = match.string
        self._start = match.start()
        self._path = path

    @property
    def holds_secret(self) -> bool:
        """Whether that is a keyfile line that holds a secret."""
        if "\n" not in self._text:
            return False
        return redact(self._text).split("\n")[self._line] != self._text.split("\n")[self._line]

    @property
    def _line(self) -> int:
        return self._text.count("\n", 0, self._start)

    def __str__(self) -> str:
        return f"{self._path} line {self._line + 1}" if "\n" in self._text else self._path


def _key_and_attribute(name: str) -> tuple[str, str]:
    key, _dot, attribute = name.rpartition(".")
    return (key, attribute) if key and attribute in _ATTRIBUTES else (name, "")


def _substitute(name: str, addresses: Addresses, place: _Place) -> str:
    """The value of a placeholder. Raises PlaceholderError, no matter what it came from, for one that is not of one line."""
    key, attribute = (name, "") if name in addresses else _key_and_attribute(name)
    if key not in addresses:
        raise PlaceholderError(_unknown(name, addresses, place))
    address = addresses[key]
    if address is None:
        raise PlaceholderError(f"{{{name}}} in {place} cannot be filled: the claim of {key} has no address yet")
    value = (
        _bare(address, name, attribute, place) if isinstance(address, str) else _part(address, key, attribute, place)
    )
    if not value.isprintable():
        # the rest of it would be lines of a keyfile
        raise PlaceholderError(
            f"{{{name}}} in {place} cannot be filled: the {attribute or 'address'} of {key} holds a line break or another"
            " character that cannot be printed; correct the pool or the address that it comes from"
        )
    return value


def _part(address: Address, key: str, attribute: str, place: _Place) -> str:
    if attribute == "gateway" and not address.gateway:
        raise PlaceholderError(
            f"{{{key}.{attribute}}} in {place} cannot be filled: the address of {key}, {address.address}, has no gateway;"
            f" give its pool{_named(address)} one or write the gateway itself"
        )
    if attribute == "prefix" and not address.prefix:  # Metal3's pools need none
        raise PlaceholderError(
            f"{{{key}.{attribute}}} in {place} cannot be filled: the address of {key}, {address.address}, has no prefix;"
            f" give its pool{_named(address)} one or write the prefix itself"
        )
    return str(getattr(address, attribute or "address"))


def _named(address: Address) -> str:
    return f" {address.pool}" if address.pool else ""


def _bare(address: str, name: str, attribute: str, place: _Place) -> str:
    if attribute:
        raise PlaceholderError(
            f"{{{name}}} in {place} cannot be filled: only the address {plain(address, 60)} is given, without its {attribute};"
            " give a dictionary with address, prefix and gateway instead"
        )
    return address


def _unknown(name: str, addresses: Addresses, place: _Place) -> str:
    known = f"the keys are {_listed(sorted(addresses))}" if addresses else "no keys are given"
    if place.holds_secret:
        return (
            f"a placeholder in {place} cannot be filled, and is not shown because the line may hold a secret: there is"
            f" no such key in ipAddresses ({known}); write a backslash before the brace for the literal text"
        )
    owner, _dot, attribute = name.rpartition(".")
    if owner in addresses:
        return f"{{{name}}} in {place} cannot be filled: {owner} has {_listed(_ATTRIBUTES)}, but no {attribute}"
    key = _key_and_attribute(name)[0]
    return (
        f"{{{name}}} in {place} cannot be filled: there is no key {key} in ipAddresses ({known});"
        f" write \\{{{name}}} for the literal text"
    )


def _listed(names: t.Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return ", ".join(names[:_MOST_LISTED]) + more
