# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-test of one version of ansible-core needs: the names under which it looks for its bootstrap of pip, and its Python."""

from __future__ import annotations

import re
from pathlib import Path

_PACKAGES = "lib/python3*/site-packages"
_PIP = re.compile(r"\bpip='([0-9.]+)'")


def bootstraps(environment: Path, home: Path) -> list[Path]:
    """Where ansible-test looks, in a home, before it downloads pip; each ansible-core wants versions of its own."""
    (source,) = environment.glob(f"{_PACKAGES}/ansible_test/_internal/python_requirements.py")
    versions = sorted(set(_PIP.findall(source.read_text())))
    return [home / f".ansible/test/cache/get_pip_{version.replace('.', '_')}.py" for version in versions]


def python_version(environment: Path) -> str:
    """The version of the Python of an environment, such as 3.12."""
    (packages,) = environment.glob(_PACKAGES)
    return packages.parent.name.removeprefix("python")
