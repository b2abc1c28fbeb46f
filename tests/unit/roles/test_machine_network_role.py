# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role machine_network and its playbooks: which plays are refused before anything is claimed, and when a run goes on.

Ansible's real ssh connection, with a stand-in for the executable.
"""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import sys
import typing as t
from dataclasses import dataclass
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.paths import ANSWER_MARK
from ansible_collections.elemental.networking.tests.unit.standin_hosts import (
    KEYFILE,
    run_playbook,
    write_answers,
    write_inventory,
)

FINE = [f"{ANSWER_MARK}{json.dumps({'version': 1, 'answer': 'staged', 'changed': False})}\n", "", 0]
REFUSES = [f"{ANSWER_MARK}{json.dumps({'version': 1, 'answer': 'refusal', 'msg': 'it is out of order'})}\n", "", 0]
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
        write_inventory(self.folder, each, machine_network_ipam_database=str(self.database))
        told = {
            name: dict.fromkeys(("stage", "stage_reset", "confirm"), (answers or {}).get(name, FINE)) for name in NODES
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
    # one task is for all hosts: Ansible ends the play for all, and counts the failure for those whose answer came before that
    assert play.failed, play.output
    assert "Try, prove" not in play.output
    assert f"the strategy of this play, {strategy or configured}, lets each host run ahead" in play.text
    assert "and some tasks here are for all hosts at once; set strategy: linear for this play" in play.text
    assert not site.database.exists()


def test_another_strategy_in_which_hosts_go_in_step_is_fine(site: Site) -> None:
    play = site.play("-e", "machine_network_rolback_timeout=30", playbook=site.own(strategy="debug"))
    assert play.fine == set(NODES), play.output
    hint = "machine_network_rolback_timeout is not a variable of the role machine_network, did you mean machine_network_rollback_timeout?"
    assert hint in play.text


def test_the_playbooks_go_in_step_whatever_is_configured(site: Site) -> None:
    for book in ("configure", "report", "reset"):
        play = site.play(playbook=f"elemental.networking.{book}", ANSIBLE_STRATEGY="free")
        # one host reports on all
        assert play.fine == set(NODES[:1] if book == "report" else NODES), play.output


def test_options_of_the_cluster_that_are_no_dictionary_are_named(site: Site) -> None:
    play = site.play("-e", "machine_network_kubernetes=user.kubeconfig", playbook="elemental.networking.report")
    assert "machine_network_kubernetes must be a dictionary, such as {kubeconfig: ~/.kube/config}" in play.text


@pytest.mark.parametrize(
    "variables",
    [
        {"ansible_host": "{{ nowhere }}"},
        {"ansible_port": "ssh-port"},
        {"ansible_become": True, "ansible_become_method": "no.such.method"},
        {"ansible_connection": "no.such.connection"},
    ],
    ids=lambda variables: str(list(variables)[-1]),
)
def test_a_first_host_that_cannot_be_connected_to_keeps_no_other_one_from_its_turn(
    site: Site, variables: dict[str, t.Any]
) -> None:
    """What is done once for all hosts is done by the controller."""
    for book in ("configure", "reset"):
        play = site.play(playbook=f"elemental.networking.{book}", hosts={"n1": variables})
        assert (play.failed, play.fine) == ({"n1"}, set(NODES[1:])), play.output


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


REFUSING = {name: REFUSES for name in ("n1", "n3", "n5")}


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
        ("reset", "machine_network_serial=2 machine_network_max_fail_percentage=50", NODES),
        ("reset", "machine_network_serial=2 machine_network_max_fail_percentage=49", NODES[:2]),
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
    """A host that failed keeps an address that is only promised. That an address is noted to be in use is no change of the machine."""
    first = site.play(answers={"n1": REFUSES})
    assert "An exception occurred" not in first.output, "ansible-core 2.16 shows one that is None"
    assert first.failed == {"n1"}
    assert _is_in_use(site) == {"n1": False, "n2": True}
    assert site.play().output.count("changed: [") == 0
    assert _is_in_use(site) == {"n1": True, "n2": True}
    site.play("--limit=n1", playbook="elemental.networking.reset")
    site.play("--limit=n1", answers={"n1": REFUSES})
    assert _is_in_use(site) == {"n1": False, "n2": True}


def _is_in_use(site: Site) -> dict[str, bool]:
    """Of each of two hosts whether the report names the moment since which its address is in use, or that it is promised."""
    lines = site.play(playbook="elemental.networking.report").output.splitlines()
    found = {}
    for host in ("n1", "n2"):
        (line,) = (line for line in lines if f'"{host} ' in line)
        found[host] = bool(re.search(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", line))
        assert found[host] != ("promised" in line)
    return found


def _reference(name: str) -> dict[str, str]:
    return {"apiGroup": "ipam.cluster.x-k8s.io", "kind": "InClusterIPPool", "name": name}


def _pool(name: str, addresses: str) -> dict[str, t.Any]:
    kind = {"apiVersion": "ipam.cluster.x-k8s.io/v1alpha2", "kind": "InClusterIPPool"}
    return {**kind, "metadata": {"name": name}, "spec": {"addresses": [addresses], "prefix": 24}}


POOLS = [_pool("pool", "192.0.2.200-192.0.2.250"), _pool("new", "192.0.2.100-192.0.2.150")]


def network_of(*keys: str, pool: str = "pool") -> dict[str, t.Any]:
    """A network with one address for each key."""
    config = {f"eth{number}": KEYFILE.format(ip="{%s}" % key) for number, key in enumerate(keys)}
    config = {name: text.replace("eth0", name) for name, text in config.items()}
    return {"configurator": "nmconnections", "ipAddresses": dict.fromkeys(keys, _reference(pool)), "config": config}


def _held(site: Site) -> dict[str, str]:
    with contextlib.closing(sqlite3.connect(site.database)) as database:
        return dict(database.execute("SELECT name, address FROM claims WHERE machine = 'n1' OR machine = 'n9'"))


def _only(
    site: Site, *arguments: str, network: dict[str, t.Any], host: t.Mapping[str, t.Any] | None = None, **more: t.Any
) -> Play:
    """Play with n1 alone."""
    variables = {"machine_network": network, "machine_network_pools": POOLS, **(host or {})}
    return site.play("--limit=n1", *arguments, hosts={"n1": variables}, **more)


def test_a_key_that_went_is_released_after_a_push_that_was_confirmed(site: Site) -> None:
    _only(site, network=network_of("ip", "old"))
    assert _held(site) == {"n1-ip": "192.0.2.200", "n1-old": "192.0.2.201"}
    report = _only(site, playbook="elemental.networking.report", network=network_of("ip"))
    assert "claim n1-old is not asked for by n1 any more" in report.output
    shown = _only(site, "--check", "--diff", network=network_of("ip"))
    assert '-    "default/n1-old"' in shown.output
    refused = _only(site, network=network_of("ip"), answers={"n1": REFUSES})
    assert refused.failed == {"n1"}
    kept = _only(site, "-emachine_network_keep_unused_claims=true", network=network_of("ip"))
    assert "changed: [" not in kept.output
    assert len(_held(site)) == 2
    _only(site, network={"configurator": "none"})
    assert len(_held(site)) == 2
    _only(site, network=network_of("ip"))
    assert _held(site) == {"n1-ip": "192.0.2.200"}
    assert "changed: [" not in _only(site, network=network_of("ip")).output


def test_the_last_key_that_went_is_released_too(site: Site) -> None:
    _only(site, network=network_of("ip"))
    lease = {"configurator": "nmconnections", "config": {"eth0": KEYFILE.partition("method")[0] + "method=auto"}}
    _only(site, network=lease)
    assert _held(site) == {}


def test_a_machine_is_renumbered_where_that_is_asked_for(site: Site) -> None:
    _only(site, network=network_of("ip"))
    refused = _only(site, network=network_of("ip", pool="new"))
    assert "or set machine_network_renumber: true" in refused.text
    assert refused.failed == {"n1"}
    shown = _only(site, "--check", "--diff", "-emachine_network_renumber=true", network=network_of("ip", pool="new"))
    assert '"default/n1-ip.renumbering"' in shown.output
    assert _held(site) == {"n1-ip": "192.0.2.200"}
    done = _only(site, "-emachine_network_renumber=true", network=network_of("ip", pool="new"))
    assert done.fine == {"n1"}, done.output
    assert _held(site) == {"n1-ip": "192.0.2.100"}
    again = _only(site, "-emachine_network_renumber=true", network=network_of("ip", pool="new"))
    assert "changed: [" not in again.output


_STAGED = {
    "version": 1,
    "answer": "staged",
    "changed": True,
    "host": "h",
    "outcome": {"state": "rolled_back", "reason": "gateway did not answer", "host": "h"},
}
_ROLLS_BACK = [f"{ANSWER_MARK}{json.dumps(_STAGED)}\n", "", 0]


def test_a_renumbering_that_rolls_back_keeps_the_old_address_and_drops_the_new_one(site: Site) -> None:
    _only(site, network=network_of("ip"))
    play = _only(
        site, "-emachine_network_renumber=true", network=network_of("ip", pool="new"), answers={"n1": _ROLLS_BACK}
    )
    assert play.failed == {"n1"}, play.output
    assert "n1 was not renumbered and keeps its old address: rolled back: gateway did not answer" in play.text
    assert _held(site) == {"n1-ip": "192.0.2.200"}


def test_a_renumbering_whose_outcome_is_not_known_keeps_both_addresses(site: Site) -> None:
    _only(site, network=network_of("ip"))
    play = _only(site, "-emachine_network_renumber=true", network=network_of("ip", pool="new"), answers={"n1": REFUSES})
    assert play.failed == {"n1"}, play.output
    assert len(_held(site)) == 2
    _only(site, "-emachine_network_renumber=true", network=network_of("ip", pool="new"))
    assert _held(site) == {"n1-ip": "192.0.2.100"}


def test_a_host_that_was_renamed_keeps_its_address(site: Site) -> None:
    former = {"machine_network_former_name": "n9"}
    taken = _only(site, host={"machine_network_former_name": "n2"}, network=network_of("ip"))
    assert "n1 has the former name n2, which is in the inventory, too" in taken.text
    _only(site, host={"machine_network_machine_name": "n9"}, network=network_of("ip"))
    with contextlib.closing(sqlite3.connect(site.database)) as database:
        database.execute("UPDATE claims SET host = 'n9'")
        database.commit()
    shown = _only(site, "--check", "--diff", host=former, network=network_of("ip"))
    assert '-    "default/n9-ip"' in shown.output
    assert _held(site) == {"n9-ip": "192.0.2.200"}
    done = _only(site, host=former, network=network_of("ip"))
    assert done.fine == {"n1"}, done.output
    assert _held(site) == {"n1-ip": "192.0.2.200"}
    assert "changed: [" not in _only(site, host=former, network=network_of("ip")).output


@pytest.mark.parametrize(
    ("name", "book", "value"),
    [
        ("keep_unused_claims", "configure", "treu"),
        ("accept_host_keys", "configure", "maybe"),
        ("force_release", "reset", 2),
    ],
)
def test_what_is_neither_true_nor_false_is_refused(site: Site, name: str, book: str, value: object) -> None:
    """A mistyped value must not release what was to be kept."""
    variables = {f"machine_network_{name}": value}
    played = site.play("--limit=n1,n2", playbook=f"elemental.networking.{book}", hosts={"n1": variables})
    assert (played.failed, played.fine) == ({"n1"}, {"n2"}), played.output
    assert f"machine_network_{name} is neither true nor false: give one of them" in played.text
