# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the documentation site, strict and without the network: python3 -m tests.stages docs-site (make docs-site).

antsibull-docs writes a page for each plugin and role, and adds the guides of docs/docsite/rst and the changelog; sphinx makes HTML of it.
A broken reference or a warning of either is an error.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import typing as t
import zlib
from pathlib import Path

from .machine import REPOSITORY, workshop

_SETTINGS = REPOSITORY / "tests/docs_site"


def built() -> Path:
    """The folder with the finished pages."""
    return workshop() / "docs-site/html"


def inventory(labels: str) -> bytes:
    """The lines of labels.txt in the format of sphinx's objects.inv, version 2."""
    lines = [line.split(" ", 2) for line in labels.splitlines() if line and not line.startswith("#")]
    entries = "".join(f"{_object(label)} -1 {page} {title}\n" for label, page, title in lines)
    head = "# Sphinx inventory version 2\n# Project: ansible\n# Version: devel\n# The remainder of this file is compressed using zlib.\n"
    return head.encode() + zlib.compress(entries.encode())


def _object(label: str) -> str:
    """Name and kind of a label, or of an environment variable, which has ``envvar:`` before its name."""
    kind, colon, name = label.partition(":")
    return f"{name} std:{kind}" if colon else f"{label} std:label"


def main() -> int:
    """Build all pages again in a folder outside the checkout."""
    target = built().parent
    shutil.rmtree(target, ignore_errors=True)
    pages = target / "rst"
    pages.mkdir(parents=True, mode=0o755)
    (target / "ansible.inv").write_bytes(inventory((_SETTINGS / "labels.txt").read_text()))
    shutil.copy(_SETTINGS / "conf.py", target)
    for command in _commands(target, pages):
        if code := subprocess.run(command, check=False, cwd=target, env={**os.environ, "NO_COLOR": "1"}).returncode:
            return code
    print(f"docs site: {built() / 'index.html'}")
    return 0


def _commands(target: Path, pages: Path) -> t.Iterator[list[str]]:
    settings = ["--config-file", str(_SETTINGS / "antsibull-docs.cfg")]
    how = ["--cleanup", "everything", "--fail-on-error", "--use-current", "--squash-hierarchy"]
    yield ["antsibull-docs", *settings, "collection", *how, "--dest-dir", str(pages), "elemental.networking"]
    strict = ["-q", "-W", "--keep-going", "-b", "html", "-c", str(target), "-d", str(target / "doctrees")]
    yield ["sphinx-build", *strict, str(pages), str(built())]


if __name__ == "__main__":
    sys.exit(main())
