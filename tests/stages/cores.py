# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which unit tests run with which ansible-core: with 2.16, which has the Python of 2.19, none that knows nothing of ansible-core."""

from __future__ import annotations

import typing as t
from pathlib import Path

# packages of module_utils that import nothing of ansible-core: for 2.16, which has the Python of 2.19, their tests are the same
PURE = ("_ipam", "_node", "_render")
# trust borders whose tests take something from ansible-core
_BORDERS = ("test_hostile_hosts", "test_manifests", "test_verified_text")
# the tests of what runs tests
_OURS = ("tests/unit/molecule", "tests/unit/reboot", "tests/unit/stages")


def left_out(collection: Path, is_same_python: bool) -> list[str]:
    """Options of pytest for another ansible-core than 2.19; ``is_same_python`` where its Python is that of 2.19."""
    borders = sorted((collection / "tests/unit/borders").glob("test_*.py"))
    places = [*_OURS, *(f"tests/unit/borders/{file.name}" for file in borders if file.stem not in _BORDERS)]
    if is_same_python:
        places += [f"tests/unit/plugins/module_utils/{name}" for name in PURE]
    return [f"--ignore={place}" for place in places]


def imports_ansible(text: str) -> bool:
    """Whether a file of Python imports ansible-core, not this collection alone."""
    lines = (line.split() for line in text.splitlines())
    return any(
        words[:1] in (["from"], ["import"]) and (words + [""])[1].split(".", maxsplit=1)[0] == "ansible"
        for words in t.cast("t.Iterator[list[str]]", lines)
    )
