# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an AWX job can keep a database where it is: its container and its private folder end with it, and NFS has no locks."""

from __future__ import annotations

import os
import re
import typing as t

from ..errors import InvalidInput

# AWX names it in the environment of a job; the folder is mounted in the container at the second one
_PRIVATE_FOLDER = "AWX_PRIVATE_DATA_DIR"
_IN_CONTAINER = "/runner"
_MOUNTS = "/proc/self/mountinfo"
# what is written there is in the layers of the container, or in memory
_DYING = ("overlay", "tmpfs", "ramfs", "fuse.fuse-overlayfs")
# of a pod: the volume is deleted with it (the kubelet's folder of such volumes)
_DYING_VOLUME = "kubernetes.io~empty-dir/"
# locks, or the shared memory of the write-ahead log, do not reach from one machine to another (or cannot be relied on)
_WITHOUT_LOCKS = re.compile(r"(nfs\d*|ceph|9p|cifs|smb\d*|virtiofs|fuse(\..*|blk)?)")
_ESCAPE = re.compile(r"\\([0-7]{3})")


class Mount(t.NamedTuple):
    """Where something is mounted, and the kind of its file system."""

    point: str
    kind: str
    # what of the file system is mounted there
    root: str = "/"


def refuse_lost_database(path: str) -> None:
    """Raise IpamError where this is an AWX job that cannot keep the database at this absolute path, or not share it safely."""
    private = os.environ.get(_PRIVATE_FOLDER)
    if not private:
        return
    with open(_MOUNTS, encoding="utf-8", errors="surrogateescape") as stream:
        mounts = parsed_mounts(stream.read())
    found = os.path.realpath(path)
    reason = why_it_dies(found, (private, _IN_CONTAINER), mounts)
    if reason:
        raise InvalidInput(
            f"the database {path} dies with this AWX job, since it is {reason}, and with it the record of which machine holds which "
            "address: name a file on a path that AWX exposes to its jobs (Settings, Jobs, Paths to expose to isolated jobs) in "
            "machine_network_ipam_database, or keep the claims on a cluster (machine_network_ipam_backend: kubernetes)",
            database=path,
        )
    reason = why_it_is_not_locked(found, mounts)
    if reason:
        raise InvalidInput(
            f"the database {path} is {reason}, where locks do not work reliably, so that two jobs could give one address to two machines: "
            "name a file on a local disk of the execution node in machine_network_ipam_database, or keep the claims on a cluster "
            "(machine_network_ipam_backend: kubernetes)",
            database=path,
        )


def why_it_is_not_locked(path: str, mounts: t.Sequence[Mount]) -> str:
    """Which file system without working locks a file is on, in a few words; empty where locks work (pure)."""
    mount = _mount_of(path, mounts)
    return f"on {mount.kind} ({mount.point})" if _WITHOUT_LOCKS.fullmatch(mount.kind) else ""


def why_it_dies(path: str, private: t.Sequence[str], mounts: t.Sequence[Mount]) -> str:
    """Why nothing of a file is left after a job with these private folders, in a few words; empty where it stays (pure)."""
    mount = _mount_of(path, mounts)
    if mount.kind in _DYING:
        return f"on {mount.kind} ({mount.point})"
    if _DYING_VOLUME in mount.root:
        return f"on an emptyDir volume of the pod ({mount.point})"
    for folder in private:
        # a volume of its own may be mounted below
        if _is_inside(path, folder) and not (_is_inside(mount.point, folder) and mount.point != folder.rstrip("/")):
            return f"in the private folder of the job ({folder})"
    return ""


def parsed_mounts(text: str) -> list[Mount]:
    """The mounts in the text of /proc/self/mountinfo (proc(5)), in which the last one at a point counts."""
    found = []
    for line in text.splitlines():
        words, _dash, kind = line.partition(" - ")
        fields = words.split(" ")
        if len(fields) > 4 and kind:
            root, point = (_unescaped(field) for field in fields[3:5])
            found.append(Mount(point, kind.split(" ")[0], root))
    return found


def _unescaped(field: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 8)), field)


def _mount_of(path: str, mounts: t.Sequence[Mount]) -> Mount:
    around = [mount for mount in mounts if _is_inside(path, mount.point)]
    # of mounts at one point the later one lies on top
    return max(reversed(around), key=lambda mount: len(mount.point), default=Mount("/", ""))


def _is_inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")
