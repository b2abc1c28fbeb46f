# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the test bed: python3 -m testbed, started in the folder with the scenarios."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import typing as t
from pathlib import Path

from . import bed, guard, image, machines, places
from .tools import FOR_DEBIAN_IMAGE, TestBedError, find, require

# without KVM: guests start soonest on it. Not `max`: with its 5-level page tables kernels come up broken on stock QEMU
_PROCESSOR = "qemu64"
# what today's distributions ask of a processor, and this one has not
_X86_64_V2 = ("ssse3", "sse4.1", "sse4.2", "popcnt")


def main() -> int:
    """Run a command; errors are one sentence."""
    options = _parser().parse_args()
    # QEMU is not root, and has to get at what root makes, also where root keeps its files to itself
    os.umask(0o022)
    if options.serve is not _guard:
        signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        options.serve(options)
    except TestBedError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted, everything is taken down", file=sys.stderr)
        return 130
    return 0


def _as_interrupt(_number: int, _frame: object) -> t.NoReturn:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="testbed", description="A libvirt of its own for molecule. Needs root.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="start it, with the image for the machines, and print what is known of it")
    up.set_defaults(serve=_up)
    down = commands.add_parser("down", help="end it with all machines and networks, and remove all that is its")
    down.set_defaults(serve=lambda _options: bed.down())
    build = commands.add_parser("image", help="only build the image, and print its folder")
    build.set_defaults(serve=_image)
    disk = commands.add_parser("disk", help="a fresh disk for a machine: disk vm1")
    disk.add_argument("machine")
    disk.set_defaults(serve=_disk)
    run = commands.add_parser("exec", help="run a command inside: exec -- virsh list")
    run.add_argument("command", nargs=argparse.REMAINDER)
    run.set_defaults(serve=lambda options: bed.enter(options.command[options.command[:1] == ["--"] :]))
    hidden = commands.add_parser("guard")
    hidden.add_argument("base", type=Path)
    hidden.add_argument("about", type=json.loads)
    hidden.add_argument("--watched", type=int)
    hidden.add_argument("--molecule-state", type=Path)
    hidden.set_defaults(serve=_guard)
    return parser


def _up(_options: argparse.Namespace) -> None:
    record = bed.up()
    features = _X86_64_V2 if record["own_image"] else ()
    about = {"libvirt": places.LIBVIRT, "images": str(places.IMAGES), "emulator": find("qemu-system-x86_64")}
    about["disk_cache"] = machines.disk_cache(record["process"])
    print(json.dumps({**record, **about, "processor": _PROCESSOR, "processor_features": features}))


def _image(_options: argparse.Namespace) -> None:
    require(FOR_DEBIAN_IMAGE)
    with image.building():
        print(image.ensure())


def _disk(options: argparse.Namespace) -> None:
    record = bed.current()
    if not record:
        raise TestBedError("the virtual machines are not up: run `molecule create`")
    machines.make_disk(options.machine, record["process"], record["own_image"])


def _guard(options: argparse.Namespace) -> None:
    guard.guard(options.base, options.about, options.watched, options.molecule_state)


if __name__ == "__main__":
    sys.exit(main())
