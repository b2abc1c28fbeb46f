# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""At the end of a run: how many inputs each border was given."""

from __future__ import annotations

import collections
import re
from pathlib import Path

import pytest

_INPUTS = re.compile(r"- (\d+) passing\D*, (\d+) failing")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A line for each file; the numbers are those of hypothesis, also where pytest-xdist brings them."""
    inputs: collections.Counter[str] = collections.Counter()
    properties: collections.Counter[str] = collections.Counter()
    for report in (report for reports in terminalreporter.stats.values() for report in reports):
        statistics = report.__dict__.get("_hypothesis_stats", "")
        if statistics:
            found = _INPUTS.findall(statistics)
            border = Path(report.nodeid.split("::")[0]).stem.removeprefix("test_").replace("_", " ")
            properties[border] += 1
            inputs[border] += sum(int(number) for numbers in found for number in numbers)
    for border, number in sorted(properties.items()):
        terminalreporter.write_line(
            f"border {border}: {inputs[border]:,} inputs for {number} propert{'y' if number == 1 else 'ies'}"
        )
