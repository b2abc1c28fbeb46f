# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all unit tests have in common: timings are never asserted, not by hypothesis either.

FUZZ=10000 in the environment is how many inputs each property test of ``borders`` gets (``make test-fuzz``).
"""

from __future__ import annotations

import os

import hypothesis

_EXAMPLES = int(os.environ.get("FUZZ") or 100)

hypothesis.settings.register_profile(
    "no deadline",
    deadline=None,
    max_examples=_EXAMPLES,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture],
)
hypothesis.settings.load_profile("no deadline")
