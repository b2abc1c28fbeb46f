# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image of the virtual machines: Debian's own packages, made once per recipe, checksummed, complete or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import shlex
import shutil
import tempfile
import typing as t
from pathlib import Path

from . import kernels, places
from .tools import TestBedError, run

SUITE = "bookworm"
_PACKAGES = (
    *("linux-image-cloud-amd64", "initramfs-tools", "lz4", "systemd-sysv", "udev", "kmod", "dbus"),
    *("network-manager", "openssh-server", "python3", "iproute2", "iputils-ping"),
)
_LEFT_OUT = ("man", "doc", "locale", "info")
_DISK = "disk.qcow2"
_CHECKSUMS = "SHA256SUMS"
_FILES = (_DISK, "vmlinux", "initrd.img", "id")
_SIZE = "2G"
_CUSTOMIZE = Path(__file__).parent / "customize.sh"


def ensure() -> Path:
    """The folder with ``disk.qcow2``, ``vmlinux``, ``initrd.img`` and ``id``; built when the cache has no good one."""
    finished = places.cache() / f"image-{SUITE}-{_recipe()}"
    if finished.is_dir() and _is_good(finished):
        return finished
    shutil.rmtree(finished, ignore_errors=True)
    places.cache().mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(prefix=".building-", dir=places.cache()))
    try:
        (workshop / "image").mkdir()
        _build(workshop, workshop / "image")
        (workshop / "image").rename(finished)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    return finished


@contextlib.contextmanager
def building() -> t.Iterator[None]:
    """Hold others off who would make a test bed or an image meanwhile."""
    places.cache().mkdir(parents=True, exist_ok=True)
    with (places.cache() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def sweep() -> None:
    """Remove what a build that was killed has left; only for who holds others off."""
    for path in places.cache().glob(".building-*"):
        shutil.rmtree(path, ignore_errors=True)


def _recipe() -> str:
    """A digest of all that an image depends on."""
    parts = [SUITE, *_PACKAGES, *_LEFT_OUT, _SIZE]
    parts += [file.read_text() for file in (_CUSTOMIZE, Path(__file__), Path(kernels.__file__))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _build(workshop: Path, image: Path) -> None:
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "molecule", "-f", str(image / "id"))
    root, hook = workshop / "root", f"bash {shlex.quote(str(_CUSTOMIZE))}"
    run(
        *("mmdebstrap", "--mode=root", "--variant=minbase", f"--include={','.join(_PACKAGES)}"),
        '--aptopt=APT::Install-Recommends "false"',
        *(f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in _LEFT_OUT),
        # before the kernel is installed: its initrd is made once
        f'--essential-hook={hook} initramfs "$1"',
        f'--customize-hook={hook} system "$1" {shlex.quote(str(image / "id.pub"))}',
        *(SUITE, str(root)),  # no mirror: mmdebstrap knows those of a suite, and apt's settings of this machine count
    )
    kernels.uncompressed(_only(root / "boot", "vmlinuz-*"), image / "vmlinux")
    shutil.copy(_only(root / "boot", "initrd.img-*"), image / "initrd.img")
    for file in (root / "boot").iterdir():
        if file.is_file():
            file.unlink()
    raw = workshop / "disk.raw"
    # with a journal, as machines have it: the power of these is cut
    run("mke2fs", "-q", "-t", "ext4", "-J", "size=8", "-L", "root", "-d", str(root), str(raw), _SIZE)
    run("qemu-img", "convert", "-q", "-f", "raw", "-O", "qcow2", str(raw), str(image / _DISK))
    for name in ("vmlinux", "initrd.img", _DISK):
        (image / name).chmod(0o644)  # QEMU is not root
    write_checksums(image)


def write_checksums(image: Path) -> None:
    """Last of all: an image is whole when they are there."""
    lines = [f"{_sha256(image / name)}  {name}\n" for name in _FILES]
    (image / _CHECKSUMS).write_text("".join(lines))


def _only(folder: Path, pattern: str) -> Path:
    found = list(folder.glob(pattern))
    if len(found) != 1:
        raise TestBedError(f"the image has {len(found)} files {pattern}, not one")
    return found[0]


def _is_good(image: Path) -> bool:
    """Whether all files are there and are what was built."""
    try:
        sums = dict(line.split("  ")[::-1] for line in (image / _CHECKSUMS).read_text().splitlines())
        return set(sums) == set(_FILES) and all(_sha256(image / name) == wanted for name, wanted in sums.items())
    except (OSError, ValueError):
        return False


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()
