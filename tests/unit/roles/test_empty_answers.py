# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A question of a survey of AWX that is not answered sends an empty string: it is not an answer, whatever it hides."""

from __future__ import annotations

import json
import sqlite3
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.paths import ANSWER_MARK
from ansible_collections.elemental.networking.tests.unit.standin_hosts import (
    run_playbook,
    write_answers,
    write_inventory,
)

_FINE = [f"{ANSWER_MARK}{json.dumps({'version': 1, 'answer': 'staged', 'changed': False})}\n", "", 0]
# every variable of the role, as extra variables
_EMPTY = dict.fromkeys(
    (
        "machine_network",
        *(
            f"machine_network_{name}"
            for name in (
                *(
                    "manifest",
                    "pools",
                    "pool_files",
                    "ipam_backend",
                    "kubernetes",
                    "ipam_database",
                    "ipam_namespace",
                    "machine_name",
                ),
                *(
                    "site",
                    "former_name",
                    "renumber",
                    "keep_unused_claims",
                    "rollback_timeout",
                    "render_on",
                    "probes",
                    "elemental_os",
                ),
                *("take_over_elemental_os", "required_profiles", "accept_host_keys", "force_release", "release_owned"),
                *("hosts", "serial", "max_fail_percentage"),
            )
        ),
    ),
    "",
)


def play(folder: Path, book: str, extra: t.Mapping[str, t.Any], *more: str, **variables: t.Any) -> str:
    """Run a playbook with two hosts, each of which has nothing to change; the output in one line."""
    write_inventory(folder, {"n1": {}, "n2": {}}, **variables)
    write_answers(folder, {name: dict.fromkeys(("stage", "stage_reset", "confirm"), _FINE) for name in ("n1", "n2")})
    arguments = ("-e", json.dumps(extra), *more)
    return " ".join(run_playbook(folder, *arguments, f"elemental.networking.{book}").split())


def claims(database: Path) -> list[tuple[str, ...]]:
    with sqlite3.connect(database) as connection:
        return connection.execute("SELECT machine, namespace FROM claims ORDER BY machine").fetchall()


def test_empty_answers_hide_nothing_of_the_inventory(tmp_path: Path) -> None:
    """The network, its pools, the database and the namespace are those of the inventory, one of them with a template."""
    own = {
        "machine_network_ipam_database": "{{ inventory_dir }}/own.sqlite",
        "machine_network_ipam_namespace": "of-inventory",
    }
    output = play(tmp_path, "configure", _EMPTY, **own)
    assert "failed=0" in output, output
    assert claims(tmp_path / "own.sqlite") == [("n1", "of-inventory"), ("n2", "of-inventory")], output
    assert not (tmp_path / ".elemental-ipam.sqlite").exists()
    assert "n1 ip 192.0.2.200/24" in play(tmp_path, "report", _EMPTY, **own)
    output = play(tmp_path, "reset", _EMPTY, **own)
    assert claims(tmp_path / "own.sqlite") == [], output


def test_an_answer_counts(tmp_path: Path) -> None:
    output = play(tmp_path, "configure", {**_EMPTY, "machine_network_ipam_namespace": "answered"})
    assert claims(tmp_path / "claims.sqlite") == [("n1", "answered"), ("n2", "answered")], output


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        (
            "machine_network_probes",
            "[{type: pong}]",
            "machine_network_probes: value of type must be one of: gateway, dns",
        ),
        ("machine_network_probes", "[{type: ping}]", "machine_network_probes: a probe of type ping needs target"),
        ("machine_network_probes", "[", "machine_network_probes cannot be read as YAML"),
        (
            "machine_network_probes",
            "[{type: ping, target: a, timeout: 9}]",
            "machine_network_probes: probe ping a: timeout is 9 s",
        ),
        (
            "machine_network_rollback_timeout",
            "3",
            "machine_network_rollback_timeout: deadline is 3 s; give 5 to 3600 seconds",
        ),
        ("machine_network_rollback_timeout", "soon", "machine_network_rollback_timeout: "),
    ],
)
def test_what_a_push_would_refuse_is_refused_before_anything_is_claimed(
    tmp_path: Path, variable: str, value: str, sentence: str
) -> None:
    output = play(tmp_path, "configure", {variable: value})
    assert sentence in output, output
    assert not (tmp_path / "claims.sqlite").exists()
