# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks that a node moves between, and what it looks like when it is on one of them."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

_KEYFILE = """[connection]
id={interface}
type=ethernet
interface-name={interface}
[ipv4]
method=manual
address1={address}/{prefix}{gateway}
{more}
[ipv6]
method=disabled
"""


@dataclass(frozen=True)
class Network:
    """What one node shall have on eth0 and eth1."""

    name: str
    eth0: str
    eth1: str
    prefix: int = 24
    gateway: str = "192.168.122.1"

    def config(self) -> dict[str, str]:
        """The keyfiles."""
        eth0 = _KEYFILE.format(
            interface="eth0",
            address=self.eth0,
            prefix=self.prefix,
            gateway=f",{self.gateway}" if self.gateway else "",
            more="dns=192.168.122.1;",
        )
        eth1 = _KEYFILE.format(interface="eth1", address=self.eth1, prefix=24, gateway="", more="")
        return {"eth0": eth0, "eth1": eth1}


def network(name: str, number: int) -> Network:
    """Network ``a``, ``b`` or ``c`` of a node."""
    host = {"a": 100, "b": 150, "c": 200}[name] + number
    return Network(name, f"192.168.122.{host}", f"172.16.0.{host}")


def beside_way_in(number: int) -> Network:
    """Network ``a`` with another address on the interface that ssh does not use."""
    return Network("d", network("a", number).eth0, network("b", number).eth1)


def dhcp(number: int) -> Network:
    """What a node has after a reset."""
    return Network("dhcp", f"192.168.122.{10 + number}", f"172.16.0.{10 + number}")


def wrong(kind: str, number: int) -> Network:
    """A network with a mistake in it."""
    right = network("b", number)
    mistakes: dict[str, dict[str, t.Any]] = {
        "wrong gateway": {"gateway": "192.168.122.99"},
        "wrong prefix": {"prefix": 29, "gateway": ""},
        "unreachable subnet": {"eth0": f"10.66.0.{number}", "gateway": "10.66.0.254"},
    }
    return Network(**{**right.__dict__, "name": kind, **mistakes[kind]})
