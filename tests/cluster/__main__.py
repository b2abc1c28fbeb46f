# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault list, in full, several times in a row, each on a control plane of its own: python3 -m tests.cluster 5."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest


def main() -> int:
    """Run it so many times; ends with 1 when one of them failed."""
    runs, failed = int(sys.argv[1]), 0
    signal.signal(
        signal.SIGINT, lambda _number, _frame: None
    )  # the tests get it, too, and take their control plane down
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/cluster/test_faults.py"]
    for number in range(1, runs + 1):
        began = time.monotonic()
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        print(run.stdout)
        if run.returncode == pytest.ExitCode.INTERRUPTED:
            return 130
        failed += run.returncode != 0
        verdict = "FAILED" if run.returncode else "passed"
        last = run.stdout.strip().splitlines()[-1] if run.stdout.strip() else "nothing was said"
        kills = os.environ.get("KILLS", "20")
        print(
            f"run {number} of {runs}: {verdict} in {time.monotonic() - began:.0f} s, {kills} kills ({last})", flush=True
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
