# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection with pause points: a node stops at a phase until the test lets it go on.

The product has no such hooks: this copy of the collection gets them appended to the program that runs on a node.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.stages import machine

FOLDER = "/run/elemental-networking-faults"


@dataclass(frozen=True)
class Phase:
    """A moment of a change. ``point`` is where the node's program stops. ``spares_way_in``: eth0, which ssh uses, stays as it is."""

    title: str
    point: str
    is_reset: bool = False
    spares_way_in: bool = False


PHASES = (
    Phase("before the checkpoint", "before-checkpoint"),
    Phase("trial written", "trial-written"),
    Phase("activated", "activated"),
    Phase("before confirm", "before-confirm"),
    Phase("files prepared", "files-prepared"),
    Phase("journal written", "journal-written"),
    Phase("during confirm", "during-confirm"),
    Phase("eth1 alone: activated", "activated", spares_way_in=True),
    Phase("eth1 alone: before confirm", "before-confirm", spares_way_in=True),
    Phase("reset: activated", "activated", is_reset=True),
    Phase("reset: before confirm", "before-confirm", is_reset=True),
    Phase("reset: during confirm", "during-confirm", is_reset=True),
)

_PAUSE_POINTS = f"""

# --- pause points of the fault tests: this copy of the collection is theirs ---

import os as _os
import time as _time

from .networkmanager.client import NetworkManager as _NetworkManager
from .state import journal as _journal
from .transaction import activate as _activate, confirm as _confirm, trial as _trial


def _pause(point):
    hold = "{FOLDER}/hold-" + point
    if _os.path.exists(hold):
        open("{FOLDER}/reached-" + point, "w").close()
        while _os.path.exists(hold):
            _time.sleep(0.02)


def _around(place, name, point, before, condition=lambda *arguments: True):
    original = getattr(place, name)

    def replacement(*arguments, **options):
        if before and condition(*arguments):
            _pause(point)
        result = original(*arguments, **options)
        if not before and condition(*arguments):
            _pause(point)
        return result

    setattr(place, name, replacement)


_around(_NetworkManager, "open_checkpoint", "before-checkpoint", True)
_around(_trial, "_load", "trial-written", False)
_around(_activate, "_mark_activated", "activated", True)
_around(_confirm, "_judge", "before-confirm", True)
_around(_journal, "_prepare", "files-prepared", False)
_around(_journal, "carry_out", "journal-written", True)
_around(_confirm, "_take_over", "during-confirm", True)
"""


def collection_with_pause_points(folder: Path) -> Path:
    """Copy the collection to ``folder`` and add the pause points; returns what ANSIBLE_COLLECTIONS_PATH wants."""
    tree = folder / "collections"
    source = machine.collection() / "ansible_collections/elemental/networking"
    target = tree / "ansible_collections/elemental/networking"
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("tests", ".git", "docs"))
    program = target / "plugins/module_utils/_node/main.py"
    program.write_text(program.read_text() + _PAUSE_POINTS)
    return tree
