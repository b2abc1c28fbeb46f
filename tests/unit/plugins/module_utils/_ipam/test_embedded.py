# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The embedded backend through the bulk algorithm: what users and other processes see."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
import typing as t
from pathlib import Path

import hypothesis
import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.backend import IpamBackend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.claiming import (
    ClaimRequest,
    ensure_claims,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.manifest import pool_from_manifest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import (
    Claim,
    IpamError,
    Owner,
    Pool,
    PoolReference,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.names import claim_name
from ansible_collections.elemental.networking.plugins.module_utils._ipam.recording import (
    KnownMachine,
    host_keys_by_machine,
    record_machines,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.releasing import Release, release_claims
from hypothesis import strategies as st

NOW = "2026-11-29T12:00:00Z"
GROUP = "ipam.cluster.x-k8s.io"


def manifest(name: str = "p", kind: str = "InClusterIPPool", **spec: t.Any) -> dict[str, t.Any]:
    defaults = {"addresses": ["10.0.0.10-10.0.0.12"], "prefix": 24, "gateway": "10.0.0.1"}
    return {"apiVersion": f"{GROUP}/v1alpha2", "kind": kind, "metadata": {"name": name}, "spec": {**defaults, **spec}}


def pool(name: str = "p", kind: str = "InClusterIPPool", namespace: str = "default", **spec: t.Any) -> Pool:
    return pool_from_manifest(manifest(name, kind, **spec), namespace)


def wish(
    machine: str,
    key: str = "ip",
    pool_name: str = "p",
    namespace: str = "default",
    family: str = "",
    kind: str = "InClusterIPPool",
) -> ClaimRequest:
    return ClaimRequest(
        Claim(namespace, claim_name(machine, key), machine, key, PoolReference(GROUP, kind, pool_name)), family
    )


@pytest.fixture
def path(tmp_path: Path) -> str:
    (tmp_path / "state").mkdir()
    return str(tmp_path / "state/ipam.sqlite")


def opened(path: str) -> IpamBackend:
    return open_backend(BackendOptions("embedded", path))


def claim(path: str, *wishes: ClaimRequest, pools: t.Sequence[Pool] = (), dry_run: bool = False) -> list[str | None]:
    with opened(path) as backend:
        claiming = ensure_claims(backend, wishes, pools, dry_run)
        return [bound.address.address if bound.address else None for bound in claiming.bound]


def test_the_same_machine_and_key_get_the_same_address_for_ever(path: str) -> None:
    assert claim(path, wish("a"), wish("b"), pools=[pool()]) == ["10.0.0.10", "10.0.0.11"]
    assert claim(path, wish("b"), wish("c"), wish("a")) == ["10.0.0.11", "10.0.0.12", "10.0.0.10"]


def test_a_released_address_is_the_next_one_given_out(path: str) -> None:
    claim(path, wish("a"), wish("b"), pools=[pool()])
    with opened(path) as backend:
        assert [
            bound.claim.name for bound in release_claims(backend, [Release("default", "a-ip")], False).released
        ] == ["a-ip"]
        assert release_claims(backend, [Release("default", "a-ip")], False).released == ()
    assert claim(path, wish("c")) == ["10.0.0.10"]


def test_a_dry_run_checks_everything_and_leaves_no_file(path: str) -> None:
    assert claim(path, wish("a"), pools=[pool()], dry_run=True) == [None]
    assert os.listdir(os.path.dirname(path)) == []
    with pytest.raises(IpamError, match="1 free of 1, 2 claims ask"):
        claim(path, wish("a"), wish("b"), pools=[pool(addresses=["10.0.0.10"])], dry_run=True)


def test_an_exhausted_pool_gives_nobody_an_address(path: str) -> None:
    claim(path, wish("a"), pools=[pool()])
    with pytest.raises(IpamError, match="2 free of 3, 3 claims ask"):
        claim(path, wish("b"), wish("c"), wish("d"))
    with opened(path) as backend:
        assert len(backend.list_claims(None)) == 1


def test_a_claim_from_another_pool_names_both(path: str) -> None:
    claim(path, wish("a"), pools=[pool(), pool("q", addresses=["10.0.0.99"])])
    with pytest.raises(IpamError, match=r"/p, but pool .*/q"):
        claim(path, wish("a", pool_name="q"))


def test_two_hosts_with_one_claim_name_are_refused(path: str) -> None:
    with pytest.raises(IpamError, match="machine a-b with key c and machine a with key b-c"):
        claim(path, wish("a-b", "c"), wish("a", "b-c"), pools=[pool()])
    with pytest.raises(IpamError, match="two hosts have the machine name a"):
        claim(path, wish("a"), wish("a"), pools=[pool()])
    claim(path, wish("a-b", "c"), pools=[pool()])
    with pytest.raises(IpamError, match="belongs to machine a-b"):
        claim(path, wish("a", "b-c"))


def test_an_unknown_pool_names_those_that_exist(path: str) -> None:
    with pytest.raises(IpamError, match="pool .*/nowhere, .* are InClusterIPPool.ipam.cluster.x-k8s.io/p"):
        claim(path, wish("a", pool_name="nowhere"), pools=[pool()])


def test_the_wrong_family_names_pool_and_family(path: str) -> None:
    with pytest.raises(IpamError, match="expects an IPv6 address, but pool .*/p gives IPv4"):
        claim(path, wish("a", family="IPv6"), pools=[pool()])
    assert claim(path, wish("a", family="IPv4"), pools=[pool()]) == ["10.0.0.10"]


def test_namespaces_are_kept_apart_and_global_pools_are_shared(path: str) -> None:
    shared = pool("g", kind="GlobalInClusterIPPool", addresses=["10.9.0.5-10.9.0.6"])
    pools = [pool(namespace="one"), pool(namespace="two"), shared]
    assert claim(path, wish("a", namespace="one"), wish("a", namespace="two"), pools=pools) == [
        "10.0.0.10",
        "10.0.0.10",
    ]
    both = [wish("b", pool_name="g", kind=shared.reference.kind, namespace=namespace) for namespace in ("one", "two")]
    assert claim(path, *both) == ["10.9.0.5", "10.9.0.6"]
    with opened(path) as backend:
        assert {state.pool.reference.name for state in backend.list_pools("one")} == {"p", "g"}


def test_addresses_keep_the_gateway_that_they_were_claimed_with(path: str) -> None:
    claim(path, wish("a"), pools=[pool()])
    with opened(path) as backend:
        assert backend.apply_pool(pool(gateway="10.0.0.254"), False).changed
        address = backend.list_claims(None)[0].address
        assert address is not None
        assert address.gateway == "10.0.0.1"


def test_a_pool_is_never_taken_from_under_its_addresses(path: str) -> None:
    claim(path, wish("a"), pools=[pool()])
    with opened(path) as backend:
        with pytest.raises(IpamError, match="allocated addresses: 10.0.0.10"):
            backend.apply_pool(pool(addresses=["10.0.0.11"]), False)
        with pytest.raises(IpamError, match=r"has addresses allocated \(1\)"):
            backend.delete_pool(pool().reference, "default", False)
        release_claims(backend, [Release("default", "a-ip")], False)
        assert backend.delete_pool(pool().reference, "default", False).changed
        assert not backend.delete_pool(pool().reference, "default", False).changed


def test_the_file_is_private(path: str) -> None:
    claim(path, wish("a"), pools=[pool()])
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


@pytest.mark.parametrize(
    "content", [b"this is no database, and long enough to be looked at " * 40, b"SQLite format 3\0" + b"\xff" * 4096]
)
def test_a_damaged_file_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "ipam.sqlite"
    file.write_bytes(content)
    with pytest.raises(IpamError, match=r"damaged|failed"):
        claim(str(file), wish("a"), pools=[pool()])


@hypothesis.settings(max_examples=150, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@hypothesis.given(where=st.integers(0, 2**20), damage=st.binary(min_size=1, max_size=400))
@hypothesis.example(where=3567, damage=b"A")  # the name of a column, in the schema
def test_damage_anywhere_is_one_sentence_or_harmless(tmp_path: Path, where: int, damage: bytes) -> None:
    """Bytes overwritten anywhere in the file: an IpamError or an answer, never anything else."""
    sound = tmp_path / "sound.sqlite"
    if not sound.exists():
        claim(str(sound), *(wish(name) for name in "abc"), pools=[pool()])
        with contextlib.closing(sqlite3.connect(sound)) as database:
            database.execute("PRAGMA journal_mode = DELETE")
    content = bytearray(sound.read_bytes())
    start = where % len(content)
    content[start : start + len(damage)] = damage[: len(content) - start]
    file = tmp_path / "damaged.sqlite"
    file.write_bytes(content)
    for suffix in ("-wal", "-shm", "-journal"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    with contextlib.suppress(IpamError), opened(str(file)) as backend:
        backend.list_pools(None)
        backend.list_claims(None)
        ensure_claims(backend, [wish("a"), wish("d")], [], True)


def test_a_newer_schema_is_not_touched(path: str) -> None:
    claim(path, wish("a"), pools=[pool()])
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(IpamError, match="newer elemental.networking"):
        claim(path, wish("a"))


def test_a_schema_that_became_newer_while_the_database_was_open_is_not_touched(path: str) -> None:
    claim(path, wish("a"), pools=[pool()])
    with opened(path) as backend:
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA user_version = 99")
        with pytest.raises(IpamError, match="has schema 99, .* nothing was changed"):
            ensure_claims(backend, [wish("b")], [], False)
    assert version(path) == 99


def test_a_file_that_cannot_be_written_is_one_sentence() -> None:
    with pytest.raises(IpamError, match="cannot be made"):
        claim("/proc/ipam.sqlite", wish("a"), pools=[pool()])


@pytest.mark.parametrize(
    ("name", "words"),
    [("Node1", "DNS-1123"), ("node_1", "DNS-1123"), ("-a", "DNS-1123"), ("a" * 300, "has 303 characters")],
)
def test_names_that_no_cluster_would_take_are_refused(name: str, words: str) -> None:
    with pytest.raises(IpamError, match=words):
        claim_name(name, "ip")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"spec": {"addresses": ["10.0.0.5"], "prefix": 24, "excludeAddresses": []}}, "did you mean excludedAddresses"),
        ({"apiVersion": f"{GROUP}/v1alpha1"}, "write it as ipam.cluster.x-k8s.io/v1alpha2"),
        ({"kind": "IPPool"}, "kind IPPool"),
        ({"metadata": {}}, "metadata.name"),
        ({"spec": {"addresses": ["10.0.0.5"]}}, "prefix is required"),
        ({"spec": {"addresses": ["10.0.0.5"], "prefix": 0}}, "prefix 0 is not the prefix of a subnet"),
        ({"spec": {"addresses": ["10.0.0.5 - 10.0.0.9"], "prefix": 24}}, "without blanks"),
        ({"spec": {"addresses": ["10.0.0.5"], "prefix": 24, "gateway": ["10.0.0.1"]}}, "gateway must be a string"),
        ({"spec": {"addresses": ["10.0.0.5"], "prefix": 24, "addressReuseGracePeriodSeconds": -1}}, "between 0 and"),
        ({"metadata": {"name": "../../secrets"}}, "pool name ../../secrets"),
        ({"metadata": {"name": "p", "namespace": "a/../b"}}, "namespace name a/../b"),
        ({"spec": {"addresses": "10.0.0.5", "prefix": 24}}, "list of strings"),
        ({"spec": {"addresses": ["10.0.0.5"], "prefix": 24.5}}, "whole number"),
        ({"spec": {"addresses": ["10.0.0.5"], "prefix": True}}, "whole number"),
        ({"spec": {"addresses": ["10.0.0.5"], "prefix": 24, "allocateReservedIPAddresses": "no"}}, "true or false"),
        ({"spec": {"addresses": ["10.0.0.5"], "prefix": 24, "addressReuseGracePeriodSeconds": "x"}}, "whole number"),
        ({"spec": {"addresses": ["10.0.0.5"], "prefix": 24, "excludedAddresses": ["fd00::1"]}}, "another IP family"),
        ({"spec": {"addresses": ["10.0.0.0/255.255.255.0"], "prefix": 24}}, "not a valid IP"),
        ({"spec": {"addresses": ["10.0.0.5-"], "prefix": 24}}, "not a valid IP"),
        ({"metadata": {"name": "p", "namespace": "No_Such"}}, "namespace name No_Such"),
    ],
)
def test_a_wrong_manifest_is_one_sentence(change: dict[str, t.Any], words: str) -> None:
    with pytest.raises(IpamError, match=words):
        pool_from_manifest({**manifest(), **change}, "default")


_WORKER = """
import json, sys
from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.claiming import ClaimRequest, ensure_claims
from ansible_collections.elemental.networking.plugins.module_utils._ipam.manifest import pool_from_manifest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import Claim, PoolReference
path, manifest, machines = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3].split()
pool = pool_from_manifest(manifest, "default")
addresses = []
for machine in machines:
    with open_backend(BackendOptions("embedded", path)) as backend:
        claim = Claim("default", machine + "-ip", machine, "ip", pool.reference)
        addresses.append(ensure_claims(backend, [ClaimRequest(claim)], [pool], False).bound[0].address.address)
print(json.dumps(addresses))
"""


def in_processes(path: str, machines: t.Sequence[t.Sequence[str]]) -> list[list[str]]:
    wide = json.dumps(manifest(addresses=["10.0.0.0/20"], prefix=20))
    commands = [[sys.executable, "-c", _WORKER, path, wide, " ".join(names)] for names in machines]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for command in commands
    ]
    results = []
    for process in running:
        output, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
        results.append(json.loads(output))
    return results


def test_50_processes_with_distinct_keys_never_share_an_address(path: str) -> None:
    results = in_processes(path, [[f"m{process}-{number}" for number in range(20)] for process in range(50)])
    addresses = [address for result in results for address in result]
    assert len(set(addresses)) == 1000
    with opened(path) as backend:
        held = {bound.address.address for bound in backend.list_claims(None) if bound.address}
        assert held == set(addresses)
        # nothing leaked: they are the 1,000 lowest
        assert backend.list_pools(None)[0].usage.used == 1000
    assert claim(path, wish("one-more")) == ["10.0.3.234"]


def test_50_processes_with_one_key_get_one_address(path: str) -> None:
    results = in_processes(path, [["the-one"]] * 50)
    assert {address for result in results for address in result} == {"10.0.0.2"}
    with opened(path) as backend:
        assert len(backend.list_claims(None)) == 1


def test_what_only_a_cluster_can_keep_is_refused(path: str) -> None:
    owned = wish("a")
    owned = ClaimRequest(dataclasses.replace(owned.claim, owner=Owner("v1", "ConfigMap", "x")))
    with pytest.raises(IpamError, match="has the owner ConfigMap x .*leave the owner out"):
        claim(path, owned, pools=[pool()])
    with opened(path) as backend:
        assert backend.list_pools(None) == []


def test_a_link_to_nothing_is_refused_and_what_it_names_is_not_made(tmp_path: Path) -> None:
    link, target = tmp_path / "ipam.sqlite", tmp_path / "elsewhere/of-others"
    target.parent.mkdir()
    link.symlink_to(target)
    for dry_run in (True, False):
        with pytest.raises(IpamError, match="is a link to .*of-others, which does not exist"):
            claim(str(link), wish("a"), pools=[pool()], dry_run=dry_run)
    assert not target.exists()


def test_a_link_to_a_database_is_followed(tmp_path: Path) -> None:
    claim(str(tmp_path / "real.sqlite"), wish("a"), pools=[pool()])
    (tmp_path / "link").symlink_to(tmp_path / "real.sqlite")
    assert claim(str(tmp_path / "link"), wish("b"), wish("a")) == ["10.0.0.11", "10.0.0.10"]


@pytest.fixture
def nobody(tmp_path: Path) -> t.Iterator[t.Callable[[], None]]:
    """Become a user who may read the folder, and no more; root would be allowed everything."""
    user = os.geteuid()

    def become() -> None:
        for path in [tmp_path, *tmp_path.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        if user == 0:
            for parent in itertools.takewhile(lambda each: each != Path(tempfile.gettempdir()), tmp_path.parents):
                parent.chmod(0o755)
            os.seteuid(65534)

    yield become
    os.seteuid(user)
    for path in [tmp_path, *tmp_path.rglob("*")]:
        path.chmod(0o700)


def test_a_database_that_may_not_be_seen_is_not_taken_for_none(tmp_path: Path, nobody: t.Callable[[], None]) -> None:
    path = tmp_path / "folder/ipam.sqlite"
    path.parent.mkdir()
    claim(str(path), wish("a"), pools=[pool()])
    nobody()
    os.seteuid(0)
    path.parent.chmod(0o700)
    os.seteuid(65534)
    with pytest.raises(IpamError, match="may not be read by this user"), opened(str(path)):
        pass


@pytest.mark.parametrize("journal", ["WAL", "DELETE"])
def test_a_database_that_may_only_be_read_can_be_read(
    tmp_path: Path, nobody: t.Callable[[], None], journal: str
) -> None:
    path = str(tmp_path / "ipam.sqlite")
    claim(path, wish("a"), pools=[pool()])
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA journal_mode = {journal}")
    nobody()
    with opened(path) as backend:
        assert [bound.claim.name for bound in backend.list_claims(None)] == ["a-ip"]
        assert backend.list_pools("default")[0].usage.used == 1
    assert claim(path, wish("a"), wish("b"), dry_run=True) == ["10.0.0.10", None]
    with pytest.raises(IpamError, match="is read-only; make the file and its folder writable"):
        claim(path, wish("b"))


def test_a_full_disk_is_one_true_sentence(path: str) -> None:
    def limit(database: t.Any) -> None:
        pages = database.execute("PRAGMA page_count").fetchone()[0]
        database.execute(f"PRAGMA max_page_count = {pages}")

    claim(path, wish("a"), pools=[pool(addresses=["10.0.0.0/20"], prefix=20)])
    with opened(path) as backend:
        backend._session.read(limit)  # type: ignore[attr-defined]
        with pytest.raises(
            IpamError, match=r"the disk is full, so that nothing was kept in the database .*; make room"
        ):
            ensure_claims(backend, [wish(f"m{number}") for number in range(2000)], [], False)
        assert len(backend.list_claims(None)) == 1
    assert claim(path, wish("b")) == ["10.0.0.3"]


def test_what_another_process_claimed_meanwhile_is_not_reported_as_created(path: str) -> None:
    claim(path, pools=[pool()])
    with opened(path) as backend:
        looked = backend.find_claims

        def look_and_lose(*names: t.Any) -> t.Any:
            found = looked(*names)
            claim(path, wish("a"))
            return found

        backend.find_claims = look_and_lose  # type: ignore[method-assign]
        claiming = ensure_claims(backend, [wish("a"), wish("b")], [], False)
    assert [each.name for each in claiming.created] == ["b-ip"]
    assert [bound.claim.name for bound in claiming.bound] == ["a-ip", "b-ip"]


def change(path: str, statement: str, *values: object) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(statement, values)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        (
            "address",
            "-oProxyCommand=touch /tmp/x",
            "has the address -oProxyCommand=touch /tmp/x, which is not a valid IP address",
        ),
        ("address", "fe80::1%x\n[connection]", "which is not a valid IP address"),
        ("address", b"\xff", "which is not a valid IP address"),
        ("gateway", "fe80::1%x\n[connection]", "has the gateway fe80::1%x"),
        ("gateway", "fe80::1", "another IP family"),
        ("prefix", 33, "has the prefix 33"),
        ("prefix", "24\nx", "has the prefix 24 x"),
    ],
)
def test_a_row_that_is_no_address_is_the_trouble_of_its_claim_alone(
    path: str, column: str, value: object, words: str
) -> None:
    claim(path, wish("a"), wish("b"), pools=[pool()])
    change(path, f"UPDATE claims SET {column} = ? WHERE name = 'a-ip'", value)
    with opened(path) as backend:
        bound, other = backend.list_claims(None)
        assert (bound.claim.name, bound.address, other.trouble) == ("a-ip", None, "")
        assert words in bound.trouble
        assert "\n" not in bound.trouble
    with pytest.raises(IpamError, match="a-ip"):
        claim(path, wish("a"))
    assert claim(path, wish("c"), wish("b")) == ["10.0.0.10" if column == "address" else "10.0.0.12", "10.0.0.11"]
    with opened(path) as backend:
        assert release_claims(backend, [Release("default", "a-ip")], False)


def test_an_address_in_two_spellings_is_one_address(path: str) -> None:
    six = pool(addresses=["fd00::a-fd00::f"], prefix=64, gateway="fd00::1")
    claim(path, wish("a"), wish("b"), pools=[six])
    change(path, "UPDATE claims SET address = 'FD00:0::A' WHERE name = 'b-ip'")
    with pytest.raises(IpamError, match="claims a-ip and b-ip of pool p hold the same address fd00::a"):
        claim(path, wish("b"))
    with opened(path) as backend:
        assert [bound.address.address for bound in backend.list_claims(None) if bound.address] == ["fd00::a"] * 2
    assert claim(path, wish("c")) == ["fd00::b"]


def test_a_pool_that_an_older_version_took_can_be_used_or_replaced(path: str) -> None:
    claim(path, pools=[pool()])
    spaces, zone = ({"addresses": [text], "prefix": 24} for text in ("10.0.0.10 - 10.0.0.12", "fe80::1%x"))
    change(path, "UPDATE pools SET manifest = ?", json.dumps({**manifest(), "spec": spaces}))
    assert claim(path, wish("a")) == ["10.0.0.10"]
    change(path, "UPDATE pools SET manifest = ?", json.dumps({**manifest(), "spec": zone}))
    with pytest.raises(IpamError, match="fe80::1%x in addresses is not a valid IP.*register it again"):
        claim(path, wish("b"))
    assert claim(path, wish("b"), pools=[pool()]) == ["10.0.0.11"]


KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKsR1vhN5HTnbVBJbCwJgS6TTLwRMRrSbnHOjzWDJBq4"


def known(machine: str, *host_keys: str, host: str = "") -> KnownMachine:
    return KnownMachine("default", machine, host, host_keys)


def test_host_keys_stay_with_all_claims_of_a_machine_until_they_are_released(path: str) -> None:
    claim(path, wish("a"), wish("a", "other"), wish("b"), pools=[pool()])
    with opened(path) as backend:
        assert [each.name for each in record_machines(backend, [known("a", KEY)], NOW, True)] == ["a-ip", "a-other"]
        assert host_keys_by_machine(backend.list_claims(None)) == {}
        assert len(record_machines(backend, [known("a", KEY), known("no-claim", KEY)], NOW, False)) == 2
        assert record_machines(backend, [known("a", KEY), known("b")], NOW, False) == []
    with opened(path) as backend:
        assert host_keys_by_machine(backend.list_claims(None)) == {"a": [KEY]}
        release_claims(backend, [Release("default", "a-ip"), Release("default", "a-other")], False)
    claim(path, wish("a"))
    with opened(path) as backend:
        assert host_keys_by_machine(backend.list_claims(None)) == {}


def test_a_claim_that_was_made_for_another_host_gets_no_keys(path: str) -> None:
    made = wish("a")
    claim(path, ClaimRequest(dataclasses.replace(made.claim, host="A")), pools=[pool()])
    with opened(path) as backend:
        assert record_machines(backend, [known("a", KEY, host="a")], NOW, False) == []
        assert len(record_machines(backend, [known("a", KEY, host="A")], NOW, False)) == 1


IDENTITY = "0123456789abcdef" * 2


def test_the_identity_of_a_machine_and_its_site_are_recorded_beside_its_keys(path: str) -> None:
    berlin = ClaimRequest(dataclasses.replace(wish("b").claim, site="berlin"))
    claim(path, wish("a"), berlin, pools=[pool()])
    with opened(path) as backend:
        assert [each.claim.site for each in backend.list_claims(None)] == ["", "berlin"]
        whole = dataclasses.replace(known("a", KEY), machine_id=IDENTITY, site="munich")
        # a claim of another inventory is not this one's
        others = dataclasses.replace(known("b", KEY), machine_id=IDENTITY, site="munich")
        assert [each.name for each in record_machines(backend, [whole, others], NOW, False)] == ["a-ip"]
        for again in (whole, known("a"), dataclasses.replace(whole, site="", host_keys=())):
            assert record_machines(backend, [again], NOW, False) == []
        (first, second) = [each.claim for each in backend.list_claims(None)]
        assert (first.host_keys, first.machine_id, first.site) == ((KEY,), IDENTITY, "munich")
        assert (second.host_keys, second.machine_id, second.site) == ((), "", "berlin")
    change(path, "UPDATE claims SET machine_id = 'what is no identity' WHERE name = ?", "a-ip")
    with opened(path) as backend:
        assert backend.list_claims(None)[0].claim.machine_id == ""


@pytest.mark.parametrize("site", ["munich", ""])
@pytest.mark.parametrize("dry_run", [False, True])
def test_inventories_of_two_sites_never_share_a_claim(path: str, site: str, dry_run: bool) -> None:
    berlin, other = (ClaimRequest(dataclasses.replace(wish("a").claim, site=name)) for name in ("berlin", site))
    claim(path, berlin, pools=[pool()])
    assert claim(path, berlin) == ["10.0.0.10"]
    with pytest.raises(IpamError, match="claim a-ip was made for an inventory of site berlin, and an inventory .* too"):
        claim(path, other, dry_run=dry_run)
    with opened(path) as backend, pytest.raises(IpamError, match="site berlin, not of site munich, so nothing is rel"):
        release_claims(backend, [Release("default", "a-ip", site="munich")], False)


@pytest.fixture(params=[1, 2])
def older(path: str, request: pytest.FixtureRequest) -> str:
    """A database as 0.1.0 made it, or a version between, with the claim a-ip."""
    claim(path, wish("a"), pools=[pool()])
    columns = ["machine_id", "site", "confirmed", *(["host_keys"] if request.param == 1 else [])]
    with contextlib.closing(sqlite3.connect(path)) as database:
        for column in columns:
            database.execute(f"ALTER TABLE claims DROP COLUMN {column}")
        database.execute("DROP TABLE resting")
        database.execute(f"PRAGMA user_version = {request.param}")
    return path


def version(path: str) -> int:
    with contextlib.closing(sqlite3.connect(path)) as database:
        return int(database.execute("PRAGMA user_version").fetchone()[0])


def test_a_database_of_an_older_version_is_read_as_it_is(older: str) -> None:
    before = version(older)
    assert claim(older, wish("a")) == ["10.0.0.10"]
    assert claim(older, wish("a"), wish("b"), dry_run=True) == ["10.0.0.10", None]
    with opened(older) as backend:
        assert len(record_machines(backend, [known("a", KEY)], NOW, True)) == 1
        assert [bound.claim.host_keys for bound in backend.list_claims(None)] == [()]
    assert version(older) == before


def test_a_database_of_an_older_version_is_changed_by_what_is_kept_in_it(older: str) -> None:
    assert claim(older, wish("b"), wish("a")) == ["10.0.0.11", "10.0.0.10"]
    assert version(older) == 3
    with opened(older) as backend:
        record_machines(backend, [known("a", KEY)], NOW, False)
        assert host_keys_by_machine(backend.list_claims(None)) == {"a": [KEY]}


def test_keys_are_recorded_in_a_database_of_an_older_version(older: str) -> None:
    with opened(older) as backend:
        record_machines(backend, [known("a", KEY)], NOW, False)
        assert host_keys_by_machine(backend.list_claims(None)) == {"a": [KEY]}


def test_what_is_no_host_key_in_the_database_counts_for_nothing(path: str) -> None:
    claim(path, wish("a"), pools=[pool()])
    change(path, "UPDATE claims SET host_keys = ?", f"* {KEY}\n@cert-authority * {KEY}\nssh-rsa AAAA")
    with opened(path) as backend:
        assert host_keys_by_machine(backend.list_claims(None)) == {}


def test_an_address_is_confirmed_once_until_the_machine_is_installed_again(path: str) -> None:
    """Of two claims the one that the push has not proved stays promised."""
    later, other_key = "2027-01-01T00:00:00Z", KEY.replace("KsR1", "KsR2")
    claim(path, wish("a"), wish("a", "other"), pools=[pool()])
    with opened(path) as backend:
        proved = dataclasses.replace(known("a", KEY), addresses=("10.0.0.10",))
        assert len(record_machines(backend, [proved], NOW, True)) == 2
        assert [bound.claim.confirmed for bound in backend.list_claims(None)] == ["", ""]
        for now, keys, moment in (
            (NOW, (KEY,), NOW),
            (later, (KEY,), NOW),
            (later, (), NOW),
            (later, (other_key,), later),
        ):
            changed = record_machines(backend, [dataclasses.replace(proved, host_keys=keys)], now, False)
            assert bool(changed) == (keys == (other_key,) or now == NOW)
            assert [bound.claim.confirmed for bound in backend.list_claims(None)] == [moment, ""]


def test_what_is_no_moment_in_the_database_counts_for_nothing(path: str) -> None:
    claim(path, wish("a"), pools=[pool()])
    change(path, "UPDATE claims SET confirmed = ?", "yesterday {{ lookup('pipe', 'id') }}")
    with opened(path) as backend:
        assert [bound.claim.confirmed for bound in backend.list_claims(None)] == [""]
