# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node is like, seen from outside and from inside; and whether that is one whole network or something in between."""

from __future__ import annotations

import json
import re
import time
import typing as t
from pathlib import Path

from tests.testbed import network, tools

from . import sets
from .faults import inside

_LOOK = (Path(__file__).parent / "look.sh").read_text()


def look(number: int) -> dict[str, t.Any]:
    """Files, active profiles, addresses and leftovers of a node."""
    lines = [line.split(" ", 1) for line in inside(number, _LOOK).splitlines() if " " in line]
    values: dict[str, list[str]] = {}
    for kind, rest in lines:
        values.setdefault(kind, []).append(rest.strip())
    addresses = dict((line.split(" ", 1) + [""])[:2] for line in values.get("address", []))
    return {
        "files": {line.split()[0]: line.split()[1] for line in values.get("file", [])},
        "active": sorted(values.get("active", [])),
        "addresses": {card: addresses.get(card, "").split() for card in ("eth0", "eth1")},
        "left": values.get("left", []),
        "resolver": values.get("resolver", ["0"])[0] != "0",
    }


def answers(number: int, address: str) -> bool:
    """Whether ssh on a node can be reached from where Ansible runs, and it is this node."""
    script = f"exec 3<>/dev/tcp/{address}/22 && head -c 4 <&3"
    run = network.in_infrastructure(["timeout", "2", "bash", "-c", script], check=False)
    owner = network.in_infrastructure(["ip", "neighbour", "show", address], check=False).stdout
    return run.stdout == "SSH-" and network.mac(number, 0) in owner


def which(number: int, seen: t.Mapping[str, t.Any], candidates: t.Sequence[tuple[sets.Network, t.Any]]) -> str:
    """The name of the candidate that a node is on, whole; else what is mixed. A candidate comes with its files, if they are known."""
    complaints = []
    for wanted, files in candidates:
        complaint = _differs(number, seen, wanted, files)
        if not complaint:
            return wanted.name
        complaints.append(f"not {wanted.name}: {complaint}")
    return "mixed: " + "; ".join(complaints)


def _differs(number: int, seen: t.Mapping[str, t.Any], wanted: sets.Network, files: t.Any) -> str:
    for card, address in (("eth0", wanted.eth0), ("eth1", wanted.eth1)):
        if [each.split("/")[0] for each in seen["addresses"][card]] != [address]:
            return f"{card} has {' '.join(seen['addresses'][card]) or 'no address'}"
        line = next((line for line in seen["active"] if f":{card}:" in line), "")
        is_file = line.split(":")[-1].startswith("/etc/") if wanted.name != "dhcp" else bool(line)
        if not is_file:
            return f"{card} is active from {line or 'nothing'}"
    if files is not None and seen["files"] != files:
        return f"files are {json.dumps(seen['files'])}"
    if not seen["resolver"]:
        return "the name server is gone"
    # last, and never while a trial is open: a connection without a login counts as an attack for a second (OpenSSH 9.8 and later)
    if not seen["left"] and not answers(number, wanted.eth0):
        return f"{wanted.eth0} does not answer"
    return ""


def wait_for_answer(number: int, address: str, seconds: float = 60.0) -> None:
    """Wait until a node answers. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not answers(number, address):
        if time.monotonic() > deadline:
            raise TimeoutError(f"node{number} does not answer on {address}")
        time.sleep(0.1)


def wait_until_settled(
    number: int, candidates: t.Sequence[tuple[sets.Network, t.Any]], seconds: float
) -> tuple[str, list[str]]:
    """Look until the node is wholly on one network and nothing of a change is left; what it is like at the end of the time."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            seen = look(number)
            state, left = which(number, seen, candidates), seen["left"]
        except tools.TestBedError as error:
            state, left = f"mixed: {error}", []
        is_settled = not state.startswith("mixed") and not left
        if is_settled or time.monotonic() > deadline:
            return state, [re.sub(r"[0-9a-f]{12,}", "…", line) for line in left]
        time.sleep(0.3)
