# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real nmstatectl for the tests, built from its crate: python3 -m tests.stages.nmstatectl prints its path.

Debian has no package of it. The build takes minutes, once; it is kept outside the checkout.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

from .machine import CACHE, Missing

VERSION = "2.2.62"
PLACE = CACHE / f"nmstatectl-{VERSION}"
BINARY = PLACE / "bin/nmstatectl"

# the crate's release profile is made for size and speed; a test needs neither, and link-time optimisation doubles the build
_PROFILE = {
    "CARGO_PROFILE_RELEASE_LTO": "off",
    "CARGO_PROFILE_RELEASE_OPT_LEVEL": "1",
    "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16",
    "CARGO_PROFILE_RELEASE_DEBUG": "false",
}


def build() -> Path:
    """The binary's path; built when it is not there yet, complete or not at all. Raises Missing where that is not possible."""
    if BINARY.exists():
        return BINARY
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "nmstatectl.lock").open("w") as lock:
        # whoever comes second finds it there
        fcntl.flock(lock, fcntl.LOCK_EX)
        return BINARY if BINARY.exists() else _build()


def _build() -> Path:
    if not shutil.which("cargo"):
        raise Missing("nmstatectl is built with cargo, and there is none here; install Rust 1.80 or later")
    print(f"building nmstatectl {VERSION} (once, takes minutes)", file=sys.stderr, flush=True)
    unfinished = CACHE / f"nmstatectl-{VERSION}.building"
    unfinished.mkdir(parents=True, exist_ok=True)
    log = CACHE / "nmstatectl.log"
    # the target directory is kept until the end: an interrupted build goes on where it was
    command = ["nice", "-n", "19", "cargo", "install", "--locked", "--version", VERSION, "--root", str(unfinished)]
    command += ["--target-dir", str(unfinished / "target"), "nmstatectl"]
    with log.open("w") as stream:
        run = subprocess.run(
            command, stdout=stream, stderr=subprocess.STDOUT, check=False, env={**os.environ, **_PROFILE}
        )
    if run.returncode:
        raise Missing(f"nmstatectl {VERSION} cannot be built, see {log}")
    BINARY.parent.mkdir(parents=True, exist_ok=True)
    os.replace(unfinished / "bin/nmstatectl", BINARY)
    shutil.rmtree(unfinished, ignore_errors=True)
    return BINARY


if __name__ == "__main__":
    try:
        print(build())
    except Missing as error:
        sys.exit(str(error))
