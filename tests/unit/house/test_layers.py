# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The layers that docs/architecture.md draws: a file imports downwards only, and no two files import each other, also not lazily."""

from __future__ import annotations

import ast
import typing as t
from pathlib import Path

import pytest

_PLUGINS = Path(__file__).parents[3] / "plugins"
_PREFIX = "ansible_collections.elemental.networking.plugins."

# from the bottom up; what stands on one line knows nothing of its neighbours there
_LAYERS: tuple[tuple[str, ...], ...] = (
    (
        "module_utils._errors",
        "module_utils._in_time",
        "module_utils._machine_id",
        "module_utils._host_keys",
        "module_utils._machine_network_options",
        "module_utils._printable",
        "module_utils._progress",
        "module_utils._report_options",
        "module_utils._texts",
        "module_utils._yaml",
        "module_utils._node.checking",
        "module_utils._node.older_python",
        "module_utils._node.light_contextlib",
        "module_utils._node.light_typing",
        "module_utils._node.paths",
        "module_utils._node.protocol",
        "module_utils._node.dbus",
    ),
    ("module_utils._node.model",),
    ("module_utils._node.system",),
    ("module_utils._node.networkmanager",),
    ("module_utils._node.checks",),
    ("module_utils._node.state",),
    ("module_utils._node.plan",),
    ("module_utils._node.transaction", "module_utils._node.tools"),
    ("module_utils._node.admission",),
    ("module_utils._node.main",),
    ("module_utils._ipam", "module_utils._binding"),
    ("module_utils._ipam.database.dialect",),
    ("module_utils._ipam.database.resting", "module_utils._ipam.database.job_folder"),
    ("module_utils._ipam.database.schema", "module_utils._ipam.database.failures", "module_utils._ipam.database.rows"),
    ("module_utils._ipam.database.file", "module_utils._ipam.database.claims", "module_utils._ipam.database.pools"),
    (
        "module_utils._ipam.database.session",
        "module_utils._ipam.database.allocating",
        "module_utils._ipam.database.copying",
        "module_utils._ipam.database.releasing",
    ),
    ("module_utils._ipam.database.backend", "module_utils._ipam.kubernetes"),
    ("module_utils._ipam.database.postgresql",),
    ("module_utils._ipam.factory",),
    ("module_utils._placeholders",),
    ("module_utils._render",),
    ("module_utils._ipam_module", "module_utils._network_module"),
    (
        "plugin_utils._collecting",
        "plugin_utils._early_plugins",
        "plugin_utils._failures",
        "plugin_utils._progress_lines",
    ),
    ("plugin_utils._action",),
    ("plugin_utils._host",),
    ("plugin_utils._transaction", "plugin_utils._request"),
    ("plugin_utils._play", "plugin_utils._inventory"),
    ("modules", "action", "inventory", "lookup", "filter", "doc_fragments"),
)
# rooms that stand alone, whatever their layer
_KNOW_NOTHING_OF = {
    "module_utils._node": ("module_utils._ipam", "module_utils._render", "module_utils._yaml", "plugin_utils"),
    "module_utils._ipam": ("module_utils._node", "module_utils._render", "plugin_utils"),
    "module_utils._render": ("module_utils._ipam", "plugin_utils"),
}


def _files() -> dict[str, Path]:
    files = {}
    for path in sorted(_PLUGINS.rglob("*.py")):
        name = ".".join(path.relative_to(_PLUGINS).with_suffix("").parts)
        files[name.removesuffix(".__init__")] = path
    return files


FILES = _files()


def imports_of(name: str, tree: ast.Module, is_package: bool, files: t.Collection[str]) -> set[str]:
    """The files of the collection that a file imports anywhere in it, behind a function or for types alone, too."""
    found = set()
    for statement in ast.walk(tree):
        for source in _sources(statement, name.split(".")[: None if is_package else -1]):
            found |= {source} & set(files)
    return found - {name}


def _sources(statement: ast.AST, package: list[str]) -> t.Iterator[str]:
    if isinstance(statement, ast.Import):
        yield from (alias.name.removeprefix(_PREFIX) for alias in statement.names)
    if isinstance(statement, ast.ImportFrom):
        base = statement.module or ""
        if statement.level:
            base = ".".join([*package[: len(package) - statement.level + 1], *([base] if base else [])])
        base = base.removeprefix(_PREFIX)
        yield base
        yield from (f"{base}.{alias.name}" for alias in statement.names)


GRAPH = {
    name: imports_of(name, ast.parse(path.read_text()), path.name == "__init__.py", FILES)
    for name, path in FILES.items()
}


def layer_of(name: str) -> int | None:
    """The layer of the longest room that holds a file; a package itself has none."""
    rooms = [
        (len(room), level) for level, rooms in enumerate(_LAYERS) for room in rooms if f"{name}.".startswith(f"{room}.")
    ]
    return max(rooms)[1] if rooms else None


def goes_up(name: str, imported: str) -> bool:
    """Whether an import leads to a higher layer, or to a neighbour in the same one."""
    own, other = layer_of(name), layer_of(imported)
    if own is None or other is None or other < own:
        return False
    return other > own or not any(_both(room, name, imported) for room in _LAYERS[own])


def _both(room: str, *names: str) -> bool:
    return all(f"{name}.".startswith(f"{room}.") for name in names)


def circles(graph: t.Mapping[str, t.Iterable[str]]) -> list[list[str]]:
    """Groups of files of which each leads to each (Tarjan)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in graph.get(name, ()):
            if other not in index:
                visit(other)
            if other in stack:
                low[name] = min(low[name], low[other])
        if low[name] == index[name]:
            group = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(group) > 1:
                found.append(sorted(group))

    for name in graph:
        if name not in index:
            visit(name)
    return found


def test_every_file_has_a_layer() -> None:
    bare = {name for name, path in FILES.items() if path.name == "__init__.py"}
    assert [name for name in FILES if layer_of(name) is None and name not in bare] == []


@pytest.mark.parametrize("name", FILES)
def test_a_file_imports_downwards_only(name: str) -> None:
    assert [imported for imported in sorted(GRAPH[name]) if goes_up(name, imported)] == []


@pytest.mark.parametrize("room", _KNOW_NOTHING_OF)
def test_rooms_that_stand_alone_know_nothing_of_others(room: str) -> None:
    inside = [name for name in FILES if f"{name}.".startswith(f"{room}.")]
    strangers = _KNOW_NOTHING_OF[room]
    known = {(name, other) for name in inside for other in GRAPH[name] if other.startswith(strangers)}
    assert known == set()


def test_no_files_import_each_other() -> None:
    assert circles(GRAPH) == []


@pytest.mark.parametrize(
    ("importer", "text", "expected"),
    [
        ("module_utils._node.system.files", "from ..transaction import stage", True),
        ("module_utils._node.system.files", "def f():\n    from ..transaction.stage import stage", True),
        ("module_utils._node.transaction.stage", "from ..system.files import put", False),
        ("module_utils._node.system.files", "from .journal import x\nfrom . import timers", False),
        ("module_utils._ipam.model", f"import {_PREFIX}modules.ip_pool", True),
        ("plugin_utils._request.files", f"from {_PREFIX}plugin_utils._transaction.transaction import find", True),
    ],
)
def test_an_import_upwards_is_seen_wherever_it_stands(importer: str, text: str, expected: bool) -> None:
    found = imports_of(importer, ast.parse(text), False, FILES)
    assert any(goes_up(importer, imported) for imported in found) is expected


def test_a_circle_is_seen() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
