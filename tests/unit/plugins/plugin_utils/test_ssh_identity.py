# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a host is looked for, and what ssh demands there: with Ansible's real connection, and what the real ssh makes of its command."""

from __future__ import annotations

import socket
import stat
import subprocess
import types
import typing as t
from pathlib import Path

import pytest
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import become_loader, connection_loader
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import WrongHost
from ansible_collections.elemental.networking.plugins.plugin_utils._host import connection as _connection
from ansible_collections.elemental.networking.plugins.plugin_utils._host.connection import Node
from ansible_collections.elemental.networking.plugins.plugin_utils._host.ssh_identity import HostIdentity
from ansible_collections.elemental.networking.plugins.plugin_utils._transaction import transaction as _transaction

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKsR1vhN5HTnbVBJbCwJgS6TTLwRMRrSbnHOjzWDJBq4"
OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBIZrG3/PTbNWPECLNT6mLY2BI0Q1zl3LFD2vhHTD0kV"
INVENTORY, CLAIMED, TOLD = "192.0.2.1", "192.0.2.150", "192.0.2.77"
# as AWX has it for everybody, and a user who is sure that he wants no checks
AWX: t.Mapping[str, t.Any] = {"host_key_checking": False}
SURE: t.Mapping[str, t.Any] = {
    **AWX,
    "ssh_args": "-F none -o StrictHostKeyChecking=no -o ControlMaster=auto -o ControlPersist=60 -o ControlPath=/tmp/%h",
    "ssh_common_args": "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o HostKeyAlias=x",
}


def node(identity: HostIdentity, inventory: str = INVENTORY, **options: t.Any) -> Node:
    made = connection_loader.get("ssh", PlayContext())
    made.set_options(direct={"host": inventory, "ssh_args": "-F none", **options})
    action = types.SimpleNamespace(
        _connection=made,
        _play_context=PlayContext(),
        _task=types.SimpleNamespace(delegate_to=None),
        _templar=types.SimpleNamespace(template=lambda value: value),
    )
    return Node(t.cast("t.Any", action), {}, identity)


def settings(each: Node) -> dict[str, str]:
    """What ssh makes of the command that Ansible gives it."""
    connection = each._connection
    command = connection._build_command("ssh", "ssh", connection.get_option("host"))
    run = subprocess.run([command[0], b"-G", *command[1:]], capture_output=True, text=True, check=True)
    return dict(line.split(" ", 1) for line in run.stdout.splitlines() if " " in line)


@pytest.mark.parametrize("options", [AWX, SURE, {}])
@pytest.mark.parametrize("address", [CLAIMED, TOLD])
def test_a_recorded_key_is_demanded_whatever_else_is_set(options: t.Mapping[str, t.Any], address: str) -> None:
    each = node(HostIdentity((CLAIMED,), (KEY,)), **options)
    before = settings(each)
    each.move_to(address)
    now = settings(each)
    assert (now["stricthostkeychecking"], now["globalknownhostsfile"]) == ("true", "/dev/null")
    known = Path(now["userknownhostsfile"])
    assert known.read_text() == f"{now['hostkeyalias']} {KEY}\n"
    assert stat.S_IMODE(known.stat().st_mode) == 0o600
    assert before.get("controlpath") != now["controlpath"], "a connection that was made without checks"
    assert str(known) in each.new_ssh_args
    assert "ControlPersist" not in each.new_ssh_args, "the user's own words, which may hold a password"
    each.move_to(INVENTORY)
    # nothing is left of it; Ansible names the path of a shared connection after the host
    same = [name for name in before if name != "controlpath"]
    back = settings(each)
    assert [back[name] for name in same] == [before[name] for name in same]


@pytest.mark.parametrize(
    ("of_ssh", "of_become", "expected"),
    [(None, None, "curve25519-sha256"), ("secret", None, ""), (None, "secret", "")],
    ids=["no password", "of ssh", "of become"],
)
def test_a_cheap_login_is_for_itself_and_for_no_password(
    monkeypatch: pytest.MonkeyPatch, of_ssh: str | None, of_become: str | None, expected: str
) -> None:
    """What is recorded today may be read by the computers of a later day."""
    monkeypatch.setattr(_connection, "cheaper_key_exchange", lambda _call: "-o KexAlgorithms=^curve25519-sha256")
    monkeypatch.setattr(Node, "_leave_master", lambda _self: None)  # with a password it would need sshpass
    each = node(HostIdentity((CLAIMED,), (KEY,)), **SURE)
    before = settings(each)["kexalgorithms"]
    become = become_loader.get("sudo")
    become.set_options(direct={"become_pass": of_become})
    each._connection.become = become
    each._connection.set_option("password", of_ssh)
    each.move_to(CLAIMED, is_cheap=True)
    each._connection.set_option("password", None)  # ssh does not take one in its command
    assert settings(each)["kexalgorithms"].startswith(expected or before)
    assert "KexAlgorithms" not in each.new_ssh_args
    each.move_to(INVENTORY)
    assert settings(each)["kexalgorithms"] == before


def test_a_shared_connection_is_used_again_only_with_the_same_keys_at_the_same_place() -> None:
    paths = set()
    for keys in ((KEY,), (OTHER,)):
        for address in (CLAIMED, TOLD):
            each = node(HostIdentity((CLAIMED,), keys), **SURE)
            each.move_to(address)
            paths.add(settings(each)["controlpath"])
    assert len(paths) == 4


@pytest.fixture
def known_hosts(tmp_path: Path) -> t.Callable[[str], dict[str, t.Any]]:
    """Options of a connection that checks keys, for a user who knows that of one name."""

    def options(name: str, checking: str = "ask") -> dict[str, t.Any]:
        file = tmp_path / "known_hosts"
        file.write_text(f"{name} {KEY}\n")
        files = f"-o UserKnownHostsFile={file} -o GlobalKnownHostsFile=/dev/null"
        return {"host_key_checking": True, "ssh_common_args": f"{files} -o StrictHostKeyChecking={checking}"}

    return options


@pytest.mark.parametrize("checking", ["ask", "accept-new", "yes"])
def test_a_key_that_ssh_has_for_the_host_is_enough_and_demanded(
    known_hosts: t.Callable[..., dict[str, t.Any]], checking: str
) -> None:
    """Also where keys are accepted at first contact: one of another kind would be one."""
    options = {**known_hosts(INVENTORY, checking), "ssh_args": "-F none -o ControlMaster=auto -o ControlPersist=60"}
    each = node(HostIdentity((CLAIMED,), (OTHER,)), **options)
    assert each.can_prove(CLAIMED)
    each.move_to(CLAIMED)
    now = settings(each)
    # a play that had another host there, or any, left a connection that would be used as it is
    assert now["controlpath"] != settings(node(HostIdentity(), CLAIMED, **options))["controlpath"]
    assert (now["stricthostkeychecking"], now["hostkeyalias"]) == ("true", INVENTORY)
    assert now["userknownhostsfile"].endswith("known_hosts")


def test_a_key_that_ssh_has_for_the_address_itself_is_enough(known_hosts: t.Callable[..., dict[str, t.Any]]) -> None:
    each = node(HostIdentity((CLAIMED,)), **known_hosts(CLAIMED))
    assert (each.can_prove(CLAIMED), each.can_prove(TOLD)) == (True, False)
    each.move_to(CLAIMED)
    assert settings(each)["stricthostkeychecking"] == "true"


@pytest.mark.parametrize("options", [AWX, SURE])
def test_where_nothing_tells_a_host_from_another_one_it_is_not_talked_to(options: t.Mapping[str, t.Any]) -> None:
    each = node(HostIdentity((CLAIMED,)), **options)
    with pytest.raises(WrongHost, match=f"nothing shows whether the host at {CLAIMED} is this one"):
        each.move_to(CLAIMED)
    assert (each.address, each.new_ssh_args) == (INVENTORY, "")
    each.know((KEY,))
    each.move_to(TOLD)
    assert settings(each)["stricthostkeychecking"] == "true"


def test_an_inventory_that_leads_to_a_claimed_address_demands_what_is_recorded() -> None:
    assert settings(node(HostIdentity((CLAIMED,), (KEY,)), CLAIMED, **SURE))["stricthostkeychecking"] == "true"
    for spelled in ("FD00::0:7", "fd00::7"):
        each = node(HostIdentity(("fd00::7",), (KEY,)), spelled, **SURE)
        assert settings(each)["stricthostkeychecking"] == "true"
    # a first run, or another address
    for identity, address in ((HostIdentity((CLAIMED,)), CLAIMED), (HostIdentity((CLAIMED,), (KEY,)), INVENTORY)):
        assert settings(node(identity, address, **SURE))["stricthostkeychecking"] == "false"


@pytest.mark.parametrize("name", ["node1", "node1.example.org"])
def test_a_name_that_leads_to_a_claimed_address_demands_what_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """An alias of ssh's configuration, and a name of the resolver, which follows the host as often as not."""
    configuration = tmp_path / "config"
    configuration.write_text(f"Host node1\n  HostName {CLAIMED}\n")

    def resolve(host: str, *_more: t.Any, **_options: t.Any) -> list[t.Any]:
        return [(2, 1, 6, "", ({"node1.example.org": CLAIMED}.get(host, host), 0))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    ssh_args = f"-F {configuration} -o StrictHostKeyChecking=no"
    for claimed, keys, expected in (
        ((CLAIMED,), (KEY,), "true"),
        ((TOLD,), (KEY,), "false"),
        ((CLAIMED,), (), "false"),
    ):
        each = node(HostIdentity(claimed, keys), name, **{**AWX, "ssh_args": ssh_args})
        assert settings(each)["stricthostkeychecking"] == expected


def test_a_name_that_nobody_knows_here_is_left_to_ssh(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_more: t.Any, **_options: t.Any) -> t.NoReturn:
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert settings(node(HostIdentity((CLAIMED,), (KEY,)), "node1.invalid", **SURE))["stricthostkeychecking"] == "false"


def test_a_host_that_is_to_be_believed_proves_nothing_until_it_named_its_keys() -> None:
    options = {"accept_host_keys": True, "known_host_keys": [KEY]}
    each = node(HostIdentity.of(options, [CLAIMED]), **SURE)
    each.move_to(CLAIMED)
    assert settings(each)["stricthostkeychecking"] == "false"
    each.know((OTHER,))
    each.move_to(TOLD)
    assert OTHER in Path(settings(each)["userknownhostsfile"]).read_text()


# --- where it is looked for ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "answering", "expected"),
    [
        # nothing is recorded: the inventory's word counts
        ((), {INVENTORY, CLAIMED}, INVENTORY),
        ((), {INVENTORY}, INVENTORY),
        ((), {CLAIMED}, None),
        ((), set(), INVENTORY),
        # the key is surer: the address of the inventory may be a lease that another host has by now
        ((KEY,), {INVENTORY, CLAIMED}, CLAIMED),
        ((KEY,), {CLAIMED}, CLAIMED),
        ((KEY,), {INVENTORY}, INVENTORY),
    ],
)
def test_which_address_comes_first(
    monkeypatch: pytest.MonkeyPatch, keys: tuple[str, ...], answering: set[str], expected: str | None
) -> None:
    def first(addresses: t.Sequence[str], *_more: t.Any, **_options: t.Any) -> str | None:
        return next((address for address in addresses if address in answering), None)

    monkeypatch.setattr(_transaction, "first_to_answer", first)
    each = node(HostIdentity((CLAIMED,), keys), **AWX)
    if expected is None:
        with pytest.raises(WrongHost, match=rf"no ssh answers at {INVENTORY} \(.*\), and nothing shows"):
            _transaction.find(each, [CLAIMED])
        expected = INVENTORY
    else:
        _transaction.find(each, [CLAIMED])
    assert each.address == expected
