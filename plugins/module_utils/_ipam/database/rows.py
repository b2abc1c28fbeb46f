# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows as the model: the border where data of a database, which others may have written, is checked."""

from __future__ import annotations

import contextlib
import dataclasses
import ipaddress
import json
import re
import typing as t

from ..._host_keys import parted
from ..._machine_id import valid_identity
from ..._texts import moment, plain
from ..addresses import checked_address
from ..allocation import IPAddress
from ..manifest import pool_from_manifest
from ..model import BoundClaim, Claim, IpamError, Pool, PoolReference
from .dialect import DamagedRow, Row

# what was made again under the same name since we looked is not the same claim
_IDENTITY = ("namespace", "name", "machine", "key", "api_group", "kind", "pool", "host", "address")
THIS_CLAIM = " AND ".join(f"{column} IS ?" for column in _IDENTITY)
# characters; a manifest in a file may have as many
_LONGEST_TEXT = 4 * 1024 * 1024
_BLANKS = re.compile(r"\s*-\s*")


class UnreadablePool(IpamError):
    """A stored pool that an older version, or another hand, took and that is refused now."""


class _Row(t.NamedTuple):
    """The handle of a claim: the values of _IDENTITY, as its row has them."""

    values: tuple[t.Any, ...]


def identity(bound: BoundClaim) -> tuple[t.Any, ...]:
    """The values of THIS_CLAIM. Raises IpamError for a claim that was not looked up in a database."""
    if isinstance(bound.handle, _Row):
        return bound.handle.values
    raise IpamError(f"claim {bound.claim.name} was not looked up in this database; find it there before it is changed")


def address_in(bound: BoundClaim) -> t.Any:
    """The address of a claim as its row has it, which need not be one."""
    return identity(bound)[_IDENTITY.index("address")]


def renamed_handle(before: BoundClaim, after: Claim) -> object:
    """The handle of a claim that was renamed."""
    row = dict(zip(_IDENTITY, identity(before)))
    row.update(name=after.name, machine=after.machine, key=after.key, host=after.host)
    return _Row(tuple(row.values()))


def bound_claim(row: Row) -> BoundClaim:
    """The claim in a row, with its handle; an address that cannot be one is a trouble of this claim alone."""
    with checked_row():
        columns = ("api_group", "kind", "pool", "namespace", "name", "machine", "key", "host")
        api_group, kind, pool, namespace, name, machine, key, host = (text(row[column]) for column in columns)
        claim = Claim(
            *(namespace, name, machine, key, PoolReference(api_group, kind, pool), host),
            host_keys=parted(_later(row, "host_keys")),
            machine_id=valid_identity(_later(row, "machine_id")),
            site=_later(row, "site"),
            confirmed=moment(_later(row, "confirmed")),
        )
        address, prefix, gateway = (row[column] for column in ("address", "prefix", "gateway"))
    handle = _Row(tuple(row[column] for column in _IDENTITY))
    try:
        found = checked_address(f"claim {name}", address, prefix, gateway)
        return BoundClaim(claim, dataclasses.replace(found, pool=pool), handle=handle)
    except IpamError as error:
        return BoundClaim(claim, None, str(error), handle=handle)


def stored_pool(row: Row) -> Pool:
    """The pool in a row. Raises UnreadablePool for one that is refused now."""
    with checked_row():
        manifest, namespace, name = (text(row[column]) for column in ("manifest", "namespace", "name"))
        content = json.loads(manifest)
        spec = content["spec"]
        for field in ("addresses", "excludedAddresses"):
            if field in spec:  # 0.1.0 took blanks
                spec[field] = [_BLANKS.sub("-", text(each)) for each in spec[field]]
    try:
        return pool_from_manifest(content, namespace, stored=True)
    except IpamError as error:
        raise UnreadablePool(
            f"{error}; this is what the database has of pool {plain(name, 80)}: register it again with a correct manifest, or delete it"
        ) from None


def namespace_of(row: Row) -> str:
    """The namespace in a row of any table."""
    with checked_row():
        return text(row["namespace"])


def address_of(value: object) -> IPAddress | None:
    """The address without its zone; None if the value is not an address."""
    try:
        return ipaddress.ip_address(text(value).partition("%")[0])
    except (TypeError, ValueError):
        return None


def text(value: object) -> str:
    """A value that must be a string, no longer than a manifest may be. Raises TypeError or ValueError otherwise."""
    if not isinstance(value, str):
        raise TypeError("not a string")
    if len(value) > _LONGEST_TEXT:
        raise ValueError("too long")
    return value


@contextlib.contextmanager
def checked_row() -> t.Iterator[None]:
    """Raise DamagedRow for a row that differs from what we write, even if the database accepts it."""
    try:
        yield
    except (TypeError, ValueError, LookupError, AttributeError, RecursionError, IpamError) as error:
        raise DamagedRow("a row of the database is malformed") from error


def _later(row: Row, column: str) -> str:
    """A column that a database of an older version has not."""
    return text(row[column]) if column in row.keys() else ""  # noqa: SIM118 a row is not a mapping
