# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several files that change as one: all of them, or none, whenever the power goes.

What the files must hold is written down first, in one file that appears at once. From then on it is carried out by what comes
first: this program, the watchdog, or a unit that runs before NetworkManager at the next boot.

Until then it lies there under its temporary name, made before any other temporary file. These hold secrets, and what tidies up after a
program that was killed finds all their names in the two.

A journal that was carried out is ended. Where that fails (a file system that became read-only) as much of it goes as can, and without the
link that arms the next boot a journal counts as ended: what the files hold from then on is not its business any more.
"""

from __future__ import annotations

import os
import typing as t

from .. import paths
from ..checking import Unfit
from ..system.files import (
    Content,
    as_json,
    look_at,
    prepare,
    private,
    private_folder,
    put,
    remove,
    set_aside,
    sync_folder,
    temporary_of,
    write_private,
)
from . import shapes

_UNIT = """[Unit]
Description=elemental.networking: finish what a power loss cut short
Before=NetworkManager.service
RequiresMountsFor={journal} /etc/NetworkManager
# systemd may know this unit for longer than it is there
ConditionPathExists={program}
StartLimitIntervalSec=600
StartLimitBurst=5

[Service]
Type=oneshot
ExecStart={command}

[Install]
WantedBy=NetworkManager.service
"""


def begin(contents: t.Mapping[str, Content | None], program: str, command: t.Sequence[str]) -> None:
    """From here on each path will have its content (None: nothing). ``command`` is what a boot runs to make that true.

    All contents are on the disk before: what is left to do cannot fail for want of space. Raises OSError, with nothing changed.
    """
    try:
        _sweep(_read(temporary_of(paths.JOURNAL_FILE)))  # of a run that never began
        if is_open() and not _is_armed():
            end()
        if not is_open():
            _arm_recovery(program, command)
        _prepare(contents)
        os.rename(temporary_of(paths.JOURNAL_FILE), paths.JOURNAL_FILE)
        sync_folder(os.path.dirname(paths.JOURNAL_FILE))
    except OSError:
        _sweep(contents)
        _sweep([paths.JOURNAL_FILE])  # last, and for good before the link goes: it names the others
        if not is_open():
            end()
        raise


def _prepare(contents: t.Mapping[str, Content | None]) -> None:
    # what an open journal wants and this one does not stays as it is, and is still known by name
    kept = {path: look_at(path) for path in _read(paths.JOURNAL_FILE) if path not in contents}
    prepare(paths.JOURNAL_FILE, private(as_json(paths.JOURNAL_FILE, shapes.to_json({**kept, **contents}))))
    sync_folder(os.path.dirname(paths.JOURNAL_FILE))
    for path, content in contents.items():
        if content is not None:
            private_folder(os.path.dirname(path))
            prepare(path, content)


def _read(file: str) -> dict[str, Content | None]:
    """The content of a journal; empty when there is none, or when it is damaged.

    One that has not appeared yet may be cut short: then nothing was made after it.
    """
    try:
        content = shapes.read(file)
        return {} if content is None else shapes.journal(content)
    except Unfit:
        return {}


def set_aside_damaged() -> list[str]:
    """Keep a journal that cannot be read where it is not taken for one; what to report of that. The files stay as they are."""
    file = paths.JOURNAL_FILE
    try:
        shapes.journal(shapes.read(file) or {})
        return []
    except Unfit as error:
        said = (
            f"{file} on this host cannot be read ({error}), it is kept as {set_aside(file)}: a power loss cut a change short, and some of "
            f"the profiles in {paths.INSTALLED_PROFILES} may be of before and some of after it"
        )
        _sweep(_nameless())
        return [said]


def _nameless() -> list[str]:
    """The paths whose temporary files a journal that cannot be read may have left."""
    found = [paths.MANAGED_FILE]
    for folder, suffix in ((paths.INSTALLED_PROFILES, ".nmconnection~"), (paths.MORE_FILES, "~")):
        for name in os.listdir(folder) if os.path.isdir(folder) else ():
            if name.startswith(".") and name.endswith(suffix):
                found.append(os.path.join(folder, name[1:-1]))
    return found


def _arm_recovery(program: str, command: t.Sequence[str]) -> None:
    private_folder(os.path.dirname(paths.JOURNAL_FILE))
    write_private(paths.RECOVERY_PROGRAM, program)
    os.makedirs(os.path.dirname(paths.RECOVERY_LINK), exist_ok=True)  # before the unit: beside it, and synced with it
    write_private(
        paths.RECOVERY_UNIT,
        _UNIT.format(program=paths.RECOVERY_PROGRAM, journal=paths.JOURNAL_FILE, command=command_line(command)),
    )
    if not os.path.islink(paths.RECOVERY_LINK):
        os.symlink(paths.RECOVERY_UNIT, paths.RECOVERY_LINK)
    sync_folder(os.path.dirname(paths.RECOVERY_LINK))


def command_line(command: t.Sequence[str]) -> str:
    """A command as ``ExecStart`` wants it (systemd.service(5)): in quotes, and with nothing that systemd would replace.

    The path of a program itself takes no ``$$``, so that env is the program.
    """
    return " ".join(["/usr/bin/env", *map(_quoted, command)])


def _quoted(argument: str) -> str:
    for special, harmless in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("%", "%%"), ("$", "$$")):
        argument = argument.replace(special, harmless)
    return f'"{argument}"'


def carry_out() -> list[str]:
    """Make the files as the journal wants them; return their paths. Without a journal there is nothing to do."""
    contents = _read(paths.JOURNAL_FILE) if _is_armed() else {}
    for path, content in contents.items():
        if content is None:
            remove(path)
        elif look_at(temporary_of(path)) == content:
            os.rename(temporary_of(path), path)
        elif look_at(path) != content:
            put(path, content)
    for folder in {os.path.dirname(path) for path in contents}:
        if os.path.isdir(folder):
            sync_folder(folder)
    return list(contents)


def _is_armed() -> bool:
    """Whether a journal is open that was not ended."""
    return is_open() and os.path.islink(paths.RECOVERY_LINK)


def end() -> None:
    """Forget the journal and the unit of the next boot, and all that was prepared for them: what can go goes. Raises OSError after that."""
    trouble: OSError | None = None
    try:
        _sweep({**_read(paths.JOURNAL_FILE), **_read(temporary_of(paths.JOURNAL_FILE))})
        # for good, before the link goes: a journal that a power loss brings back holds secrets, and would undo what was edited since
        _remove_for_good([temporary_of(paths.JOURNAL_FILE), paths.JOURNAL_FILE])
    except OSError as error:
        trouble = error  # after a sweep that failed the journal stays: who tries again needs the names in there
    for path in (paths.RECOVERY_LINK, paths.RECOVERY_UNIT, paths.RECOVERY_PROGRAM):
        try:
            remove(temporary_of(path))
            remove(path)
        except OSError as error:
            trouble = trouble or error
    if trouble is not None:
        raise trouble


def _sweep(contents: t.Iterable[str]) -> None:
    """Remove the temporary files of these paths for good: their names are forgotten next."""
    _remove_for_good(map(temporary_of, contents))


def _remove_for_good(paths: t.Iterable[str]) -> None:
    """Remove those that are there; a power loss does not bring them back."""
    left = [path for path in paths if os.path.lexists(path)]
    for path in left:
        remove(path)
    for folder in {os.path.dirname(path) for path in left}:
        sync_folder(folder)


def is_open() -> bool:
    """Whether files wait to be written."""
    return os.path.exists(paths.JOURNAL_FILE)


def recover() -> list[str]:
    """Finish what was cut short; safe at any time. Returns what to report of it."""
    said = set_aside_damaged()
    carry_out()
    end()
    return said
