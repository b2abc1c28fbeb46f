# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lock the Python requirements of the tests: python3 -m tests.stages.requirements [--upgrade] (make requirements).

Each NAME.in says what is wanted, NAME.txt names everything that comes with it, each with the checksums of its files, and only that is ever
installed. Without --upgrade what is locked stays as it is, as far as the .in file lets it.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import typing as t
from pathlib import Path

from . import machine

FOLDER = machine.REPOSITORY / "tests/requirements"
_PIN = re.compile(r"([A-Za-z0-9._-]+)==(\S+)")
# these versions of ansible-core need Python 3.12
_NEEDS_NEWER_PYTHON = ("2.20", "2.21")
# for the oldest Python of hosts
_OLDER_PYTHON = "older-python"
_COMMENT = "locked by make requirements; edit the file of the same name that ends with .in"


def wanted(file: Path) -> dict[str, str]:
    """The pins of an .in file, or of a lock, with the names as PyPI compares them."""
    found = [_PIN.match(line) for line in file.read_text().splitlines()]
    return {re.sub(r"[-_.]+", "-", pin[1]).lower(): pin[2] for pin in found if pin}


def without_checksum(lock: Path) -> list[str]:
    """The requirements of a lock that any file could pass for; there should be none."""
    joined = lock.read_text().replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return [line.split()[0] for line in lines if "--hash=sha256:" not in line]


def lock(uv: Path, source: Path, upgrade: bool) -> None:
    """Write the lock of one .in file. Raises CalledProcessError where what is wanted does not go together."""
    header = [line for line in source.read_text().splitlines() if line.startswith("# ")][:4]
    python = "3.6" if source.stem == _OLDER_PYTHON else "3.11"
    if source.stem.endswith(_NEEDS_NEWER_PYTHON):
        python = "3.12"
    target = source.with_suffix(".txt")
    command = [str(uv), "pip", "compile", "-q", "--no-config", "--no-header", "--universal", "--python-version", python]
    command += ["--no-python-downloads", "--generate-hashes"]
    command += ["--upgrade"] if upgrade else []
    # in that folder, so that no path of this machine gets into the lock
    command += ["--output-file", target.name, source.name]
    subprocess.run(command, cwd=FOLDER, check=True, stdout=subprocess.DEVNULL)
    target.write_text("\n".join([*header, f"# {_COMMENT}", ""]) + target.read_text())


def main(arguments: t.Sequence[str]) -> int:
    """Lock them all."""
    parser = argparse.ArgumentParser(prog="requirements", description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest of what the .in files leave open")
    options = parser.parse_args(arguments)
    try:
        uv = machine.environment("lock") / "bin/uv"
        for source in sorted(FOLDER.glob("*.in")):
            lock(uv, source, options.upgrade)
            print(f"{source.stem}: {len(wanted(source.with_suffix('.txt')))} requirements")
    except (machine.Missing, subprocess.CalledProcessError) as error:
        print(f"make requirements: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
