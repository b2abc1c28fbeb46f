# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the processes of one run of Ansible keep for each other: with a database, and across real processes."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import types
import typing as t
from pathlib import Path

import hypothesis
import pytest
from ansible_collections.elemental.networking.plugins.action import (
    ip_address_claim,
    ip_address_claims,
    machine_host_keys,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.claiming import ClaimRequest, ensure_claims
from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.manifest import pool_from_manifest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import Claim, IpamError
from ansible_collections.elemental.networking.plugins.module_utils._ipam.names import machine_name
from ansible_collections.elemental.networking.plugins.plugin_utils._request import shared_claims
from ansible_collections.elemental.networking.plugins.plugin_utils._request.claim_lookup import claimed_addresses
from ansible_collections.elemental.networking.plugins.plugin_utils._request.host_variables import may_be_template
from ansible_collections.elemental.networking.plugins.plugin_utils._request.known_claims import (
    default_machine,
    generation,
    served,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._request.machine_network import Given
from ansible_collections.elemental.networking.plugins.plugin_utils._request.progress_action import ClaimingAction
from hypothesis import strategies as st

MANIFEST = {
    "apiVersion": "ipam.cluster.x-k8s.io/v1alpha2",
    "kind": "InClusterIPPool",
    "metadata": {"name": "p"},
    "spec": {"addresses": ["10.0.0.5-10.0.0.99"], "prefix": 24},
}
MACHINES = tuple(f"m{number}" for number in range(8))


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database with one claim of each machine, which did not change just now."""
    path = tmp_path / "claims.sqlite"
    pool = pool_from_manifest(MANIFEST, "default")
    claims = [Claim("default", f"{machine}-ip", machine, "ip", pool.reference) for machine in MACHINES]
    with open_backend(BackendOptions("embedded", str(path))) as backend:
        ensure_claims(backend, [ClaimRequest(claim) for claim in claims], [pool], False)
    os.utime(path, (1e9, 1e9))
    return path


def look(database: Path, machine: str) -> str | None:
    """The address of a machine, as a process of its own would look it up."""
    found = claimed_addresses(Given(machine, machine=machine, database=str(database)), ["ip"])
    return found["ip"].address if "ip" in found else None


@pytest.mark.parametrize("before", [1, len(MACHINES)], ids=["one by one", "all at once"])
def test_a_database_is_opened_again_only_where_it_has_changed(
    database: Path, before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = {machine: look(database, machine) for machine in MACHINES[:before]}
    assert first["m0"] == "10.0.0.5"
    opened: list[str] = []
    monkeypatch.setattr(shared_claims, "open_backend", lambda options: opened.append(options) or open_backend(options))
    assert {machine: look(database, machine) for machine in MACHINES[:before]} == first
    assert opened == []
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE claims SET address = '10.0.0.77' WHERE machine = 'm0'")
        connection.commit()
    assert look(database, "m0") == "10.0.0.77"
    assert len(opened) == 1


def test_a_database_that_changed_just_now_is_not_believed(database: Path) -> None:
    """Its next change might show neither by its time nor by its size."""
    os.utime(database)
    assert look(database, "m0") == "10.0.0.5"
    kept = [path for path in Path(generation()).rglob("*") if path.is_file() and path.name != "lock"]
    assert kept == []


def test_a_row_that_is_no_address_fails_its_machine_alone(database: Path) -> None:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE claims SET address = '-oProxyCommand=x' WHERE machine = 'm0'")
        connection.commit()
    os.utime(database, (1e9, 1e9))
    for _look in range(2):
        for machine in MACHINES[1:]:
            assert look(database, machine)
        with pytest.raises(IpamError, match="claim m0-ip"):
            look(database, "m0")


def test_a_process_that_finds_the_claims_imports_no_backend(database: Path, tmp_path: Path) -> None:
    """Ansible compiles each file of a collection in each process: importing a backend takes longer than the task."""
    variables = {"machine_network_ipam_database": str(database)}
    inventory = {"all": {"hosts": {machine: {} for machine in MACHINES}, "vars": variables}}
    (tmp_path / "inventory.json").write_text(json.dumps(inventory))
    (tmp_path / "filter_plugins").mkdir()
    (tmp_path / "filter_plugins/loaded.py").write_text(
        "import sys\n\n\ndef loaded(value):\n    return sorted(name for name in sys.modules if '._ipam' in name)\n\n\n"
        "class FilterModule:\n    def filters(self):\n        return {'loaded': loaded}\n"
    )
    message = "{{ lookup('elemental.networking.ip_address', 'ip') }} {{ '' | loaded | length }}"
    play = {"hosts": "all", "gather_facts": False, "tasks": [{"ansible.builtin.debug": {"msg": message}}] * 2}
    (tmp_path / "play.json").write_text(json.dumps([play]))
    command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "inventory.json", "play.json"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    first, second = run.stdout.split("TASK [")[1:]
    for number in range(len(MACHINES)):
        assert f'"msg": "10.0.0.{5 + number} ' in first, run.stdout + run.stderr
        assert f'"msg": "10.0.0.{5 + number} 0"' in second, second


class Claiming(ClaimingAction):
    """The action without Ansible: its module does nothing, or fails."""

    def __init__(self, check_mode: bool, fails: bool = False) -> None:
        self._task = types.SimpleNamespace(args={}, async_val=0, check_mode=check_mode)
        self._connection = types.SimpleNamespace(_shell=types.SimpleNamespace(tmpdir=None), transport="ssh")
        self._fails = fails

    def _execute_module(self, **_options: t.Any) -> dict[str, t.Any]:
        if self._fails:
            raise RuntimeError("the connection broke")
        return {"changed": True}

    def _remove_tmp_path(self, _folder: object) -> None:
        """There is none."""


@pytest.mark.parametrize(("check_mode", "fails"), [(False, False), (False, True), (True, False)])
def test_after_a_task_that_may_change_claims_they_are_read_again(check_mode: bool, fails: bool) -> None:
    before = generation()
    with contextlib.suppress(RuntimeError):
        Claiming(check_mode, fails).perform({})
    assert (generation() == before) is check_mode


@pytest.mark.parametrize("action", [ip_address_claim, ip_address_claims, machine_host_keys])
def test_each_module_that_changes_claims_has_this_action(action: types.ModuleType) -> None:
    assert issubclass(action.ActionModule, ClaimingAction)


@hypothesis.given(st.text(min_size=1, max_size=40))
def test_the_name_of_a_machine_is_the_same_everywhere(host: str) -> None:
    assert default_machine(host) == machine_name(host)


def _claim(key: str, **more: t.Any) -> dict[str, t.Any]:
    address = {"address": "10.0.0.5", "prefix": 24, "gateway": None, "family": "IPv4"}
    empty = dict.fromkeys(("host", "site", "machine_id", "confirmed", "trouble"), "")
    return {"name": f"a-{key}", "namespace": "ns", "machine": "a", "key": key, "address": address, **empty, **more}


NEW = _claim("ip.renumbering", name="new", confirmed="now", machine_id="new")


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ([_claim("ip")], "a-ip"),
        ([_claim("ip", address=None)], None),
        ([_claim("ip", host="b")], None),
        ([_claim("ip", host="a")], "a-ip"),
        ([_claim("ip", site="munich")], None),
        ([_claim("ip", site="berlin")], "a-ip"),
        # while a machine is renumbered
        ([_claim("ip"), {**NEW, "confirmed": ""}], "a-ip"),
        ([_claim("ip"), NEW], "a-ip"),
        ([NEW], "new"),
        ([_claim("ip", machine_id="new"), NEW], "a-ip"),
        # another machine may still have the old address
        ([_claim("ip", machine_id="old"), NEW], "new"),
    ],
)
def test_which_claim_counts(claims: list[dict[str, t.Any]], expected: str | None) -> None:
    found = served(claims, "a", "berlin", is_named=False)
    assert (found["ip"]["name"] if "ip" in found else None) == expected


def test_the_claim_of_another_host_counts_where_its_machine_is_named() -> None:
    assert list(served([_claim("ip", host="b")], "a", "", is_named=True)) == ["ip"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{{ a }}", True),
        ("{% if a %}b{% endif %}", True),
        ("{a}", False),
        ({"a": ["b", {"c": "{{ d }}"}]}, True),
        ({"a": ["b", 1, None, True]}, False),
        # a secret of a vault is an object of its own
        (object(), True),
    ],
)
def test_what_may_be_a_template(value: object, expected: bool) -> None:
    assert may_be_template(value) is expected
