# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that takes long is heard while it runs."""

from __future__ import annotations

import threading
from pathlib import Path

from ansible_collections.elemental.networking.plugins.plugin_utils._claiming_action import Showing


def test_lines_are_shown_as_they_come_and_half_a_line_is_not(tmp_path: Path) -> None:
    file, lines, second = tmp_path / "progress", [], threading.Event()
    file.touch()

    def show(line: str) -> None:
        lines.append(line)
        second.set()

    with file.open("a") as stream, Showing(file, show):
        stream.write("1 of 3\n2 of")
        stream.flush()
        assert second.wait(10), "the module still runs"
        assert lines == ["1 of 3"]
        stream.write(" 3\n")
        stream.flush()
    assert lines == ["1 of 3", "2 of 3"]
