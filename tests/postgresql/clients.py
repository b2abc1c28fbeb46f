# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients of the server in processes of their own, which may be killed at any moment, and what they were told by then."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
import time
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from ansible_collections.elemental.networking.plugins.module_utils._ipam.backend import IpamBackend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.claiming import ClaimRequest, ensure_claims
from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.manifest import pool_from_manifest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import (
    Claim,
    IpamError,
    Pool,
    PoolReference,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.releasing import Release, release_claims

GROUP = "ipam.cluster.x-k8s.io"
REFERENCE = PoolReference(GROUP, "InClusterIPPool", "p")
Options = t.Mapping[str, t.Any]
Note = t.Callable[[str], None]
# one process forks all of them: it has imported what they need
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.postgresql.clients"])


def pool(addresses: str = "10.0.0.0/16", prefix: int = 16, **spec: t.Any) -> Pool:
    """The pool that all of them claim from."""
    manifest = {"apiVersion": f"{GROUP}/v1alpha2", "kind": REFERENCE.kind, "metadata": {"name": REFERENCE.name}}
    return pool_from_manifest({**manifest, "spec": {"addresses": [addresses], "prefix": prefix, **spec}}, "default")


def claim(machine: str) -> Claim:
    """The claim of a machine."""
    return Claim("default", f"{machine}-ip", machine, "ip", REFERENCE)


def opened(options: Options) -> IpamBackend:
    """The backend, as modules open it."""
    return open_backend(BackendOptions("postgresql", postgresql=options))


def claimed(backend: IpamBackend, *machines: str) -> list[str]:
    """Claim for machines in one call; their addresses."""
    bound = ensure_claims(backend, [ClaimRequest(claim(each)) for each in machines], [], False).bound
    return [each.address.address for each in bound if each.address]


def register(options: Options, **spec: t.Any) -> None:
    """Make the pool."""
    with opened(options) as backend:
        backend.apply_pool(pool(**spec), False)


def held(options: Options) -> dict[str, str]:
    """The addresses of all machines."""
    with opened(options) as backend:
        return {each.claim.machine: each.address.address for each in backend.list_claims(None) if each.address}


# --- in processes of their own --------------------------------------------------------------------------------------


def claim_each(options: Options, log: str, machines: t.Sequence[str]) -> None:
    """Claim for one machine after the other, each in a call of its own."""
    with _written(log) as note:
        for machine in machines:
            with opened(options) as backend:
                note(f"claimed {machine} {claimed(backend, machine)[0]}")


def begin(options: Options, log: str, machine: str) -> None:
    """Register the pool and claim, where there may be no tables yet."""
    with _written(log) as note, opened(options) as backend:
        bound = ensure_claims(backend, [ClaimRequest(claim(machine))], [pool()], False).bound
        note(f"claimed {machine} {bound[0].address}")


def live(options: Options, log: str, name: str) -> None:
    """Claim, and release every third claim, until it is killed; an error is noted, and the next claim is tried."""
    numbers = itertools.count()
    with _written(log) as note:
        while True:
            try:
                with opened(options) as backend:
                    for number in numbers:
                        _live_once(backend, note, f"{name}-{number}", is_released=number % 3 == 0)
            except IpamError as error:
                note(f"error {error}")
                time.sleep(0.05)  # before the next try; nothing is waited for


def _live_once(backend: IpamBackend, note: Note, machine: str, is_released: bool) -> None:
    note(f"claiming {machine}")
    note(f"claimed {machine} {claimed(backend, machine)[0]}")
    if is_released:
        note(f"releasing {machine}")
        release_claims(backend, [Release("default", f"{machine}-ip")], False)
        note(f"released {machine}")


@contextlib.contextmanager
def _written(log: str) -> t.Iterator[Note]:
    file = os.open(log, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    yield lambda line: t.cast(None, os.write(file, f"{line}\n".encode()))
    os.close(file)


@dataclass
class Told:
    """What clients were told, from their logs."""

    must_hold: dict[str, str] = field(default_factory=dict)
    may_hold: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, logs: t.Iterable[Path]) -> Told:
        """From the logs, each of which is in order; a last line may be cut off."""
        told = cls()
        for log in logs:
            for line in log.read_text().split("\n")[:-1]:
                told._note(*line.split(" ", 2))
        return told

    def _note(self, event: str, machine: str, rest: str = "") -> None:
        if event == "error":
            self.errors.append(f"{machine} {rest}")
        elif event == "claimed":
            self.may_hold.discard(machine)
            self.must_hold[machine] = rest
        elif event == "released":
            self.may_hold.discard(machine)
        else:
            self.must_hold.pop(machine, None)
            self.may_hold.add(machine)

    def check(self, found: t.Mapping[str, str]) -> None:
        """Nothing that was acknowledged is lost, nothing is given twice, and nothing is held that nobody asked for."""
        lost = {machine: address for machine, address in self.must_hold.items() if found.get(machine) != address}
        assert not lost
        assert len(set(found.values())) == len(found)
        assert set(found) <= set(self.must_hold) | self.may_hold


def consistent(options: Options) -> None:
    """What the tables themselves have: each address once, and the lowest ones, as far as nothing was released."""
    with psycopg.connect(**options) as connection:
        query = "SELECT pool_namespace, pool, address FROM elemental_networking.claims"
        rows = connection.execute(query.encode()).fetchall()
    assert len(set(rows)) == len(rows)
