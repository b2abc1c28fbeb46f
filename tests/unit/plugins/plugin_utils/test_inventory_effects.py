# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An option of the inventory file that has no effect there is an error."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.errors import InvalidInput
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.effects import check_effects
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.options import query_of, rules_of

DEFAULTS: dict[str, t.Any] = {
    "addresses": ["claimed", "registration-ip"],
    "group_by": ["cluster", "role", "machine_pool", "pool", "state"],
}
CLAIMS, DATABASE = {"source": "claims"}, {"source": "database"}
SERVER = {**DATABASE, "backend": "postgresql"}
OF_DATABASES = "is only for source database; write source: database or remove it"
OF_ELEMENTAL = "is only for source machine_inventories; remove it"


def check(given: dict[str, t.Any], elsewhere: dict[str, t.Any] | None = None) -> None:
    """What the plugin does with a file; ``elsewhere`` are options of the environment."""
    option = {**DEFAULTS, **(elsewhere or {}), **given}.get
    check_effects(given, query_of(option, "/"), rules_of(option, given))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        *(
            (
                {**source, "label_selector": "a=b"},
                "label_selector is only for source machine_inventories; use include instead",
            )
            for source in (CLAIMS, DATABASE)
        ),
        ({**CLAIMS, "clusters": True}, f"clusters {OF_ELEMENTAL}"),
        ({**CLAIMS, "confirmations": False}, f"confirmations {OF_ELEMENTAL}"),
        ({**DATABASE, "label_prefix": "-"}, f"label_prefix {OF_ELEMENTAL}"),
        (
            {**DATABASE, "kubernetes": {"host": "x"}},
            "kubernetes is only for source machine_inventories or claims; remove it",
        ),
        ({"site": "a"}, "site is only for source claims or database; remove it"),
        *(
            ({**source, name: value}, f"{name} {OF_DATABASES}")
            for source in ({}, CLAIMS)
            for name, value in (("database", "x"), ("backend", "embedded"), ("postgresql", {"host": "x"}))
        ),
        ({**SERVER, "database": "x"}, "database is only for backend embedded; write backend: embedded or remove it"),
        (
            {**DATABASE, "postgresql": {"host": "x"}},
            "postgresql is only for backend postgresql; write backend: postgresql or remove",
        ),
        (
            {"addresses": ["machine"]},
            "addresses has machine, which needs clusters: true; write that, too, or remove machine",
        ),
        *(
            (
                {"group_by": [each]},
                f"group_by has {each}, which needs clusters: true; write that, too, or remove {each}",
            )
            for each in ("cluster", "role", "machine_pool")
        ),
        *(
            ({**CLAIMS, "addresses": [each]}, f"addresses has {each}, which {OF_ELEMENTAL}")
            for each in ("registration-ip", "ExternalIP", "InternalIP", "Hostname", "machine")
        ),
        ({**DATABASE, "group_by": ["cluster"]}, f"group_by has cluster, which {OF_ELEMENTAL}"),
        (
            {"addresses": ["name"], "address_keys": ["ip"]},
            "address_keys is only for claimed addresses; write claimed into addresses",
        ),
    ],
)
def test_an_option_without_an_effect_is_one_sentence(given: dict[str, t.Any], words: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        check(given)
    assert str(raised.value).startswith(words)


@pytest.mark.parametrize(
    "given",
    [
        {},
        CLAIMS,
        DATABASE,
        {"label_selector": "a=b", "label_prefix": "-", "confirmations": False, "kubernetes": {"host": "x"}},
        {"clusters": True, "addresses": ["machine", "Hostname", "name"], "group_by": ["cluster", "namespace"]},
        {**CLAIMS, "kubernetes": {"host": "x"}, "site": "a", "addresses": ["claimed", "name"], "group_by": ["pool"]},
        {**DATABASE, "database": "x", "backend": "embedded", "site": "a", "address_keys": ["ip"], "namespaces": ["a"]},
        {**SERVER, "postgresql": {"host": "x"}},
        # what is empty is not set, and what is switched off is not there
        {**CLAIMS, "label_selector": "", "database": None, "postgresql": {}, "clusters": False, "confirmations": True},
        {"addresses": [], "group_by": [], "address_keys": []},
        # one item has an effect; these are the defaults, and one more
        {**CLAIMS, "addresses": ["claimed", "registration-ip"]},
        {"group_by": ["cluster", "role", "machine_pool", "pool", "state", "namespace"]},
    ],
)
def test_what_has_an_effect(given: dict[str, t.Any]) -> None:
    check(given)


def test_what_is_set_for_many_files_may_have_no_effect_in_one() -> None:
    for source in ({}, CLAIMS, SERVER):
        check(source, {"database": "x", "label_selector": "a=b", "clusters": True})
