# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program for a node: the `_networkmanager` room as one text that `python3 -` reads from its standard input.

Unlike a module it never touches the node's disk with its arguments (keyfiles hold secrets) and it costs exactly one remote
execution, whatever ANSIBLE_PIPELINING says.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import pkgutil
import typing as t
import zlib

from ansible_collections.elemental.networking.plugins.module_utils._networkmanager.node import ANSWER_MARK
from ansible_collections.elemental.networking.plugins.module_utils._networkmanager.places import PROGRAM_FILE

_PACKAGE = "ansible_collections.elemental.networking.plugins.module_utils._networkmanager"
# each one imports only those before it
_ORDER = (
    "places",
    "wire",
    "bus",
    "files",
    "keyfile",
    "model",
    "network_manager",
    "later",
    "planning",
    "looking",
    "store",
    "journal",
    "undoing",
    "arp",
    "probing",
    "others",
    "activating",
    "staging",
    "confirming",
    "expiring",
    "narrowing",
    "rendering",
    "node",
)
# compiling is most of what a start costs: a node keeps the result in memory (store.keep_compiled), for root alone
_LOADER = """
import marshal, os, sys, types
def compiled():
    kept = "/run/elemental-networking/program.pyc"
    try:
        status = os.stat(kept)
        if status.st_uid == os.geteuid() and not status.st_mode & 0o077:
            with open(kept, "rb") as stream:
                identity, codes = marshal.load(stream)
            if identity == IDENTITY:
                return codes
    except (OSError, ValueError, EOFError, TypeError):
        pass
    return [compile(source, "elemental.networking/" + name + ".py", "exec") for name, source in SOURCES]
IDENTITY = (DIGEST, sys.version)
package = types.ModuleType("_networkmanager")
package.__path__ = []
package.COMPILED = (IDENTITY, compiled())
sys.modules["_networkmanager"] = package
for (name, _source), code in zip(SOURCES, package.COMPILED[1]):
    module = types.ModuleType("_networkmanager." + name)
    module.__package__ = "_networkmanager"
    sys.modules[module.__name__] = module
    setattr(package, name, module)
    exec(code, module.__dict__)
"""


@functools.lru_cache(maxsize=1)
def program() -> str:
    """The program without a request: it defines the package `_networkmanager` when it runs."""
    sources = _sources()
    timers = "if __name__ == '__main__' and len(sys.argv) > 1:\n    sys.modules['_networkmanager.node'].main(sys.argv[1:], None, '')\n"
    return f"SOURCES = {sources!r}\n{_digest_line()}\n{_LOADER}\n{timers}"


@functools.lru_cache(maxsize=1)
def _digest_line() -> str:
    return f"DIGEST = {hashlib.sha256(repr(_sources()).encode()).hexdigest()!r}"


@functools.lru_cache(maxsize=1)
def _sources() -> list[tuple[str, str]]:
    sources = []
    for name in _ORDER:
        raw = pkgutil.get_data(_PACKAGE, f"{name}.py")
        if raw is None:
            raise RuntimeError(f"the collection is incomplete: {name}.py is missing")
        sources.append((name, raw.decode()))
    return sources


def script(request: t.Mapping[str, t.Any]) -> bytes:
    """The text that serves one request when it is fed to ``python3 -I -S -``."""
    packed = base64.b64encode(zlib.compress(program().encode())).decode()
    head = f"import binascii, sys, zlib\nPROGRAM = zlib.decompress(binascii.a2b_base64({packed!r})).decode()\n"
    return f"{head}{_RUN}{_serving(request)}".encode()


def short_script(request: t.Mapping[str, t.Any]) -> bytes:
    """The same for a node that keeps this very program since it staged; one that does not answers ``null``."""
    lines = [
        "import sys",
        "try:",
        f"    PROGRAM = open({PROGRAM_FILE!r}, encoding='utf-8').read()",
        "except OSError:",
        "    PROGRAM = ''",
        f"if {_digest_line()!r} in PROGRAM:",
        *(f"    {line}" for line in f"{_RUN}{_serving(request)}".splitlines()),
        "else:",
        f"    print({ANSWER_MARK + 'null'!r})",
    ]
    return "\n".join(lines).encode() + b"\n"


_RUN = "exec(compile(PROGRAM, 'elemental.networking', 'exec'))\n"


def _serving(request: t.Mapping[str, t.Any]) -> str:
    return f"sys.modules['_networkmanager.node'].main((), {json.dumps(request)!r}, PROGRAM)\n"
