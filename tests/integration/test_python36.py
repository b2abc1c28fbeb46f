# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node whose only Python is 3.6, where RHEL 8 has it and where python3 is not on PATH."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.stages import older_python
from tests.testbed import cgroups

from .conftest import ETH0, Controller, claimed, inline_network, inside, installed, pool
from .test_node_state import a_push_that_waits, wait_until_as_before
from .test_ways_in import there_and_back

_NODE = "node1"
_NOT_NEEDED = shutil.ignore_patterns(
    "test", "tests", "site-packages", "__pycache__", "config-*", "ensurepip", "idlelib"
)


@pytest.fixture
def only_python36(controller: Controller) -> None:
    """Copy a Python 3.6 of this machine into node1, take away the one that is there, and let Ansible look for one itself."""
    python = older_python.found("3.6")
    if python is None:
        pytest.skip("no Python 3.6 here; install it with pyenv install 3.6")
    origin = Path(python).resolve()
    process = cgroups.first_process(_NODE)
    assert process is not None
    root = Path(f"/proc/{process}/root")
    # at the same path: where its library is, is written in it
    library = origin.parents[1] / "lib"
    shutil.copytree(library / "python3.6", root / str(library)[1:] / "python3.6", ignore=_NOT_NEEDED)
    for file in (origin, *library.glob("libpython3.6*")):
        (root / str(file.parent)[1:]).mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, root / str(file)[1:])
    inside(
        controller,
        _NODE,
        f"mkdir -p /usr/libexec; ln -s {origin} /usr/libexec/platform-python; rm -f /usr/bin/python3 /usr/bin/python3.*",
    )
    assert inside(controller, _NODE, "ls /usr/bin | grep python") == ""
    assert inside(controller, _NODE, "/usr/libexec/platform-python -I -S -V").startswith("Python 3.6.")
    inventory = controller.inventory / Path(controller.nodes.inventory_path).name
    inventory.write_text(inventory.read_text().replace("ansible_python_interpreter=/usr/bin/python3\n", ""))


def add_a_profile_that_is_not_ascii(controller: Controller) -> None:
    """One of an administrator, for an interface that does not matter."""
    file = "/etc/NetworkManager/system-connections/Büro.nmconnection"
    lines = ("[connection]", "id=Büro", "type=dummy", "interface-name=dummy7", "autoconnect=false")
    inside(controller, _NODE, f"printf '%s\\n' {' '.join(lines)} > {file}; chmod 600 {file}; nmcli connection reload")


@pytest.mark.usefixtures("only_python36")
def test_configure_again_and_reset(controller: Controller) -> None:
    there_and_back(controller)


@pytest.mark.usefixtures("only_python36")
def test_what_cannot_be_reached_rolls_back(controller: Controller) -> None:
    """Also where a profile is named with other letters than ASCII, which Python 3.6 finds in a locale with UTF-8 only."""
    add_a_profile_that_is_not_ascii(controller)
    before = (claimed(controller, _NODE, "eth0"), installed(controller, _NODE))
    assert "Büro" in before[1]
    network = inline_network({"eth0": ETH0}, pool("10.99.0.10-10.99.0.20", 24))
    result = controller.play("configure", machine_network_hosts=_NODE, machine_network_rollback_timeout=6, **network)
    assert not result.succeeded
    assert "rolled back" in result.failure(_NODE)
    assert (claimed(controller, _NODE, "eth0"), installed(controller, _NODE)) == before
    assert "trial" not in inside(
        controller, _NODE, "ls /run/NetworkManager/system-connections /run/elemental-networking"
    )


@pytest.mark.usefixtures("only_python36")
def test_the_watchdog_alone_puts_all_back(controller: Controller) -> None:
    """The controller is dead and the checkpoint gone: what systemd starts has the same Python, and no locale."""
    add_a_profile_that_is_not_ascii(controller)
    before = installed(controller, _NODE)
    with a_push_that_waits(controller, deadline=10):
        controller.kill()
        inside(controller, _NODE, "systemctl restart NetworkManager")
    wait_until_as_before(controller)
    assert installed(controller, _NODE) == before
