# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user gives to a lookup and Ansible does not look at: an option that there is not, and that a term is missing."""

from __future__ import annotations

import typing as t

from ansible import constants
from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

# ansible-core 2.19 and later leave the first to the lookup
_OF_ANSIBLE = ("allow_unsafe", "errors", "wantlist")


def refuse_unknown(lookup: LookupBase, given: t.Collection[str]) -> None:
    """Raise AnsibleLookupError for an option that this lookup does not have."""
    if not given:  # as a rule, and a play may look things up thousands of times
        return
    documented = constants.config.get_configuration_definitions("lookup", lookup._load_name)
    known = [each for each in documented if not each.startswith("_")]
    unknown = next((each for each in given if each not in known and each not in _OF_ANSIBLE), None)
    if unknown is not None:
        # here: few lookups have a mistake to explain
        from ansible_collections.elemental.networking.plugins.module_utils._texts import did_you_mean, plain

        hint = did_you_mean(unknown, known, f"use {', '.join(known)}")
        raise AnsibleLookupError(f"lookup {_name(lookup)} has no option {plain(unknown, 60)}; {hint}")


def require_terms(lookup: LookupBase, terms: t.Sequence[t.Any], what: str) -> None:
    """Raise AnsibleLookupError where there is no term; ``what`` is what the terms are."""
    if not terms:
        raise AnsibleLookupError(f"lookup {_name(lookup)} needs {what}: give it as the first argument")


def _name(lookup: LookupBase) -> str:
    return f"elemental.networking.{type(lookup).__module__.rpartition('.')[2]}"


def flattened(terms: t.Iterable[t.Any]) -> t.Iterator[t.Any]:
    """The terms, also where they were given as a list."""
    for term in terms:
        if isinstance(term, (list, tuple)):
            yield from flattened(term)
        else:
            yield term
