# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why ssh did not reach a host, in one sentence for each cause, with ssh's own last line in it (pure)."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.elemental.networking.plugins.module_utils._printable import one_line

KEY_REFUSED = "Host key verification failed"
_NO_REASON = "ssh gave no reason"
_LONGEST_LINE = 300
# what Ansible's ssh connection writes in front of the lines of ssh, and what it writes where nothing may be shown
_OF_ANSIBLE = re.compile(
    r"(Failed to connect to the host via \w+:|Data could not be sent to remote host .*? over ssh:) ?", re.I
)
_ANSIBLE_ALONE = re.compile(
    r"Data could not be sent to remote host .* over ssh\.(: .*)?|(\[Errno 32\] Broken pipe[. ]*)+", re.I
)
_CENSORED = "<error censored due to no log>"
# from -vvv on Ansible lets ssh log all that it does
_CHATTER = re.compile(r"(debug\d: |OpenSSH_|Warning: Permanently added|\*\* )")


@dataclass(frozen=True)
class _Cause:
    """A cause by what ssh prints; ``is_before``: there was no session yet, so that nothing can have been sent."""

    pattern: str
    clause: str
    advice: str = ""
    is_before: bool = True


# the first that matches one of ssh's last lines; the most specific come first
_CAUSES = (
    _Cause(KEY_REFUSED, "{0} does not have the ssh host key that is known of this host"),
    _Cause("Could not resolve hostname", "the name {0} cannot be resolved", "correct ansible_host"),
    _Cause("open failed: ", "the jump host cannot connect to {0}"),
    _Cause(
        r"Permission denied \(|Too many authentication failures|[Ii]ncorrect (username/)?password",
        "{0} does not let this user log in",
        "correct ansible_user, its key or its password",
    ),
    _Cause(
        "^ssh: connect to .*Connection refused",
        "{0} refuses connections to its ssh port",
        "start sshd there, or correct ansible_port",
    ),
    _Cause("^ssh: connect to .*(No route to host|unreachable)", "{0} cannot be reached", "check the route to it"),
    _Cause("^ssh: connect to .*timed out", "{0} does not answer"),
    _Cause("^ssh: connect to ", "no connection to {0} can be opened"),
    _Cause("timed out during banner exchange", "{0} accepts the connection, but no sshd answers there"),
    _Cause("exchange_identification", "{0} closes the connection before the login"),
    _Cause("Unable to negotiate with", "{0} and the ssh of the controller have no algorithm in common"),
    _Cause("^Timeout, server .* not responding", "the connection to {0} went dead", is_before=False),
)
# what is not sent as a whole is not run
_ENDED_AT_ONCE = _Cause("", "ssh to {0} ended before it took the request")
_ANOTHER = _Cause("", "the connection to {0} broke", is_before=False)
# what belongs to one failure; before that may be the host's own banner
_LAST_LINES = 4


def reason(address: str, complaint: str) -> str:
    """Why ssh did not reach a host at an address, as a clause with ssh's own words in it."""
    cause, said = _found(complaint)
    clause = f"{cause.clause.format(one_line(address, 80))} ({f'ssh: {said}' if said else _NO_REASON})"
    return f"{clause}: {cause.advice}" if cause.advice else clause


def says_why(complaint: str) -> bool:
    """Whether ssh gave a reason: it may end so fast that Ansible does not read it."""
    return bool(_found(complaint)[1])


def refuses_key(complaint: str) -> bool:
    """Whether the controller's ssh does not take who answered for the host."""
    return KEY_REFUSED in complaint


def was_too_slow(complaint: str) -> bool:
    """Whether ssh gave up waiting for an answer; after a refusal or without a route, waiting longer does not help."""
    return "timed out" in complaint


def was_before_the_session(complaint: str) -> bool:
    """Whether ssh gave up before there was a session: nothing can have been sent to the other side."""
    return _found(complaint)[0].is_before


def _found(complaint: str) -> tuple[_Cause, str]:
    """The cause and the line of ssh that names it; the last line, or none, where no line does."""
    said = _lines(complaint)[-_LAST_LINES:]
    if not said and any(_ANSIBLE_ALONE.search(line) for line in complaint.splitlines()):
        return _ENDED_AT_ONCE, ""
    named = ((cause, line) for cause in _CAUSES for line in said if re.search(cause.pattern, line))
    cause, line = next(named, (_ANOTHER, said[-1] if said else ""))
    return cause, one_line(line.removeprefix("ssh: "), _LONGEST_LINE)


def _lines(complaint: str) -> list[str]:
    """What ssh itself printed."""
    lines = (_OF_ANSIBLE.sub("", each.strip(), count=1) for each in complaint.splitlines())
    return [
        line
        for line in lines
        if line and line != _CENSORED and not _CHATTER.match(line) and not _ANSIBLE_ALONE.fullmatch(line)
    ]


def unreached(clauses: t.Iterable[str], consequence: str) -> str:
    """The sentence of a host that is reached at none of its addresses; each clause explains why one of them fails."""
    return f"the host cannot be reached over ssh: {'; '.join(clauses)}; {consequence}"


def silent(address: str, words: str) -> str:
    """What a bare connection to an address came to, in a few words or none where nothing answered."""
    clause = f"{one_line(address, 80)} does not answer"
    return f"{clause} ({words})" if words else clause
