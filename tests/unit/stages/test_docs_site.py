# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation site: its inventory of labels, and guides whose examples name what there is. The pages are built by make docs-site."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import pytest
import yaml
from ansible_collections.elemental.networking.tests.stages.docs_site import inventory
from ansible_collections.elemental.networking.tests.stages.machine import REPOSITORY

_GUIDES = sorted((REPOSITORY / "docs/docsite/rst").glob("*.rst"))
_BLOCK = re.compile(r"^( *)\.\. code-block:: yaml\+jinja\n\n((?:\1 +.*\n|\n)+)", re.MULTILINE)
_FQCN = re.compile(r"elemental\.networking\.(\w+)")
_VARIABLE = re.compile(r"\bmachine_network_\w+")
_MANIFEST = re.compile(r"``([\w-]+\.yaml)``")
_OF_PLAYBOOKS = {f"machine_network_{name}" for name in ("hosts", "serial", "max_fail_percentage")}


def _names(*patterns: str) -> set[str]:
    return {path.stem for pattern in patterns for path in REPOSITORY.glob(pattern)}


def test_labels_are_what_sphinx_reads() -> None:
    lines = inventory("# comment\na.b page.html#a-b A title\nenvvar:A_B page.html#a A_B\n").split(b"\n", 4)
    assert lines[0] == b"# Sphinx inventory version 2"
    entries = b"a.b std:label -1 page.html#a-b A title\nA_B std:envvar -1 page.html#a A_B\n"
    assert zlib.decompress(lines[4]) == entries


@pytest.mark.parametrize("guide", _GUIDES, ids=lambda file: file.stem)
def test_examples_are_yaml_and_name_what_there_is(guide: Path) -> None:
    text = guide.read_text()
    examples = [block for _indent, block in _BLOCK.findall(text)]
    assert len(examples) == text.count("code-block:: yaml+jinja") > 0
    for example in examples:
        assert yaml.safe_load(example)
    assert set(_FQCN.findall(text)) <= {*_names("plugins/*/*.py", "roles/*", "playbooks/*.yml"), "docsite"}
    options = yaml.safe_load((REPOSITORY / "roles/machine_network/meta/argument_specs.yml").read_text())[
        "argument_specs"
    ]
    documented = {name for entry in options.values() for name in entry["options"]}
    assert set(_VARIABLE.findall(text)) <= documented | _OF_PLAYBOOKS
    assert set(_MANIFEST.findall(text)) <= {path.name for path in (REPOSITORY / "playbooks/files").iterdir()}
