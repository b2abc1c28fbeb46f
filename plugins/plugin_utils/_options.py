# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that every change of a node's network has, and the request to the node that they come to."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleActionFail
from ansible_collections.elemental.networking.plugins.module_utils._ipam.names import machine_name

_DEFAULT_PROBES: tuple[dict[str, t.Any], ...] = ({"type": "gateway"}, {"type": "dns"})
_NEEDED = {"ping": ("target",), "tcp": ("target", "port"), "command": ("command",)}
# for a probe of the network of the node itself, and for one of the world behind it
_TIMEOUTS = {"gateway": 1.0, "dns": 2.0, "ping": 3.0, "tcp": 3.0, "command": 10.0}


def common_request(options: t.Mapping[str, t.Any], inventory_hostname: str, check: bool) -> dict[str, t.Any]:
    """What a node has to know of the common options. Raises AnsibleActionFail with one sentence."""
    return {
        "machine": options["machine"] or machine_name(inventory_hostname),
        "deadline": _checked_deadline(options["deadline"]),
        "probes": _checked_probes(options["probes"]),
        "check": check,
        "more_files": {},
    }


def _checked_deadline(seconds: int) -> int:
    if not 5 <= seconds <= 3600:
        raise AnsibleActionFail(f"deadline is {seconds} s; give 5 to 3600 seconds")
    return seconds


def _checked_probes(given: t.Sequence[t.Mapping[str, t.Any]] | None) -> list[dict[str, t.Any]]:
    probes = [_probe(each) for each in (_DEFAULT_PROBES if given is None else given)]
    names = [probe["name"] for probe in probes]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise AnsibleActionFail(f"two probes are called {', '.join(twice)}; give each a name of its own")
    return probes


def _probe(given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    kind = given["type"]
    missing = [name for name in _NEEDED.get(kind, ()) if not given.get(name)]
    if missing:
        raise AnsibleActionFail(f"a probe of type {kind} needs {' and '.join(missing)}")
    where = ":".join(str(given[name]) for name in ("target", "port") if given.get(name))
    return {
        "name": given.get("name") or f"{kind} {where}".strip(),
        "kind": kind,
        "target": given.get("target") or "",
        "port": given.get("port") or 0,
        "command": given.get("command") or "",
        "timeout": float(given.get("timeout") or _TIMEOUTS[kind]),
    }
