# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether KVM works here. A /dev/kvm that is there proves nothing: in some clouds guests hang on it, or QEMU gives up."""

from __future__ import annotations

import os
import subprocess
import typing as t
from pathlib import Path

from .tools import TestBedError, find

_CHOICES = ("auto", "kvm", "tcg")
# seconds; where KVM works a kernel is through in two
_PATIENCE = 15.0
_QEMU = (
    *("-nodefaults", "-no-user-config", "-display", "none", "-machine", "pc", "-m", "256"),
    *("-no-reboot", "-boot", "reboot-timeout=1"),
)


def chosen(image: Path | None) -> tuple[str, str]:
    """``kvm`` or ``tcg``, and why. MOLECULE_ACCEL takes the choice away from us; ``image`` has a kernel to try it with."""
    wanted = os.environ.get("MOLECULE_ACCEL") or "auto"
    if wanted not in _CHOICES:
        raise TestBedError(f"there is no MOLECULE_ACCEL={wanted}; use {', '.join(_CHOICES)}")
    if wanted != "auto":
        return wanted, "MOLECULE_ACCEL says so"
    if not Path("/dev/kvm").exists():
        return "tcg", "there is no /dev/kvm"
    complaint = trial("kvm", "host", image)
    return ("tcg", f"/dev/kvm does not work: {complaint}") if complaint else ("kvm", "a kernel started on it")


def trial(accelerator: str, processor: str, image: Path | None) -> str:
    """Start a machine without a disk, which gives up and restarts; what is wrong when that is not what it does.

    Without an image the firmware is all that runs.
    """
    command = [find("qemu-system-x86_64") or "qemu-system-x86_64", *_QEMU, "-accel", accelerator, "-cpu", processor]
    if image:
        command += ["-kernel", str(image / "vmlinux"), "-append", "console=ttyS0 panic=-1", "-serial", "stdio"]
    try:
        run = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False, errors="replace"
        )
    except subprocess.TimeoutExpired:
        return f"a machine hangs on it (for {_PATIENCE:.0f} s)"
    return _verdict(run, wants_kernel=image is not None)


def _verdict(run: subprocess.CompletedProcess[t.Any], wants_kernel: bool) -> str:
    if run.returncode:
        lines = [line for line in run.stderr.splitlines() if line.strip()]
        return lines[-1].split(": ", 1)[-1] if lines else f"QEMU ends with {run.returncode}"
    return "" if not wants_kernel or "Kernel panic" in run.stdout else "the kernel says nothing"
