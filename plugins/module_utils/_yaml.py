# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML from outside: the one way in for files, variables and what tools print. Runs on the controller only.

Everything is bounded before it is built: the length of the text, the depth, and the number of values and characters with every alias
written out ("billion laughs"). A document holds what JSON can hold, as for a Kubernetes API server: dates stay strings, other tags, a key
given twice and a value that contains itself are refused. Sentences name a line and never quote the text, which may hold secrets.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping

DEPTH = 64
LENGTH = 4 * 1024 * 1024  # characters; an API server takes 1.5 MiB
_VALUES = 200_000
_CHARACTERS = 8 * 1024 * 1024
_PARSED_VALUES = 1_500_000
_PARSED_CHARACTERS = 64 * 1024 * 1024
_LONGEST_NUMBER = 64
_TAG = "tag:yaml.org,2002:"
_MERGE = _TAG + "merge"
_SCALAR_TAGS = frozenset(_TAG + name for name in ("str", "int", "float", "bool", "null"))
_QUOTE = re.compile(r"\s*['\"].*", re.DOTALL)


class YamlError(ValueError):
    """What is not YAML, or too much of it; its text shows what and in which line, and quotes nothing."""


def load(text: str) -> object:
    """The one document of a string, None for an empty one. Raises YamlError."""
    documents = load_all(text)
    if len(documents) > 1:
        raise YamlError("it holds more than one document")
    return documents[0] if documents else None


def load_all(text: str) -> list[object]:
    """The documents of a string. Raises YamlError."""
    import yaml  # part of ansible-core

    if len(text) > LENGTH:
        raise YamlError(f"it is longer than {LENGTH // 1024 // 1024} MiB")
    builder = _Builder()
    try:
        for event in yaml.parse(str(text), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            builder.take(event)
    except yaml.YAMLError as error:
        raise YamlError(_explained(error)) from None
    except UnicodeEncodeError:
        raise YamlError("it has a character that cannot be encoded") from None
    return builder.documents


def checked(value: object) -> object:
    """The value itself, as Ansible parsed it. Raises YamlError for one that is too deep, too large or contains itself."""
    values, characters = 0, 0
    pending: list[tuple[t.Iterator[object], int]] = [(iter((value,)), 0)]
    while pending:
        items, depth = pending[-1]
        for item in items:
            values += 1
            if isinstance(item, str):
                characters += len(item)
            elif isinstance(item, (dict, Mapping)):
                pending.append((_keys_and_values(item), depth + 1))
                break
            elif isinstance(item, (list, tuple)):
                pending.append((iter(item), depth + 1))
                break
        else:
            pending.pop()
        if len(pending) > DEPTH + 1:
            raise YamlError(f"it is nested deeper than {DEPTH} levels, or contains itself")
        if values > _PARSED_VALUES or characters > _PARSED_CHARACTERS:
            raise YamlError("it is too large, with every alias written out")
    return value


def _keys_and_values(mapping: Mapping[object, object]) -> t.Iterator[object]:
    for key, value in mapping.items():
        yield key
        yield value


def _explained(error: Exception) -> str:
    """The parser's problem with its line, without what it quotes."""
    mark, problem = getattr(error, "problem_mark", None), str(getattr(error, "problem", None) or "")
    words = _QUOTE.sub("", problem) or "it cannot be parsed"
    return f"line {mark.line + 1}: {words}" if mark else words


class _Frame:
    """A list or mapping that is being built; ``values`` and ``characters`` are what was counted before it."""

    def __init__(
        self, container: list[object] | dict[object, object], anchor: str | None, counted: tuple[int, int]
    ) -> None:
        self.container = container
        self.anchor = anchor
        self.counted = counted
        self.has_key = False
        self.key: object = None
        self.is_merge = False
        self.merged: list[object] = []


class _Builder:
    """Events to values, without recursion, counting as it goes."""

    def __init__(self) -> None:
        import yaml

        self.documents: list[object] = []
        self._yaml = yaml
        self._constructor = yaml.constructor.SafeConstructor()
        self._resolvers = yaml.SafeLoader.yaml_implicit_resolvers
        self._frames: list[_Frame] = []
        self._anchors: dict[str, tuple[object, int, int]] = {}
        self._values = self._characters = self._line = 0

    def take(self, event: t.Any) -> None:
        """Take the next event of the parser. Raises YamlError."""
        events = self._yaml.events
        self._line = event.start_mark.line + 1
        if isinstance(event, events.ScalarEvent):
            self._count(1, len(event.value))
            value = self._scalar(event)
            self._remember(event.anchor, value, 1, len(event.value))
            self._put(value)
        elif isinstance(event, (events.SequenceStartEvent, events.MappingStartEvent)):
            self._open(event, [] if isinstance(event, events.SequenceStartEvent) else {})
        elif isinstance(event, (events.SequenceEndEvent, events.MappingEndEvent)):
            self._close()
        elif isinstance(event, events.AliasEvent):
            self._alias(event.anchor)
        elif isinstance(event, events.DocumentStartEvent):
            self._anchors.clear()

    def _refuse(self, reason: str) -> t.NoReturn:
        raise YamlError(f"line {self._line}: {reason}")

    def _count(self, values: int, characters: int) -> None:
        self._values += values
        self._characters += characters
        if self._values > _VALUES or self._characters > _CHARACTERS:
            self._refuse(
                f"more than {_VALUES} values or {_CHARACTERS // 1024 // 1024} MiB, with every alias written out"
            )

    def _remember(self, anchor: str | None, value: object, values: int, characters: int) -> None:
        if anchor is not None:
            self._anchors[anchor] = value, values, characters

    def _open(self, event: t.Any, container: list[object] | dict[object, object]) -> None:
        if event.tag not in (None, "!", _TAG + ("seq" if isinstance(container, list) else "map")):
            self._refuse("a tag that is not read here")
        if len(self._frames) >= DEPTH:
            self._refuse(f"nested deeper than {DEPTH} levels")
        if event.anchor is not None:
            self._anchors.pop(event.anchor, None)  # an alias inside of it would make it contain itself
        self._frames.append(_Frame(container, event.anchor, (self._values, self._characters)))
        self._count(1, 0)

    def _close(self) -> None:
        frame = self._frames.pop()
        if frame.merged and isinstance(frame.container, dict):
            own = dict(frame.container)
            frame.container.clear()
            for part in frame.merged:
                frame.container.update(t.cast("dict[object, object]", part))
            frame.container.update(own)
        values, characters = frame.counted
        self._remember(frame.anchor, frame.container, self._values - values, self._characters - characters)
        self._put(frame.container)

    def _alias(self, anchor: str) -> None:
        if anchor not in self._anchors:
            self._refuse("an alias without an anchor before it, or inside of what it names")
        value, values, characters = self._anchors[anchor]
        self._count(values, characters)
        self._put(value)

    def _put(self, value: object) -> None:
        if not self._frames:
            self.documents.append(value)
            return
        frame = self._frames[-1]
        if isinstance(frame.container, list):
            frame.container.append(value)
        elif not frame.has_key:
            self._put_key(frame, value)
        else:
            frame.has_key = False
            if frame.is_merge:
                self._put_merged(frame, value)
            else:
                frame.container[frame.key] = value

    def _put_key(self, frame: _Frame, key: object) -> None:
        if isinstance(key, (list, dict)):
            self._refuse("a list or mapping as a key; put a template in quotes")
        frame.is_merge = key is _MERGE
        if not frame.is_merge and key in t.cast("dict[object, object]", frame.container):
            self._refuse("a key that the mapping has already")
        frame.has_key, frame.key = True, key

    def _put_merged(self, frame: _Frame, value: object) -> None:
        parts = value if isinstance(value, list) else [value]
        if not all(isinstance(part, dict) for part in parts):
            self._refuse("<< takes one mapping or one list of mappings")
        # of two <<, which PyYAML takes, the later one wins; of a list, the first part
        frame.merged += reversed(parts)

    def _scalar(self, event: t.Any) -> object:
        text = str(event.value)
        tag = self._tag(event, text)
        if tag == _MERGE:
            return _MERGE if self._is_key() else text
        if tag == _TAG + "str" or tag not in _SCALAR_TAGS:
            return self._encodable(text)
        if tag != _TAG + "null" and len(text) > _LONGEST_NUMBER:
            self._refuse(f"a number of more than {_LONGEST_NUMBER} characters")
        node = self._yaml.ScalarNode(tag, text)
        make = getattr(self._constructor, f"construct_yaml_{tag[len(_TAG) :]}")
        try:
            return t.cast(object, make(node))
        except (ValueError, KeyError, IndexError, OverflowError):
            self._refuse("a value that is not of the type of its tag")

    def _is_key(self) -> bool:
        return bool(self._frames) and isinstance(self._frames[-1].container, dict) and not self._frames[-1].has_key

    def _tag(self, event: t.Any, text: str) -> str:
        if event.tag not in (None, "!"):
            if event.tag not in _SCALAR_TAGS:
                self._refuse("a tag that is not read here")
            return str(event.tag)
        if not event.implicit[0]:
            return _TAG + "str"
        for tag, pattern in (*self._resolvers.get(text[:1], ()), *self._resolvers.get(None, ())):
            if pattern.match(text):
                return str(tag)
        return _TAG + "str"

    def _encodable(self, text: str) -> str:
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            self._refuse("half of a character (a surrogate)")
        return text
