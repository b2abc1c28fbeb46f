# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of others for Ansible: never a template, in any version of ansible-core, and plain strings where they are exported.

``ansible-inventory --export`` writes a string that ansible-core must not evaluate as a dictionary, which AWX shows and compares as one:
before 2.19 those that are marked as unsafe, since then all that are not marked as trusted. So a string without any sign of a template is
left plain before 2.19, and marked as trusted since then: there is nothing in it to evaluate. A play exports nothing, and since 2.19
evaluates nothing that is not marked: there the values stay as they are.
"""

from __future__ import annotations

import functools
import re
import typing as t

import ansible.template
from ansible import context, errors
from ansible.errors import AnsibleError
from ansible.utils.unsafe_proxy import wrap_var

# two signs of a kind that begins an expression, with other delimiters, too, and the line that sets delimiters
_TEMPLATE = re.compile(r"[{\[(<%#$@][{\[(<%#$@]|#jinja2")
# a half of them is enough where nothing is exported: the other half may be in a template of the user's
_SIGN = re.compile(r"[{\[(<%#$@]")
_trust = getattr(ansible.template, "trust_as_template", None)


def for_this_program() -> t.Callable[[t.Any], t.Any]:
    """What makes data of the values of JSON where this inventory is read: ``as_data``, or nothing where Ansible takes them for data."""
    if "export" in context.CLIARGS:  # an option of ansible-inventory alone
        return as_data
    return functools.partial(as_data, signs=_SIGN) if _trust is None else _as_it_is


def is_undefined(error: AnsibleError) -> bool:
    """Whether an expression has no value: a variable that there is not, an ``if`` without its ``else``, ``omit``."""
    # since 2.19
    omitted = getattr(errors, "AnsibleValueOmittedError", errors.AnsibleUndefinedVariable)
    return isinstance(error, (errors.AnsibleUndefinedVariable, omitted)) or "Type 'Undefined'" in str(error.__cause__)


def made_of_data(value: t.Any) -> t.Any:
    """What a template of the user's has made of such values: braces of his own around one of them do not make a template of it.

    Since 2.19 nothing that a template has made is evaluated.
    """
    return as_data(value) if _trust is None else value


def as_data(value: t.Any, signs: re.Pattern[str] = _TEMPLATE) -> t.Any:
    """The value, with each string in it marked so that it is not evaluated and, if it has none of these signs, exported as a string.

    Dictionaries and lists are changed in place, not copied: thousands of machines have a hundred thousand of them.
    """
    if isinstance(value, str):
        return _marked(value, signs)
    pending = [value] if isinstance(value, (dict, list)) else []
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            _mark_keys(part, signs)
        for place, each in part.items() if isinstance(part, dict) else enumerate(part):
            if isinstance(each, str):
                part[place] = _marked(each, signs)
            elif isinstance(each, (dict, list)):
                pending.append(each)
    return value


def _mark_keys(owner: dict[t.Any, t.Any], signs: re.Pattern[str]) -> None:
    # a key becomes a value where a template of the user's loops over a dictionary; since 2.19 only what is marked is evaluated
    if _trust is None and not _are_plain(tuple(owner), signs):
        marked = {_marked(key, signs): each for key, each in owner.items()}
        owner.clear()
        owner.update(marked)


@functools.lru_cache(maxsize=10_000)
def _are_plain(texts: tuple[str, ...], signs: re.Pattern[str]) -> bool:
    return not any(signs.search(text) for text in texts)


def _as_it_is(value: t.Any) -> t.Any:
    return value


@functools.lru_cache(maxsize=50_000)
def _marked(text: str, signs: re.Pattern[str]) -> t.Any:
    if signs.search(text):
        return wrap_var(text)
    return text if _trust is None else _trust(text)
