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

_FINE = [f"{ANSWER_MARK}{json.dumps({'version': 1, 'answer': 'staged', 'changed': False})}\n", "", 0]
_REFUSES = [f"{ANSWER_MARK}{json.dumps({'version': 1, 'answer': 'refusal', 'msg': 'it is out of order'})}\n", "", 0]
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
    # one task is for all hosts: Ansible counts a failure for the first, and ends the play for all
    assert "n1" in play.failed, play.output
    assert "Try, prove" not in play.output
    assert f"the strategy of this play, {strategy or configured}, lets each host run ahead" in play.text
    assert "set strategy: linear for this play" in play.text
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
    """A host that failed keeps an address that is only promised. That an address is noted to be in use is no change of the machine."""
    first = site.play(answers={"n1": _REFUSES})
    assert "An exception occurred" not in first.output, "ansible-core 2.16 shows one that is None"
    assert first.failed == {"n1"}
    assert _is_in_use(site) == {"n1": False, "n2": True}
    assert site.play().output.count("changed: [") == 0
    assert _is_in_use(site) == {"n1": True, "n2": True}
    site.play("--limit=n1", playbook="elemental.networking.reset")
    site.play("--limit=n1", answers={"n1": _REFUSES})
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


def _network(*keys: str, pool: str = "pool") -> dict[str, t.Any]:
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
    _only(site, network=_network("ip", "old"))
    assert _held(site) == {"n1-ip": "192.0.2.200", "n1-old": "192.0.2.201"}
    report = _only(site, playbook="elemental.networking.report", network=_network("ip"))
    assert "claim n1-old is not asked for by n1 any more" in report.output
    shown = _only(site, "--check", "--diff", network=_network("ip"))
    assert '-    "default/n1-old"' in shown.output
    refused = _only(site, network=_network("ip"), answers={"n1": _REFUSES})
    assert refused.failed == {"n1"}
    kept = _only(site, "-emachine_network_keep_unused_claims=true", network=_network("ip"))
    assert "changed: [" not in kept.output
    assert len(_held(site)) == 2
    _only(site, network={"configurator": "none"})
    assert len(_held(site)) == 2
    _only(site, network=_network("ip"))
    assert _held(site) == {"n1-ip": "192.0.2.200"}
    assert "changed: [" not in _only(site, network=_network("ip")).output


def test_the_last_key_that_went_is_released_too(site: Site) -> None:
    _only(site, network=_network("ip"))
    lease = {"configurator": "nmconnections", "config": {"eth0": KEYFILE.partition("method")[0] + "method=auto"}}
    _only(site, network=lease)
    assert _held(site) == {}


def test_a_machine_is_renumbered_where_that_is_asked_for(site: Site) -> None:
    _only(site, network=_network("ip"))
    refused = _only(site, network=_network("ip", pool="new"))
    assert "or set machine_network_renumber: true" in refused.text
    assert refused.failed == {"n1"}
    shown = _only(site, "--check", "--diff", "-emachine_network_renumber=true", network=_network("ip", pool="new"))
    assert '"default/n1-ip.renumbering"' in shown.output
    assert _held(site) == {"n1-ip": "192.0.2.200"}
    done = _only(site, "-emachine_network_renumber=true", network=_network("ip", pool="new"))
    assert done.fine == {"n1"}, done.output
    assert _held(site) == {"n1-ip": "192.0.2.100"}
    again = _only(site, "-emachine_network_renumber=true", network=_network("ip", pool="new"))
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
    _only(site, network=_network("ip"))
    play = _only(
        site, "-emachine_network_renumber=true", network=_network("ip", pool="new"), answers={"n1": _ROLLS_BACK}
    )
    assert play.failed == {"n1"}, play.output
    assert "n1 was not renumbered and keeps its old address: rolled back: gateway did not answer" in play.text
    assert _held(site) == {"n1-ip": "192.0.2.200"}


def test_a_renumbering_whose_outcome_is_not_known_keeps_both_addresses(site: Site) -> None:
    _only(site, network=_network("ip"))
    play = _only(site, "-emachine_network_renumber=true", network=_network("ip", pool="new"), answers={"n1": _REFUSES})
    assert play.failed == {"n1"}, play.output
    assert len(_held(site)) == 2
    _only(site, "-emachine_network_renumber=true", network=_network("ip", pool="new"))
    assert _held(site) == {"n1-ip": "192.0.2.100"}


def test_a_host_that_was_renamed_keeps_its_address(site: Site) -> None:
    former = {"machine_network_former_name": "n9"}
    taken = _only(site, host={"machine_network_former_name": "n2"}, network=_network("ip"))
    assert "n1 has the former name n2, which is in the inventory, too" in taken.text
    _only(site, host={"machine_network_machine_name": "n9"}, network=_network("ip"))
    with contextlib.closing(sqlite3.connect(site.database)) as database:
        database.execute("UPDATE claims SET host = 'n9'")
        database.commit()
    shown = _only(site, "--check", "--diff", host=former, network=_network("ip"))
    assert '-    "default/n9-ip"' in shown.output
    assert _held(site) == {"n9-ip": "192.0.2.200"}
    done = _only(site, host=former, network=_network("ip"))
    assert done.fine == {"n1"}, done.output
    assert _held(site) == {"n1-ip": "192.0.2.200"}
    assert "changed: [" not in _only(site, host=former, network=_network("ip")).output


_SILENT = ["", "ssh: connect to host 192.0.2.3 port 22: No route to host", 255]


def _owners(site: Site) -> set[str]:
    """The hosts that hold a claim."""
    with contextlib.closing(sqlite3.connect(site.database)) as database:
        return {host for (host,) in database.execute("SELECT host FROM claims")}


def _reset(site: Site, *arguments: str, **given: t.Any) -> Play:
    return site.play(*arguments, playbook="elemental.networking.reset", **given)


@pytest.mark.parametrize("out_of_order", [("n1", "n3"), NODES], ids=["two of them", "all"])
def test_a_host_that_cannot_be_reset_keeps_its_claims_and_the_others_give_theirs_up(
    site: Site, out_of_order: t.Sequence[str]
) -> None:
    """One refuses, one is silent: each is named with its reason, and one more run ends what the first one could not."""
    site.play()
    answers = {name: _SILENT if name == "n3" else _REFUSES for name in out_of_order}
    first = _reset(site, answers=answers)
    assert (first.failed, first.fine) == (set(out_of_order), set(NODES) - set(out_of_order)), first.output
    assert "n1 could not be reset and keeps its claims: it is out of order; run reset again, or set" in first.text
    assert "n3 could not be reset and keeps its claims: the host cannot be reached over ssh" in first.text
    assert _owners(site) == set(out_of_order)
    again = _reset(site)
    assert again.fine == set(NODES), again.output
    assert _owners(site) == set()
    assert "changed: [" not in _reset(site).output


def test_by_force_the_claims_of_a_host_that_is_gone_are_released(site: Site) -> None:
    """For the host for which that is set; in check mode nothing is."""
    site.play()
    given: dict[str, t.Any] = {
        "answers": {"n2": _SILENT, "n3": _SILENT},
        "hosts": {"n3": {"machine_network_force_release": "true"}},
    }
    assert _reset(site, "--check", **given).failed == {"n2", "n3"}
    assert _owners(site) == set(NODES)
    forced = _reset(site, **given)
    assert forced.failed == {"n2", "n3"}, forced.output
    assert "n3 could not be reset: the host cannot be reached" in forced.text
    assert "its claims are released by force, except those that another object uses, so that others may" in forced.text
    assert _owners(site) == {"n2"}
    assert _reset(site, "-emachine_network_force_release=true", **given).failed == {"n2", "n3"}
    assert _owners(site) == set()


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"machine_network_probes": [{"type": "no-such-probe"}]}, "machine_network_probes"),
        ({"machine_network_rollback_timeout": "soon"}, "machine_network_rollback_timeout"),
        ({"machine_network_former_name": "n2"}, "n1 has the former name n2, which is in the inventory, too"),
        ({"ansible_connection": "local"}, "n1 could not be reset and keeps its claims"),
    ],
)
def test_a_host_whose_variables_are_wrong_is_named_and_keeps_its_claims(
    site: Site, variables: dict[str, t.Any], sentence: str
) -> None:
    """Also by force: nothing shows what is meant."""
    site.play()
    played = _reset(site, hosts={"n1": variables})
    assert played.failed == {"n1"}, played.output
    assert sentence in played.text
    assert _owners(site) == {"n1"}


def test_a_wrong_pool_does_not_keep_a_host_from_its_reset(site: Site) -> None:
    site.play()
    assert _reset(site, "-emachine_network_pool_files=no-such-file.yaml").fine == set(NODES)
    assert _owners(site) == set()


def test_claims_in_two_namespaces_are_released_in_the_one_that_is_meant(site: Site) -> None:
    """Not by force either: the other one may be of another machine of that name."""
    site.play()
    site.play("--limit=n1", "-emachine_network_ipam_namespace=other")
    both = _reset(site, "-emachine_network_force_release=true")
    assert both.failed == {"n1"}, both.output
    assert "it holds claims in the namespaces default, other; set machine_network_ipam_namespace" in both.text
    assert _owners(site) == {"n1"}
    assert _reset(site, "-emachine_network_ipam_namespace=other").fine == set(NODES)
    assert _owners(site) == {"n1"}
    assert _reset(site).fine == set(NODES)
    assert _owners(site) == set()


def test_a_role_in_a_play_of_its_users_goes_on_where_the_hosts_are(site: Site) -> None:
    """Only with those that were reset; the recap counts the others as failed, also in a batch of their own."""
    site.play()
    own = site.own("reset", serial=3)
    played = site.play(playbook=own, answers=dict.fromkeys(NODES[:2], _REFUSES))
    assert (played.failed, played.fine) == (set(NODES[:2]), set(NODES[2:])), played.output
    assert _owners(site) == set(NODES[:2])


def test_a_host_that_a_play_leaves_out_keeps_what_it_claimed_since_its_last_reset(site: Site) -> None:
    """It has the result of that one still; a task for all hosts at once looks at it, too."""
    site.play()
    role = {"name": "elemental.networking.machine_network"}
    tasks: list[dict[str, t.Any]] = [
        {"ansible.builtin.include_role": {**role, "tasks_from": "reset"}},
        {"ansible.builtin.set_fact": {"kept": "{{ machine_network_result }}"}},
        {"ansible.builtin.include_role": {**role, "tasks_from": "configure"}},
        {"ansible.builtin.set_fact": {"machine_network_result": "{{ kept }}"}},
        {"ansible.builtin.include_role": {**role, "tasks_from": "reset"}, "when": "inventory_hostname != 'n2'"},
    ]
    (site.folder / "twice.json").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    played = site.play(playbook="twice.json")
    assert played.fine == set(NODES), played.output
    assert _owners(site) == {"n2"}
