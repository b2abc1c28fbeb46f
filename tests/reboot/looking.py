# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node's network is like, whole, and what two looks at it differ in."""

from __future__ import annotations

import json
import time
import typing as t

from ..testbed import network, node
from ..testbed.tools import TestBedError

Look = t.Mapping[str, t.Sequence[str]]

# without what counts down
_ROUTE = ("dst", "gateway", "dev", "protocol", "table", "prefsrc", "type", "mtu")
# profiles that NetworkManager makes of its own accord; their names and uuids are as chance has it at each start
_GENERATED = "/run/NetworkManager/system-connections/"
_LOOK = """
echo "{\\"address\\": $(ip -j address), \\"route\\": $(ip -j route show table all), \\"route6\\": $(ip -j -6 route show table all)," \
     "\\"rule\\": $(ip -j rule), \\"rule6\\": $(ip -j -6 rule)}"
echo ---
timeout 10 nmcli -t -f DEVICE,TYPE,STATE device | sed 's/^/device /'
timeout 10 nmcli -t -f FILENAME,DEVICE,NAME,UUID,STATE connection show | sed 's/^/profile /'
grep -v '^#' /etc/resolv.conf | sed 's/^/resolver /'
cd /etc/NetworkManager/system-connections && stat -c 'file %n %a %u' -- * 2>/dev/null
cd /etc/NetworkManager/system-connections && md5sum -- * 2>/dev/null | sed 's/^/content /'
"""


def look(number: int) -> Look:
    """Addresses, routes, rules, name servers, links, devices, profiles and files of a node; by kind, in order. Raises TestBedError."""
    run = node.look(f"node{number}", ["sh", "-c", _LOOK])
    kernel, _mark, lines = run.stdout.partition("---\n")
    try:
        shown = json.loads(kernel)
    except ValueError as error:
        raise TestBedError(f"node{number} cannot be looked into: {run.stderr or error}") from error
    seen: dict[str, list[str]] = {
        "address": [_address(link, each) for link in shown["address"] for each in link["addr_info"]],
        "link": [_link(each) for each in shown["address"]],
        "route": [*routes(shown["route"]), *routes(shown["route6"])],
        "rule": [json.dumps(each, sort_keys=True) for each in shown["rule"] + shown["rule6"]],
    }
    for line in lines.splitlines():
        kind, _space, rest = line.partition(" ")
        seen.setdefault(kind, []).append(rest)
    # of equal name servers NetworkManager takes that of the card first that came up first: their order is chance
    return {kind: sorted(values) for kind, values in lasting(seen).items()}


def lasting(seen: dict[str, list[str]]) -> dict[str, list[str]]:
    """Without what NetworkManager makes anew at each start: profiles of its own, and link-local addresses that come from their uuids."""
    generated = [line.split(":")[1] for line in seen.get("profile", []) if line.startswith(_GENERATED)]
    profiles = [line for line in seen.get("profile", []) if not line.startswith(_GENERATED)]
    profiles += [f"of its own accord, on {card}" for card in generated if card]
    chance = tuple(f"{card} fe80:" for card in generated if card)
    return {
        **seen,
        "profile": profiles,
        "address": [each for each in seen["address"] if not (chance and each.startswith(chance))],
    }


def _address(link: t.Mapping[str, t.Any], each: t.Mapping[str, t.Any]) -> str:
    tentative = " tentative" if each.get("tentative") else ""
    return f"{link['ifname']} {each.get('local')}/{each['prefixlen']}{tentative}"


def _link(link: t.Mapping[str, t.Any]) -> str:
    is_up = "LOWER_UP" in link["flags"]
    return f"{link['ifname']} mtu {link['mtu']} in {link.get('master', 'none')} {'up' if is_up else 'down'}"


def routes(shown: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    """The routes; which of those to one destination is the better one, instead of metrics: they count how often cards came up."""
    routes = [each for each in shown if each.get("table") != "local"]
    result = []
    for route in routes:
        rivals = [each for each in routes if (each["dst"], each.get("table")) == (route["dst"], route.get("table"))]
        rank = sorted({each.get("metric", 0) for each in rivals}).index(route.get("metric", 0))
        result.append(" ".join([*(f"{key} {route[key]}" for key in _ROUTE if key in route), f"rank {rank}"]))
    return result


def differences(before: Look, after: Look) -> list[str]:
    """What one has and the other has not, a line each; empty when they are the same."""
    found = []
    for kind in sorted({*before, *after}):
        old, new = list(before.get(kind, ())), list(after.get(kind, ()))
        found += [f"{kind} gone: {each}" for each in old if each not in new]
        found += [f"{kind} new: {each}" for each in new if each not in old]
    return found


def wait_until_same(number: int, before: Look, seconds: float) -> list[str]:
    """Look until a node is as it was; what differs at the end of the time."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            found = differences(before, look(number))
        except TestBedError as error:
            found = [str(error)]
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.3)


def _is_on_its_way(seen: Look) -> bool:
    """Whether NetworkManager activates something, or IPv6 still searches for duplicates of an address."""
    up = {line.split()[0] for line in seen.get("link", ()) if line.endswith(" up")}
    searching = any(line.endswith(" tentative") and line.split()[0] in up for line in seen.get("address", ()))
    return searching or any("connecting" in line for line in seen.get("device", ()))


def settled(number: int, seconds: float = 30.0) -> Look:
    """What a node is like once it does not change any more."""
    deadline = time.monotonic() + seconds
    seen = look(number)
    while True:
        time.sleep(1.0)
        again = look(number)
        is_quiet = not differences(seen, again) and not _is_on_its_way(again)
        if is_quiet or time.monotonic() > deadline:
            return again
        seen = again


def answers(number: int, address: str, seconds: float = 30.0) -> bool:
    """Whether the node's sshd greets where the controller looks for it."""
    script = f"exec 3<>/dev/tcp/{address}/22 && head -c 4 <&3"
    deadline = time.monotonic() + seconds
    while True:
        run = network.in_infrastructure(["timeout", "3", "bash", "-c", script], check=False)
        if run.stdout == "SSH-":
            owner = network.in_infrastructure(["ip", "neighbour", "show", address], check=False).stdout
            return any(network.mac(number, card) in owner for card in range(3))
        if time.monotonic() > deadline:
            return False
        time.sleep(0.3)
