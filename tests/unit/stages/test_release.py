# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a tag from being published."""

from __future__ import annotations

import pytest
from ansible_collections.elemental.networking.tests.stages.release import problems


@pytest.mark.parametrize(
    ("tag", "version", "fragments", "named"),
    [
        ("0.1.0", "0.1.0", [], []),
        ("v0.1.0", "0.1.0", [], ["the tag is v0.1.0"]),
        ("0.2.0", "0.2.0", [], ["no release 0.2.0"]),
        ("0.1.0", "0.1.0", ["a.yaml", "b.yml"], ["still has a.yaml, b.yml"]),
        ("0.2.0", "0.3.0", ["a.yaml"], ["has version 0.3.0", "no release 0.3.0", "a.yaml"]),
    ],
)
def test_the_tag_the_version_and_the_changelog_must_agree(
    tag: str, version: str, fragments: list[str], named: list[str]
) -> None:
    found = problems(tag, version, {"0.1.0"}, fragments)
    assert len(found) == len(named)
    assert all(words in sentence for words, sentence in zip(named, found))
