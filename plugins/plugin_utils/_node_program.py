# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program for a node: the `_networkmanager` room as one text that `python3 -` reads from its standard input.

Unlike a module it never touches the node's disk with its arguments (keyfiles hold secrets) and it costs exactly one remote
execution, whatever ANSIBLE_PIPELINING says.
"""

from __future__ import annotations

import functools
import json
import pkgutil
import typing as t

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
    "staging",
    "confirming",
    "expiring",
    "narrowing",
    "rendering",
    "node",
)
_LOADER = """
import sys, types
package = types.ModuleType("_networkmanager")
package.__path__ = []
sys.modules["_networkmanager"] = package
for name, source in SOURCES:
    module = types.ModuleType("_networkmanager." + name)
    module.__package__ = "_networkmanager"
    sys.modules[module.__name__] = module
    setattr(package, name, module)
    exec(compile(source, "elemental.networking/" + name + ".py", "exec"), module.__dict__)
"""


@functools.lru_cache(maxsize=1)
def program() -> str:
    """The program without a request: it defines the package `_networkmanager` when it runs."""
    sources = []
    for name in _ORDER:
        raw = pkgutil.get_data(_PACKAGE, f"{name}.py")
        if raw is None:
            raise RuntimeError(f"the collection is incomplete: {name}.py is missing")
        sources.append((name, raw.decode()))
    timers = "if __name__ == '__main__' and len(sys.argv) > 1:\n    sys.modules['_networkmanager.node'].main(sys.argv[1:], None, '')\n"
    return f"SOURCES = {sources!r}\n{_LOADER}\n{timers}"


def script(request: t.Mapping[str, t.Any]) -> bytes:
    """The text that serves one request when it is fed to ``python3 -I -S -``."""
    text = program()
    serve = f"sys.modules['_networkmanager.node'].main((), {json.dumps(request)!r}, PROGRAM)\n"
    return f"import sys\nPROGRAM = {text!r}\nexec(compile(PROGRAM, 'elemental.networking', 'exec'))\n{serve}".encode()
