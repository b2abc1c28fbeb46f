# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""NetworkManager itself as the judge of a keyfile, before anything is changed: its own reader shows what it understands.

``nmcli --offline`` (NetworkManager 1.40 and later) reads a keyfile and writes what it understood, with the code of the daemon, without
asking the daemon, and without a file.
"""

from __future__ import annotations

import os
import re
import typing as t

from .. import paths
from ..networkmanager.keyfile import Entry, redact
from ..networkmanager.plain import is_plain
from ..protocol import InvalidInput, WantedProfile
from ..system.files import read_text
from .planning import Plan

if t.TYPE_CHECKING:
    from ..networkmanager.understood import Loss

_READ = ("nmcli", "--offline", "connection", "modify")
# sudo and ssh leave out what a login shell has; its messages are English
_ENVIRONMENT = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin", "LC_ALL": "C"}
# seconds; it takes some milliseconds
_PATIENCE = 20.0
_PREFIXES = r"(?:Error: |Error (?:reading|writing) connection: |Failed to [a-z ]+: )+"
_CHOICES = r"not among \[([^\]]*)\]"
# the name of a key that there is in no setting
_NO_KEY = "elemental-networking"
# lines that one sentence names, and sections whose keys are asked for
_MOST_LINES = 5
_MOST_SECTIONS = 20


def judge(plan: Plan) -> list[str]:
    """Have NetworkManager read the profiles of a plan that are new or changed; what is worth a warning, in sentences.

    Raises InvalidInput, with its reason, for a profile that it refuses, or does not understand all of.
    """
    if plan.is_reset:  # its profiles are our own
        return []
    changed = [each for each in plan.wanted if each.file_name in plan.reasons and not _is_installed(each)]
    warnings: list[str] = []
    for profile in changed:
        if not is_plain(profile.text):
            warnings += judge_profile(profile.file_name, profile.text)
    return list(dict.fromkeys(warnings))


def refusal(file_name: str, text: str) -> str:
    """Why NetworkManager did not load a profile, as a sentence."""
    try:
        _understood(file_name, text)
    except InvalidInput as error:
        return str(error)
    return f"NetworkManager refused profile {file_name}; see its log on this host for the reason (journalctl -u NetworkManager)"


def _is_installed(profile: WantedProfile) -> bool:
    return read_text(os.path.join(paths.INSTALLED_PROFILES, profile.file_name)) == profile.text


def judge_profile(file_name: str, text: str) -> list[str]:
    """The same of one profile, no matter what is installed."""
    understood = _understood(file_name, text)
    if understood is None:
        return ["nmcli cannot be run on this host: nothing shows what NetworkManager does not understand of a profile"]
    from ..networkmanager.understood import (  # here: the start of this program counts, and few profiles need it
        losses,
        verdict,
    )

    lost = losses(text, understood)
    if not lost:
        return []
    wrong, unknown = verdict(lost, _known_keys(text, lost))
    named = _in_short([_shown(loss.entry) for loss in unknown])
    if wrong:
        more = f"; nor does it know {named}" if unknown else ""
        raise InvalidInput(
            f"NetworkManager on this host does not understand all of profile {file_name}: "
            f"{_in_short([_what_became_of(loss) for loss in wrong])}{more}; correct it, nothing was changed",
            profile=file_name,
        )
    return [
        f"NetworkManager on this host does not know {named} in profile {file_name}, and leaves it out: a newer one may know it, or it is "
        "mistyped"
    ]


def _what_became_of(loss: Loss) -> str:
    read = _shown(loss.entry._replace(value=loss.read_as)).partition("=")[2] if loss.read_as else "nothing"
    return f"{_shown(loss.entry)} was read as {read}"


def _shown(entry: Entry) -> str:
    """A line with its section; a secret stays hidden."""
    line = redact(f"[{entry.section}]\n{entry.key}={entry.value}").partition("\n")[2]
    return f"[{entry.section}] {line}"


def _in_short(parts: t.Sequence[str]) -> str:
    more = len(parts) - _MOST_LINES
    return "; ".join(parts[:_MOST_LINES]) + (f" and {more} more" if more > 0 else "")


def _understood(file_name: str, text: str) -> str | None:
    """What NetworkManager makes of a keyfile; None where nmcli cannot do that. Raises InvalidInput where it refuses it."""
    answer = _nmcli(text)
    if answer is None or "--offline" in answer[1]:
        return None
    output, complaint = answer
    if complaint:
        raise InvalidInput(
            f"NetworkManager refuses profile {file_name}: {re.sub(_PREFIXES, '', complaint)}; correct it, nothing was changed",
            profile=file_name,
        )
    return output


def _known_keys(text: str, lost: t.Iterable[Loss]) -> dict[str, set[str]]:
    """The keys that this NetworkManager knows, of each section that something was lost of; none of a section that it does not know."""
    known = {}
    for section in list(dict.fromkeys(loss.entry.section for loss in lost))[:_MOST_SECTIONS]:
        answer = _nmcli(text, f"{section}.{_NO_KEY}", "")
        choices = re.search(_CHOICES, answer[1]) if answer and "invalid property" in answer[1] else None
        known[section] = set(choices.group(1).split(", ")) if choices else set()
    return known


def _nmcli(text: str, *arguments: str) -> tuple[str, str] | None:
    """What nmcli writes, and what it complains about, of a keyfile; None where it cannot be run."""
    import subprocess  # for the same reason here

    try:
        run = subprocess.run(
            [*_READ, *arguments],
            input=text.encode("utf-8", "surrogateescape"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_ENVIRONMENT,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    complaint = " ".join(run.stderr.decode(errors="replace").split())
    if run.returncode and not complaint:
        return None  # it was killed
    return run.stdout.decode("utf-8", "surrogateescape"), complaint if run.returncode else ""
