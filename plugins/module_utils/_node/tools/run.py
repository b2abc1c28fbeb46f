# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render a configuration with the tool that Elemental has for it: text in, keyfiles out, nothing is applied.

Runs on a node or on the controller. Neither tool's ``apply`` is ever used: it has no check mode, no diff and no way back.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import typing as t

from ..protocol import MISSING_REQUIREMENT, TIMED_OUT, NodeError, Rendered
from ..system.files import read_folder
from .error_locating import Complain, culprit

# the tool of each configurator
TOOLS: t.Mapping[str, str] = {"nmstate": "nmstatectl", "nmc": "nmc"}
# both need milliseconds; one that asks for something would wait for ever
_PATIENCE = 30.0
# sudo and ssh leave out what a login shell has
_MORE_PLACES = ("/usr/local/bin", "/usr/local/sbin", "/usr/bin", "/usr/sbin", "/bin", "/sbin")
# a keyfile may hold secrets: in memory, where there is such a place
_IN_MEMORY = ("/run", os.environ.get("XDG_RUNTIME_DIR", ""), "/dev/shm")
_LOG_LINE = re.compile(r"\[\S+ +(?P<level>[A-Z]+) +[^\]]*\] (?P<text>.*)")
# what they leave out, which they report at any level; a link-local address of IPv6 is one that every interface has by itself
_LEFT_OUT = re.compile(r"\bignoring\b(?! IPv6 link local address)", re.IGNORECASE)
# the document is one line of JSON: a place in that line is of no use
_LOCATION = re.compile(r" at line \d+ column \d+")


class ToolError(NodeError):
    """A tool that is missing or does not end; its text is one sentence for the user."""


class ToolMissing(ToolError):
    """It is not installed, or cannot be started."""

    code = MISSING_REQUIREMENT


class ToolHangs(ToolError):
    """It did not end in time."""

    code = TIMED_OUT


class ToolRun(t.NamedTuple):
    """What a tool made of a document.

    ``output`` is what nmstatectl printed (YAML), ``files`` what nmc wrote. An ``error`` is the tool's own words, and ``path``
    leads to the part of the document that it is about, as far as that can be determined.
    """

    output: str = ""
    files: t.Mapping[str, str] = {}
    warnings: tuple[str, ...] = ()
    error: str = ""
    path: tuple[str | int, ...] = ()

    def __repr__(self) -> str:
        """Without what may hold secrets."""
        return f"ToolRun(warnings={self.warnings!r}, error={self.error!r}, path={self.path!r})"


def run_tool(configurator: str, document: str, host: str = "the controller") -> ToolRun:
    """Render a document (JSON, which is YAML too) with the tool of ``configurator``, ``nmstate`` or ``nmc``.

    Raises ToolError when there is no such tool here; ``host`` is what users call this machine.
    """
    name, attempt = TOOLS[configurator], _ATTEMPTS[configurator]
    path = os.pathsep.join([os.environ.get("PATH", ""), *_MORE_PLACES])
    tool = shutil.which(name, path=path)
    if tool is None:
        raise ToolMissing(
            f"configurator {configurator} needs {name}, which is not installed on {host}: "
            f"the role elemental.networking.{name} installs it",
            tool=name,
        )
    run = attempt(tool, document)
    return run._replace(path=culprit(document, run.error, _complain(tool, attempt))) if run.error else run


def _complain(tool: str, attempt: t.Callable[[str, str], ToolRun]) -> Complain:
    return lambda document: attempt(tool, document).error


def serve_rendering(configurator: str, document: str) -> Rendered:
    """The answer to a controller that asks for a rendering on this host. Raises ToolError."""
    run = run_tool(configurator, document, "this host")
    return Rendered(run.output, run.files, run.warnings, run.error, run.path)


def _gc(tool: str, document: str) -> ToolRun:
    """``nmstatectl gc -``: the document comes and the keyfiles go through pipes (nmstate 2.2, rust/src/cli/gen_conf.rs)."""
    run = _execute([tool, "gc", "-"], document)
    warnings, error = _said(run)
    return ToolRun(error=error) if error else ToolRun(output=run.stdout, warnings=warnings)


def _nmc(tool: str, document: str) -> ToolRun:
    """``nmc generate`` in its unified form: ``_all.yaml`` must be all there is in the folder (nm-configurator 0.3, generate_conf.rs).

    nmc writes with the default mode, so that the folder and the umask are what keeps others out. The folder is always new, because
    nmc leaves in it what is there.
    """
    with _private_folder() as folder:
        config, output = os.path.join(folder, "config"), os.path.join(folder, "output")
        os.mkdir(config)
        with open(os.path.join(config, "_all.yaml"), "w", encoding="utf-8") as stream:
            stream.write(document)
        run = _execute([tool, "generate", "--config-dir", config, "--output-dir", output], "", folder)
        warnings, error = _said(run)
        if error:
            return ToolRun(error=error.replace(folder + os.sep, ""))
        return ToolRun(files=read_folder(os.path.join(output, "_all")), warnings=warnings)


_ATTEMPTS: t.Mapping[str, t.Callable[[str, str], ToolRun]] = {"nmstate": _gc, "nmc": _nmc}


@contextlib.contextmanager
def _private_folder() -> t.Iterator[str]:
    """A folder of mode 0700 that is gone afterwards, and that a loss of power takes with it where there is memory to put it in."""
    place = next((each for each in _IN_MEMORY if each and os.access(each, os.W_OK | os.X_OK)), None)
    folder = tempfile.mkdtemp(prefix="elemental-networking-", dir=place)
    before = os.umask(0o077)
    try:
        yield folder
    finally:
        os.umask(before)
        shutil.rmtree(folder, ignore_errors=True)


def _execute(command: t.Sequence[str], text: str, folder: str | None = None) -> subprocess.CompletedProcess[str]:
    # nmc reports errors only, unless it is configured otherwise; nmstatectl does not look at it
    environment = {**os.environ, "RUST_LOG": "info"}
    name = os.path.basename(command[0])
    try:
        return subprocess.run(
            command,
            input=text,
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ToolHangs(f"{name} did not end within {_PATIENCE:.0f} s", tool=name) from None
    except OSError as error:
        raise ToolMissing(f"{name} cannot be started: {error.strerror}", tool=name) from None


def _said(run: subprocess.CompletedProcess[str]) -> tuple[tuple[str, ...], str]:
    """The warnings, and the error (empty when it went well), out of a tool's log."""
    warnings, errors, plain = [], [], []
    for line in run.stderr.splitlines():
        entry = _LOG_LINE.match(line)
        if entry is None:
            plain.append(line.strip())
        elif entry["level"] == "ERROR" or (entry["level"] in ("INFO", "WARN") and _LEFT_OUT.search(entry["text"])):
            errors.append(entry["text"])
        elif entry["level"] == "WARN":
            warnings.append(entry["text"])
    # nmstatectl logs some errors and goes on (for an invalid MAC address, for example)
    if run.returncode == 0 and not errors:
        return tuple(dict.fromkeys(warnings)), ""
    errors = list(dict.fromkeys(errors))
    # what is logged is often repeated at the end
    said = [line for line in errors if not any(line in other for other in plain)]
    words = " ".join(line for line in [*said, *plain] if line)
    return (), _LOCATION.sub("", words) or f"exit code {run.returncode} without a word"
