# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the PostgreSQL test bed: python3 -m tests.testbed.postgresql down."""

from __future__ import annotations

import sys

from .server import down

if __name__ == "__main__":
    if sys.argv[1:] != ["down"]:
        sys.exit("usage: python3 -m tests.testbed.postgresql down")
    down()
