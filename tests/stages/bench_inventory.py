# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the benchmark of the inventory in its Python environment: python3 -m tests.stages.bench_inventory."""

from __future__ import annotations

import os
import sys

from . import machine
from .__main__ import cluster_environment


def main() -> None:
    """Become the benchmark; the environments are made before it enters a namespace without a network."""
    try:
        python, variables = cluster_environment()
        machine.environment("core-2.16", machine.PYTHON)
    except machine.Missing as error:
        sys.exit(f"bench-inventory: {error}")
    os.chdir(machine.REPOSITORY)
    os.execve(python, [python, "-m", "tests.benchmark.inventory", *sys.argv[1:]], {**os.environ, **variables})


if __name__ == "__main__":
    main()
