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

# OpenSSH 9.8 and later put off for minutes who left many connections half open, which is what faults do to a controller; the node is fine
_PUTS_OFF = "Not "
_LONGEST_PENALTY = 240.0
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


def _greeting(number: int, address: str) -> str:
    """The first four letters of what a node says at its ssh port; nothing where another one answers, or nobody."""
    script = f"exec 3<>/dev/tcp/{address}/22 && head -c 4 <&3"
    run = network.in_infrastructure(["timeout", "2", "bash", "-c", script], check=False)
    owner = network.in_infrastructure(["ip", "neighbour", "show", address], check=False).stdout
    return run.stdout if network.mac(number, 0) in owner else ""


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
    greeting = "" if seen["left"] else _greeting(number, wanted.eth0)
    if greeting == _PUTS_OFF:
        return f"{wanted.eth0} puts us off"
    return "" if seen["left"] or greeting == "SSH-" else f"{wanted.eth0} does not answer"


def wait_for_answer(number: int, address: str, seconds: float = 60.0) -> None:
    """Wait until a node answers. Raises TimeoutError."""
    started = time.monotonic()
    while True:
        greeting = _greeting(number, address)
        if greeting == "SSH-":
            return
        if time.monotonic() > started + seconds + (_LONGEST_PENALTY if greeting == _PUTS_OFF else 0):
            raise TimeoutError(f"node{number} does not answer on {address}")
        time.sleep(0.1)


def wait_until_settled(
    number: int, candidates: t.Sequence[tuple[sets.Network, t.Any]], seconds: float
) -> tuple[str, list[str]]:
    """Look until the node is wholly on one network and nothing of a change is left; what it is like at the end of the time."""
    started = time.monotonic()
    while True:
        try:
            seen = look(number)
            state, left = which(number, seen, candidates), seen["left"]
        except tools.TestBedError as error:
            state, left = f"mixed: {error}", []
        is_settled = not state.startswith("mixed") and not left
        longest = seconds + _LONGEST_PENALTY if "puts us off" in state else seconds
        if is_settled or time.monotonic() > started + longest:
            return state, [re.sub(r"[0-9a-f]{12,}", "…", line) for line in left]
        time.sleep(5.0 if "puts us off" in state else 0.3)
