# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The families of an interface in an nmstate document: what the tools leave out of them without a complaint."""

from __future__ import annotations

import typing as t

from .profile import RenderError

# how long an address of a host still lives, under all names that nmstate has for it
_LIFETIMES = ("valid-life-time", "valid-left", "valid-lft")
# what gives a family an address
_WITH_ADDRESSES = ("dhcp", "autoconf", "address")
# strings that the tools read as false
_OFF = frozenset(("", "0", "n", "no", "off", "false"))


def check_family(where: str, part: object, interface: str) -> None:
    """Raise RenderError for what the tool leaves out of a family, whose path is ``where``; ``interface`` is the name of its interface.

    Where a family is not enabled, nothing else that is configured for it counts.
    """
    if not isinstance(part, t.Mapping):
        return  # the tool reports it
    given = [key for key in _WITH_ADDRESSES if _is_set(part.get(key))]
    addresses = part.get("address")
    items = enumerate(addresses) if isinstance(addresses, (list, tuple)) else ()
    listed = [(number, each) for number, each in items if isinstance(each, t.Mapping)]
    if given and part.get("enabled") is None:
        family = where.rpartition(".")[2]
        raise RenderError(f"{where}.enabled is missing: the tool disables {family} without it; set enabled: true")
    if given and not _is_set(part["enabled"]):
        values = "".join(f", here {each.get('ip')}" for _number, each in listed[:1])
        raise RenderError(
            f"{where}.{given[0]} of interface {interface} cannot be rendered beside enabled: false, the tool leaves it"
            f" out{values}: set enabled: true, or remove {given[0]}"
        )
    for number, address in listed:
        _check_lifetime(f"{where}.address[{number}]", address, interface)


def _is_set(value: object) -> bool:
    """Whether a switch is on, as the tools read it, or a list has items."""
    return value.lower() not in _OFF if isinstance(value, str) else bool(value)


def _check_lifetime(where: str, address: t.Mapping[str, object], interface: str) -> None:
    for key in _LIFETIMES:
        if address.get(key) not in (None, "forever"):
            raise RenderError(
                f"{where}.{key}: {address[key]} cannot be rendered, the tool leaves out an address that expires, here"
                f" {address.get('ip')} of interface {interface}: remove {key}"
            )
