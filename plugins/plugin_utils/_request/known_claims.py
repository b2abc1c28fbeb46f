# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims that another process of this run of Ansible has read: it starts one for each host and task.

Each of these processes imports this file, and Ansible compiles it for each. So it imports nothing that Ansible has not imported already,
and works with claims as they are in a file; `shared_claims` reads them from a backend and writes that file.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
import typing as t

from ansible import constants
from ansible_collections.elemental.networking.plugins.plugin_utils._request.hidden_values import VARIABLES, is_unset

_Claim = t.Dict[str, t.Any]

# seconds for which what was read is believed: something else may change it at any time
LIFETIME = 120.0
# seconds for which a claim that is missing is believed to be missing: something else may have made it meanwhile
_LIFETIME_OF_A_GAP = 5.0
# what else decides what is read
_ENVIRONMENT = ("K8S_AUTH_", "KUBECONFIG", "PG", "HOME")
_RENUMBERING = ".renumbering"


def option(lookup: t.Any, name: str, hidden: t.Mapping[str, t.Any] | None = None) -> t.Any:
    """The value of an option of a lookup; one from a variable arrives as it is written, with its templates.

    ``hidden`` is what empty extra variables hide, by variable: it takes the place of an option that is empty.
    """
    value = lookup.get_option(name)
    is_plain = value is None or (isinstance(value, str) and "{" not in value)
    found = value if is_plain else lookup._templar.template(value)
    return lookup._templar.template(hidden.get(VARIABLES.get(name, ""))) if hidden and is_unset(found) else found


def default_machine(host: str) -> str:
    """The name that the machine of a host has by default, as `names.machine_name` makes it."""
    return re.sub("[^0-9a-z.]", "-", host.lower())


def generation() -> str:
    """The folder for what was read since claims were changed by this run; another one from the next change on."""
    folder = os.path.join(constants.DEFAULT_LOCAL_TMP, "elemental-networking")
    try:
        with open(os.path.join(folder, "generation"), encoding="ascii") as stream:
            return os.path.join(folder, stream.read())
    except FileNotFoundError:
        return os.path.join(folder, "first")


def stamp(name: str) -> object:
    """What changes with the content of a file."""
    try:
        found = os.stat(name)
    except OSError:
        return "missing"
    return [found.st_mtime_ns, found.st_size, found.st_ino]


class Shelf:
    """The files with the claims of one machine, and with all claims, of one place: as the user names backend, cluster and namespace."""

    def __init__(self, place: t.Sequence[object], machine: str, keys: t.Collection[str]) -> None:
        self._machine, self._keys = machine, keys
        self.folder = os.path.join(generation(), f"claims-{_digest(place)}")
        self.whole = os.path.join(self.folder, "all")
        self.single = os.path.join(self.folder, f"machine-{_digest([machine, sorted(keys)])}")

    def read(self) -> list[_Claim] | None:
        """The claims of the machine; None where they are not known for all of the keys, or are too old."""
        machine = f"machine {self._machine}"
        by_name = [f"claim {self._machine}-{key}" for key in self._keys]
        for path, names in ((self.single, [machine]), (self.whole, [machine, *by_name])):
            content, passed = _content(path)
            found = [each for name in names for each in _claims_in(content, name)]
            claims = [each if each["machine"] else self._named(each) for each in found]
            missing = set(self._keys) - {without_mark(each["key"]) for each in claims if each["address"]}
            if content and (passed < _LIFETIME_OF_A_GAP or not missing):
                return claims
        return None

    def _named(self, claim: _Claim) -> _Claim:
        return {**claim, "machine": self._machine, "key": claim["name"][len(self._machine) + 1 :]}


def _digest(parts: object) -> str:
    """A name for what is read by these parts, in this environment. There may be secrets in them."""
    around = sorted((name, value) for name, value in os.environ.items() if name.startswith(_ENVIRONMENT))
    return hashlib.sha256(json.dumps([parts, around], sort_keys=True, default=str).encode()).hexdigest()


def _content(path: str) -> tuple[bytes, float]:
    """What is in a file, and how old it is; nothing where it does not hold any more, as it is too old or its sources have changed."""
    try:
        passed = time.time() - os.stat(path).st_mtime
        with open(path, "rb") as stream:
            content = stream.read()
    except FileNotFoundError:
        return b"", 0.0
    sources = json.loads(content[: content.index(b"\n")])
    holds = 0 <= passed < LIFETIME and all(stamp(name) == known for name, known in sources.items())
    return (content, 0.0 if sources else passed) if holds else (b"", 0.0)


def _claims_in(content: bytes, name: str) -> list[_Claim]:
    """The claims in the line that begins with this name."""
    begin = content.find(b"\n" + json.dumps([name])[:-1].encode() + b", ")
    if begin < 0:
        return []
    return list(json.loads(content[begin + 1 : content.index(b"\n", begin + 1)])[1])


def without_mark(key: str) -> str:
    """The key of a claim, also of one that is for the new address of a machine that is renumbered."""
    return key[: -len(_RENUMBERING)] if key.endswith(_RENUMBERING) else key


def served(claims: t.Iterable[_Claim], host: str, site: str, is_named: bool) -> dict[str, _Claim]:
    """The claims of a host's machine by placeholder key; one without an address is left out. ``is_named``: the user names the machine.

    Raises ValueError where an address cannot be used, or where namespaces differ about a key.
    """
    # a machine that was named may be another host's; the name that was made of the host's own may be equal by chance
    own = [each for each in claims if each["site"] in ("", site)]
    held = [each for each in own if is_named or each["host"] in ("", host)]
    _refuse_two_namespaces(held)
    for each in held:
        if each["trouble"]:
            raise ValueError(each["trouble"])
    found = {each["key"]: each for each in held if each["address"]}
    # while a machine is renumbered the old address counts; once that is released, the new one does
    beside = {without_mark(key): each for key, each in found.items() if key.endswith(_RENUMBERING)}
    return {**beside, **{key: each for key, each in found.items() if not _is_of_another(each, beside.get(key))}}


def _is_of_another(old: _Claim, new: _Claim | None) -> bool:
    """Whether another machine may still have the old address than the one on which the new one was proved: the old claim stays then."""
    if new is None or not new["confirmed"]:
        return False
    recorded, proved = old["machine_id"], new["machine_id"]
    return bool(recorded and proved) and recorded != proved


def _refuse_two_namespaces(held: t.Iterable[_Claim]) -> None:
    seen: dict[str, str] = {}
    for each in held:
        other = seen.setdefault(each["key"], each["namespace"])
        if other != each["namespace"]:
            raise ValueError(
                f"machine {each['machine']} holds {each['key']} in the namespaces {other} and {each['namespace']};"
                " choose one with machine_network_ipam_namespace"
            )
