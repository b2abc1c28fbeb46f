# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What does not run with every ansible-core has nothing of ansible-core."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.elemental.networking.tests.stages import cores

_COLLECTION = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("is_same_python", [True, False])
def test_what_is_left_out_exists_and_takes_nothing_from_ansible_core(is_same_python: bool) -> None:
    places = [_COLLECTION / option.removeprefix("--ignore=") for option in cores.left_out(_COLLECTION, is_same_python)]
    subjects = [_COLLECTION / "plugins/module_utils" / name for name in cores.PURE]
    for place in [*places, *subjects]:
        assert place.exists()
        for file in place.rglob("*.py") if place.is_dir() else [place]:
            assert not cores.imports_ansible(file.read_text()), file


@pytest.mark.parametrize(
    ("line", "does"),
    [
        ("from ansible.errors import AnsibleError", True),
        ("    import ansible", True),
        ("from ansible_collections.elemental.networking.plugins import x", False),
        ("# from ansible to here", False),
        ("from", False),
    ],
)
def test_an_import_of_ansible_core_is_found(line: str, does: bool) -> None:
    assert cores.imports_ansible(f"import os\n{line}\n") is does
