# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CHANGELOG.md is generated from changelogs/changelog.yaml, and what that lists as new exists under this name."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import yaml

_REPOSITORY = Path(__file__).parents[3]
_RELEASES = yaml.safe_load((_REPOSITORY / "changelogs/changelog.yaml").read_text())["releases"]


def _listed(release: t.Mapping[str, t.Any]) -> set[tuple[str, str]]:
    """Folder and name of each module, plugin and role that a release brings."""
    kinds = {"modules": release.get("modules", []), **release.get("plugins", {})}
    kinds = {f"plugins/{kind}": each for kind, each in kinds.items()}
    return {
        (folder, each["name"])
        for folder, group in {**kinds, "roles": release.get("objects", {}).get("role", [])}.items()
        for each in group
    }


def test_what_the_newest_release_brings_is_there() -> None:
    newest = max(_RELEASES, key=lambda version: [int(number) for number in version.split(".")])
    places = [
        (folder, _REPOSITORY / folder / (name if folder == "roles" else f"{name}.py"))
        for folder, name in _listed(_RELEASES[newest])
    ]
    assert [str(place) for _folder, place in places if not place.exists()] == []


def test_the_page_lists_what_the_releases_bring() -> None:
    page = (_REPOSITORY / "CHANGELOG.md").read_text().replace("\\", "")
    names = set(re.findall(r"^\* elemental\.networking\.(\w+) - ", page, re.MULTILINE))
    assert names == {name for release in _RELEASES.values() for _folder, name in _listed(release)}
