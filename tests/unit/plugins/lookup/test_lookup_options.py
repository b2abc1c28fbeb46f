# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every lookup of the collection refuses: an option that it does not have, and terms that are missing."""

from __future__ import annotations

import importlib
import typing as t

import pytest
from ansible.errors import AnsibleError

_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def _run(loaded: t.Callable[..., t.Any], name: str, terms: t.Sequence[str], **options: t.Any) -> object:
    module = importlib.import_module(f"ansible_collections.elemental.networking.plugins.lookup.{name}")
    return loaded(module, {}).run(list(terms), {}, **options)


@pytest.mark.parametrize(
    ("name", "mistyped", "meant"),
    [
        ("ip_address", {"machin": "x"}, "machine"),
        ("machine_network", {"manifesto": "x"}, "manifest"),
        ("nonempty_variable", {"defaults": "x"}, "default"),
        ("resolved_network", {"networks": {}}, "network"),
        ("verified_url", {"sha256": _SHA256, "sha265": _SHA256}, "sha256"),
    ],
)
def test_a_mistyped_option_is_refused(
    loaded: t.Callable[..., t.Any], name: str, mistyped: dict[str, t.Any], meant: str
) -> None:
    with pytest.raises(AnsibleError, match=rf"elemental\.networking\.{name} has no option .*did you mean {meant}"):
        _run(loaded, name, ["machine_network"], **mistyped)


@pytest.mark.parametrize(
    ("name", "options", "what"),
    [
        ("ip_address", {}, "a placeholder key"),
        ("nonempty_variable", {}, "the name of a variable"),
        ("verified_url", {"sha256": _SHA256}, "an address"),
    ],
)
def test_a_term_that_is_required_is_asked_for(
    loaded: t.Callable[..., t.Any], name: str, options: dict[str, t.Any], what: str
) -> None:
    with pytest.raises(AnsibleError, match=f"{name} needs {what}: give it as the first argument"):
        _run(loaded, name, [], **options)
