# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and places of the test bed."""

from __future__ import annotations

import os
from pathlib import Path

# everything of a running test bed that can be seen from outside; gone when it is down
RUN = Path("/run/elemental-networking-molecule")
RECORD = RUN / "testbed.json"
KEY = RUN / "id"
# libvirt's socket is in it
SOCKETS = RUN / "libvirt"
LOG = RUN / "libvirt.log"
# connections that Ansible's ssh keeps open
MASTERS = RUN / "masters"
CONSOLES = RUN / "consoles"
# what ssh runs as ProxyCommand, there because the inventory needs a path that is the same everywhere
DOORWAY = RUN / "doorway.py"
SCENARIOS = Path(__file__).resolve().parents[1]

# the rest is seen from inside the test bed only
IMAGES = Path("/var/lib/libvirt/images")
BASE = IMAGES / "base"

LIBVIRT = f"qemu+unix:///system?socket={SOCKETS}/libvirt-sock"


def cache() -> Path:
    """Where images are kept between runs."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "elemental-networking/molecule"
