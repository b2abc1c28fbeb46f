# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the address moves under ssh, report without another login that the controller got there and that the change is persisted.

A bare TCP connection to the new address proves the way there and back, and that sshd listens there. What it cannot show is that a login is
allowed there: the controller asks with one where sshd makes that a matter of its own address.
"""

from __future__ import annotations

import os
import typing as t

from ..checks.inbound import Arrival, send
from ..model import Trial
from ..networkmanager.client import NetworkManager
from ..plan.inspection import connection_of_session, way_behind_nat
from ..protocol import CONFIRMED, Knock, Staged
from ..system.files import read_text
from ..system.tcp_lookup import connected_from
from .confirm import Visit, outcome

_SSHD_CONFIGURATIONS = ("/etc/ssh/sshd_config", "/usr/etc/ssh/sshd_config", "/usr/lib/ssh/sshd_config")
_MATCHES_OWN_ADDRESS = ("localaddress", "localport")
# a datagram may get lost
_TIMES = 2


def expected_visit(trial: Trial, knock: Knock | None) -> Visit | None:
    """The visit of a controller that comes to where this trial moves the host; None where its way in must be proved by a login.

    So it is where it would come by a lease, or in a way that cannot be recognised here (NAT, a VRF).
    """
    session = connection_of_session()
    if knock is None or session is None or trial.is_reset or trial.lease_interfaces:
        return None
    if way_behind_nat(session, knock) is not None or not connected_from(session.way, (session.port,)):
        return None
    family = ":" in session.way.remote
    addresses = [each for each in trial.required_addresses if (":" in each) == family]
    if not addresses or _logins_depend_on_address():
        return None
    ways = [session.way._replace(local=address) for address in addresses]
    return Visit(addresses[0], frozenset(addresses), False, Arrival(knock, moved_to=ways))


def _logins_depend_on_address() -> bool:
    """Whether sshd's configuration distinguishes between this host's own addresses (sshd_config(5), Match)."""
    return any(word in text.lower() for text in _sshd_configurations() for word in _MATCHES_OWN_ADDRESS)


def _sshd_configurations() -> t.Iterator[str]:
    for file in _SSHD_CONFIGURATIONS:
        folder = f"{file}.d"
        parts = [os.path.join(folder, name) for name in os.listdir(folder)] if os.path.isdir(folder) else []
        for each in (file, *parts):
            try:
                yield read_text(each) or ""
            except OSError:  # a folder in it, for example
                continue


def send_receipt(token: str, visit: Visit, knock: Knock, staged: Staged) -> None:
    """Judge the trial when the controller has come, and report that the change is persisted if there is nothing else to say of it."""
    answer = outcome(NetworkManager.connect(), token, visit)
    has_news = answer is None or any((answer.failed_after or {}).values()) or (answer.waiting or {}) != staged.waiting
    if answer is not None and answer.state == CONFIRMED and not has_news:
        for _time in range(_TIMES):
            send(knock, knock.receipt)
