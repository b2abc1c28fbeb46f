# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""In an AWX job a database must be where something of it is left afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.database import job_folder
from ansible_collections.elemental.networking.plugins.module_utils._ipam.database.backend import EmbeddedBackend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.database.job_folder import (
    Mount,
    parsed_mounts,
    why_it_dies,
    why_it_is_not_locked,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError, Pool, PoolReference

REFERENCE = PoolReference("ipam.cluster.x-k8s.io", "InClusterIPPool", "p")
# as in a job of AWX 24.6.1, with two paths that AWX exposes, one of them with :O, and one with a blank
_MOUNTINFO = """\
600 500 0:80 / / rw,relatime - overlay overlay rw,lowerdir=/a,upperdir=/b
601 600 0:81 / /proc rw,nosuid - proc proc rw
602 600 0:82 / /dev rw,nosuid - tmpfs tmpfs rw,size=65536k
603 600 8:1 /var/lib/awx/awx_4_x /runner rw,relatime shared:1 - ext4 /dev/sda1 rw
604 600 8:1 /srv/claims /srv/claims rw,relatime - ext4 /dev/sda1 rw
605 600 0:83 / /srv/layer rw,relatime - overlay overlay rw
606 603 8:1 /srv/other /runner/volume rw,relatime - xfs /dev/sdb1 rw
607 600 8:1 /srv/with\\040blank /srv/with\\040blank rw,relatime - ext4 /dev/sda1 rw
608 600 0:84 / /srv/share rw,relatime - nfs4 filer:/claims rw
609 600 0:85 / /srv/share/local rw,relatime - xfs /dev/sdc1 rw
610 600 8:1 /var/lib/kubelet/pods/1/volumes/kubernetes.io~empty-dir/claims /claims rw - ext4 /dev/sda1 rw
611 600 0:86 / /srv/tab\\011and\\134 rw - fuse.sshfs backup: rw
"""
_PRIVATE = ("/var/lib/awx/awx_4_x", "/runner")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/runner/inventory/.elemental-ipam.sqlite", "in the private folder of the job (/runner)"),
        ("/root/claims.sqlite", "on overlay (/)"),
        ("/dev/shm/claims.sqlite", "on tmpfs (/dev)"),
        ("/srv/layer/claims.sqlite", "on overlay (/srv/layer)"),
        ("/srv/claims/claims.sqlite", ""),
        ("/srv/claims-of-others/claims.sqlite", "on overlay (/)"),
        ("/runner/volume/claims.sqlite", ""),
        ("/runner/volumes/claims.sqlite", "in the private folder of the job (/runner)"),
        ("/srv/with blank/claims.sqlite", ""),
        ("/claims/claims.sqlite", "on an emptyDir volume of the pod (/claims)"),
    ],
)
def test_what_is_left_of_a_database_after_a_job(path: str, reason: str) -> None:
    assert why_it_dies(path, _PRIVATE, parsed_mounts(_MOUNTINFO)) == reason


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/srv/share/claims.sqlite", "on nfs4 (/srv/share)"),
        ("/srv/share/local/claims.sqlite", ""),
        ("/srv/share-of-others/claims.sqlite", ""),
        ("/srv/tab\tand\\/claims.sqlite", "on fuse.sshfs (/srv/tab\tand\\)"),
        ("/srv/claims/claims.sqlite", ""),
    ],
)
def test_where_two_jobs_could_write_at_once(path: str, reason: str) -> None:
    assert why_it_is_not_locked(path, parsed_mounts(_MOUNTINFO)) == reason


@pytest.mark.parametrize(
    ("kind", "is_refused"),
    [
        *[
            (kind, True)
            for kind in ("nfs", "nfs4", "ceph", "fuse", "fuse.ceph-fuse", "fuse.glusterfs", "fuseblk", "9p")
        ],
        *[(kind, True) for kind in ("cifs", "smb3", "virtiofs")],
        *[(kind, False) for kind in ("ext4", "xfs", "btrfs", "zfs", "fusectl", "nfsd")],
    ],
)
def test_file_systems_without_locks(kind: str, is_refused: bool) -> None:
    mounts = [Mount("/", "ext4"), Mount("/x", kind)]
    assert bool(why_it_is_not_locked("/x/ipam.sqlite", mounts)) is is_refused
    assert why_it_dies("/x/ipam.sqlite", _PRIVATE, mounts) == ""


def test_of_two_mounts_at_one_point_the_last_one_counts() -> None:
    mounts = parsed_mounts(_MOUNTINFO + "620 604 0:90 / /srv/claims rw - tmpfs tmpfs rw\n")
    assert why_it_dies("/srv/claims/claims.sqlite", _PRIVATE, mounts) == "on tmpfs (/srv/claims)"


def test_whatever_is_in_a_line_is_no_mount_or_one() -> None:
    assert parsed_mounts("\n - \n1 2 3\n1 2 3 4 /x - \n") == []


def test_in_a_job_the_default_database_is_refused_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = tmp_path / "inventory/.elemental-ipam.sqlite"
    monkeypatch.setenv("AWX_PRIVATE_DATA_DIR", str(tmp_path))
    with pytest.raises(IpamError) as error, EmbeddedBackend(str(database)):
        pass
    assert f"the database {database} dies with this AWX job" in str(error.value)
    assert error.value.result == {"code": "invalid_input", "database": str(database)}
    assert not database.parent.exists()
    assert "name a file on a path that AWX exposes to its jobs" in str(error.value)


def test_a_database_without_locks_is_refused_in_a_job_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A double: no test machine has such a file system."""
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"1 0 8:1 / / rw - ext4 /dev/sda rw\n2 1 0:9 / {tmp_path} rw - nfs4 filer:/ rw\n")
    monkeypatch.setattr(job_folder, "_MOUNTS", str(mounts))
    database = tmp_path / "ipam.sqlite"
    with EmbeddedBackend(str(database)):
        pass
    monkeypatch.setenv("AWX_PRIVATE_DATA_DIR", "/var/lib/awx/awx_4_x")
    with pytest.raises(IpamError) as error, EmbeddedBackend(str(database)):
        pass
    assert f"the database {database} is on nfs4 ({tmp_path}), where locks do not work reliably" in str(error.value)
    assert "name a file on a local disk of the execution node" in str(error.value)


_NO_FOLDER = "the folder of the database .* does not exist: create it, mount what"


def test_the_folder_of_a_database_is_never_made(tmp_path: Path) -> None:
    """Also for those who only read: a typing error in the path would look like a site without claims."""
    with pytest.raises(IpamError, match=_NO_FOLDER), EmbeddedBackend(str(tmp_path / "not mounted/ipam.sqlite")):
        pass
    assert not (tmp_path / "not mounted").exists()


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_folder_that_goes_meanwhile_is_not_made_again(tmp_path: Path, dry_run: bool) -> None:
    folder = tmp_path / "mounted"
    folder.mkdir()
    with EmbeddedBackend(str(folder / "ipam.sqlite")) as backend:
        assert backend.list_claims(None) == []
        folder.rmdir()
        with pytest.raises(IpamError, match=_NO_FOLDER):
            backend.apply_pool(Pool(REFERENCE, "ns", ("192.0.2.10",), 24), dry_run)
    assert not folder.exists()
