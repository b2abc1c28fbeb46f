# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routing rules where the tools put them at random: in one order, and at one interface of those that may have them.

nmstate 2.2 keeps rules in a hash set, and looks for the interface of a rule among those with routes in the order of another one
(rust/src/lib/nm/route_rule.rs). An order has no meaning there: rules have priorities.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.elemental.networking.plugins.module_utils._networkmanager.keyfile import Entry, entries

_RULE_KEY = re.compile(r"routing-rule\d+\Z")
_ROUTE_KEY = re.compile(r"route\d+\Z")
_PRIORITY = re.compile(r"priority (\d+)")
_TABLE = re.compile(r"\btable[ =](\d+)")
_FAMILIES = ("ipv4", "ipv6")
# 0 stands for it too
_MAIN_TABLE = 254


@dataclass(frozen=True)
class _Keyfile:
    """A keyfile of nmstate: keys are sorted in each section."""

    lines: tuple[str, ...]
    entries: tuple[Entry, ...]

    @classmethod
    def of(cls, text: str) -> _Keyfile:
        return cls(tuple(text.split("\n")), tuple(entries(text)))

    def values(self, section: str, key: re.Pattern[str]) -> list[str]:
        return [entry.value for entry in self.entries if entry.section == section and key.match(entry.key)]

    def holds_tables(self, family: str) -> set[int]:
        """The tables for which nmstate may put a rule of a family here; none where no route is, or no place for a rule."""
        has_routes = any(self.values(section, _ROUTE_KEY) for section in _FAMILIES)
        if not has_routes or not any(entry.section == family for entry in self.entries):
            return set()
        options = self.values(family, re.compile(r"route\d+_options\Z"))
        tables = [_table(option) for option in options] + [_number(self.values(family, re.compile(r"route-table\Z")))]
        return {table or _MAIN_TABLE for table in tables}

    def is_disabled(self, family: str) -> bool:
        return self.values(family, re.compile(r"method\Z")) == ["disabled"]

    def with_rules(self, rules: t.Mapping[str, t.Sequence[str]]) -> str:
        """The text with these rules by family instead of its own, where nmstate's order of keys has them."""
        own = {entry.line - 1 for entry in self.entries if entry.section in rules and _RULE_KEY.match(entry.key)}
        added: dict[int, list[str]] = {}
        for family, values in rules.items():
            section = [entry for entry in self.entries if entry.section == family and entry.line - 1 not in own]
            before = [entry for entry in section if entry.key < "routing-rule"]
            lines = sorted((f"routing-rule{number}", value) for number, value in enumerate(values))
            if before:
                added[before[-1].line - 1] = [f"{key}={value}" for key, value in lines]
        kept = ((number, line) for number, line in enumerate(self.lines) if number not in own)
        return "\n".join(each for number, line in kept for each in [line, *added.get(number, [])])


def with_ordered_rules(files: t.Mapping[str, str]) -> dict[str, str]:
    """Keyfiles by name, with their rules by priority and each at the first interface that may have it. Raises KeyfileError."""
    keyfiles = {name: _Keyfile.of(files[name]) for name in sorted(files)}
    rules = {
        name: {family: keyfile.values(family, _RULE_KEY) for family in _FAMILIES} for name, keyfile in keyfiles.items()
    }
    if not any(each for families in rules.values() for each in families.values()):
        return dict(files)
    placed: dict[str, dict[str, list[str]]] = {name: {} for name in keyfiles}
    for name, families in rules.items():
        for family, values in families.items():
            for rule in values:
                placed[_home(rule, name, family, keyfiles)].setdefault(family, []).append(rule)
    return {
        name: keyfiles[name].with_rules(
            {family: sorted(placed[name].get(family, ()), key=_rank) for family in _FAMILIES}
        )
        for name in files
    }


def _home(rule: str, name: str, family: str, keyfiles: t.Mapping[str, _Keyfile]) -> str:
    """The keyfile for a rule that the tool wrote into ``name``: a rule of an interface stays there."""
    table = _table(rule) or _MAIN_TABLE
    possible = [each for each in keyfiles if table in keyfiles[each].holds_tables(family)]
    if " iif " in rule or name not in possible:
        return name
    return min(possible, key=lambda each: (keyfiles[each].is_disabled(family), each))


def _rank(rule: str) -> tuple[int, str]:
    priority = _PRIORITY.search(rule)
    return int(priority.group(1)) if priority else 0, rule


def _table(text: str) -> int:
    found = _TABLE.search(text)
    return int(found.group(1)) if found else 0


def _number(values: t.Sequence[str]) -> int:
    return int(values[0]) if values and values[0].isdigit() else 0
