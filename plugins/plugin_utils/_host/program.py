# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program for a node: the `_node` room as one text that Python reads there from its standard input.

Unlike a module it never touches the node's disk or its log with its arguments (keyfiles hold secrets) and it costs exactly one remote
execution, with any value of ANSIBLE_PIPELINING. Where `become` takes standard input away (su), the text waits in the node's memory, under
/dev/shm, for a second execution.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import importlib
import importlib.util
import json
import marshal
import pkgutil
import secrets
import shlex
import sys
import typing as t
import zlib
from pathlib import Path

from ansible_collections.elemental.networking.plugins.module_utils._node.paths import (
    ANSWER_MARK,
    COMPILED_FILE,
    LOCALE,
    PROGRAM_FILE,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import AnyRequest, to_json

# seconds for the text to arrive: where the address under the connection went meanwhile, sshd waits for the rest of it for hours
_LONGEST_DELIVERY = 45
# where Linux keeps files in memory, for every user
_MEMORY = "/dev/shm"
# characters of a program in which its digest stands
_LONGEST_HEAD = 4096
_KEPT_PREFIX = "elemental-networking-"
# seconds after which no process reads a kept program any more
_LONGEST_KEPT = 3600
# a folder that is not ours to write, no folder at all, a Python without a cache
_NOTHING_KEPT = (OSError, NotImplementedError)
_PACKAGE = "ansible_collections.elemental.networking.plugins.module_utils._node"
# what is packed follows the code as comments, and ends with the last mark; Python would need 3 ms to read it as values
_CODES = b"\n#codes "
_SOURCES = b"\n#sources "
_END = b"\n#end\n"
# these cost a start 5 and 2 ms; see light_typing.py and light_contextlib.py
_LIGHT = {
    "import typing as t\n": "from _node import light_typing as t\n",
    "import contextlib\n": "from _node import light_contextlib as contextlib\n",
}
# a start is paid for by every request: only modules that are needed are compiled and run, and a node keeps what they were compiled to in
# memory (records._keep_compiled), for root alone
_LOADER = """
import marshal, os, sys
def packed(mark):
    import binascii, zlib
    if "text" not in globals():
        with open(__file__, "rb") as stream:
            globals()["text"] = stream.read()
    return marshal.loads(zlib.decompress(binascii.a2b_base64(text.partition(mark)[2].partition(b"\\n")[0])))
def compiled(name, source):
    if sys.version_info < (3, 7) and name != "older_python":
        from _node.older_python import without_annotations
        source = without_annotations(source)
    return compile(source, "elemental.networking/" + name.replace(".", "/") + ".py", "exec")
class Loader:
    def __init__(self, kept):
        self.kept, self.given = kept, {}
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "_node":
            return type(sys.__spec__)(name, self, is_package=name in PACKAGES)
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        if module.__name__ == "_node":
            module.LOADER = self
        elif module.__name__ not in PACKAGES:
            exec(self.code(module.__name__.partition(".")[2]), module.__dict__)
    def code(self, name):
        if name not in self.kept:
            is_same = sys.modules["_frozen_importlib_external"].MAGIC_NUMBER == MAGIC_NUMBER
            if not self.given:
                self.given = packed(CODES if is_same else SOURCES)
            self.kept[name] = self.given[name] if is_same else marshal.dumps(compiled(name, self.given[name]))
        return marshal.loads(self.kept[name])
    def keep(self, stream):
        marshal.dump((IDENTITY, self.kept), stream)
IDENTITY = (DIGEST, sys.version)
def kept():
    try:
        with open(COMPILED, "rb") as stream:
            status = os.fstat(stream.fileno())
            if status.st_uid == os.geteuid() and not status.st_mode & 0o077:
                identity, codes = marshal.load(stream)
                if identity == IDENTITY:
                    return codes
    except (OSError, ValueError, EOFError, TypeError):
        pass
    return {}
sys.meta_path.insert(0, Loader(kept()))
def main(*arguments):
    from _node.main import main
    main(*arguments)
"""


@functools.lru_cache(maxsize=1)
def program() -> str:
    """The program without a request: it makes the package `_node` known and defines ``main`` when it runs.

    It comes as text and, for nodes whose Python has the same code as this one, compiled.
    """
    timers = "if __name__ == '__main__' and len(sys.argv) > 1:\n    main(sys.argv[1:], None, '')\n"
    constants = {
        "PACKAGES": ("_node", *(f"_node.{room}" for room in _rooms())),
        "SOURCES": _SOURCES,
        "CODES": _CODES,
        "MAGIC_NUMBER": importlib.util.MAGIC_NUMBER,
        "COMPILED": COMPILED_FILE,
    }
    head = "".join(f"{name} = {value!r}\n" for name, value in constants.items())
    return f"{head}{_digest_line()}\n{_LOADER}\n{timers}{_packed_modules()}"


def _packed_modules() -> str:
    """The modules, compiled and as text, in Python's own cache if possible: packing them is slow."""
    identity = f"{_digest_line()} {sys.version!r}"
    with contextlib.suppress(*_NOTHING_KEPT, ValueError):
        # until 3.12.8 Python could leave half a file on a full disk, and a disk may fail
        first, checksum, modules = _place_in_cache().read_text(encoding="ascii").split("\n", 2)
        if first == identity and checksum == _checksum(modules):
            return modules
    modules = _pack()
    with contextlib.suppress(*_NOTHING_KEPT):
        if not sys.dont_write_bytecode:
            _write_whole(_place_in_cache(), "\n".join((identity, _checksum(modules), modules)))
    return modules


def _place_in_cache() -> Path:
    """Where Python would keep a compiled module beside ours (PEP 3147). Raises NotImplementedError where it keeps none."""
    folder = Path(str(importlib.import_module(_PACKAGE).__file__)).parent
    return Path(importlib.util.cache_from_source(str(folder / "program.py"), optimization=2)).with_suffix(".packed")


def _write_whole(file: Path, text: str) -> None:
    """Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    try:
        part.write_text(text, encoding="ascii")
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _pack() -> str:
    """``-O2`` leaves out docstrings, which no one reads on a node."""
    codes = {
        name: marshal.dumps(
            compile(source, f"elemental.networking/{_path(name)}", "exec", dont_inherit=True, optimize=2)
        )
        for name, source in _sources().items()
    }
    return f"{_CODES.decode()}{_packed(codes)}{_SOURCES.decode()}{_packed(_sources())}{_END.decode()}"


def _packed(content: t.Any) -> str:
    return base64.b64encode(zlib.compress(marshal.dumps(content), 6)).decode()


@functools.lru_cache(maxsize=1)
def _digest_line() -> str:
    return f"DIGEST = {hashlib.sha256(repr((_LOADER, _sources())).encode()).hexdigest()!r}"


@functools.lru_cache(maxsize=1)
def _sources() -> dict[str, str]:
    """The modules of the package and its rooms: ``room.name`` to text."""
    sources = {}
    for room in ("", *_rooms()):
        inside = importlib.import_module(f"{_PACKAGE}.{room}" if room else _PACKAGE)
        for module in pkgutil.iter_modules(inside.__path__):
            name = f"{room}.{module.name}" if room else module.name
            if not module.ispkg:
                sources[name] = _light(_source(_path(name)))
    return dict(sorted(sources.items()))


def _light(source: str) -> str:
    for heavy, light in _LIGHT.items():
        source = source.replace(heavy, light, 1)
    return source


@functools.lru_cache(maxsize=1)
def _rooms() -> tuple[str, ...]:
    modules = pkgutil.iter_modules(importlib.import_module(_PACKAGE).__path__)
    return tuple(sorted(module.name for module in modules if module.ispkg))


def _source(path: str) -> str:
    raw = pkgutil.get_data(_PACKAGE, path)
    if raw is None:
        raise RuntimeError(f"the collection is incomplete: {path} is missing")
    return raw.decode()


def _path(name: str) -> str:
    return name.replace(".", "/") + ".py"


# the code and, if modules are packed behind it, the request at the end: what arrived by half has none
_RUN = f"exec(text.partition({_CODES!r})[0]); exec(text.partition({_END!r})[2])"


def reader(longest_delivery: int = _LONGEST_DELIVERY) -> str:
    """What ``python3 -I -S -c`` runs on the node to read and run a program; it gives up after so many seconds.

    The module `signal` itself would cost a start 7 ms more than the part of it that is C.
    """
    take = "text = sys.stdin.buffer.read()"
    return f"import _signal, sys; _signal.alarm({longest_delivery}); {take}; _signal.alarm(0); {_RUN}"


def shell_command(python: str, code: str) -> str:
    """What a shell on the node runs: this code with a Python there (a word of the shell), and with nothing of its site-packages."""
    return f"{LOCALE} {python} -I -S -c {shlex.quote(code)}"


def place_in_memory() -> str:
    """A path on the node, in memory and not yet in use, for a program that root reads after another user has left it there."""
    return f"{_MEMORY}/{_KEPT_PREFIX}{secrets.token_hex(16)}"


def keeper(file: str, longest_delivery: int = _LONGEST_DELIVERY) -> str:
    """What ``python3 -I -S -c`` runs on the node to read a program and keep it in a new file that is its user's alone.

    What was left there, and not taken within an hour, goes: the connection broke in between.
    """
    lines = [
        "import _signal, os, sys, time",
        f"for entry in os.scandir({_MEMORY!r}):",
        "    try:",
        "        status = entry.stat(follow_symlinks=False)",
        f"        is_old = status.st_uid == os.geteuid() and time.time() - status.st_mtime > {_LONGEST_KEPT}",
        f"        if entry.name.startswith({_KEPT_PREFIX!r}) and is_old:",
        "            os.unlink(entry.path)",
        "    except OSError:",
        "        pass",
        f"if ' {_MEMORY} tmpfs ' not in open('/proc/self/mounts').read():",
        f"    sys.exit('{_MEMORY} must be in memory (tmpfs) here, for a become method that takes standard input away')",
        f"_signal.alarm({longest_delivery})",
        "text = sys.stdin.buffer.read()",
        "_signal.alarm(0)",
        f"with os.fdopen(os.open({file!r}, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), 'wb') as stream:",
        "    stream.write(text)",
    ]
    return "\n".join(lines)


def kept_reader(file: str, text: bytes) -> str:
    """What it runs then, as root, to remove that program and run it; one that another process has put there is not run."""
    digest = hashlib.sha256(text).hexdigest()
    lines = [
        "import hashlib, os, sys",
        f"with open({file!r}, 'rb') as stream:",
        "    text = stream.read()",
        f"os.unlink({file!r})",
        f"if hashlib.sha256(text).hexdigest() != {digest!r}:",
        f"    sys.exit('{file} was changed by another process')",
        _RUN,
    ]
    return "\n".join(lines)


def script(request: AnyRequest) -> bytes:
    """The text that serves one request when ``reader`` takes it: the program, which is kept where a trial is opened, and the request."""
    head = program().encode()
    return head + f"PROGRAM = text[:{len(head)}].decode()\n{_serving(request)}".encode()


def short_script(request: AnyRequest) -> bytes:
    """The same for a node that keeps this very program since it staged; one that does not answers ``null``."""
    lines = [
        "try:",
        f"    text = open({PROGRAM_FILE!r}, 'rb').read()",
        "except OSError:",
        "    text = b''",
        f"if {_digest_line().encode()!r} in text[:{_LONGEST_HEAD}]:",
        f"    {_RUN}",
        "    PROGRAM = text.decode()",
        f"    {_serving(request)}",
        "else:",
        f"    print({ANSWER_MARK + 'null'!r})",
    ]
    return "\n".join(lines).encode() + b"\n"


def _serving(request: AnyRequest) -> str:
    return f"main((), {json.dumps(to_json(request))!r}, PROGRAM)"


# Ansible loads its plugins before it forks a process per host: made here, the program is made once for all of them
program()
