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

from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.keyfile import Entry, entries

_RULE_KEY = re.compile(r"routing-rule\d+\Z")
_ROUTE_KEY = re.compile(r"route\d+\Z")
_PRIORITY = re.compile(r"priority ([0-9]{1,10})")
_TABLE = re.compile(r"\btable[ =]([0-9]{1,10})")
_NUMBER = re.compile(r"[0-9]{1,10}\Z")
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

    def with_rules(self, family: str, rules: t.Sequence[str]) -> str:
        """The text with these rules of a family instead of its own, where nmstate's order of keys has them."""
        section = [entry for entry in self.entries if entry.section == family]
        own = {entry.line - 1 for entry in section if _RULE_KEY.match(entry.key)}
        before = max((entry.line - 1 for entry in section if entry.key < "routing-rule"), default=-1)
        lines = sorted((f"routing-rule{number}", rule) for number, rule in enumerate(rules))
        added = [f"{key}={rule}" for key, rule in lines]
        kept = ((number, line) for number, line in enumerate(self.lines) if number not in own)
        return "\n".join(each for number, line in kept for each in [line, *(added if number == before else [])])


def with_ordered_rules(files: t.Mapping[str, str]) -> dict[str, str]:
    """Keyfiles by name, with their rules by priority and each at the first interface that may have it. Raises KeyfileError."""
    keyfiles = {name: _Keyfile.of(text) for name, text in files.items()}
    result = dict(files)
    for family in _FAMILIES:
        rules = {name: keyfile.values(family, _RULE_KEY) for name, keyfile in keyfiles.items()}
        if any(rules.values()):
            placed = _placed(rules, keyfiles, family)
            result = {name: _Keyfile.of(text).with_rules(family, placed[name]) for name, text in result.items()}
    return result


def _placed(rules: t.Mapping[str, list[str]], keyfiles: t.Mapping[str, _Keyfile], family: str) -> dict[str, list[str]]:
    """The rules of a family by keyfile, in order: a rule of an interface stays there, and so does one that can be nowhere else."""
    tables = {name: keyfile.holds_tables(family) for name, keyfile in keyfiles.items()}
    homes: dict[int, str] = {}
    for name in sorted(tables, key=lambda name: (keyfiles[name].is_disabled(family), name)):
        for table in tables[name]:
            homes.setdefault(table, name)
    result: dict[str, list[str]] = {name: [] for name in rules}
    for name, values in rules.items():
        for rule in values:
            table = _table(rule) or _MAIN_TABLE
            is_free = " iif " not in rule and table in tables[name]
            result[homes[table] if is_free else name].append(rule)
    return {name: sorted(values, key=_rank) for name, values in result.items()}


def _rank(rule: str) -> tuple[int, str]:
    priority = _PRIORITY.search(rule)
    return int(priority.group(1)) if priority else 0, rule


def _table(text: str) -> int:
    found = _TABLE.search(text)
    return int(found.group(1)) if found else 0


def _number(values: t.Sequence[str]) -> int:
    return int(values[0]) if values and _NUMBER.match(values[0]) else 0
