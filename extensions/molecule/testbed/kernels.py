# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take the kernel out of its compressed file: QEMU then starts it without the time that a slow guest takes to unpack it."""

from __future__ import annotations

import lzma
import subprocess
import typing as t
import zlib
from pathlib import Path

from .tools import TestBedError

_ELF = b"\x7fELF"


def uncompressed(kernel: Path, target: Path) -> None:
    """Write the ELF file that is in a bzImage. Raises TestBedError when it is compressed in a way that is not known here."""
    content = kernel.read_bytes()
    for mark, unpack in _FORMATS:
        start = content.find(mark)
        while start != -1:
            elf = unpack(content[start:])
            if elf.startswith(_ELF):
                target.write_bytes(elf)
                return
            start = content.find(mark, start + 1)
    raise TestBedError(f"the kernel in {kernel.name} is compressed in a way that is not known here")


def _lz4(data: bytes) -> bytes:
    # what follows the kernel in the file is no lz4: the exit code says nothing
    return subprocess.run(["lz4", "-dc"], input=data, capture_output=True, check=False).stdout


def _xz(data: bytes) -> bytes:
    try:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(data)
    except lzma.LZMAError:
        return b""


def _gzip(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(data)
    except zlib.error:
        return b""


_FORMATS: t.Sequence[tuple[bytes, t.Callable[[bytes], bytes]]] = (
    (b"\x02\x21\x4c\x18", _lz4),
    (b"\xfd7zXZ\x00", _xz),
    (b"\x1f\x8b\x08", _gzip),
)
