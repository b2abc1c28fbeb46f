# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a commit may be published under a tag: python3 -m tests.stages.release TAG (make release-check TAG=0.1.0), with PyYAML."""

from __future__ import annotations

import sys
import typing as t

import yaml

from .machine import REPOSITORY


def problems(tag: str, version: str, released: t.Container[str], fragments: t.Sequence[str]) -> list[str]:
    """What is wrong, one sentence each.

    ``version`` is that of galaxy.yml, ``released`` holds the versions of the changelog, ``fragments`` are files that no release has.
    """
    found = []
    if tag != version:
        found.append(f"the tag is {tag}, but galaxy.yml has version {version}: change one of them")
    if version not in released:
        found.append(f"changelogs/changelog.yaml has no release {version}: run antsibull-changelog release")
    if fragments:
        found.append(f"changelogs/fragments still has {', '.join(fragments)}: run antsibull-changelog release")
    return found


def main(arguments: t.Sequence[str]) -> int:
    """Compare; the exit code is 1 where something is wrong."""
    if len(arguments) != 1:
        print("give the tag, for example 0.1.0", file=sys.stderr)
        return 2
    version = yaml.safe_load((REPOSITORY / "galaxy.yml").read_text())["version"]
    changes = REPOSITORY / "changelogs"
    released = yaml.safe_load((changes / "changelog.yaml").read_text())["releases"]
    fragments = sorted(file.name for file in (changes / "fragments").glob("*.y*ml"))
    found = problems(arguments[0], version, released, fragments)
    print("\n".join(found) or f"{version} may be published")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
