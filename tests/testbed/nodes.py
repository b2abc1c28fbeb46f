# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the test nodes: python3 -m tests.testbed.nodes."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
import typing as t

from . import bed, network, node, places, rootfs
from .interrupts import end_as_interrupt
from .tools import TestBedError, find


def main(arguments: t.Sequence[str] | None = None) -> int:
    """Run a command; errors are one sentence."""
    options = _parser().parse_args(arguments)
    end_as_interrupt(signal.SIGTERM)
    try:
        return int(options.serve(options) or 0)
    except TestBedError as error:
        print(f"nodes: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("nodes: interrupted, everything is taken down", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="nodes", description="Test nodes with a real NetworkManager, in network namespaces. Needs root."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="boot nodes and wait until ssh answers")
    up.add_argument("count", type=int, help="how many nodes")
    releases = ", ".join(f"{suite} has {has}" for suite, has in rootfs.SUITES.items())
    up.add_argument("--suite", choices=sorted(rootfs.SUITES), default="bookworm", help=f"Debian release: {releases}")
    up.set_defaults(serve=_up)
    commands.add_parser("down", help="end and remove everything of the test nodes").set_defaults(
        serve=lambda _options: bed.down()
    )
    inventory = commands.add_parser("inventory", help="print the path of the inventory")
    inventory.set_defaults(serve=lambda _options: print(places.INVENTORY))
    run = commands.add_parser("exec", help="run a command where Ansible has to run: exec -- ansible-playbook …")
    run.add_argument("command", nargs=argparse.REMAINDER)
    run.set_defaults(serve=_exec)
    look = commands.add_parser(
        "oob", help="run a command inside a node, whatever the state of its network: oob node1 -- nmcli"
    )
    look.add_argument("node")
    look.add_argument("command", nargs=argparse.REMAINDER)
    look.set_defaults(serve=_oob)
    link = commands.add_parser("link", help="pull or plug a node's cable: link node1 eth0 down")
    link.add_argument("node")
    link.add_argument("card", choices=[f"eth{card}" for card in range(len(network.SEGMENTS))])
    link.add_argument("state", choices=["up", "down"])
    link.set_defaults(serve=_link)
    power = commands.add_parser("power-cut", help="kill a node at once; it starts again with its disk")
    power.add_argument("node")
    power.set_defaults(serve=lambda options: node.cut_power(options.node))
    return parser


def _up(options: argparse.Namespace) -> None:
    started = time.monotonic()
    bed.up(options.count, options.suite)
    print(
        f"{options.count} nodes ({rootfs.SUITES[options.suite]}) after {time.monotonic() - started:.1f} s; inventory {places.INVENTORY}"
    )


def _command(options: argparse.Namespace) -> list[str]:
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise TestBedError("give a command behind --")
    return list(command)


def _exec(options: argparse.Namespace) -> t.NoReturn:
    if not bed.is_up():
        raise TestBedError("no test nodes are up: make nodes-up")
    entering = [find("nsenter") or "nsenter", f"--net=/run/netns/{places.INFRASTRUCTURE}"]
    os.execvp(entering[0], [*entering, *_command(options)])


def _oob(options: argparse.Namespace) -> int:
    result = node.look(options.node, _command(options))
    sys.stdout.write(result.stdout)
    sys.stderr.write(result.stderr)
    return int(result.returncode)


def _link(options: argparse.Namespace) -> None:
    network.set_link(
        int(options.node.removeprefix("node")), int(options.card.removeprefix("eth")), options.state == "up"
    )


if __name__ == "__main__":
    sys.exit(main())
