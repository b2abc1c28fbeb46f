# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that the test bed lives and dies with: the first one in namespaces of its own.

All of libvirt (the daemons, dnsmasq, every QEMU) is in its process namespace, so the kernel ends all of them with it. Its network namespace
and its mounts have no name outside and go with the last process. It writes nowhere but into the run directory and on file systems of
its own.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import typing as t
from pathlib import Path

from . import places
from .tools import TestBedError, find, run

_NEW_MOUNTS, _NEW_IPC, _NEW_NETWORK = 0x00020000, 0x08000000, 0x40000000
_READ_ONLY, _NO_SUID, _NO_DEVICES, _NO_EXEC = 1, 2, 4, 8
_REMOUNT, _BIND, _RECURSIVE, _PRIVATE = 32, 4096, 16384, 1 << 18
_END_WITH_PARENT, _KILL = 1, 9
_STATE = ("/var/lib/libvirt", "/var/cache/libvirt", "/var/log/libvirt", "/etc/libvirt")
_LIBC = ctypes.CDLL(None, use_errno=True)

_DAEMON_CONF = (
    'auth_unix_rw = "none"\nauth_unix_ro = "none"\nunix_sock_rw_perms = "0700"\nunix_sock_ro_perms = "0700"\n'
)
# the namespaces here are enough; a security driver would speak of paths that only exist here
_QEMU_CONF = 'namespaces = []\nsecurity_driver = "none"\ncgroup_controllers = []\n'


def live(base: Path, has_kvm: bool) -> t.NoReturn:
    """Run libvirt until it ends, as the first process of a process namespace. ``base``: what is seen as the base of disks."""
    call("prctl", _END_WITH_PARENT, _KILL, 0, 0, 0)
    call("unshare", _NEW_MOUNTS | _NEW_IPC | _NEW_NETWORK)
    run("ip", "link", "set", "lo", "up")
    _arrange(base)
    if not has_kvm:
        _hide_kvm()
    daemons = [subprocess.Popen([_program(name)], stdin=subprocess.DEVNULL) for name in ("virtlogd", "libvirtd")]
    while True:  # the first process has to reap whatever is left to it
        ended, _status = os.wait()
        if ended in [daemon.pid for daemon in daemons]:
            sys.exit("libvirt has ended")


def _program(name: str) -> str:
    path = find(name)
    if not path:
        raise TestBedError(f"{name} is missing")
    return path


def _arrange(base: Path) -> None:
    """Everything that libvirt reads and writes becomes our own; nothing of it reaches the machine's file systems."""
    visible = os.open(places.RUN, os.O_PATH)
    _mount("none", "/", "", _RECURSIVE | _PRIVATE)
    _mount("proc", "/proc", "proc", _NO_SUID | _NO_DEVICES | _NO_EXEC)
    _mount("sysfs", "/sys", "sysfs", _NO_SUID | _NO_DEVICES | _NO_EXEC)
    source = os.open(base, os.O_PATH)
    # no D-Bus, no systemd and no other libvirt is found here
    _mount("tmpfs", "/run", "tmpfs", _NO_SUID | _NO_DEVICES, "mode=755")
    for name in ("libvirt", "lock"):
        (Path("/run") / name).mkdir()
    _give_dnsmasq_its_file()
    places.RUN.mkdir(mode=0o700)
    _mount(f"/proc/self/fd/{visible}", str(places.RUN), "", _BIND)
    _mount(str(places.SOCKETS), "/run/libvirt", "", _BIND)
    for folder in _STATE:
        if not Path(folder).is_dir():
            raise TestBedError(f"{folder} is missing: libvirt is not installed as a distribution's packages do it")
        _mount("tmpfs", folder, "tmpfs", _NO_SUID | _NO_DEVICES, "mode=755")
    Path("/etc/libvirt/libvirtd.conf").write_text(_DAEMON_CONF)
    Path("/etc/libvirt/qemu.conf").write_text(_QEMU_CONF)
    places.BASE.mkdir(parents=True)
    _show_base(source)


def _hide_kvm() -> None:
    """Where KVM does not work libvirt would try it again and again, ten seconds for each machine."""
    if Path("/dev/kvm").exists():
        nothing = Path("/run/nothing")
        nothing.touch(mode=0)
        _mount(str(nothing), "/dev/kvm", "", _BIND)


def _show_base(source: int) -> None:
    """The base of disks, whoever may not read the folders above it: QEMU is not root."""
    seen = f"/proc/self/fd/{source}"
    shown = places.BASE
    if not Path(seen).is_dir():
        shown = places.BASE / "disk.qcow2"
        shown.touch()
    _mount(seen, str(shown), "", _BIND)
    # libvirt gives files to the user that QEMU runs as; these are not its
    _mount("none", str(shown), "", _BIND | _REMOUNT | _READ_ONLY)


def _give_dnsmasq_its_file() -> None:
    """dnsmasq wants the folder of resolv.conf, which is often in /run."""
    target = Path(os.path.realpath("/etc/resolv.conf"))
    if str(target).startswith("/run/"):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()


def _mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    result = _LIBC.mount(
        source.encode(), target.encode(), kind.encode() or None, ctypes.c_ulong(flags), data.encode() or None
    )
    if result:
        raise TestBedError(f"{target} cannot be mounted: {os.strerror(ctypes.get_errno())}")


def call(name: str, *arguments: int) -> None:
    """Call a function of the C library. Raises TestBedError with what it says."""
    if getattr(_LIBC, name)(*(ctypes.c_ulong(argument) for argument in arguments)):
        raise TestBedError(f"{name} failed: {os.strerror(ctypes.get_errno())}")


def clean_environment() -> dict[str, str]:
    """What the daemons get: nothing that would lead them to a user's own configuration."""
    return {"PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8", "HOME": "/root"}
