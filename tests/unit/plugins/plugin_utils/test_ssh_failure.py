# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user is told when ssh does not get to a host: the cause, in ssh's own words."""

from __future__ import annotations

import socket
import typing as t

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader
from ansible_collections.elemental.networking.plugins.plugin_utils._host.ssh_failure import (
    reason,
    unreached,
    was_before_the_session,
)

A = "192.0.2.1"
_FAILED = "Failed to connect to the host via ssh: "
_NOT_SENT = f'Data could not be sent to remote host "{A}". Make sure this host can be reached over ssh: '
_CHANGED = """@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
Host key for 192.0.2.1 has changed and you have requested strict checking.
Host key verification failed.
"""


@pytest.mark.parametrize(
    ("complaint", "expected", "is_before"),
    [
        (
            f"{_FAILED}ssh: connect to host {A} port 22: Connection refused",
            f"{A} refuses connections to its ssh port (ssh: connect to host {A} port 22: Connection refused): start sshd there, or correct "
            "ansible_port",
            True,
        ),
        (
            f"{_NOT_SENT}ssh: connect to host {A} port 22: No route to host\r\n",
            f"{A} cannot be reached (ssh: connect to host {A} port 22: No route to host): check the route to it",
            True,
        ),
        (
            f"{_FAILED}ssh: connect to host {A} port 22: Connection timed out",
            f"{A} does not answer (ssh: connect to host {A} port 22: Connection timed out)",
            True,
        ),
        (
            f"{_FAILED}ops@{A}: Permission denied (publickey).",
            f"{A} does not let this user log in (ssh: ops@{A}: Permission denied (publickey).): correct ansible_user, its key or its "
            "password",
            True,
        ),
        (
            f"{_FAILED}{_CHANGED}",
            f"{A} does not have the ssh host key that is known of this host (ssh: Host key verification failed.)",
            True,
        ),
        (
            f"{_FAILED}channel 0: open failed: connect failed: No route to host\nstdio forwarding failed\n"
            "Connection closed by UNKNOWN port 65535",
            f"the jump host cannot connect to {A} (ssh: channel 0: open failed: connect failed: No route to host)",
            True,
        ),
        (
            f"{_FAILED}Connection timed out during banner exchange\nConnection to {A} port 22 timed out",
            f"{A} accepts the connection, but no sshd answers there (ssh: Connection timed out during banner exchange)",
            True,
        ),
        (
            f"{_FAILED}kex_exchange_identification: read: Connection reset by peer\nConnection reset by {A} port 22",
            f"{A} closes the connection before the login (ssh: kex_exchange_identification: read: Connection reset by peer)",
            True,
        ),
        (
            f"{_FAILED}Timeout, server {A} not responding.",
            f"the connection to {A} went dead (ssh: Timeout, server {A} not responding.)",
            False,
        ),
        (
            f"{_FAILED}Connection closed by {A} port 22",
            f"the connection to {A} broke (ssh: Connection closed by {A} port 22)",
            False,
        ),
        (f"{_FAILED}", f"the connection to {A} broke (ssh gave no reason)", False),
        (f"{_FAILED}<error censored due to no log>", f"the connection to {A} broke (ssh gave no reason)", False),
        # of ansible-core 2.19 and of 2.16: ssh ended while it was written to
        (
            f"Data could not be sent to remote host '{A}'. Make sure this host can be reached over SSH.: [Errno 32] Broken pipe",
            f"ssh to {A} ended before it took the request (ssh gave no reason)",
            True,
        ),
        (
            # ansible-core 2.16
            f"{_NOT_SENT}[Errno 32] Broken pipe. [Errno 32] Broken pipe",
            f"ssh to {A} ended before it took the request (ssh gave no reason)",
            True,
        ),
        (
            f"{_NOT_SENT}[Errno 32] Broken pipe",
            f"ssh to {A} ended before it took the request (ssh gave no reason)",
            True,
        ),
    ],
)
def test_each_cause_has_its_sentence(complaint: str, expected: str, is_before: bool) -> None:
    assert (reason(A, complaint), was_before_the_session(complaint)) == (expected, is_before)


def test_what_ssh_tells_from_vvv_on_is_not_its_reason() -> None:
    said = f"OpenSSH_9.2p1\ndebug1: Connecting to {A}\r\nssh: connect to host {A} port 22: Connection refused\ndebug3: cleaning up"
    assert "(ssh: connect to host 192.0.2.1 port 22: Connection refused)" in reason(A, f"{_FAILED}{said}")


def test_the_words_of_others_are_fit_to_be_shown() -> None:
    """A banner comes from the host."""
    clause = reason("h\x1b]0;owned\x07", f"{_FAILED}Permission denied (\x1b[2J{'x' * 10_000}\x07")
    assert "\x1b" not in clause
    assert "\x07" not in clause
    assert len(clause) < 600
    assert "\n" not in unreached([clause], "nothing was changed")


@pytest.mark.parametrize("verbosity", [(), ("-vvv",)])
def test_the_real_ssh_at_a_closed_port(verbosity: t.Sequence[str]) -> None:
    with socket.create_server(("127.0.0.2", 0)) as server:
        port = server.getsockname()[1]
    made = connection_loader.get("ssh", PlayContext())
    arguments = " ".join(["-F none", *verbosity])
    made.set_options(direct={"host": "127.0.0.2", "timeout": 5, "port": port, "ssh_args": arguments})
    with pytest.raises(AnsibleConnectionFailure) as failure:
        made.exec_command("true", in_data=b"x" * 200_000, sudoable=False)
    assert was_before_the_session(str(failure.value))
    with pytest.raises(AnsibleConnectionFailure) as failure:
        made.exec_command("true", sudoable=False)
    assert f"(ssh: connect to host 127.0.0.2 port {port}: Connection refused)" in reason(A, str(failure.value))
