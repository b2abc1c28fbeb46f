# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request costs on a host, with the program as it is sent and as a zipapp in a memfd.

python -m ansible_collections.elemental.networking.tests.benchmark.zipapp PYTHON [ROUNDS]: PYTHON is the host's, 3.8 or later, since 3.6 has
no ``os.memfd_create``. The request ends at a bus that is not there. Each way has its turn in each round; the medians are of milliseconds of
processor and of wall time. "other Python" leaves out what was compiled for the host's Python.
"""

from __future__ import annotations

import io
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
import typing as t
import zipfile
from pathlib import Path

from ansible_collections.elemental.networking.plugins.module_utils._node import main as node_main
from ansible_collections.elemental.networking.plugins.module_utils._node.paths import ANSWER_MARK, COMPILED_FILE
from ansible_collections.elemental.networking.plugins.plugin_utils._host.program import reader, script

_REQUEST = {"operation": "confirm", "token": "x", "arrived_at": "192.0.2.1", "fresh": True, "knock": None}
_ZIP_READER = """
import _signal, os, sys; _signal.alarm(45)
text = sys.stdin.buffer.read(); _signal.alarm(0)
size = int(text[:10]); memory = os.memfd_create("program"); os.write(memory, text[10:10 + size])
sys.path.insert(0, "/proc/self/fd/%d" % memory)
from _node.main import main
main((), text[10 + size:].decode(), "")
"""
# to be run by the host's Python: its own code of each module, without a check of the source (PEP 552)
_COMPILE = """
import importlib.util, marshal, sys
head = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + bytes(8)
code = compile(sys.stdin.buffer.read(), sys.argv[1], "exec", dont_inherit=True, optimize=2)
sys.stdout.buffer.write(head + marshal.dumps(code))
"""


def zipapp(python: str, is_same: bool) -> bytes:
    """The room as a zip: sources, and their code for ``python`` where that is the controller's."""
    folder = Path(str(node_main.__file__)).parent
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        rooms = {file.parent for file in folder.rglob("*.py")} | {folder}
        for file in sorted({*folder.rglob("*.py"), *(room / "__init__.py" for room in rooms)}):
            name = f"_node/{file.relative_to(folder)}"
            source = file.read_bytes() if file.exists() else b""
            archive.writestr(name, source)
            if is_same:
                compiling = subprocess.run(
                    [python, "-c", _COMPILE, name], input=source, stdout=subprocess.PIPE, check=True
                )
                archive.writestr(f"{name}c", compiling.stdout)
    return content.getvalue()


def ways(python: str, folder: Path) -> dict[str, tuple[str, bytes]]:
    """What Python runs on the host, and what it reads there, for each way."""
    version = subprocess.run(
        [python, "-c", "import sys; print(*sys.version_info[:2])"], stdout=subprocess.PIPE, text=True, check=True
    )
    is_same = version.stdout.split() == [str(number) for number in sys.version_info[:2]]
    kept = str(folder / "program.pyc")
    text = script(_REQUEST).replace(COMPILED_FILE.encode(), kept.encode())
    keeping = "\n".join(["", f"os.umask(0o077)\nwith open({kept!r}, 'wb') as stream:", "    KEEP(stream)"])
    keeping = keeping.replace("KEEP", "sys.modules['_node'].LOADER.keep")
    subprocess.run(
        [python, "-I", "-S", "-c", reader()], input=text + keeping.encode(), check=True, stdout=subprocess.DEVNULL
    )
    sent = f"sent, {'same' if is_same else 'other'} Python"
    found = {sent: (reader(), script(_REQUEST)), "sent, kept": (reader(), text)}
    for name, compiled in (("same", True), ("other", False)):
        packed = zipapp(python, compiled)
        found[f"zipapp, {name} Python"] = (_ZIP_READER, b"%10d" % len(packed) + packed + json.dumps(_REQUEST).encode())
    return found


def measure(python: str, code: str, text: bytes) -> tuple[float, float]:
    """Processor and wall time of one request, in milliseconds."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as answer:
        given.write(text)
        given.seek(0)
        began = time.monotonic()
        process = subprocess.Popen([python, "-I", "-S", "-c", code], stdin=given, stdout=answer)
        _pid, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = status
        answer.seek(0)
        assert status == 0
        assert ANSWER_MARK.encode() in answer.read()
    return (usage.ru_utime + usage.ru_stime) * 1000, wall * 1000


def main(arguments: t.Sequence[str]) -> None:
    """Measure and print."""
    python, runs = arguments[0], int([*arguments[1:], "30"][0])
    with tempfile.TemporaryDirectory() as folder:
        all_ways = ways(python, Path(folder))
        results: dict[str, list[tuple[float, float]]] = {name: [] for name in all_ways}
        for _round in range(runs):
            for name, (code, text) in all_ways.items():
                results[name].append(measure(python, code, text))
    print(shlex.join([python]), f"{runs} rounds")
    for name, times in results.items():
        processor, wall = (statistics.median(each) for each in zip(*times))
        print(f"{name:22} {processor:6.1f} ms processor {wall:6.1f} ms wall {len(all_ways[name][1]) // 1024:5} KB")


if __name__ == "__main__":
    main(sys.argv[1:])
