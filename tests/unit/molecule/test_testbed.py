# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of molecule's test bed needs neither root nor a virtual machine."""

from __future__ import annotations

import gzip
import lzma
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.extensions.molecule.testbed import (
    accelerator,
    bed,
    image,
    kernels,
    machines,
    places,
    processes,
)
from ansible_collections.elemental.networking.extensions.molecule.testbed.tools import TestBedError

_FILES = ("disk.qcow2", "vmlinux", "initrd.img", "id")
_ELF = b"\x7fELF" + bytes(range(256)) * 16


@pytest.fixture
def builds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Images are built in a moment here; who built where."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    done: list[Path] = []

    def build(_workshop: Path, folder: Path) -> None:
        done.append(folder)
        for name in _FILES:
            (folder / name).write_text(f"{name} {len(done)}")
        image.write_checksums(folder)

    monkeypatch.setattr(image, "_build", build)
    return done


def test_an_image_is_built_once(builds: list[Path]) -> None:
    assert image.ensure() == image.ensure()
    assert len(builds) == 1


@pytest.mark.parametrize("name", [*_FILES, "SHA256SUMS"])
def test_a_damaged_image_is_built_anew(builds: list[Path], name: str) -> None:
    (image.ensure() / name).write_text("damaged")
    assert (image.ensure() / "vmlinux").read_text() == "vmlinux 2"


@pytest.mark.parametrize("name", [*_FILES, "SHA256SUMS"])
def test_an_image_that_is_not_whole_is_built_anew(builds: list[Path], name: str) -> None:
    (image.ensure() / name).unlink()
    assert (image.ensure() / name).exists()


def test_a_build_that_is_interrupted_leaves_nothing(
    builds: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_workshop: Path, folder: Path) -> None:
        (folder / "disk.qcow2").write_text("half")
        raise KeyboardInterrupt

    monkeypatch.setattr(image, "_build", interrupted)
    with pytest.raises(KeyboardInterrupt):
        image.ensure()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("compressed", [lzma.compress(_ELF), gzip.compress(_ELF)])
def test_a_kernel_is_taken_out_of_its_compressed_file(tmp_path: Path, compressed: bytes) -> None:
    # a mark that is none comes first
    (tmp_path / "vmlinuz").write_bytes(b"MZ\x1f\x8b\x08 setup" + compressed + b"behind")
    kernels.uncompressed(tmp_path / "vmlinuz", tmp_path / "vmlinux")
    assert (tmp_path / "vmlinux").read_bytes() == _ELF


def test_a_kernel_without_an_elf_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "vmlinuz").write_bytes(b"MZ" + gzip.compress(b"something else"))
    with pytest.raises(TestBedError, match="vmlinuz"):
        kernels.uncompressed(tmp_path / "vmlinuz", tmp_path / "vmlinux")
    assert not (tmp_path / "vmlinux").exists()


@pytest.fixture
def qemu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> t.Callable[[str], None]:
    """Let a script stand in for QEMU."""

    def become(script: str) -> None:
        program = tmp_path / "qemu-system-x86_64"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    return become


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("echo 'Kernel panic - not syncing: VFS'", ""),
        ("true", "the kernel says nothing"),
        ("echo 'qemu: Could not access KVM kernel module: Permission denied' >&2; exit 1", "Permission denied"),
        ("exec sleep 30", "hangs"),
    ],
)
def test_kvm_works_where_a_kernel_runs_on_it(
    qemu: t.Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, complaint: str
) -> None:
    monkeypatch.setattr(accelerator, "_PATIENCE", 1.0)
    qemu(script)
    said = accelerator.trial("kvm", "host", tmp_path)
    assert complaint in said
    assert bool(said) == bool(complaint)


def test_a_choice_that_there_is_not_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOLECULE_ACCEL", "xen")
    with pytest.raises(TestBedError, match="MOLECULE_ACCEL=xen; use auto, kvm, tcg"):
        accelerator.chosen(None)


def test_an_image_of_yours_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOLECULE_IMAGE", "/nowhere/mine.qcow2")
    with pytest.raises(TestBedError, match=r"there is no file /nowhere/mine.qcow2"):
        bed.up()


class FileOfRoot:
    """Stands in for the record of a test bed in the eyes of anybody else: tests may run as root, who can read everything."""

    def read_text(self) -> str:
        raise PermissionError


@pytest.mark.parametrize("command", [bed.down, bed.current, lambda: bed.enter(["true"])])
def test_who_is_not_root_is_told_that_there_are_machines(
    monkeypatch: pytest.MonkeyPatch, command: t.Callable[[], object]
) -> None:
    """Not that there is nothing to take down."""
    monkeypatch.setattr(places, "RECORD", FileOfRoot())
    with pytest.raises(TestBedError, match="as root or with sudo"):
        command()


@pytest.mark.parametrize(
    ("line", "is_one_shot"),
    [
        ("python3 /venv/bin/molecule test -s configure", True),
        ("python3 /venv/bin/molecule -vvv test --all", True),
        ("python3 -m molecule test", True),
        ("python3 /venv/bin/molecule test --destroy=never", False),
        ("python3 /venv/bin/molecule test --destroy never", False),
        ("python3 /venv/bin/molecule create", False),
        ("python3 /venv/bin/molecule converge -s test", False),
    ],
)
def test_machines_end_with_molecule_test_alone(monkeypatch: pytest.MonkeyPatch, line: str, is_one_shot: bool) -> None:
    """Those of other commands are there to work with, whatever the scenario is called."""
    monkeypatch.setattr(processes, "words", lambda _process: line.split())
    assert bool(bed._one_shot()) == is_one_shot


@pytest.mark.parametrize(("takes_direct_writes", "expected"), [(True, "none"), (False, "writeback")])
def test_disks_bypass_the_page_cache_where_their_file_system_takes_that(
    monkeypatch: pytest.MonkeyPatch, takes_direct_writes: bool, expected: str
) -> None:
    """And never go without what a machine synchronises: its power is cut."""
    removed: list[str] = []

    def run(*command: str) -> str:
        if "dd" in command and not takes_direct_writes:
            raise TestBedError("dd failed: Invalid argument")
        removed.extend(command[-1:] if "rm" in command else ())
        return ""

    monkeypatch.setattr(machines, "run", run)
    assert machines.disk_cache(1) == expected
    assert removed == [str(places.IMAGES / "direct")]
