# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays with hosts that put templates and terminal escapes into all that they send: nothing is executed, no host is taken for fine.

Ansible's real ssh connection, with a stand-in for the executable.
"""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.paths import ANSWER_MARK
from ansible_collections.elemental.networking.tests.unit.standin_hosts import (
    KEYFILE,
    run_playbook,
    write_answers,
    write_inventory,
)

_KEYFILE = KEYFILE.replace("{ip}", "192.0.2.200")

Reply = t.Tuple[str, str, int]


def answer(kind: str, **fields: t.Any) -> Reply:
    content = {"version": 1, "answer": kind, **fields}
    return f"noise\n{ANSWER_MARK}{json.dumps(content)}\n", "", 0


def staged(**more: t.Any) -> Reply:
    return answer("staged", **{"changed": True, "addresses": ["192.0.2.200"], "host": "x", **more})


def judged(**fields: t.Any) -> Reply:
    return answer("judgement", **fields)


def hosts(payload: t.Callable[[str], str]) -> dict[str, dict[str, Reply]]:
    """What each host answers to each operation; ``payload`` gives the text that its name belongs to."""

    def each(stage: Reply, confirm: Reply = ("", "", 1), render: Reply | None = None) -> dict[str, Reply]:
        return {"stage": stage, "stage_reset": stage, "confirm": confirm, "render": render or stage}

    def everywhere(name: str) -> Reply:
        p = payload(name)
        difference = dict.fromkeys(("before_header", "after_header", "before", "after"), p)
        judgement = {"state": "confirmed", "host": p, "failed_after": {p: p}, "reason": p}
        lists = {"stale": [p], "warnings": [p], "diff": [difference]}
        return answer("staged", changed=True, reasons={p: p}, host=p, failed_before={p: p}, outcome=judgement, **lists)

    p = payload
    return {
        "refuses": each(
            answer("refusal", msg=p("refuses"), code="address_in_use", details={p("refuses"): p("refuses")})
        ),
        "rolls-back-at-once": each(staged(outcome={"state": "rolled_back", "reason": p("rolls-back-at-once")})),
        "rolls-back": each(staged(), judged(state="rolled_back", reason=p("rolls-back"))),
        "breaks": each(("", f"Traceback\n{p('breaks')}\n", 1)),
        "no-ssh": each(*[("", f"ssh: {p('no-ssh')}\n", 255)] * 2),
        "says-all": each(everywhere("says-all")),
        "busy": each(answer("busy", holder=p("busy"), token=p("busy"), seconds=1e9)),
        "wrong-address": each(staged(new_addresses=[p("wrong-address")])),
        "wrong-key": each(staged(**{p("wrong-key"): 1})),
        "wrong-type": each(answer("staged", changed=p("wrong-type"))),
        "wrong-text": each((f"{ANSWER_MARK}{p('wrong-text')}\n", p("wrong-text"), 0)),
        "other-version": each(answer("staged", **{"version": 2, p("other-version"): p("other-version")})),
        "tool-fails": each(answer("refusal", msg="no"), render=answer("rendered", error=p("tool-fails"))),
        "tool-warns": each(
            answer("refusal", msg="[]"),
            render=answer("rendered", files={p("tool-warns"): p("tool-warns")}, warnings=[p("tool-warns")]),
        ),
        "says-nothing": each(answer("refusal", msg="")),
        "other-host": each(answer("other_host", machine=p("other-host"))),
    }


FINE = {"says-all"}


@dataclass(frozen=True)
class Play:
    """What a play printed, and how many tasks failed for each host."""

    output: str
    failed: t.Mapping[str, int]


@dataclass
class Site:
    """A controller with hosts that are all hostile."""

    folder: Path
    names: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        answers = hosts(self.payload)
        self.names = list(answers)
        write_answers(self.folder, answers)
        write_inventory(self.folder, {name: {} for name in self.names}, ansible_connection="ssh", ansible_ssh_retries=0)

    def payload(self, name: str) -> str:
        """Leaves a file in ``executed`` if it is ever taken for a template, and a title if a terminal obeys it."""
        return f"{{{{ lookup('pipe', 'touch {self.folder}/executed/{name}') }}}}\x1b]0;owned\x07"

    def play(self, playbook: str, limit: str = "--limit=all", *tasks: t.Mapping[str, t.Any]) -> Play:
        (self.folder / "executed").mkdir(exist_ok=True)
        if tasks:
            play = {"hosts": "all", "gather_facts": False, "tasks": tasks}
            (self.folder / playbook).write_text(json.dumps([play]))
        output = run_playbook(self.folder, "--diff", limit, playbook, ANSIBLE_FORKS="8")
        recap = re.findall(r"^([\w-]+) +: .*failed=(\d+)", output, re.MULTILINE)
        assert recap, output
        return Play(output, {name: int(count) for name, count in recap})

    def nothing_was_executed(self, play: Play) -> None:
        assert sorted(path.name for path in (self.folder / "executed").iterdir()) == [], play.output
        assert "\x1b" not in play.output, play.output
        assert "Traceback (most" not in play.output, play.output


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def _uses(name: str) -> list[dict[str, t.Any]]:
    """All ways to use a variable: shown as a whole, by its message, and kept as a fact."""
    whole, message = f"{{{{ {name} }}}}", f"{{{{ {name}.msg | default('none') }}}}"
    return [
        {"set_fact": {"kept": whole, "message": message}},
        {"debug": {"msg": [whole, message, f"{whole}{message}", "{{ kept }}", "{{ message }}"]}},
    ]


_KEYFILES = {"configurator": "nmconnections", "config": {"eth0": _KEYFILE}, "deadline": 5, "probes": []}
_DOCUMENT = {"configurator": "nmc", "config": {"interfaces": [{"name": "eth0"}]}, "deadline": 5}


@pytest.mark.parametrize(
    ("module", "options", "hosts"),
    [
        ("network_config", _KEYFILES, "all"),
        ("network_config", _DOCUMENT, "refuses,breaks,no-ssh,wrong-key,tool-fails,tool-warns"),
        ("network_reset", {"deadline": 5, "probes": []}, "refuses,rolls-back,breaks,no-ssh,says-all"),
    ],
    ids=["configure", "render", "reset"],
)
def test_the_words_of_a_host_are_not_a_template_for_a_user(
    site: Site, module: str, options: t.Mapping[str, t.Any], hosts: str
) -> None:
    """Neither in his rescue, nor in a variable that he registers, nor in a fact that he keeps."""
    task = {f"elemental.networking.{module}": options}
    play = site.play(
        "play.json",
        f"--limit={hosts}",
        {**task, "register": "answer", "ignore_errors": True, "ignore_unreachable": True},
        *_uses("answer"),
        {"block": [{**task, "ignore_unreachable": True}], "rescue": _uses("ansible_failed_result")},
    )
    site.nothing_was_executed(play)
    assert len(play.failed) == (len(site.names) if hosts == "all" else len(hosts.split(",")))


_CODES = {
    "refuses": "address_in_use",
    "rolls-back-at-once": "rolled_back",
    "rolls-back": "rolled_back",
    "breaks": "missing_requirement",
    "no-ssh": "unreachable",
    "busy": "busy",
    "wrong-address": "failed",
    "wrong-key": "failed",
    "wrong-text": "failed",
    "other-version": "missing_requirement",
}


def test_every_failure_has_a_code_that_a_workflow_can_branch_on(site: Site) -> None:
    task = {"elemental.networking.network_config": _KEYFILES, "register": "answer"}
    play = site.play(
        "codes.json",
        f"--limit={','.join(_CODES)}",
        {**task, "ignore_errors": True, "ignore_unreachable": True},
        {"debug": {"msg": "code of {{ inventory_hostname }}: {{ answer.error.code }}"}},
        {
            "elemental.networking.network_config": {**_KEYFILES, "deadline": 1},
            **{"register": "answer", "ignore_errors": True},
        },
        {"debug": {"msg": "then of {{ inventory_hostname }}: {{ answer.error.code }}"}},
    )
    found = dict(re.findall(r"code of ([\w-]+): (\w+)", play.output))
    assert found == _CODES, play.output
    assert set(re.findall(r"then of [\w-]+: (\w+)", play.output)) == {"invalid_input"}
    site.nothing_was_executed(play)


def test_the_playbooks_take_no_hostile_host_for_fine(site: Site) -> None:
    """A host that was not reset has failed, whatever it says, and its claims are kept."""
    names = ["refuses", "rolls-back", "breaks", "no-ssh", "tool-warns", "says-nothing", "says-all"]
    limit = f"--limit={','.join(names)}"
    site.nothing_was_executed(site.play("elemental.networking.configure", limit))
    play = site.play("elemental.networking.reset", limit)
    site.nothing_was_executed(play)
    assert {name for name, count in play.failed.items() if not count} == FINE, play.output
    play = site.play("elemental.networking.report", limit)
    site.nothing_was_executed(play)
    for name in names:
        assert (f"{name} " in play.output.split("PLAY RECAP")[0]) == (name not in FINE), play.output
