# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program from the net: a mirror without an end does not fill the disk."""

from __future__ import annotations

import io
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._binary import sources


class _Endless(io.RawIOBase):
    def read(self, size: int = -1) -> bytes:
        return b"x" * size


def test_a_download_ends_at_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def open_url(*_arguments: t.Any, **_options: t.Any) -> _Endless:
        return _Endless()

    monkeypatch.setattr(sources, "open_url", open_url)
    monkeypatch.setattr(sources, "_LARGEST", 3 << 20)
    with pytest.raises(sources.BinaryError, match="holds over 3,145,728 bytes") as error:
        sources.Release("https://mirror.example.com/nmc", "0" * 64).fetch(str(tmp_path / "nmc"), str(tmp_path))
    assert "\n" not in str(error.value)
    assert (tmp_path / "nmc").stat().st_size <= 5 << 20
