# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the benchmark of claims in its Python environment: python3 -m tests.stages.bench_claims."""

from __future__ import annotations

import os
import sys

from . import machine
from .__main__ import cluster_environment


def main() -> None:
    """Become the benchmark."""
    try:
        python, variables = cluster_environment()
    except machine.Missing as error:
        sys.exit(f"make bench-claims: {error}")
    os.chdir(machine.REPOSITORY)
    os.execve(python, [python, "-m", "tests.benchmark.claims", *sys.argv[1:]], {**os.environ, **variables})


if __name__ == "__main__":
    main()
