# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of an object from an API server, each of the type that it must be; a part that is not is left out with a sentence (pure)."""

from __future__ import annotations

import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._ipam.addresses import host_address
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes import reading
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError
from ansible_collections.elemental.networking.plugins.module_utils._texts import plain
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.model import Object

Value = t.TypeVar("Value")
_SHOWN = 80
# an API server takes longer annotations, in which tools keep whole objects
_LONGEST = 4096
# as long as nearly all strings are, and shorter than what is refused
_SURELY_TAKEN = 256
# what kubectl notes about itself in each object that it applies
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class Parts:
    """The parts of one object; ``what`` names it in the sentences that ``troubles`` collects."""

    def __init__(self, item: Object, what: str) -> None:
        self.item, self.what = item, what
        self.troubles: list[str] = []

    def _attempt(self, read: t.Callable[[], Value], default: Value) -> Value:
        """What a function reads, or the default and a sentence."""
        try:
            return read()
        except IpamError as error:
            self.troubles.append(str(error))
            return default

    def mapping(self, *path: str) -> Object:
        """A dictionary, empty where there is none."""
        found: Object = self.item
        for depth, name in enumerate(path, 1):
            found = self.entry(found, name, ".".join(path[:depth]))
        return found

    def entry(self, owner: Object, name: str, field: str) -> Object:
        """A dictionary in another one, empty where there is none."""
        value = owner.get(name)
        if isinstance(value, dict):  # nearly always; there are a hundred parts of a machine, and thousands of machines
            return value
        return self._attempt(lambda: reading.optional_mapping(value, self.what, field), {})

    def entries(self, owner: Object, name: str, field: str) -> list[Object]:
        """A list of dictionaries, empty where there is none."""
        value = owner.get(name)
        if isinstance(value, list) and all(isinstance(each, dict) for each in value):
            return value
        return self._attempt(lambda: reading.mappings(value, self.what, field), [])

    def string(self, owner: Object, name: str, field: str) -> str:
        """A string, empty where there is none."""
        value = owner.get(name)
        if value is None or (isinstance(value, str) and len(value) <= _SURELY_TAKEN):
            return value or ""
        return self._attempt(lambda: reading.optional_text(owner, name, self.what, field), "")

    def strings(self, owner: Object, name: str, field: str) -> dict[str, str]:
        """A dictionary of strings, sorted; what is not one is left out, and what kubectl keeps there, too."""
        found = {}
        for key, value in sorted(self.entry(owner, name, field).items()):
            if key == _LAST_APPLIED:
                continue
            if isinstance(value, str) and len(value) <= _LONGEST:
                found[key] = value
            else:
                fault = "too long" if isinstance(value, str) else "not a string"
                self.trouble(f"{field}.{plain(key, _SHOWN)} is {fault}")
        return found

    def address(self, text: str, field: str) -> str:
        """An address in its canonical spelling, empty where it is not one that a machine can have. Brackets of IPv6 are taken off."""
        bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
        try:
            return str(host_address(self.what, bare))
        except IpamError:
            self.trouble(f"{field} is {plain(text, _SHOWN)}, which is not an address that a machine can have")
            return ""

    def trouble(self, fault: str) -> None:
        """Keep a sentence on what is left out."""
        self.troubles.append(f"{self.what}: {fault}; it is left out")
