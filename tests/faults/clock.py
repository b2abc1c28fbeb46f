# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A clock of its own for a node, so that it can jump.

A double: the wall clock is the machine's, and no namespace has another one. What is preloaded into NetworkManager, ssh sessions and
our own timers (``clock.c``) shows them a wall clock with an offset; systemd and the kernel keep the real one.
"""

from __future__ import annotations

import base64
import functools
import subprocess
import tempfile
from pathlib import Path

# a node that has several of these cells in a row restarts them more often than systemd allows in ten seconds, unless its count is reset
_RESTART = """
systemctl reset-failed NetworkManager ssh
systemctl restart NetworkManager ssh
"""
_OWN = f"""
echo 0 > /run/clock
echo {{library}} | base64 -d > /usr/local/lib/clock.so
systemctl set-environment LD_PRELOAD=/usr/local/lib/clock.so
echo SetEnv LD_PRELOAD=/usr/local/lib/clock.so > /etc/ssh/sshd_config.d/clock.conf
{_RESTART}
until nmcli -t general status > /dev/null; do sleep 0.1; done
"""
_THE_MACHINES = f"""
rm -f /etc/ssh/sshd_config.d/clock.conf
systemctl unset-environment LD_PRELOAD
{_RESTART}
"""


def own_clock() -> str:
    """A script that gives a node its own clock."""
    return _OWN.format(library=_library())


def jump(seconds: int) -> str:
    """A script that sets this clock forward, or back."""
    return f"echo {seconds} > /run/clock"


def machines_clock() -> str:
    """A script that gives it the machine's clock again."""
    return _THE_MACHINES


@functools.lru_cache(maxsize=1)
def _library() -> str:
    source = Path(__file__).with_suffix(".c")
    with tempfile.TemporaryDirectory(prefix="elemental-networking-clock-") as folder:
        built = Path(folder) / "clock.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-Os", "-s", "-o", built, source, "-ldl"], check=True)
        return base64.b64encode(built.read_bytes()).decode()
