# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One node: boot it, wait for it, look into it."""

from __future__ import annotations

import contextlib
import ctypes
import socket
import subprocess
import threading
import time
import typing as t
import uuid
from pathlib import Path

from . import cgroups, network, places
from .tools import TestBedError, run

# seconds
_LONGEST_LOOK = 300

# in a mount namespace of its own: all that the node writes vanishes with it
_BOOT = r"""
set -e
[ -d /sys/fs/cgroup/unified ] && mount -t cgroup2 cgroup2 /sys/fs/cgroup   # the node shall see a pure cgroup2 machine
mkdir -p {root}; mount -t tmpfs -o size=512m,mode=755 tmpfs {root}
mkdir {root}/upper {root}/work {root}/root
mount -t overlay -o lowerdir={layer}:{rootfs},upperdir={root}/upper,workdir={root}/work overlay {root}/root
echo {node} > {root}/root/etc/hostname
as_after_power_on() {{   # the network namespace outlives a reboot of the node
  for link in $(ip -n {namespace} -o link | cut -d: -f2 | cut -d@ -f1); do case $link in
    lo) ;;
    eth*) ip -n {namespace} link set $link nomaster; ip -n {namespace} link set $link down mtu 1500 addrgenmode none
          ip -n {namespace} addr flush dev $link; ip -n {namespace} link set $link up;;   # up, or a first DHCP packet gets lost
    *) ip -n {namespace} link del $link 2>/dev/null;;
  esac; done; }}
as_after_power_on
export SYSTEMD_NSPAWN_API_VFS_WRITABLE=network
set +e
status=133   # what nspawn returns when the node rebooted
while [ $status = 133 ] || [ -e {root}/../power-{node} ]; do
  rm -f {root}/../power-{node}
  nsenter --net=/run/netns/{namespace} systemd-nspawn -q --register=no --keep-unit -D {root}/root -M {namespace} --hostname={node} \
    --uuid={identity} --capability=CAP_NET_ADMIN --link-journal=no --resolv-conf=off --timezone=off --console=pipe --boot
  status=$?; as_after_power_on
done
"""


def boot(node: str, rootfs: Path, layer: Path) -> None:
    """Start a node; ``wait`` tells when it is there."""
    script = _BOOT.format(
        node=node,
        namespace=places.namespace(node),
        root=places.machine(node),
        rootfs=rootfs,
        layer=layer,
        identity=uuid.uuid4(),
    )
    log = (places.RUN / f"{node}.log").open("w")
    subprocess.Popen(
        ["unshare", "-m", "--propagation", "slave", "sh", "-c", script],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        preexec_fn=cgroups.make(node),
        start_new_session=True,
    )


def wait(numbers: t.Sequence[int], seconds: float = 120.0) -> None:
    """Wait until ssh answers on every node's DHCP address. Raises TestBedError that names those that do not."""
    deadline = time.monotonic() + seconds
    silent = [
        number
        for number, there in _in_infrastructure(lambda: [(n, _answers(n, deadline)) for n in numbers])
        if not there
    ]
    if silent:
        names = ", ".join(places.node_name(number) for number in silent)
        raise TestBedError(
            f"{names} did not answer within {seconds:.0f} s; look at {places.RUN}/{places.node_name(silent[0])}.log"
        )


def _answers(number: int, deadline: float) -> bool:
    address = network.lease(number)
    while time.monotonic() < deadline:
        # no packet before the lease: an unanswered one costs up to a second
        if f" {address} " in places.LEASES.read_text() and _greets(address):
            return True
        time.sleep(0.03)
    return False


def _greets(address: str) -> bool:
    try:
        with socket.create_connection((address, 22), 0.5) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def _in_infrastructure(work: t.Callable[[], t.Any]) -> t.Any:
    """Run a function in a thread that lives in the infrastructure namespace."""
    results: list[t.Any] = []

    def enter() -> None:
        with open(f"/run/netns/{places.INFRASTRUCTURE}", "rb") as handle:
            if ctypes.CDLL(None, use_errno=True).setns(handle.fileno(), 0x40000000):
                return
        results.append(work())

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    if not results:
        raise TestBedError(f"the namespace {places.INFRASTRUCTURE} cannot be entered")
    return results[0]


def look(node: str, command: t.Sequence[str], seconds: int = _LONGEST_LOOK) -> subprocess.CompletedProcess[str]:
    """Run a command inside a node, whatever the state of its network.

    systemd stops all processes of a node that goes down before it kills them, and nsenter stops with what it runs: neither would ever end.
    """
    process = cgroups.first_process(node)
    if process is None:
        raise TestBedError(f"{node} is not running")
    within = ("timeout", "--kill-after=5", str(seconds))
    return run(*within, "nsenter", "-t", str(process), "-m", "-u", "-i", "-n", "-p", "-C", *command, check=False)


def cut_power(node: str) -> None:
    """Kill everything in a node at once; it starts again with the disk that it had."""
    (places.RUN / "machines" / f"power-{node}").touch()
    process = cgroups.first_process(node)
    if process is not None:
        run("kill", "-9", str(process))


def boot_again(node: str, orderly: bool = True, seconds: float = 90.0) -> None:
    """Reboot a node, or cut its power, and wait until NetworkManager has brought something up. Raises TestBedError."""
    deadline = time.monotonic() + seconds
    while cgroups.first_process(node) is None and time.monotonic() < deadline:
        time.sleep(0.1)  # it is still in the boot before
    look(node, ["touch", "/run/before-the-boot"])
    if orderly:
        look(node, ["systemctl", "--no-block", "reboot"])
    else:
        cut_power(node)
    # nm-online would wait for a card without a DHCP server, too; nmcli hangs for ever where D-Bus ends under it
    is_up = ["sh", "-c", "test ! -e /run/before-the-boot && timeout 5 nmcli -g STATE general | grep -q ^connected"]
    while time.monotonic() < deadline:
        with contextlib.suppress(TestBedError):  # it is off
            if look(node, is_up, seconds=10).returncode == 0:
                return
        time.sleep(0.1)
    raise TestBedError(f"{node} did not come up again within {seconds:.0f} s")
