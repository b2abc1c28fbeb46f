# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims for lookups, read from a backend and kept for the other processes of this run of Ansible, in a folder that it removes at the end.

The first machines are asked for one by one; after that all claims of the namespace are read, once for all.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import json
import os
import shutil
import tempfile
import time
import typing as t
import uuid

from ansible_collections.elemental.networking.plugins.module_utils._ipam.addresses import checked_address
from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import BoundClaim, IpamError
from ansible_collections.elemental.networking.plugins.plugin_utils._request.known_claims import (
    Shelf,
    generation,
    stamp,
)

# machines that are asked for one by one: a list of 500 claims costs about as much
_FEW = 3
# seconds after which a file that changed just now has another time if it changes again
_TICK = 0.1
_FIELDS = ("namespace", "name", "machine", "key", "host", "machine_id", "site", "confirmed")


def read_claims(
    shelf: Shelf, options: BackendOptions, machine: str, keys: t.Collection[str], namespace: str | None
) -> list[dict[str, t.Any]]:
    """The claims of a machine, for these keys at least, from a backend or from what another process has read meanwhile.

    Raises IpamError where they cannot be read.
    """
    since = time.time()
    with _locked(shelf):
        known = shelf.read()
        if known is not None:
            return known
        # it failed while this process waited for it
        _fail_as_since(shelf, since)
        try:
            return _read(shelf, options, machine, keys, namespace)
        except IpamError as error:
            _write(_failure(shelf), str(error).encode())
            raise


def _read(
    shelf: Shelf, options: BackendOptions, machine: str, keys: t.Collection[str], namespace: str | None
) -> list[dict[str, t.Any]]:
    sources = _sources(options)
    with open_backend(options) as backend:
        if len(glob.glob(os.path.join(glob.escape(shelf.folder), "machine-*"))) < _FEW:
            found = [_written(each) for each in backend.claims_of(machine, keys, namespace)]
            _keep(shelf.single, {f"machine {machine}": found}, sources)
            return found
        listed = [_written(each) for each in backend.list_claims(namespace)]
    by_name: dict[str, list[dict[str, t.Any]]] = {}
    for each in listed:
        # one that shows no machine is known by its name, which begins with that of a machine
        name = f"machine {each['machine']}" if each["machine"] else f"claim {each['name']}"
        by_name.setdefault(name, []).append(each)
    _keep(shelf.whole, by_name, sources)
    named = [f"claim {machine}-{key}" for key in keys]
    mine = [
        {**each, "machine": machine, "key": key} for key, name in zip(keys, named) for each in by_name.get(name, ())
    ]
    return [*by_name.get(f"machine {machine}", ()), *mine]


def forget() -> None:
    """What was read is not believed any more: claims were changed."""
    before = generation()
    folder = os.path.dirname(before)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    # where the disk is full, what was read goes all the same
    with contextlib.suppress(OSError):
        _replace(os.path.join(folder, "generation"), uuid.uuid4().hex.encode())
    # a process that still writes there writes for no other one
    shutil.rmtree(before, ignore_errors=True)


def _sources(options: BackendOptions) -> dict[str, object] | None:
    """The files that change with the claims, as they are now; None where one changed so lately that its next change might not show."""
    if options.backend != "embedded":
        return {}
    found = {name: stamp(name) for name in (options.database, f"{options.database}-wal")}
    changed = [known[0] / 1e9 for known in found.values() if isinstance(known, list)]
    return None if any(abs(time.time() - moment) < _TICK for moment in changed) else found


def _keep(path: str, claims: t.Mapping[str, t.Sequence[dict[str, t.Any]]], sources: object) -> None:
    """Keep claims by a name, each of these in a line that begins with it: it is found without reading the others."""
    if sources is not None:
        found = [json.dumps([name, group]) for name, group in claims.items()]
        _write(path, "\n".join([json.dumps(sources), *found, ""]).encode())


def _written(bound: BoundClaim) -> dict[str, t.Any]:
    """A claim as it is kept. Its address is checked for every backend: it becomes ansible_host, and so an argument of ssh."""
    claim, address, trouble = bound.claim, None, bound.trouble
    if bound.address is not None and not trouble:
        known = bound.address
        try:
            found = checked_address(f"claim {claim.name}", known.address, known.prefix, known.gateway)
            names = ("address", "prefix", "gateway", "family")
            address = {name: getattr(found, name) for name in names}
        except IpamError as error:
            trouble = str(error)
    fields = {name: getattr(claim, name) for name in _FIELDS}
    return {**fields, "host_keys": list(claim.host_keys), "address": address, "trouble": trouble}


@contextlib.contextmanager
def _locked(shelf: Shelf) -> t.Iterator[None]:
    """While this lasts, the others wait: what is read now is for them, too."""
    os.makedirs(shelf.folder, mode=0o700, exist_ok=True)
    with open(os.path.join(shelf.folder, "lock"), "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _failure(shelf: Shelf) -> str:
    return os.path.join(shelf.folder, "failure")


def _fail_as_since(shelf: Shelf, moment: float) -> None:
    """Raise IpamError where another process failed to read the claims since then."""
    with contextlib.suppress(FileNotFoundError):
        if os.stat(_failure(shelf)).st_mtime >= moment:
            with open(_failure(shelf), encoding="utf-8") as stream:
                raise IpamError(stream.read())


def _write(path: str, content: bytes) -> None:
    # claims may have been changed meanwhile: then the folder is gone, and these are not for the others
    with contextlib.suppress(FileNotFoundError):
        _replace(path, content)


def _replace(path: str, content: bytes) -> None:
    """Write a file for this user alone; no other process ever sees half of it."""
    descriptor, name = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".new-")
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    os.replace(name, path)
