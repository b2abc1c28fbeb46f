# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a benchmark of what the controller does alone for many hosts: python3 -m tests.stages.bench_many report|lookups|scale."""

from __future__ import annotations

import os
import sys
import typing as t

from . import machine
from .__main__ import cluster_environment

_BENCHMARKS = ("report", "lookups", "scale")


def main() -> None:
    """Become the benchmark."""
    name, arguments = sys.argv[1] if sys.argv[1:] else "", sys.argv[2:]
    if name not in _BENCHMARKS:
        sys.exit(f"there is no benchmark {name}; use {' or '.join(_BENCHMARKS)}")
    try:
        python, variables = cluster_environment() if "kubernetes" in arguments else _environment(arguments)
    except machine.Missing as error:
        sys.exit(f"make bench-{name}: {error}")
    os.chdir(machine.REPOSITORY)
    os.execve(python, [python, "-m", f"tests.benchmark.{name}", *arguments], {**os.environ, **variables})


def _environment(arguments: t.Sequence[str]) -> tuple[str, dict[str, str]]:
    """The same one without a control plane, and without the need for root; or one with psycopg."""
    is_on_server = "postgresql" in arguments
    if is_on_server:
        machine.install(machine.POSTGRESQL_PACKAGES)
    environment, tree = machine.environment("postgresql" if is_on_server else "cluster"), machine.collection()
    path = f"{environment / 'bin'}:{os.environ['PATH']}"
    return str(environment / "bin/python"), {"PATH": path, "PYTHONPATH": f"{machine.REPOSITORY}:{tree}"}


if __name__ == "__main__":
    main()
