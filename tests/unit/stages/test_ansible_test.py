# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the ansible-test that is installed here wants, and what another one wants."""

from __future__ import annotations

import sys
from pathlib import Path

from ansible_collections.elemental.networking.tests.stages import ansible_test


def test_the_installed_one_wants_a_pip_and_has_this_python() -> None:
    environment = Path(sys.prefix)
    assert ansible_test.bootstraps(environment, Path("/home"))
    assert ansible_test.python_version(environment) == f"{sys.version_info.major}.{sys.version_info.minor}"


def test_each_pip_that_is_named_is_wanted_once(tmp_path: Path) -> None:
    source = tmp_path / "lib/python3.12/site-packages/ansible_test/_internal/python_requirements.py"
    source.parent.mkdir(parents=True)
    source.write_text("x(pip='21.3.1',  # why\n)\ny(pip='20.3.4')\nz(pip='21.3.1')\n")
    found = ansible_test.bootstraps(tmp_path, Path("/home"))
    assert [path.name for path in found] == ["get_pip_20_3_4.py", "get_pip_21_3_1.py"]
    assert ansible_test.python_version(tmp_path) == "3.12"
