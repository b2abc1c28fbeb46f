# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the module `typing` does something when a program runs, which takes its place on a node: annotations are not evaluated there.

Importing `typing` takes 2.5 ms of each start and `collections` 2 more, and a named tuple of theirs is compiled when it is made.
"""

from __future__ import annotations

from _operator import itemgetter  # operator, around it, would cost each start 1 ms

TYPE_CHECKING = False


class _Described:
    """A type in a description of types: it takes arguments, and means nothing."""

    def __getitem__(self, _arguments: object) -> _Described:
        return self

    def __call__(self, *_arguments: object) -> _Described:
        return self


AbstractSet = Any = Callable = Collection = Dict = Iterable = Iterator = List = Mapping = NoReturn = Optional = (
    _Described()
)
Sequence = Tuple = Type = TypeVar = Union = AbstractSet


def cast(_kind: object, value: object) -> object:
    """The value as it is."""
    return value


class _Record(tuple):  # type: ignore[type-arg]
    """What all named tuples can do; each has its fields in order, and the default of those that have one."""

    __slots__ = ()
    _fields: tuple[str, ...] = ()
    _field_defaults: dict[str, object] = {}  # noqa: RUF012

    def __new__(cls, *values: object, **named: object) -> _Record:
        """Raises TypeError where a value is missing, or there is one too many."""
        count = len(values)
        if named or count != len(cls._fields):
            later = cls._fields[count:]
            missing = [field for field in later if field not in named and field not in cls._field_defaults]
            if missing or count > len(cls._fields) or set(named) - set(later):
                raise TypeError(f"{cls.__name__} takes {', '.join(cls._fields)}")
            values += tuple(named[field] if field in named else cls._field_defaults[field] for field in later)
        return tuple.__new__(cls, values)

    def _replace(self, **changes: object) -> _Record:
        return type(self)(**{**self._asdict(), **changes})

    def _asdict(self) -> dict[str, object]:
        return dict(zip(self._fields, self))

    def __repr__(self) -> str:
        values = ", ".join(f"{field}={value!r}" for field, value in self._asdict().items())
        return f"{type(self).__name__}({values})"


class _Named(type):
    """Makes a named tuple of a class whose annotations are its fields, as `typing.NamedTuple` does."""

    def __new__(cls, name: str, bases: tuple[type, ...], given: dict[str, object]) -> type:
        if not bases:
            return super().__new__(cls, name, bases, given)
        fields: tuple[str, ...] = tuple(given.get("__annotations__", ()))  # type: ignore[arg-type]
        body = {key: value for key, value in given.items() if key not in fields}
        body.update({field: property(itemgetter(place)) for place, field in enumerate(fields)})
        defaults = {field: given[field] for field in fields if field in given}
        return type(name, (_Record,), {**body, "__slots__": (), "_fields": fields, "_field_defaults": defaults})


class NamedTuple(metaclass=_Named):
    """The base of a named tuple."""
