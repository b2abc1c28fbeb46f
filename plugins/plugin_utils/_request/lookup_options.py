# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a lookup. Each process of Ansible that looks something up imports this file: it is small."""

from __future__ import annotations

import typing as t

from ansible.plugins.lookup import LookupBase
from ansible_collections.elemental.networking.plugins.plugin_utils._request.hidden_values import VARIABLES, is_unset


def option(lookup: LookupBase, name: str, hidden: t.Mapping[str, t.Any] | None = None) -> t.Any:
    """The value of an option; one from a variable arrives as it is written, with its templates.

    ``hidden`` is what empty extra variables hide, by variable: it takes the place of an option that is empty.
    """
    value = lookup._templar.template(lookup.get_option(name))
    if hidden and is_unset(value):
        return lookup._templar.template(hidden.get(VARIABLES.get(name, "")))
    return value
