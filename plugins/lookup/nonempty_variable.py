# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lookup elemental.networking.nonempty_variable."""

from __future__ import annotations

DOCUMENTATION = r"""
name: nonempty_variable
short_description: The value of a variable, in which an empty string counts as unset
version_added: 0.1.0
author:
  - elemental.networking contributors (@elemental-networking)
description:
  - Returns the value of a variable of this collection for the host of the task, also where an extra variable hides it with an empty string.
    A survey of AWX sends an empty string for each question that is not answered, and an extra variable has precedence over the inventory.
  - A string that is empty or blank, and null, count as unset. Then the value from the inventory is returned, and without one O(default).
  - The role P(elemental.networking.machine_network#role) reads its variables this way. Use it in a play of your own that reads one of them.
options:
  _terms:
    description: The name of the variable, which begins with C(machine_network).
    type: list
    elements: str
    required: true
  default:
    description: What to return for a variable that is not set.
    type: raw
    default: ""
seealso:
  - plugin: elemental.networking.machine_network
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Show which database this host uses, although the survey of the job sent an empty answer
  ansible.builtin.debug:
    msg: "{{ lookup('elemental.networking.nonempty_variable', 'machine_network_ipam_database', default='the default') }}"
"""

RETURN = r"""
_raw:
  description: One value per variable.
  type: list
  elements: raw
"""

import typing as t

from ansible.plugins.lookup import LookupBase
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import InvalidInput
from ansible_collections.elemental.networking.plugins.plugin_utils._request.hidden_values import hidden_values, is_unset
from ansible_collections.elemental.networking.plugins.plugin_utils._request.lookup_options import (
    refuse_unknown,
    require_terms,
)


class LookupModule(LookupBase):
    """The lookup for Ansible's loader."""

    def run(self, terms: list[t.Any], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        """One value per variable; see the documentation."""
        self.set_options(var_options=variables, direct=kwargs)
        refuse_unknown(self, kwargs)
        require_terms(self, terms, "the name of a variable")
        wrong = [str(name) for name in terms if not str(name).startswith("machine_network")]
        if wrong:
            raise InvalidInput(
                f"{wrong[0]} is not a variable of this collection; give one that begins with machine_network"
            )
        return [self._value(str(name), variables or {}) for name in terms]

    def _value(self, name: str, variables: dict[str, t.Any]) -> t.Any:
        value = self._templar.template(variables.get(name))
        if is_unset(value):
            value = self._templar.template(hidden_values(variables).get(name))
        return self.get_option("default") if is_unset(value) else value
