# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What takes the place of `typing` on a host: what the room uses of it is there, and does the same."""

from __future__ import annotations

import ast
import sys
import typing
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node import light_typing, main
from ansible_collections.elemental.networking.plugins.module_utils._node.older_python import without_annotations

FOLDER = Path(str(main.__file__)).parent


def _used() -> set[str]:
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in FOLDER.rglob("*.py")]
    return {
        node.attr
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "t"
    }


def test_all_that_the_room_uses_is_there() -> None:
    assert {name for name in _used() if not hasattr(light_typing, name)} == set()


@pytest.mark.parametrize("module", ["import typing as t", "import contextlib"])
def test_modules_get_it_in_the_one_way_that_is_replaced(module: str) -> None:
    """Another spelling would bring the module back, and what it costs each start with it."""
    name = module.split()[1]
    lines = [line for file in FOLDER.rglob("*.py") for line in file.read_text(encoding="utf-8").splitlines()]
    assert {line for line in lines if "import" in line.split() and name in line.split()} == {module}


def _classes(module: object) -> type:
    base = typing.cast(typing.Any, module).NamedTuple
    text = (
        "from __future__ import annotations\n"
        "class Pair(base):\n"
        "    'Two numbers.'\n"
        "    first: int\n"
        "    second: int = 2\n"
        "    @property\n"
        "    def total(self):\n"
        "        return self.first + self.second\n"
        "    @classmethod\n"
        "    def of(cls, first):\n"
        "        return cls(first)\n"
    )
    given: dict[str, typing.Any] = {"base": base, "__name__": "somewhere"}
    source = without_annotations(text) if sys.version_info < (3, 7) else text
    exec(compile(source, "pair", "exec", dont_inherit=True), given)
    return typing.cast(type, given["Pair"])


@pytest.mark.parametrize("module", [typing, light_typing], ids=["typing", "light_typing"])
def test_a_named_tuple_is_the_same(module: object) -> None:
    pair = typing.cast(typing.Any, _classes(module))
    one = pair.of(1)
    assert (one, one.total, one._replace(second=3)) == ((1, 2), 3, (1, 3))
    assert (pair._fields, dict(one._asdict()), repr(one)) == (
        ("first", "second"),
        {"first": 1, "second": 2},
        "Pair(first=1, second=2)",
    )
    assert pair._field_defaults == {"second": 2}
    assert (pair.__module__, pair.__name__, pair.__doc__) == ("somewhere", "Pair", "Two numbers.")
    assert (one == pair(2), one == pair(first=1, second=2), hash(one) == hash((1, 2))) == (False, True, True)
    first, second = one
    assert (first, second, *one) == (1, 2, 1, 2)
    for values, named in (((), {}), ((1, 2, 3), {}), ((1,), {"first": 1}), ((1,), {"third": 3})):
        with pytest.raises(TypeError):
            pair(*values, **named)
    with pytest.raises((TypeError, ValueError)):
        one._replace(third=3)
    with pytest.raises(AttributeError):
        one.first = 2


def test_descriptions_of_types_mean_nothing() -> None:
    t = light_typing
    assert t.cast("dict[str, int]", 1) == 1
    assert t.Union[int, t.Mapping[str, t.Optional[t.Callable[[str], bool]]]] is t.Union
