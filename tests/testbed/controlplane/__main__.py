# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the control plane: python3 -m tests.testbed.controlplane."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import typing as t

from .. import places as nodes
from ..interrupts import end_as_interrupt
from ..tools import TestBedError
from . import building, places, users
from .plane import Plane, memory, timed


def main(arguments: t.Sequence[str] | None = None) -> int:
    """Run a command; errors are one sentence."""
    parser = argparse.ArgumentParser(
        prog="controlplane", description="A real control plane with Cluster API's IPAM. Needs root."
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--name", default=places.PREFIX, help="the network namespace that it makes and lives in")
    where.add_argument("--with-nodes", action="store_true", help="live in that of the test nodes, which are up")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="start it (built on first use) and wait until a claim is served")
    up.add_argument("--provider", choices=["1.1", "1.0"], default="1.1", help="version of the in-cluster IPAM provider")
    up.set_defaults(serve=_up)
    commands.add_parser("down", help="end and remove everything of it").set_defaults(
        serve=lambda options: _plane(options).down()
    )
    commands.add_parser("build", help="only build it").set_defaults(serve=lambda _options: print(building.ensure()))
    run = commands.add_parser("exec", help="run a command where it can be reached: exec -- kubectl …")
    run.add_argument("command", nargs=argparse.REMAINDER)
    run.set_defaults(serve=_exec)
    for name, does in (("kill", "end one process at once"), ("start", "start one that was ended")):
        one = commands.add_parser(name, help=does)
        one.add_argument("process")
        one.set_defaults(serve=_one, does=name)
    options = parser.parse_args(arguments)
    end_as_interrupt(signal.SIGTERM)
    try:
        options.serve(options)
    except TestBedError as error:
        print(f"controlplane: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("controlplane: interrupted, everything is taken down", file=sys.stderr)
        return 130
    return 0


def _plane(options: argparse.Namespace) -> Plane:
    return Plane(nodes.INFRASTRUCTURE, guest=True) if options.with_nodes else Plane(options.name)


def _up(options: argparse.Namespace) -> None:
    if options.with_nodes and not nodes.INVENTORY.exists():
        raise TestBedError("no test nodes are up: make nodes-up")
    building.ensure(options.provider)
    plane = _plane(options)
    seconds = timed(lambda: plane.up(options.provider))
    used = sum(memory(plane.processes.pid(name)) for name in plane.processes.names())
    print(f"control plane after {seconds:.1f} s with {used} MiB: {plane.server} in network namespace {plane.name}")
    print(f"kubeconfig {plane.kubeconfig(users.ADMINISTRATOR)}; run commands there with: ip netns exec {plane.name}")


def _exec(options: argparse.Namespace) -> t.NoReturn:
    plane = _plane(options)
    plane.enter()
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise TestBedError("give a command behind --")
    os.environ.setdefault("K8S_AUTH_KUBECONFIG", str(plane.kubeconfig(users.CONSUMER)))
    os.environ.setdefault("KUBECONFIG", str(plane.kubeconfig(users.ADMINISTRATOR)))
    try:
        os.execvp(command[0], command)
    except FileNotFoundError:
        raise TestBedError(f"{command[0]} is not installed") from None


def _one(options: argparse.Namespace) -> None:
    plane = _plane(options)
    plane.enter()
    if options.does == "kill":
        plane.kill(options.process)
    else:
        plane.start_again(options.process)


if __name__ == "__main__":
    sys.exit(main())
