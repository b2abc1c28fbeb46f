# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to give a node a static address that are compared, each as a command for all nodes at once."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass
from pathlib import Path

from tests.testbed import network, node, places

FORKS = 10
_KEYFILE = """[connection]
id={card}
type=ethernet
interface-name={card}
[ipv4]
method=manual
address1={address}/24{gateway}
"""


@dataclass(frozen=True)
class Contender:
    """One way; ``protected`` says whether it can undo what cuts a node off."""

    title: str
    command: t.Callable[[Workshop], t.List[str]]
    protected: bool = False


@dataclass(frozen=True)
class Workshop:
    """Where a run finds its things."""

    folder: Path
    ansible_playbook: Path
    numbers: t.Sequence[int]

    def play(self, *tasks: t.Mapping[str, t.Any], handlers: t.Sequence[t.Mapping[str, t.Any]] = ()) -> list[str]:
        """Run tasks on all nodes."""
        text = json.dumps([{"hosts": "all", "gather_facts": False, "tasks": list(tasks), "handlers": list(handlers)}])
        file = self.folder / f"play-{abs(hash(text))}.json"
        file.write_text(text)
        return self._ansible(str(file))

    def playbook(self, name: str, **variables: t.Any) -> list[str]:
        """Run a playbook of the collection."""
        return [*self._ansible(f"elemental.networking.{name}"), "-e", json.dumps(variables)]

    def _ansible(self, playbook: str) -> list[str]:
        return [str(self.ansible_playbook), "-i", str(places.INVENTORY), "-f", str(FORKS), playbook]


# a hundred nodes have leases from .11 on
_BEFORE = 110
_NUMBER = f"{{{{ inventory_hostname | regex_replace('[^0-9]', '') | int + {_BEFORE} }}}}"
ETH1 = _KEYFILE.format(card="eth1", address=f"172.16.0.{_NUMBER}", gateway="")
ETH0 = _KEYFILE.format(card="eth0", address=f"192.168.122.{_NUMBER}", gateway=",192.168.122.1\ndns=192.168.122.1;")
_FILE = "/etc/NetworkManager/system-connections/eth1.nmconnection"


def _ping(workshop: Workshop) -> list[str]:
    return workshop.play({"ansible.builtin.ping": {}})


def _ours(*profiles: str) -> t.Callable[[Workshop], t.List[str]]:
    config = {text.split("id=")[1].split()[0]: text for text in profiles}
    options = {"configurator": "nmconnections", "config": config}
    if ETH0 in profiles:
        # what a claim would say: the second run finds a node there, whatever the inventory says
        address = {"address": f"192.168.122.{_NUMBER}", "prefix": 24, "gateway": "192.168.122.1"}
        options["addresses"] = {"inventory-ip": address}
        # and what the first push records; the nodes come from one image, with its keys
        look = ["sh", "-c", "cat /etc/ssh/ssh_host_*_key.pub"]
        return lambda workshop: workshop.play(
            {
                "elemental.networking.network_config": {
                    **options,
                    "known_host_keys": node.look(places.node_name(1), look).stdout.splitlines(),
                }
            }
        )
    return lambda workshop: workshop.play({"elemental.networking.network_config": options})


def _whole_playbook(workshop: Workshop) -> list[str]:
    """Claims, too: ETH0 from a pool."""
    reference = {"apiGroup": "ipam.cluster.x-k8s.io", "kind": "InClusterIPPool", "name": "bench"}
    text = ETH0.replace(f"192.168.122.{_NUMBER}", "{inventory-ip}")
    return workshop.playbook(
        "configure",
        machine_network={
            "configurator": "nmconnections",
            "ipAddresses": {"inventory-ip": reference},
            "config": {"eth0": text},
        },
        machine_network_pools=[
            {
                "apiVersion": "ipam.cluster.x-k8s.io/v1alpha2",
                "kind": "InClusterIPPool",
                "metadata": {"name": "bench"},
                "spec": {
                    "addresses": [f"192.168.122.{_BEFORE + 1}-192.168.122.{_BEFORE + 100}"],
                    "prefix": 24,
                    "gateway": "192.168.122.1",
                },
            }
        ],
    )


def _community_nmcli(workshop: Workshop) -> list[str]:
    options = {
        "conn_name": "eth1",
        "ifname": "eth1",
        "type": "ethernet",
        "ip4": [f"172.16.0.{_NUMBER}/24"],
        "state": "present",
    }
    return workshop.play(
        {"community.general.nmcli": options, "notify": "up"},
        handlers=[{"name": "up", "ansible.builtin.command": "nmcli connection up eth1"}],
    )


def _copy(workshop: Workshop) -> list[str]:
    return workshop.play(
        {"ansible.builtin.copy": {"content": ETH1, "dest": _FILE, "mode": "0600"}, "notify": "up"},
        handlers=[
            {
                "name": "up",
                "ansible.builtin.shell": f"nmcli connection load {_FILE} && nmcli connection up filename {_FILE}",
            }
        ],
    )


def _bare(workshop: Workshop) -> list[str]:
    """ssh in parallel, no Ansible: what the work itself costs."""
    script = (
        f"cat > {_FILE} && chmod 600 {_FILE} && nmcli connection load {_FILE} > /dev/null"
        f" && nmcli connection up filename {_FILE} > /dev/null"
    )
    lines = []
    for number in workshop.numbers:
        file = workshop.folder / f"eth1-{number}"
        file.write_text(ETH1.replace(_NUMBER, str(_BEFORE + number)))
        lines.append(f"{network.lease(number)} {file}")
    (workshop.folder / "hosts").write_text("\n".join(lines) + "\n")
    ssh = (
        f"ssh -o ControlMaster=auto -o ControlPersist=60 -o ControlPath={places.CONTROL_PATHS}/bare-%h -i {places.KEY}"
        " -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
    )
    work = f'while read -r host file; do echo "$host"; echo "$file"; done < {workshop.folder}/hosts'
    return ["sh", "-c", f"{work} | xargs -P {FORKS} -n 2 sh -c '{ssh} root@$0 \"{script}\" < $1'"]


CONTENDERS = (
    Contender("a play with one ping", _ping),
    Contender("bare ssh, nmcli, xargs", _bare),
    Contender("network_config, eth1", _ours(ETH1), protected=True),
    Contender("network_config, eth0 moves under ssh", _ours(ETH0), protected=True),
    Contender("playbook configure, eth0, with claims", _whole_playbook, protected=True),
    Contender("community.general.nmcli, eth1", _community_nmcli),
    Contender("ansible.builtin.copy with handler, eth1", _copy),
)
