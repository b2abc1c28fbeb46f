# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes ours without a change: profiles that are right already. And Elemental's own file, which is not ours."""

from __future__ import annotations

import os

from .. import paths
from ..model import Managed, ManagedProfile
from ..plan.planning import Plan
from ..protocol import Conflict, Request
from ..state import records
from ..system.files import private_folder, read_text, write_private


def record_as_ours(plan: Plan, request: Request, managed: Managed) -> None:
    """Remember profiles that are what they must be, no matter who installed them: a reset then knows what to give back.

    They may be Elemental's, of a bundle for the first boot, or of a disk that was restored. The caller holds the lock.
    """
    wanted = tuple(ManagedProfile(each.file_name, each.interface or "", each.type) for each in plan.wanted)
    more_files = tuple(sorted(path for path, text in request.more_files.items() if text is not None))
    found = managed._replace(machine=request.machine, profiles=wanted, is_reset=False, more_files=more_files)
    if found == managed or request.check:
        return
    text = records.managed_text(found)
    # the copy comes first: it counts where the other file is missing, and the next run makes up for it where that one is old
    for path in (*([paths.MANAGED_COPY] if more_files else []), paths.MANAGED_FILE):
        private_folder(os.path.dirname(path))
        write_private(path, text)


def is_of_elemental(request: Request, managed: Managed) -> bool:
    """Whether this host has a file of Elemental that writes profiles at every boot, and that is neither ours nor what ours must be."""
    path = paths.ELEMENTAL_FILE
    if path in managed.more_files or request.takes_over_files:
        return False
    present = read_text(path)
    return present is not None and present != request.more_files.get(path)


def refuse_file_of_elemental(request: Request, managed: Managed) -> None:
    """Raise Conflict where the profiles of Elemental would be replaced, or would come back after a reset, at the next boot."""
    is_reset = not request.more_files
    if is_of_elemental(request, managed):
        consequence = (
            "would bring its profiles back at the next boot"
            if is_reset
            else "would be replaced, with the profiles in it"
        )
        action = "removes it" if is_reset else "replaces it"
        raise Conflict(
            f"{paths.ELEMENTAL_FILE} on this host is not the collection's (Elemental writes it when a machine registers) and "
            f"{consequence}: look at it, and set take_over_elemental_os (in the role machine_network_take_over_elemental_os) for one run, "
            f"which {action}; nothing was changed",
            file=paths.ELEMENTAL_FILE,
        )


def warnings_of_elemental(request: Request, managed: Managed) -> list[str]:
    """A sentence where what is configured here lasts until the next boot only."""
    if request.more_files or not is_of_elemental(request, managed):
        return []
    return [
        f"{paths.ELEMENTAL_FILE} on this host writes the profiles of Elemental at every boot, over these: set elemental_os (in the role "
        "machine_network_elemental_os) to keep these there"
    ]
