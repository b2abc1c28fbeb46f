# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of others for Ansible: never a template, in any version of ansible-core."""

from __future__ import annotations

import typing as t

import ansible.template
from ansible.utils.unsafe_proxy import wrap_var

# ansible-core 2.19 and later evaluate nothing that is not marked as trusted
_IS_TRUST_EXPLICIT = hasattr(ansible.template, "trust_as_template")
_TEMPLATES = ("{{", "{%", "{#")


def as_data(value: t.Any) -> t.Any:
    """The value, with those strings marked as unsafe that an older ansible-core would evaluate; all others stay plain strings.

    A marked string is written as a dictionary by ``ansible-inventory --export``, which AWX does not read.
    """
    return value if _IS_TRUST_EXPLICIT else _marked(value)


def _marked(value: t.Any) -> t.Any:
    if isinstance(value, str):
        return wrap_var(value) if any(mark in value for mark in _TEMPLATES) else value
    if isinstance(value, dict):
        return {_marked(key): _marked(each) for key, each in value.items()}
    return [_marked(each) for each in value] if isinstance(value, list) else value
