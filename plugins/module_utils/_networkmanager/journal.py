# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several files that change as one: all of them, or none, whenever the power goes.

What the files shall hold is written down first, in one file that appears at once. From then on it is carried out by whoever comes
first: this program, the dead-man, or a unit that runs before NetworkManager at the next boot.

Until then it lies there under its temporary name, made before any other temporary file. These hold secrets, and whoever tidies up after a
program that was killed finds all their names in the two.
"""

from __future__ import annotations

import json
import os
import typing as t

from . import places
from .files import (
    prepare_private,
    private_folder,
    read_json,
    read_text,
    remove,
    sync_folder,
    temporary_of,
    write_private,
)

_UNIT = """[Unit]
Description=elemental.networking: finish what a power loss cut short
Before=NetworkManager.service
RequiresMountsFor={journal} /etc/NetworkManager
# systemd may know this unit for longer than it is there
ConditionPathExists={program}

[Service]
Type=oneshot
ExecStart={command}

[Install]
WantedBy=NetworkManager.service
"""


def begin(contents: t.Mapping[str, str | None], program: str, command: t.Sequence[str]) -> None:
    """From here on each path will have its content (None: no such file). ``command`` is what a boot runs to make that true.

    All contents are on the disk before: what is left to do cannot fail for want of space. Raises OSError, with nothing changed.
    """
    try:
        _sweep(_prepared())  # by somebody who never began
        if not is_open():
            _arm_recovery(program, command)
        _prepare(contents)
        os.rename(temporary_of(places.JOURNAL_FILE), places.JOURNAL_FILE)
        sync_folder(os.path.dirname(places.JOURNAL_FILE))
    except OSError:
        _sweep(contents)
        remove(temporary_of(places.JOURNAL_FILE))
        if not is_open():
            end()
        raise


def _prepare(contents: t.Mapping[str, str | None]) -> None:
    # what an open journal wants and this one does not stays as it is, and is still known by name
    kept = {path: read_text(path) for path in read_json(places.JOURNAL_FILE) if path not in contents}
    prepare_private(places.JOURNAL_FILE, json.dumps({**kept, **contents}))
    sync_folder(os.path.dirname(places.JOURNAL_FILE))
    for path, text in contents.items():
        if text is not None:
            private_folder(os.path.dirname(path))
            prepare_private(path, text)


def _prepared() -> dict[str, t.Any]:
    """What a journal that has not appeared yet says; empty when it is cut short, for then nothing was made after it."""
    return read_json(temporary_of(places.JOURNAL_FILE))


def _arm_recovery(program: str, command: t.Sequence[str]) -> None:
    private_folder(os.path.dirname(places.JOURNAL_FILE))
    write_private(places.RECOVERY_PROGRAM, program)
    write_private(
        places.RECOVERY_UNIT,
        _UNIT.format(program=places.RECOVERY_PROGRAM, journal=places.JOURNAL_FILE, command=" ".join(command)),
    )
    os.makedirs(os.path.dirname(places.RECOVERY_LINK), exist_ok=True)
    if not os.path.islink(places.RECOVERY_LINK):
        os.symlink(places.RECOVERY_UNIT, places.RECOVERY_LINK)
    sync_folder(os.path.dirname(places.RECOVERY_LINK))


def carry_out() -> list[str]:
    """Make the files as the journal wants them; return their paths. Without a journal there is nothing to do."""
    contents = read_json(places.JOURNAL_FILE)
    for path, text in contents.items():
        if text is None:
            remove(path)
        elif read_text(temporary_of(path)) == text:
            os.rename(temporary_of(path), path)
        elif read_text(path) != text:
            write_private(path, text)
    for folder in {os.path.dirname(path) for path in contents}:
        if os.path.isdir(folder):
            sync_folder(folder)
    return list(contents)


def end() -> None:
    """Forget the journal and the unit of the next boot, and all that was prepared for them."""
    _sweep({**read_json(places.JOURNAL_FILE), **_prepared()})
    for path in (places.JOURNAL_FILE, places.RECOVERY_LINK, places.RECOVERY_UNIT, places.RECOVERY_PROGRAM):
        remove(temporary_of(path))
        remove(path)


def _sweep(contents: t.Iterable[str]) -> None:
    """Remove the temporary files of these paths for good: their names are forgotten next."""
    left = [path for path in contents if os.path.lexists(temporary_of(path))]
    for path in left:
        remove(temporary_of(path))
    for folder in {os.path.dirname(path) for path in left}:
        sync_folder(folder)


def is_open() -> bool:
    """Whether files wait to be written."""
    return os.path.exists(places.JOURNAL_FILE)


def recover() -> None:
    """Finish what was cut short; safe at any time."""
    carry_out()
    end()
