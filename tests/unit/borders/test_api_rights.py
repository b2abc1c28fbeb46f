# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user of the API server is granted what is used, and nothing else."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.elemental.networking.plugins.module_utils._ipam.recording import KnownMachine, record_machines
from ansible_collections.elemental.networking.tests.unit.borders.api_server import (
    Server,
    asked,
    impatient,
    kubernetes,
    serve,
)

pytest.importorskip("urllib3")

NOW = "2026-11-29T12:00:00Z"
_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKsR1vhN5HTnbVBJbCwJgS6TTLwRMRrSbnHOjzWDJBq4"
_FILES = Path(__file__).parents[3] / "playbooks/files"


def granted(file: str = "ipam-consumer.yaml") -> set[tuple[str, str]]:
    """Verbs and kinds of a Role, by default that for those who claim from pools of a namespace."""
    (role,) = [each for each in yaml.safe_load((_FILES / file).read_text())["items"] if each["kind"] == "Role"]
    return {(verb, kind) for rule in role["rules"] for kind in rule["resources"] for verb in rule["verbs"]}


def test_a_consumer_is_granted_what_is_used_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch)
    stale = False

    def change(_number: int, status: int, content: t.Any) -> tuple[int, t.Any]:
        """A list of claims that lags behind, so that they are found to exist when they are made."""
        items = content.get("items") if stale and isinstance(content, dict) else None
        return status, {**content, "items": []} if items and items[0].get("kind") == "IPAddressClaim" else content

    server = Server(change)
    serve(server, [asked("a", family="IPv4")])
    stale = True
    assert serve(server, [asked("a")])["claims"][0]["address"] == "10.0.0.10"
    stale = False
    with kubernetes(server) as opened:
        record_machines(opened, [KnownMachine("ns", "a", "a", (_KEY,))], NOW, dry_run=False)
    serve(server, [asked("a")], state="absent")
    assert server.used == granted()


def test_who_renames_a_machine_needs_one_verb_more(monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch)
    server = Server()
    serve(server, [asked("a")])
    before = {*server.used, *granted()}
    serve(server, [asked("b")], machines=[{"machine": "b", "host": "b", "former_host": "a"}])
    assert server.used - before == granted("ipam-hand-over.yaml") == {("create", "ipaddresses")}
