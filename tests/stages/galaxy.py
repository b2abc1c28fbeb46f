# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Import the tarball as Galaxy does: python3 -m tests.stages.galaxy (make test-galaxy-importer), in the Python environment galaxy.

A warning of the importer fails the stage, too. The importer's own ansible-lint runs only with GALAXY_IMPORTER_RUN_ANSIBLE_LINT=true, since
the stage lint is stricter.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import typing as t
from pathlib import Path

from . import machine

_COMPLETED = "Importer processing completed successfully"
_COMPLAINT = re.compile(r"(?:WARNING|ERROR|CRITICAL): ")
# the importer's ansible-lint does not find the playbooks of the collection that it lints
_OWN_PLAYBOOK = re.compile(r"WARNING: ERROR +Failed to find elemental\.networking\.(\w+) playbook\.")


def complaints(output: str, playbooks: t.Container[str]) -> list[str]:
    """What the importer found, by its output; ``playbooks`` are the names of those that the collection has."""
    lines = output.splitlines()
    found = [line for line in lines if _COMPLAINT.match(line) and not _names_one_of(playbooks, line)]
    return found if _COMPLETED in lines else [*found, "the importer did not complete"]


def _names_one_of(playbooks: t.Container[str], line: str) -> bool:
    found = _OWN_PLAYBOOK.fullmatch(line.strip())
    return found is not None and found[1] in playbooks


def _build(folder: Path) -> Path:
    source = machine.collection() / "ansible_collections/elemental/networking"
    command = ["ansible-galaxy", "collection", "build", "--output-path", str(folder), str(source)]
    subprocess.run(command, check=True)
    (tarball,) = folder.glob("*.tar.gz")
    return tarball


def _import(tarball: Path) -> str:
    # the importer writes its result to the folder that it is started in
    command = [sys.executable, "-m", "galaxy_importer.main", tarball.name]
    variables = {"GALAXY_IMPORTER_RUN_ANSIBLE_LINT": "false", **os.environ}
    run = subprocess.run(
        command,
        cwd=tarball.parent,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return run.stdout


def main() -> int:
    """Build and import; the exit code is 1 where the importer has found something."""
    playbooks = {file.stem for file in (machine.REPOSITORY / "playbooks").glob("*.yml")}
    with tempfile.TemporaryDirectory(prefix="elemental-networking-galaxy-") as folder:
        output = _import(_build(Path(folder)))
    print(output)
    found = complaints(output, playbooks)
    for line in found:
        print(f"galaxy-importer: {line}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
