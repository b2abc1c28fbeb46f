# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keyfiles for tests, from their parts."""

from __future__ import annotations

OFF = "method=disabled"
DHCP = "method=auto"


def keyfile(
    name: str,
    ipv4: str = DHCP,
    ipv6: str = OFF,
    *,
    interface: str | None = None,
    kind: str = "ethernet",
    connection: str = "",
    more: str = "",
) -> str:
    """The text of a profile called ``name``, for the interface of that name if no other (or none, ``""``) is given.

    ``ipv4``, ``ipv6`` and ``connection`` are the lines of these sections, ``more`` sections of its own.
    """
    wanted = name if interface is None else interface
    bound = f"interface-name={wanted}\n" if wanted else ""
    sections = f"[connection]\nid={name}\ntype={kind}\n{bound}{_lines(connection)}{_lines(more)}"
    return f"{sections}[ipv4]\n{_lines(ipv4)}[ipv6]\n{_lines(ipv6)}"


def port(name: str, controller: str, *, interface: str | None = None, connection: str = "") -> str:
    """The text of a profile for an ethernet port of a bridge, which is given by name or uuid."""
    wanted = interface or name
    lines = f"interface-name={wanted}\nmaster={controller}\nslave-type=bridge\n{_lines(connection)}"
    return f"[connection]\nid={name}\ntype=ethernet\n{lines}"


def static(address: str, gateway: str = "", *lines: str) -> str:
    """The lines of an ``ipv4`` or ``ipv6`` section with one address, ``ADDRESS/PREFIX``."""
    return "\n".join(["method=manual", f"address1={address}{',' if gateway else ''}{gateway}", *lines])


def _lines(text: str) -> str:
    return f"{text.rstrip()}\n" if text.strip() else ""
