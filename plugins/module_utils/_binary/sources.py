# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a program comes from: a release file, a file on the host, or a Rust crate."""

from __future__ import annotations

import abc
import errno
import hashlib
import http.client
import math
import os
import shutil
import subprocess
import typing as t
import zipfile
from dataclasses import dataclass

from ansible.module_utils.urls import ConnectionError as UrlError
from ansible.module_utils.urls import open_url

_BLOCK = 1 << 20
# a mirror that hangs
_SECONDS = 60.0
# bytes; the programs have less than fifty million, and a mirror that never ends shall not fill the disk
_LARGEST = 512 << 20
_OF_THE_NET = (OSError, UrlError, http.client.HTTPException, ValueError)
# errors of our disk and not of their server
_OF_THE_DISK = (errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EACCES, errno.EIO)


class BinaryError(Exception):
    """A program that cannot be installed; its text is one sentence for the user."""


class Source(abc.ABC):
    """Where a program can be had."""

    @property
    @abc.abstractmethod
    def identity(self) -> str:
        """What tells this source from another one."""

    @abc.abstractmethod
    def fetch(self, target: str, folder: str) -> None:
        """Write the program, or an archive with it, to ``target``; ``folder`` is private and has room. Raises BinaryError or OSError."""


@dataclass(frozen=True)
class Release(Source):
    """A file by its address, and what it has to be."""

    url: str
    sha256: str

    @property
    def identity(self) -> str:
        return f"sha256:{self.sha256}"

    def fetch(self, target: str, folder: str) -> None:
        try:
            with open_url(self.url, timeout=_SECONDS, use_proxy=True) as answer:
                found = _copy(answer, target, _LARGEST)
        except _TooLarge:
            raise BinaryError(
                f"{self.url} holds over {_LARGEST:,} bytes, which none of these programs does; look whether the address is right"
            ) from None
        except _OF_THE_NET as error:
            if isinstance(error, OSError) and error.errno in _OF_THE_DISK:
                raise
            raise BinaryError(f"{self.url} cannot be fetched: {_reason(error)}; give the address of a mirror") from None
        _check(found, self.sha256, self.url)


@dataclass(frozen=True)
class LocalFile(Source):
    """A file on this host; whatever it holds when ``sha256`` is empty."""

    path: str
    sha256: str

    @property
    def identity(self) -> str:
        return f"sha256:{self.sha256 or digest_of(self.path)}"

    def fetch(self, target: str, folder: str) -> None:
        with open(self.path, "rb") as stream:
            found = _copy(stream, target)
        _check(found, self.sha256 or found, self.path)


@dataclass(frozen=True)
class Crate(Source):
    """A program that cargo builds."""

    name: str
    version: str

    @property
    def identity(self) -> str:
        return f"crate:{self.name}@{self.version}"

    def fetch(self, target: str, folder: str) -> None:
        cargo = shutil.which("cargo") or shutil.which("cargo", path=os.path.expanduser("~/.cargo/bin"))
        if cargo is None:
            raise BinaryError("there is no cargo on this host; install Rust, or use another method")
        command = [cargo, "install", "--locked", "--version", self.version, "--root", folder, self.name]
        environment = {"CARGO_PROFILE_RELEASE_LTO": "off", **os.environ}
        run = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        if run.returncode:
            lines = [line.strip() for line in run.stderr.splitlines() if line.startswith("error")]
            reason = (lines or ["it does not say why"])[0]
            raise BinaryError(f"cargo cannot build {self.name} {self.version}: {reason}")
        shutil.move(os.path.join(folder, "bin", self.name), target)


def _blocks(stream: t.IO[bytes]) -> t.Iterator[bytes]:
    return iter(lambda: stream.read(_BLOCK), b"")


class _TooLarge(Exception):
    """There is more to copy than there may be."""


def _copy(source: t.IO[bytes], target: str, largest: float = math.inf) -> str:
    """The sha256 of what was copied. Raises _TooLarge where there are more bytes."""
    digest = hashlib.sha256()
    with open(target, "wb") as stream:
        for block in _blocks(source):
            digest.update(block)
            stream.write(block)
            if stream.tell() > largest:
                raise _TooLarge
    return digest.hexdigest()


def digest_of(path: str) -> str | None:
    """The sha256 of a file, None when there is no such file."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as stream:
            for block in _blocks(stream):
                digest.update(block)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return digest.hexdigest()


def unpack(archive: str, name: str, target: str) -> None:
    """Write the program ``name`` out of a zip archive, or its only file, to ``target``. A file that is no archive is the program itself."""
    if not zipfile.is_zipfile(archive) or _is_program(archive):
        os.replace(archive, target)
        return
    with zipfile.ZipFile(archive) as content:
        files = [entry for entry in content.namelist() if not entry.endswith("/")]
        named = [entry for entry in files if os.path.basename(entry) == name] or files
        if len(named) != 1:
            raise BinaryError(f"the archive holds {', '.join(files) or 'nothing'}, but no {name}")
        with content.open(named[0]) as packed, open(target, "wb") as stream:
            shutil.copyfileobj(packed, stream, _BLOCK)
    os.unlink(archive)


def _is_program(path: str) -> bool:
    """A program with an archive at its end is a program."""
    with open(path, "rb") as stream:
        return stream.read(4) == b"\x7fELF"


def _check(found: str, wanted: str, what: str) -> None:
    if found != wanted:
        raise BinaryError(
            f"{what} has the sha256 {found}, not {wanted}: it is damaged, or another version than the one asked for; nothing was installed"
        )


def _reason(error: Exception) -> str:
    reason = " ".join(str(getattr(error, "reason", None) or error).split())
    code = getattr(error, "code", None)
    return f"HTTP {code}, {reason}" if code else reason
