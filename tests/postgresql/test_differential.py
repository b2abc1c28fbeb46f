# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The embedded backend and the server give the same addresses, whatever happens in whatever order; and so does the same play."""

from __future__ import annotations

import os
import re
import tempfile
import typing as t
from pathlib import Path

import hypothesis
import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.names import machine_name
from ansible_collections.elemental.networking.tests.unit.roles.test_machine_network_role import NODES, Site
from hypothesis import strategies as st

from tests.cluster.test_differential import NAMES, POOLS, RESTING, STEP, apply, held, pool

from . import clients
from .test_server import SCHEMA, sql

EXAMPLES = int(os.environ.get("DIFFERENTIAL_EXAMPLES", "30"))
ALONE = st.tuples(st.sampled_from(["claim", "release"]), st.lists(NAMES, min_size=1, max_size=1))
Step = t.Tuple[str, t.List[int]]


def compare(options: t.Mapping[str, t.Any], steps: t.Sequence[Step], **first: t.Any) -> None:
    """Do the same on both, from nothing, and look after each step."""
    sql(options, f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
    with tempfile.TemporaryDirectory() as folder:
        embedded = open_backend(BackendOptions("embedded", f"{folder}/ipam.sqlite"))
        with embedded, clients.opened(options) as other:
            for each in (embedded, other):
                each.apply_pool(pool("ns", first), False)
            for step in steps:
                results = [apply(each, "ns", step) for each in (embedded, other)]
                assert results[0] == results[1], step
                assert held(embedded, "ns") == held(other, "ns"), step
                assert embedded.list_pools(None) == other.list_pools(None), step


def test_both_give_the_same_addresses(options: dict[str, t.Any]) -> None:
    @hypothesis.settings(max_examples=EXAMPLES, deadline=None, database=None, print_blob=True)
    @hypothesis.given(st.integers(0, len(POOLS) - 1), st.lists(STEP, min_size=3, max_size=12))
    def run(first: int, steps: list[Step]) -> None:
        compare(options, steps, **POOLS[first])

    run()


def test_released_addresses_rest_alike(options: dict[str, t.Any]) -> None:
    @hypothesis.settings(max_examples=EXAMPLES, deadline=None, database=None, print_blob=True)
    @hypothesis.given(st.lists(st.one_of(ALONE, STEP), min_size=4, max_size=12))
    def run(steps: list[Step]) -> None:
        compare(options, steps, **RESTING)

    run()


def test_the_same_plays_give_the_same_addresses(
    options: dict[str, t.Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hosts are stand-ins: some get their network, one is reset, all get theirs, and the last play changes nothing."""
    monkeypatch.setenv("PGPASSWORD", options["password"])
    access = {name: value for name, value in options.items() if name != "password"}
    variables = {
        "embedded": {},
        "postgresql": {"machine_network_ipam_backend": "postgresql", "machine_network_postgresql": access},
    }
    found: dict[str, list[t.Any]] = {}
    for backend, more in variables.items():
        folder = tmp_path / backend
        folder.mkdir()
        site = Site(folder)
        hosts: dict[str, dict[str, t.Any]] = {name: more for name in NODES}
        opened = BackendOptions(backend, str(site.database), postgresql=options)
        found[backend] = []
        for name, *limit in (("configure", "--limit", "n4,n1,n6"), ("reset", "--limit", "n1"), ("configure",)):
            play = site.play(*limit, playbook=f"elemental.networking.{name}", hosts=hosts)
            assert not play.failed, play.output
            assert options["password"] not in play.output
            with open_backend(opened) as database:
                found[backend].append(held(database, "default"))
        again = site.play(playbook="elemental.networking.configure", hosts=hosts)
        assert set(re.findall(r"changed=(\d+)", again.text)) == {"0"}, again.output
    assert found["embedded"] == found["postgresql"]
    assert set(found["postgresql"][-1]) == {f"{machine_name(name)}-ip" for name in NODES}
