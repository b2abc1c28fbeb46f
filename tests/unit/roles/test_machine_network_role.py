# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role machine_network and its playbooks: which plays are refused before anything is claimed, and when a run goes on.

Ansible's real ssh connection, with a stand-in for the executable.
"""

from __future__ import annotations

import json
import re
import sys
import typing as t
from dataclasses import dataclass
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._networkmanager.places import ANSWER_MARK
from ansible_collections.elemental.networking.tests.unit.standin_hosts import (
    run_playbook,
    write_answers,
    write_inventory,
)

_FINE = [f"{ANSWER_MARK}{json.dumps({'changed': False})}\n", "", 0]
_REFUSES = [f"{ANSWER_MARK}{json.dumps({'failed': True, 'msg': 'it is out of order'})}\n", "", 0]
NODES = ("n1", "n2", "n3", "n4", "n5", "n6")


@dataclass(frozen=True)
class Play:
    """What a play printed, and the hosts by how they ended."""

    output: str
    fine: frozenset[str]
    failed: frozenset[str]

    @property
    def text(self) -> str:
        """The output in one line."""
        return " ".join(self.output.split())


class Site:
    """A controller and hosts without a network of their own; each answers as it is told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "claims.sqlite"

    def play(
        self,
        *arguments: str,
        playbook: str = "elemental.networking.configure",
        answers: t.Mapping[str, t.Sequence[t.Any]] | None = None,
        hosts: t.Mapping[str, t.Mapping[str, t.Any]] | None = None,
        **environment: str,
    ) -> Play:
        """Run a playbook; who has no answer has nothing to change."""
        each = {name: (hosts or {}).get(name, {}) for name in NODES}
        write_inventory(self.folder, each, machine_network_database=str(self.database))
        told = {
            name: dict.fromkeys(("stage", "stage_reset", "confirm"), (answers or {}).get(name, _FINE)) for name in NODES
        }
        write_answers(self.folder, told)
        output = run_playbook(self.folder, *arguments, playbook, **environment)
        recap = re.findall(r"^(\w+) +: .*unreachable=(\d+) +failed=(\d+)", output, re.MULTILINE)
        failed = frozenset(name for name, unreachable, count in recap if int(unreachable) or int(count))
        return Play(output, frozenset(name for name, *_counts in recap) - failed, failed)

    def own(self, entry: str = "configure", **keywords: t.Any) -> str:
        """A user's own play with the role."""
        role = {"name": "elemental.networking.machine_network", "tasks_from": entry}
        play = {"hosts": "all", "gather_facts": False, "tasks": [{"ansible.builtin.include_role": role}], **keywords}
        (self.folder / "own.json").write_text(json.dumps([play]))
        return "own.json"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.mark.parametrize(
    ("strategy", "configured", "entry", "arguments"),
    [
        ("free", "linear", "configure", ()),
        ("ansible.builtin.host_pinned", "linear", "configure", ("--check",)),
        (None, "free", "configure", ("--check",)),
        ("free", "linear", "reset", ()),
        ("free", "linear", "report", ()),
    ],
)
def test_a_play_in_which_hosts_run_ahead_is_refused_before_anything_is_claimed(
    site: Site, strategy: str | None, configured: str, entry: str, arguments: tuple[str, ...]
) -> None:
    """Else a host may end as ok with nothing configured."""
    keywords = {"strategy": strategy} if strategy else {}
    play = site.play(*arguments, playbook=site.own(entry, **keywords), ANSIBLE_STRATEGY=configured)
    assert play.failed == set(NODES), play.output
    assert f"the strategy of this play, {strategy or configured}, lets each host run ahead" in play.text
    assert "set strategy: linear for this play" in play.text
    assert not site.database.exists()


def test_another_strategy_in_which_hosts_go_in_step_is_fine(site: Site) -> None:
    play = site.play(playbook=site.own(strategy="debug"))
    assert play.fine == set(NODES), play.output


def test_the_playbooks_go_in_step_whatever_is_configured(site: Site) -> None:
    for book in ("configure", "report", "reset"):
        play = site.play(playbook=f"elemental.networking.{book}", ANSIBLE_STRATEGY="free")
        assert play.fine == set(NODES), play.output


@pytest.mark.parametrize("check", [(), ("--check",)], ids=["run", "check"])
def test_a_connection_that_is_not_supported_is_refused_before_anything_is_claimed(
    site: Site, check: tuple[str, ...]
) -> None:
    """A host that is not managed may have any."""
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    unmanaged = {**local, "machine_network": {"configurator": "none"}}
    play = site.play(*check, hosts={"n1": local, "n2": unmanaged})
    assert play.failed == {"n1"}, play.output
    assert "connection plugin local is not supported here, nothing was changed; supported is ssh" in play.text
    reported = site.play(playbook="elemental.networking.report").output
    assert '"n1 ' not in reported
    assert ('"n3 ' in reported) == (not check), reported


def test_why_ssh_did_not_reach_a_host_is_in_its_message(site: Site) -> None:
    """It was held up by nothing of ours, and nothing was begun there."""
    denied = ["", "debug1: Next authentication method: publickey\nn1@192.0.2.1: Permission denied (publickey).\n", 255]
    broken = ["", "Timeout, server 192.0.2.2 not responding.\n", 255]
    play = site.play("-vvv", "--limit=n1,n2", answers={"n1": denied, "n2": broken})
    assert play.failed == {"n1", "n2"}
    messages = re.findall(
        r'^fatal: \[(n\d)\]: UNREACHABLE! => \{.*?"msg": "(.*?)"', play.output, re.MULTILINE | re.DOTALL
    )
    of_n1, of_n2 = (dict(messages)[name] for name in ("n1", "n2"))
    assert "192.0.2.1 does not let this user log in (ssh: n1@192.0.2.1: Permission denied (publickey).)" in of_n1
    assert "192.0.2.200 was not tried: no ssh host keys of this host are recorded" in of_n1
    assert of_n1.endswith("nothing was sent to it and nothing was changed")
    assert "(ssh: Timeout, server 192.0.2.2 not responding.)" in of_n2
    assert "if it began to change, it is back at its old profiles after 5 s" in of_n2


REFUSING = {name: _REFUSES for name in ("n1", "n3", "n5")}


@pytest.mark.parametrize(
    ("book", "variables", "reached"),
    [
        # no batch fails as a whole: each machine gets its turn, however many failed before
        ("configure", "machine_network_serial=2 machine_network_max_fail_percentage=", NODES),
        ("reset", "machine_network_serial=2", NODES),
        # Ansible's own rule: a batch that failed as a whole is the last one
        ("configure", "machine_network_serial=1", NODES[:1]),
        ("reset", "machine_network_serial=1 machine_network_max_fail_percentage=100", NODES[:1]),
        # and so is one in which more than that share failed
        ("configure", "machine_network_serial=2 machine_network_max_fail_percentage=50", NODES),
        ("configure", "machine_network_serial=2 machine_network_max_fail_percentage=49", NODES[:2]),
    ],
)
def test_when_a_run_in_batches_ends(site: Site, book: str, variables: str, reached: t.Sequence[str]) -> None:
    """As the README says."""
    if book == "reset":
        site.play()
    play = site.play(
        *(f"-e{each}" for each in variables.split()), playbook=f"elemental.networking.{book}", answers=REFUSING
    )
    assert play.fine | play.failed == set(reached), play.output
    assert play.failed >= set(REFUSING) & set(reached)


def test_the_report_tells_addresses_in_use_from_promised_ones(site: Site) -> None:
    """A host that failed keeps an address that is only promised; the second run writes nothing."""
    first = site.play(answers={"n1": _REFUSES})
    assert first.failed == {"n1"}
    again = site.play()
    assert "Record the ssh host keys" in first.output
    assert "changed: [n1 -> localhost]" in again.output
    assert site.play().output.count("changed: [") == 0
    site.play("--limit=n1", playbook="elemental.networking.reset")
    site.play("--limit=n1", answers={"n1": _REFUSES})
    lines = site.play(playbook="elemental.networking.report").output.splitlines()
    (promised,) = (line for line in lines if '"n1 ' in line)
    (in_use,) = (line for line in lines if '"n2 ' in line)
    assert "promised" in promised
    assert re.search(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", in_use)
