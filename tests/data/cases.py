# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nmstate documents of the tests, each with what it has to become and a broken twin."""

from __future__ import annotations

from pathlib import Path

import yaml

CASES = [
    case
    for file in sorted((Path(__file__).parent / "nmstate").glob("*.yaml"))
    for case in yaml.safe_load(file.read_text())
]
