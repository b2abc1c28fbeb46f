# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit tests of what runs on hosts, with the oldest versions of Python there: python3 -m tests.stages.older_python.

The files are read as a host reads them (``tests/older_python``); the whole program, packed, runs in the tests of `program`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

from . import machine

# what hosts have: 3.6 is that of RHEL 8 and SLE 15
VERSIONS = ("3.6", "3.8")
_PLUGIN = "ansible_collections.elemental.networking.tests.older_python.without_annotations"
_TESTS = (
    "tests/unit/plugins/module_utils/_node",
    *(f"tests/unit/borders/test_{name}.py" for name in ("dbus", "neighbours")),
    # it looks for calls with a later module `ast`, and what it tests is of the disk and not of Python
    "--ignore=tests/unit/plugins/module_utils/_node/test_power_loss.py",
)
_WITH_THE_PROGRAM = "tests/unit/plugins/plugin_utils/test_program.py"
_MARK = "older Python: "


def found(version: str, path: str | None = None) -> str | None:
    """A Python of this version that works, from PATH or from pyenv; None where there is none."""
    candidates = [shutil.which(f"python{version}", path=path)]
    candidates += machine.of_pyenv(f"{version}.*/bin/python{version}")
    return next((each for each in candidates if each and machine.works(each)), None)


def commands(python: str) -> t.Iterator[list[str]]:
    """What is run for one version of Python: its own pytest, and that of the controller over the packed program."""
    options = ["-q", "-p", "no:cacheprovider"]
    own = machine.environment("older-python", python) / "bin/python"
    yield [str(own), "-m", "pytest", *options, "-p", _PLUGIN, "--assert=plain", *_TESTS]
    yield [sys.executable, "-m", "pytest", *options, _WITH_THE_PROGRAM]


def _passes(version: str, python: str, tree: Path) -> bool:
    variables = {**os.environ, "PYTHONPATH": str(tree), "LC_ALL": "C.UTF-8", "HOST_PYTHON": python}
    folder = tree / "ansible_collections/elemental/networking"
    is_fine = True
    for command in commands(python):
        run = subprocess.run(
            command, cwd=folder, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        print(run.stdout if run.returncode else "", end="")
        print(f"{_MARK}{version}: {run.stdout.splitlines()[-1].strip('= ') if run.stdout else 'no output'}", flush=True)
        is_fine = is_fine and run.returncode == 0
    return is_fine


def main() -> int:
    """Run them all; a version that is not there is left out, and said to be."""
    tree = machine.collection()
    results = []
    for version in VERSIONS:
        python = found(version)
        if python is None:
            print(f"{_MARK}skipped: no Python {version} here; install it with pyenv install {version}", flush=True)
        else:
            results.append(_passes(version, python, tree))
    return 0 if all(results) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except machine.Missing as error:
        sys.exit(f"older-python: {error}")
