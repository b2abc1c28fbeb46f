# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written in the inventory file, before Ansible converts it: it splits strings at commas, and takes any word for false (pure)."""

from __future__ import annotations

import typing as t

from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.elemental.networking.plugins.module_utils._ipam.errors import InvalidInput
from ansible_collections.elemental.networking.plugins.module_utils._texts import did_you_mean, plain
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.flaws import flaw

Given = t.Mapping[t.Any, t.Any]
# an option to its description, as Ansible has read it from the documentation
Known = t.Mapping[str, t.Mapping[str, t.Any]]
_SHOWN = 80
# as YAML quotes them
_A_NAME, _A_CONDITION = "\"'web-' ~ elemental_name\"", "\"elemental_name == 'web-1'\""


def unknown_options(given: Given, known: Known) -> list[str]:
    """A sentence for each option of the file that there is not: Ansible ignores it."""
    names = [plain(each, 60) for each in given if each not in known]
    return [f"the inventory has no option {each}; {did_you_mean(each, known, 'it is ignored')}" for each in names]


def check_booleans(given: Given, known: Known) -> None:
    """Raise InvalidInput for a value that is neither true nor false, which Ansible takes for false."""
    for name, described in known.items():
        value = given.get(name)
        if described.get("type") in ("bool", "boolean") and value is not None and not _is_boolean(value):
            raise InvalidInput(f"{name} must be true or false, not {plain(value, _SHOWN) or 'an empty string'}")


def hostnames(given: Given) -> tuple[tuple[str, ...], list[str]]:
    """The expressions that can be evaluated, and a sentence for each of the others."""
    written = _written(given, "hostnames")
    flaws = {place: flaw(each, _A_NAME) for place, each in enumerate(written)}
    usable = tuple(each for place, each in enumerate(written) if not flaws[place])
    return usable, [f"hostnames has {each}" for each in flaws.values() if each]


def conditions(given: Given, name: str) -> tuple[str, ...]:
    """The conditions of ``include`` or ``exclude``. Raises InvalidInput: without one of them other machines would be in the inventory."""
    written = _written(given, name)
    wrong = next(filter(None, (flaw(each, _A_CONDITION) for each in written)), "")
    if wrong:
        raise InvalidInput(f"{name} has {wrong}")
    return written


def _written(given: Given, name: str) -> tuple[t.Any, ...]:
    """The expressions as they were written: Ansible marks what it may evaluate on the strings themselves. A string is one of them."""
    value = given.get(name)
    listed = value if isinstance(value, (list, tuple)) else (value,)
    return tuple(each for each in listed if each is not None and each != "")


def _is_boolean(value: object) -> bool:
    try:
        boolean(value)
    except TypeError:
        return False
    return True
