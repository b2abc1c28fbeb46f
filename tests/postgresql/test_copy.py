# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A database is copied to the server and back: the same claims, by the same names, with the same addresses."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_database
from ansible_collections.elemental.networking.plugins.module_utils._ipam.recording import KnownMachine, record_machines
from ansible_collections.elemental.networking.plugins.module_utils._ipam.releasing import Release, release_claims

from . import clients
from .test_server import module

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKsR1vhN5HTnbVBJbCwJgS6TTLwRMRrSbnHOjzWDJBq4"
NOW = "2026-11-29T12:00:00Z"


@pytest.fixture
def file(tmp_path: Path) -> str:
    """An embedded database with claims, what is recorded of their machines, and an address that rests."""
    path = str(tmp_path / "ipam.sqlite")
    with open_database(BackendOptions("embedded", path)) as backend:
        backend.apply_pool(clients.pool(addressReuseGracePeriodSeconds=3600), False)
        clients.claimed(backend, "a", "b", "c", "d")
        record_machines(backend, [KnownMachine("default", "a", "", (KEY,), addresses=("10.0.0.1",))], NOW, False)
        release_claims(backend, [Release("default", "c-ip")], False)
    return path


def copied(file: str, options: t.Mapping[str, t.Any], back: bool = False, check: bool = False) -> dict[str, t.Any]:
    here, there = {"backend": "embedded", "database": file}, {"backend": "postgresql", "postgresql": options}
    source, target = (there, here) if back else (here, there)
    answer, printed = module("ipam_copy", source=source, target=target, _ansible_check_mode=check)
    assert str(options["password"]) not in printed
    return answer


def test_a_database_is_copied_to_the_server_and_back(options: dict[str, t.Any], file: str, tmp_path: Path) -> None:
    sizes = {"pools": 1, "claims": 3, "resting": 1}
    for check in (True, False):
        assert copied(file, options, check=check)["copied"] == sizes
        assert len(clients.held(options)) == (0 if check else 3)
    again = copied(file, options)
    assert (again["changed"], again["copied"], again["found"]) == (False, dict.fromkeys(sizes, 0), sizes)
    with clients.opened(options) as backend:
        bound = {each.claim.machine: each for each in backend.list_claims(None)}
        assert (bound["a"].claim.host_keys, bound["a"].claim.confirmed) == ((KEY,), NOW)
        assert clients.claimed(backend, "e") == ["10.0.0.5"], "10.0.0.3 rests"
        release_claims(backend, [Release("default", "e-ip")], False)
    other = str(tmp_path / "other.sqlite")
    assert copied(other, options, back=True)["copied"] == {**sizes, "resting": 2}
    contents = []
    for place in (BackendOptions("embedded", other), BackendOptions("postgresql", postgresql=options)):
        with open_database(place) as database:
            contents.append(database.content())
    assert contents[0] == contents[1]


@pytest.mark.parametrize(
    ("machines", "spec", "words"),
    [
        (["z"], {}, "in pools of the target differs from that of the source"),
        (
            ["z"],
            {"addressReuseGracePeriodSeconds": 3600},
            "the address 10.0.0.1 of claim a-ip is taken .* by claim z-ip",
        ),
        (["y", "a"], {"addressReuseGracePeriodSeconds": 3600}, "default a-ip in claims of the target differs"),
    ],
)
def test_what_the_target_has_already_is_not_given_twice(
    options: dict[str, t.Any], file: str, machines: list[str], spec: dict[str, t.Any], words: str
) -> None:
    clients.register(options, **spec)
    with clients.opened(options) as backend:
        clients.claimed(backend, *machines)
    before = clients.held(options)
    answer = copied(file, options)
    assert answer["error"]["code"] == "conflict"
    assert re.search(words, answer["msg"])
    assert clients.held(options) == before


def test_two_databases_are_joined(options: dict[str, t.Any], file: str) -> None:
    clients.register(options, addressReuseGracePeriodSeconds=3600)
    with clients.opened(options) as backend:
        clients.claimed(backend, *(f"filler{number}" for number in range(6)))
        release_claims(backend, [Release("default", f"filler{number}-ip") for number in range(5)], False)
        backend.apply_pool(clients.pool(), False)  # what rested does not rest any more
        backend.apply_pool(clients.pool(addressReuseGracePeriodSeconds=3600), False)
    assert copied(file, options)["copied"] == {"pools": 0, "claims": 3, "resting": 1}
    assert clients.held(options) == {"a": "10.0.0.1", "b": "10.0.0.2", "d": "10.0.0.4", "filler5": "10.0.0.6"}


def test_an_empty_source_is_a_mistake(options: dict[str, t.Any], tmp_path: Path) -> None:
    answer = copied(str(tmp_path / "mistyped.sqlite"), options)
    assert answer["error"]["code"] == "invalid_input"
    assert "the source has no pools and no claims" in answer["msg"]
    assert not (tmp_path / "mistyped.sqlite").exists()
