# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What takes the place of `contextlib` on a host: what the room uses of it is there, and does the same."""

from __future__ import annotations

import ast
import contextlib
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node import light_contextlib, main

FOLDER = Path(str(main.__file__)).parent
both = pytest.mark.parametrize("module", [contextlib, light_contextlib], ids=["contextlib", "light_contextlib"])


def test_all_that_the_room_uses_is_there() -> None:
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in FOLDER.rglob("*.py")]
    used = {
        node.attr
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "contextlib"
    }
    assert used
    assert {name for name in used if not hasattr(light_contextlib, name)} == set()


@both
def test_only_the_named_exceptions_are_suppressed(module: t.Any) -> None:
    with module.suppress(OSError, ValueError):
        raise FileNotFoundError
    with module.suppress(OSError):
        pass
    with pytest.raises(KeyError), module.suppress(OSError):
        raise KeyError


@both
def test_a_thing_is_closed_whatever_happens(module: t.Any, tmp_path: Path) -> None:
    with module.closing((tmp_path / "one").open("w")) as stream:
        assert not stream.closed
    assert stream.closed
    with pytest.raises(KeyError), module.closing((tmp_path / "two").open("w")) as stream:
        raise KeyError
    assert stream.closed


@both
def test_a_generator_is_a_context(module: t.Any) -> None:
    told: list[str] = []

    def tell(name: str, *, ends_well: bool = True) -> t.Iterator[str]:
        told.append(f"{name} begins")
        try:
            yield name
        except LookupError as error:
            if not ends_well:
                raise OSError(name) from error
        finally:
            told.append(f"{name} ends")

    telling = module.contextmanager(tell)
    with telling("first") as name:
        assert name == "first"
    with telling("second"):
        raise KeyError
    with pytest.raises(OSError, match="third"), telling("third", ends_well=False):
        raise KeyError
    with pytest.raises(ValueError, match="fourth"), telling("fourth"):
        raise ValueError("fourth")
    names = ("first", "second", "third", "fourth")
    assert told == [f"{name} {event}" for name in names for event in ("begins", "ends")]


@both
def test_the_exception_itself_goes_on(module: t.Any) -> None:
    """The one that was raised inside, and not another one around it."""

    def generate() -> t.Iterator[None]:
        try:
            yield
        except ValueError:
            raise

    passing = module.contextmanager(generate)
    error = ValueError("no")
    with pytest.raises(ValueError, match="no") as found, passing():
        raise error
    assert found.value is error
