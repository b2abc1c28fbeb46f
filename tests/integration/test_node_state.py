# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node remembers, damaged or edited meanwhile; and a watchdog that fires on time and leaves an administrator alone."""

from __future__ import annotations

import contextlib
import threading
import time
import typing as t

import pytest

from tests.testbed.network import lease

from .conftest import ETH1, Controller, PlayResult, claimed, installed

MANAGED = "/var/lib/elemental-networking/managed.json"
JOURNAL = "/var/lib/elemental-networking/journal.json"
TRIAL = "/run/elemental-networking/trial/trial.json"
PROFILES = "/etc/NetworkManager/system-connections"
NEW = "172.16.0.170"
NOT_WITH_IT = f"! ip -4 address show eth1 | grep -q {NEW}"


def inside(controller: Controller, script: str) -> str:
    """Run a script on the node; it must succeed."""
    run = controller.nodes.oob("node1", ["sh", "-ec", script])
    assert run.returncode == 0, f"{script}: {run.stdout}{run.stderr}"
    return str(run.stdout)


def holds(controller: Controller, script: str) -> bool:
    """Whether a script ends with exit code 0 on the node."""
    return bool(controller.nodes.oob("node1", ["sh", "-c", script]).returncode == 0)


def wait_for(controller: Controller, script: str, seconds: float = 90.0) -> None:
    """Wait until a script ends with exit code 0 on the node."""
    deadline = time.monotonic() + seconds
    while not holds(controller, script):
        assert time.monotonic() < deadline, f"never: {script}"
        time.sleep(0.1)


def push(controller: Controller, **options: t.Any) -> PlayResult:
    """Give eth1 a static address."""
    wanted = {"configurator": "nmconnections", "config": {"eth1": ETH1}, "deadline": 15, "probes": []}
    return controller.tasks({"elemental.networking.network_config": {**wanted, **options}}, hosts="node1")


@contextlib.contextmanager
def a_push_that_waits(controller: Controller, **options: t.Any) -> t.Iterator[list[PlayResult]]:
    """A trial that is up and is not confirmed: a probe that passed before fails with it. Gives the result when it is left."""
    results: list[PlayResult] = []
    probes = [{"type": "command", "name": "own", "command": NOT_WITH_IT}]

    def play_it() -> None:
        with contextlib.suppress(AssertionError):  # it may be killed: there is no result then
            results.append(push(controller, **{"probes": probes, **options}))

    play = threading.Thread(target=play_it)
    play.start()
    wait_for(controller, f'grep -q \'"phase": "activated"\' {TRIAL}')
    yield results
    play.join(120)


def damage(controller: Controller, content: str, *files: str) -> None:
    """Write over files of the open trial, while nobody is in the middle of writing them."""
    script = "; ".join(f"printf %s '{content}' > /run/elemental-networking/trial/{file}" for file in files)
    inside(controller, f"flock /run/elemental-networking/lock sh -c \"$(cat <<'END'\n{script}\nEND\n)\"")


def is_as_before(controller: Controller) -> bool:
    """Whether the node is on its old network, with nothing of a change left."""
    left = f"ls -A /run/NetworkManager/system-connections {PROFILES} | grep -e elemental -e eth1"
    nothing_open = "! test -e /run/elemental-networking/trial && ! systemctl list-units --all | grep -q elemental-networking-rollback"
    is_lease = claimed(controller, "node1", "eth1") == f"{lease(1, 1)}/24"
    return is_lease and holds(controller, nothing_open) and not holds(controller, left)


def wait_until_as_before(controller: Controller) -> None:
    """Wait for it."""
    deadline = time.monotonic() + 90
    while not is_as_before(controller):
        assert time.monotonic() < deadline, controller.nodes.oob("node1", ["ip", "-br", "address"]).stdout
        time.sleep(0.2)


def test_a_probe_does_not_hold_up_the_watchdog(controller: Controller) -> None:
    """It runs for 10 s when the deadline comes: the lock is free, and the node is back before the probe has ended."""
    inside(controller, "rm -f /run/probe-began /run/probe-ended")
    slow = f"{NOT_WITH_IT} && exit 0; touch /run/probe-began; sleep 9; touch /run/probe-ended; false"
    with a_push_that_waits(
        controller, deadline=20, probes=[{"type": "command", "name": "slow", "command": slow, "timeout": 10}]
    ) as results:
        # a second one, which the trial's own deadline cuts short
        wait_for(controller, "test -e /run/probe-ended")
        inside(controller, "rm -f /run/probe-began /run/probe-ended")
        # the lock is free while a probe runs; one command on the node, since the way to it may take as long as the probe
        began = "timeout 60 sh -c 'until test -e /run/probe-began; do sleep 0.02; done'"
        free = "timeout 6 flock /run/elemental-networking/lock true && ! test -e /run/probe-ended"
        assert holds(controller, f"{began} && {free}")
    assert "rolled back" in results[0].failure("node1"), results[0].output
    assert is_as_before(controller)


@pytest.mark.parametrize(
    ("probe", "words"),
    [
        ({"type": "gateway", "timeout": 3600}, "at most 7.5 s"),
        ({"type": "gateway", "timeout": "nan"}, "timeout is nan s"),
        ({"type": "gateway", "timeout": 0}, "timeout is 0 s"),
        ({"type": "tcp", "target": "192.168.122.1", "port": 65536}, "give 1 to 65535"),
    ],
)
def test_a_probe_out_of_range_is_refused_before_anything_is_done(
    controller: Controller, probe: t.Mapping[str, t.Any], words: str
) -> None:
    result = push(controller, probes=[probe])
    assert words in result.failure("node1"), result.output
    assert not holds(controller, "test -e /run/elemental-networking")


def test_what_an_administrator_activates_after_a_rollback_stays(controller: Controller) -> None:
    """The old profile cannot come back (the checkpoint and the DHCP server are gone); he helps himself, and the watchdog lets him."""
    with a_push_that_waits(controller, deadline=8):
        controller.kill()
        controller.nodes.dhcp(False)
        inside(controller, "systemctl restart NetworkManager")
    is_tried = (
        "! test -e /run/elemental-networking/trial && nmcli -g GENERAL.STATE device show eth1 | grep -q connecting"
    )
    wait_for(controller, is_tried)
    inside(
        controller,
        "nmcli connection add type ethernet ifname eth1 con-name by-hand autoconnect no ipv4.method manual "
        "ipv4.addresses 172.16.0.99/24; nmcli connection up by-hand",
    )
    units = "systemctl list-units --all --no-legend 'elemental-networking-rollback*' | grep ."
    deadline = time.monotonic() + 120
    while holds(controller, units):  # it still tries, or looks whether it must
        assert claimed(controller, "node1", "eth1") == "172.16.0.99/24"
        assert time.monotonic() < deadline, "the watchdog never ended"
        time.sleep(0.2)
    assert claimed(controller, "node1", "eth1") == "172.16.0.99/24"
    controller.nodes.dhcp(True)


@pytest.mark.parametrize("content", ["", '{"machine": "node1", "profiles": [{"file_name": "../../passwd"}]}'])
def test_a_host_that_forgot_which_machine_it_is_is_refused(controller: Controller, content: str) -> None:
    assert push(controller).succeeded
    before = installed(controller, "node1")
    inside(controller, f"printf %s '{content}' > {MANAGED}")
    for task in ("network_config", "network_reset"):
        options = {"configurator": "nmconnections", "config": {"eth1": ETH1}} if task == "network_config" else {}
        result = controller.tasks({f"elemental.networking.{task}": options}, hosts="node1")
        assert f"{MANAGED} on this host cannot be read" in result.failure("node1"), result.output
        assert "check that this is the right host" in result.failure("node1")
    assert installed(controller, "node1") == before
    inside(controller, f"rm {MANAGED}")
    again = push(controller)
    assert again.succeeded, again.output


def test_a_field_of_a_newer_release_survives(controller: Controller) -> None:
    assert push(controller).succeeded
    inside(controller, f'sed -i \'s/^{{/{{"colour": "blue", /\' {MANAGED}')
    again = push(controller)
    assert (again.succeeded, again.changed("node1")) == (True, 0), again.output
    assert push(controller, config={"eth1": ETH1.replace("170", "171")}).succeeded
    assert '"colour": "blue"' in inside(controller, f"cat {MANAGED}")


@pytest.mark.parametrize("content", ["{", '{"token": 5}'])
def test_a_damaged_trial_is_rolled_back_all_the_same(controller: Controller, content: str) -> None:
    """By its watchdog or by the next question of the controller: the host is usable again at once."""
    with a_push_that_waits(controller, deadline=12) as results:
        damage(controller, content, "trial.json")
    assert "rolled back" in results[0].failure("node1"), results[0].output
    assert "trial.json on this host was damaged" in results[0].failure("node1"), results[0].output
    wait_until_as_before(controller)
    aside = inside(controller, "stat -c %a /run/elemental-networking/trial.json.corrupt-*")
    assert aside.split() == ["600"]
    assert push(controller).succeeded


@pytest.mark.parametrize(
    "files", ["trial.json", "trial.json before.json", "before.json", "trial.json before.json final.json"]
)
def test_the_watchdog_alone_rolls_back_a_damaged_trial(controller: Controller, files: str) -> None:
    """Nobody asks: the controller is dead."""
    with a_push_that_waits(controller, deadline=10):
        controller.kill()
        damage(controller, "{", *files.split())
    wait_until_as_before(controller)
    assert push(controller).succeeded


def test_the_next_controller_finds_a_damaged_trial(controller: Controller) -> None:
    with a_push_that_waits(controller, deadline=60):
        controller.kill()
        damage(controller, "{", "trial.json", "before.json")
    result = push(controller)
    assert result.succeeded, result.output
    assert claimed(controller, "node1", "eth1") == f"{NEW}/24"


def test_a_watchdog_that_cannot_work_gives_up(controller: Controller) -> None:
    """Its program is damaged: it is started again, but not for ever; NetworkManager's own rollback helps."""
    with a_push_that_waits(controller, deadline=8):
        controller.kill()
        inside(controller, "echo 'raise SystemExit(1)' > /run/elemental-networking/program.py")
    units = "systemctl list-units --all --no-legend 'elemental-networking-rollback*' | grep -q ."
    wait_for(controller, units)
    wait_for(controller, f"! {{ {units}; }}", 150)
    assert claimed(controller, "node1", "eth1") == f"{lease(1, 1)}/24"
    result = push(controller)
    assert result.succeeded, result.output


def test_a_damaged_journal_is_set_aside_at_boot(controller: Controller) -> None:
    """And NetworkManager starts all the same."""
    assert push(controller).succeeded
    arm = (
        f'printf \'{{"version": 1, "files": 5}}\' > {JOURNAL}; printf secret > {PROFILES}/.eth1.nmconnection~; '
        "cp /run/elemental-networking/program.py /var/lib/elemental-networking/recover.py; "
        "unit=/etc/systemd/system/elemental-networking-recover.service; mkdir -p /etc/systemd/system/NetworkManager.service.wants; "
        "printf '[Unit]\\nBefore=NetworkManager.service\\n[Service]\\nType=oneshot\\n"
        "ExecStart=/usr/bin/python3 -I -S /var/lib/elemental-networking/recover.py recover\\n' > $unit; "
        "ln -s $unit /etc/systemd/system/NetworkManager.service.wants/; sync; touch /run/before-the-boot"
    )
    inside(controller, arm)
    controller.nodes.power_cut("node1")
    deadline = time.monotonic() + 60
    is_up = ["sh", "-c", "test ! -e /run/before-the-boot && nm-online -s -q -t 1"]
    while True:
        with contextlib.suppress(Exception):  # it is off
            if controller.nodes.oob("node1", is_up).returncode == 0:
                break
        assert time.monotonic() < deadline
        time.sleep(0.2)
    wait_for(controller, f"ip -4 address show eth1 | grep -q {NEW}")
    assert not holds(controller, f"test -e {JOURNAL} || test -e {PROFILES}/.eth1.nmconnection~")
    assert inside(controller, f"stat -c %a {JOURNAL}.corrupt-*").split() == ["600"]
    assert "journal.json on this host cannot be read" in inside(controller, "journalctl -b --no-pager")
    again = push(controller)
    assert (again.succeeded, again.changed("node1")) == (True, 0), again.output


@pytest.mark.parametrize("is_link", [True, False], ids=["a link", "a file"])
def test_a_rollback_keeps_a_link_a_mode_and_every_byte(controller: Controller, is_link: bool) -> None:
    """eth1.nmconnection may only be read, or is a link to such a file, and has lines of its own."""
    assert push(controller).succeeded
    script = f"""cd {PROFILES}; sed -i 's/$/\r/' eth1.nmconnection; printf '# \377\r\n' >> eth1.nmconnection
    chmod 400 eth1.nmconnection; mkdir -p /srv; {"mv eth1.nmconnection /srv/eth1; ln -s /srv/eth1 eth1.nmconnection" if is_link else ""}
    nmcli connection reload"""
    inside(controller, script)
    look = f"cd {PROFILES}; stat -c '%n %a %u %g %N' *; stat -L -c '%a' *; md5sum *"
    before = inside(controller, look)
    other = ETH1.replace("170", "171")
    probe = {"type": "command", "command": "! ip -4 address | grep -q 171/24"}
    with a_push_that_waits(controller, deadline=10, config={"eth1": other}, probes=[probe]) as results:
        pass
    assert "rolled back" in results[0].failure("node1"), results[0].output
    assert inside(controller, look) == before
    assert claimed(controller, "node1", "eth1") == f"{NEW}/24"
