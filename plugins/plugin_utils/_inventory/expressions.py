# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user's own expressions decide: which machines are in the inventory, and what their hosts are called (pure).

Only expressions of the user's file are evaluated. What they return may come from an API server, and is data.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._ipam.errors import InvalidInput
from ansible_collections.elemental.networking.plugins.module_utils._texts import plain

Variables = t.Mapping[str, t.Any]
# an expression and variables to its value; raises Undefined for a variable that is not there, others for what cannot be evaluated
Evaluate = t.Callable[[str, Variables], t.Any]
# no pattern, no option and no path can be made of it
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?\Z")
# Ansible's own names: a machine that registers under one of them would get the tasks of the controller
_RESERVED = ("localhost", "127.0.0.1", "all", "ungrouped")
# before 2.19 Ansible makes booleans of these strings
_BOOLEANS = ("True", "False")
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0", "none", "")


def is_wanted(variables: Variables, include: t.Sequence[str], exclude: t.Sequence[str], evaluate: Evaluate) -> bool:
    """Whether any condition includes the machine, or none is given, and no condition excludes it. Raises InvalidInput."""
    if include and not any(_is_true(condition, variables, evaluate) for condition in include):
        return False
    return not any(_is_true(condition, variables, evaluate) for condition in exclude)


class Undefined(Exception):
    """A variable of an expression that a machine does not have."""


def given_name(variables: Variables, expressions: t.Sequence[str], evaluate: Evaluate) -> str:
    """The first value that is not empty, or an empty string. Raises InvalidInput for one that no host may be called."""
    for expression in expressions:
        try:
            value = evaluate(expression, variables)
        except Undefined:  # the next expression counts
            continue
        except Exception as error:
            raise InvalidInput(
                f"{plain(expression, 80)} in hostnames cannot be evaluated: {plain(error).rstrip('.')}; correct it"
            ) from None
        if value not in (None, ""):
            return checked_host(_text(expression, value))
    return ""


def checked_host(name: object) -> str:
    """The name itself. Raises InvalidInput for one that Ansible could take for something else."""
    if isinstance(name, str) and _HOST.match(name) and name.lower() not in _RESERVED:
        return name
    raise InvalidInput(
        f"a host cannot be called {plain(name, 80) or 'by an empty name'}: use letters, digits, dots, dashes and underscores, "
        "and none of Ansible's own names; give the machine another name with hostnames"
    )


def _text(expression: str, value: object) -> str:
    """A string; a number becomes one, as in every version of Ansible before 2.19."""
    if isinstance(value, str) and value not in _BOOLEANS:
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return plain(value)
    raise InvalidInput(
        f"{plain(expression, 80)} in hostnames gives {plain(value, 80)}, which is not a string; correct it"
    )


def _is_true(condition: str, variables: Variables, evaluate: Evaluate) -> bool:
    try:
        value = evaluate(condition, variables)
    except Exception as error:
        raise InvalidInput(f"the condition {plain(condition, 80)} cannot be evaluated: {plain(error)}") from None
    if isinstance(value, str):
        word = value.strip().lower()
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
        raise InvalidInput(
            f"the condition {plain(condition, 80)} is {plain(value, 80)}, which is neither true nor false"
        )
    return bool(value)
