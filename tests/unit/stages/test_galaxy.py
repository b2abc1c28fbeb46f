# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts as a complaint of galaxy-importer."""

from __future__ import annotations

import pytest
from ansible_collections.elemental.networking.tests.stages.galaxy import complaints

_COMPLETED = "Importer processing completed successfully"


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["Loading role nmc", _COMPLETED], []),
        (["WARNING: No changelog found.", _COMPLETED], ["WARNING: No changelog found."]),
        (["WARNING: ERROR    Failed to find elemental.networking.reset playbook.", _COMPLETED], []),
        (
            ["WARNING: ERROR    Failed to find elemental.networking.gone playbook.", _COMPLETED],
            ["WARNING: ERROR    Failed to find elemental.networking.gone playbook."],
        ),
        (
            ["ERROR: No role readme found"],
            ["ERROR: No role readme found", "the importer did not complete"],
        ),
        ([], ["the importer did not complete"]),
    ],
)
def test_warnings_and_an_import_that_broke_off_are_complaints(lines: list[str], found: list[str]) -> None:
    assert complaints("\n".join(lines), {"reset"}) == found
