# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with an expression of the user's no matter which machine it is evaluated for."""

from __future__ import annotations

import re
import typing as t

from ansible.errors import AnsibleError
from ansible.plugins.loader import filter_loader, test_loader
from ansible_collections.elemental.networking.plugins.module_utils._texts import did_you_mean, plain
from jinja2 import Environment, TemplateSyntaxError, nodes

_SHOWN = 80
_BRACES = ("{{", "{%")
_WHOLE_TEMPLATE = re.compile(r"\s*\{\{-?([^{}]*[^{}-])-?\}\}\s*\Z")


def flaw(expression: object, example: str) -> str:
    """What is wrong with an expression, and what to write, for example; empty if nothing is."""
    if isinstance(expression, t.Mapping):
        return f"a dictionary, which is not an expression; write a string, such as {example}"
    if not isinstance(expression, str):
        return f"{plain(expression, _SHOWN)}, which is not a string; write an expression in quotes"
    shown = plain(expression, _SHOWN)
    environment = Environment()  # nothing is rendered in it
    try:
        parsed = environment.parse(f"{{{{ {expression} }}}}")
    except TemplateSyntaxError as error:
        if any(each in expression for each in _BRACES):
            return f"{shown}, which is a template; write an expression without braces, such as {_bare(expression) or example}"
        return f"{shown}, which is not a valid Jinja2 expression ({plain(error.message)}); correct it"
    parts = [part for each in parsed.body for part in (each.nodes if isinstance(each, nodes.Output) else [each])]
    if len(parts) != 1:
        return f"{shown}, which is a template; write an expression without braces, such as {example}"
    if isinstance(parts[0], nodes.Tuple):
        return f"{shown}, which is several expressions; write a list with an item for each of them"
    unknown = _unknown(parsed, environment)
    return f"{shown}, but Ansible has no {unknown}" if unknown else ""


def _unknown(parsed: nodes.Template, environment: Environment) -> str:
    """A filter or a test that neither Jinja2 nor Ansible has, with a hint; empty if it has all of them."""
    for kind, what, loader, builtin in (
        (nodes.Filter, "filter", filter_loader, environment.filters),
        (nodes.Test, "test", test_loader, environment.tests),
    ):
        for each in parsed.find_all(kind):
            if each.name not in builtin and not _is_found(loader, each.name):
                return f"{what} {plain(each.name, _SHOWN)}; {did_you_mean(each.name, builtin, 'correct it')}"
    return ""


def _is_found(loader: t.Any, name: str) -> bool:
    """Whether Ansible has a plugin, looked up as its templates do it."""
    try:
        return loader.get(name) is not None
    except (AnsibleError, KeyError):
        return False


def _bare(template: str) -> str:
    """The expression in a template that is nothing else, empty for other ones."""
    found = _WHOLE_TEMPLATE.match(template)
    return plain(found[1], _SHOWN) if found else ""
