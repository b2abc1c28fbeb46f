# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims that lookups have read, kept for the other processes of the same run of Ansible, which starts one for each host and task.

They are in a private folder of this run, which Ansible removes when it ends. The first machines are asked for one by one; after that all
claims of the namespace are read, once for everyone.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import time
import typing as t
from pathlib import Path

from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.holding import of_machine
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import (
    Address,
    BoundClaim,
    Claim,
    IpamError,
    PoolReference,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.names import RENUMBERING
from ansible_collections.elemental.networking.plugins.plugin_utils._request import run_folder

# machines that are asked for one by one: a list of 500 claims costs about as much
_FEW = 3
# seconds for which a claim that is missing is believed to be missing: something else may have made it meanwhile
_LIFETIME_OF_A_GAP = 5.0
_FIELDS = ("namespace", "name", "machine", "key", "host", "host_keys", "machine_id", "site", "confirmed")


def shared_claims(
    options: BackendOptions, machine: str, keys: t.Collection[str], namespace: str | None
) -> list[BoundClaim]:
    """The claims of a machine, for these keys at least. Raises IpamError where they cannot be read."""
    shelf = _Shelf(options, namespace)
    known = shelf.read(machine, keys)
    if known is not None:
        return known
    since = time.time()
    with shelf.locked():
        known = shelf.read(machine, keys)
        if known is not None:
            return known
        # it failed while this process waited for it
        shelf.fail_as_since(since)
        try:
            return _fetched(shelf, options, machine, keys, namespace)
        except IpamError as error:
            shelf.keep_failure(str(error))
            raise


def _fetched(
    shelf: _Shelf, options: BackendOptions, machine: str, keys: t.Collection[str], namespace: str | None
) -> list[BoundClaim]:
    with open_backend(options) as backend:
        if shelf.machines() < _FEW:
            found = backend.claims_of(machine, keys, namespace)
            shelf.keep(machine, keys, found)
            return found
        listed = backend.list_claims(namespace)
    shelf.keep_all(listed)
    return of_machine(listed, machine)


class _Shelf:
    """What was read of one namespace of one backend, since claims were changed by this run."""

    def __init__(self, options: BackendOptions, namespace: str | None) -> None:
        title = run_folder.digest(options.backend, options.database, options.kubernetes, namespace)
        self._folder = Path(run_folder.generation()) / f"claims-{title}"

    def read(self, machine: str, keys: t.Collection[str]) -> list[BoundClaim] | None:
        """What is known of a machine; None where that is not enough for these keys, or too old."""
        for path, lines in ((self._of(machine, keys), 1), (self._all, len(keys) + 1)):
            age = run_folder.age(str(path))
            if age is None or age > run_folder.LIFETIME:
                continue
            try:
                content = path.read_bytes()
            except FileNotFoundError:  # claims were changed just now
                return None
            names = [f"machine {machine}", *(f"claim {machine}-{key}" for key in keys)][:lines]
            found = of_machine([each for name in names for each in _claims_in(content, name)], machine)
            missing = set(keys) - {_without(each.claim.key) for each in found if each.address or each.trouble}
            if not missing or age < _LIFETIME_OF_A_GAP:
                return sorted(found, key=lambda each: (each.claim.namespace, each.claim.name))
        return None

    def keep(self, machine: str, keys: t.Collection[str], claims: t.Iterable[BoundClaim]) -> None:
        """Keep what is known of one machine."""
        self._write(self._of(machine, keys), _lines({f"machine {machine}": claims}))

    def keep_all(self, claims: t.Iterable[BoundClaim]) -> None:
        """Keep all claims: those that show no machine by their names, which begin with that of a machine."""
        by_name: dict[str, list[BoundClaim]] = {}
        for each in claims:
            claim = each.claim
            by_name.setdefault(f"machine {claim.machine}" if claim.machine else f"claim {claim.name}", []).append(each)
        self._write(self._all, _lines(by_name))

    def machines(self) -> int:
        """How many machines were asked for one by one."""
        return len(list(self._folder.glob("machine-*")))

    @contextlib.contextmanager
    def locked(self) -> t.Iterator[None]:
        """While this lasts, the others wait: what is read now is for them, too."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._folder / "lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def keep_failure(self, text: str) -> None:
        """Keep why the claims could not be read."""
        self._write(self._failure, text.encode())

    def fail_as_since(self, moment: float) -> None:
        """Raise IpamError where another process failed to read the claims since then."""
        with contextlib.suppress(FileNotFoundError):
            if self._failure.stat().st_mtime >= moment:
                raise IpamError(self._failure.read_text())

    @property
    def _all(self) -> Path:
        return self._folder / "all"

    @property
    def _failure(self) -> Path:
        return self._folder / "failure"

    def _of(self, machine: str, keys: t.Collection[str]) -> Path:
        return self._folder / f"machine-{run_folder.digest(machine, sorted(keys))}"

    def _write(self, path: Path, content: bytes) -> None:
        # claims may have been changed meanwhile: then the folder is gone, and these are not for the others
        with contextlib.suppress(FileNotFoundError):
            run_folder.replace(str(path), content)


def _without(key: str) -> str:
    return key[: -len(RENUMBERING)] if key.endswith(RENUMBERING) else key


def _lines(claims: t.Mapping[str, t.Iterable[BoundClaim]]) -> bytes:
    """Claims by a name, each of these in a line that begins with it: it is found without reading the others."""
    found = [json.dumps([name, [_written(each) for each in group]]) for name, group in claims.items()]
    return "\n".join(["", *found, ""]).encode()


def _claims_in(content: bytes, name: str) -> list[BoundClaim]:
    begin = content.find(b"\n" + json.dumps([name])[:-1].encode() + b", ")
    if begin < 0:
        return []
    return [_read(each) for each in json.loads(content[begin + 1 : content.index(b"\n", begin + 1)])[1]]


def _written(each: BoundClaim) -> dict[str, t.Any]:
    claim, address = each.claim, each.address
    return {
        **{name: getattr(claim, name) for name in _FIELDS},
        "pool": [claim.pool.api_group, claim.pool.kind, claim.pool.name],
        "address": [address.address, address.prefix, address.gateway, address.pool] if address else None,
        "trouble": each.trouble,
    }


def _read(each: dict[str, t.Any]) -> BoundClaim:
    address, trouble = each.pop("address"), each.pop("trouble")
    each.update(pool=PoolReference(*each["pool"]), host_keys=tuple(each["host_keys"]))
    return BoundClaim(Claim(**each), Address(*address) if address else None, trouble)
