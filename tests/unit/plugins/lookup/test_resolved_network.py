# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup resolved_network: the resolved network, and that reading never allocates."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleError
from ansible_collections.elemental.networking.plugins.lookup import resolved_network
from ansible_collections.elemental.networking.plugins.module_utils._ipam.backend import Observation
from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import Claim, Pool, PoolReference

if t.TYPE_CHECKING:
    from pathlib import Path

_REFERENCE = PoolReference("ipam.cluster.x-k8s.io", "InClusterIPPool", "elemental-inventory-pool")
_NAME = "elemental.networking.resolved_network"
_NETWORK = {
    "configurator": "nmconnections",
    "ipAddresses": {
        "inventory-ip": {"apiGroup": _REFERENCE.api_group, "kind": _REFERENCE.kind, "name": _REFERENCE.name}
    },
    "config": {"eth0": "[ipv4]\naddress1={inventory-ip}/{inventory-ip.prefix},{inventory-ip.gateway}\n"},
}


def _claim(database: Path, machine: str, site: str = "") -> None:
    pool = Pool(_REFERENCE, "default", ("192.168.122.150-192.168.122.200",), 24, "192.168.122.1")
    with open_backend(BackendOptions("embedded", str(database))) as backend:
        claim = Claim("default", f"{machine}-inventory-ip", machine, "inventory-ip", _REFERENCE, site=site)
        backend.create_claims([claim], [pool], Observation(), dry_run=False)


Lookup = t.Callable[..., t.Dict[str, t.Any]]


@pytest.fixture
def looked_up(loaded: t.Callable[..., t.Any]) -> Lookup:
    """Look the network of node1 up."""

    def look_up(variables: dict[str, t.Any], **options: t.Any) -> dict[str, t.Any]:
        variables = {"inventory_hostname": "node1", "machine_network": _NETWORK, **variables}
        (result,) = loaded(resolved_network, variables).run([], variables, **options)
        return t.cast("dict[str, t.Any]", result)

    return look_up


def test_the_network_of_a_host_is_resolved_from_its_claims(looked_up: Lookup, tmp_path: Path) -> None:
    _claim(tmp_path / ".elemental-ipam.sqlite", "other")
    _claim(tmp_path / ".elemental-ipam.sqlite", "node1")
    assert looked_up({"inventory_dir": str(tmp_path)}) == {
        "configurator": "nmconnections",
        "ipAddresses": {
            "inventory-ip": {"address": "192.168.122.151", "prefix": 24, "gateway": "192.168.122.1", "family": "IPv4"}
        },
        "config": {"eth0": "[ipv4]\naddress1=192.168.122.151/24,192.168.122.1\n"},
    }


def test_options_win_over_variables_and_an_empty_text_counts_as_unset(looked_up: Lookup, tmp_path: Path) -> None:
    _claim(tmp_path / "mine.sqlite", "my-node")
    variables = {
        "inventory_hostname": "My_Node",
        "machine_network": {},
        "machine_network_machine_name": "",
        "machine_network_ipam_namespace": "",
        "machine_network_ipam_database": "nowhere",
    }
    result = looked_up(variables, network=_NETWORK, database=str(tmp_path / "mine.sqlite"))
    assert result["ipAddresses"]["inventory-ip"]["address"] == "192.168.122.150"


@pytest.mark.parametrize("exists", [True, False])
def test_a_key_without_a_claim_is_an_error_and_allocates_nothing(
    looked_up: Lookup, tmp_path: Path, exists: bool
) -> None:
    database = tmp_path / "ipam.sqlite"
    if exists:
        _claim(database, "other")
    with pytest.raises(AnsibleError, match=r"node1: it has claimed no address in .*ipam.sqlite.*configure first"):
        looked_up({}, database=str(database))
    assert database.exists() == exists
    if exists:
        with open_backend(BackendOptions("embedded", str(database))) as backend:
            assert [bound.claim.machine for bound in backend.list_claims(None)] == ["other"]


def test_a_claim_of_another_site_is_named(looked_up: Lookup, tmp_path: Path) -> None:
    _claim(tmp_path / "ipam.sqlite", "node1", site="berlin")
    with pytest.raises(
        AnsibleError, match="node1: it has claimed inventory-ip for an inventory of site berlin, and this"
    ):
        looked_up({}, database=str(tmp_path / "ipam.sqlite"))


def test_an_unknown_placeholder_names_the_host(looked_up: Lookup, tmp_path: Path) -> None:
    network = {"configurator": "nmconnections", "config": {"eth0": "{nope}"}}
    with pytest.raises(AnsibleError, match=r"node1: {nope} in config\.eth0 cannot be filled"):
        looked_up({"machine_network": network}, database=str(tmp_path / "ipam.sqlite"))


@pytest.mark.parametrize("network", [None, {}, {"configurator": "none"}])
def test_a_host_without_a_network_has_an_empty_one(looked_up: Lookup, tmp_path: Path, network: object) -> None:
    result = looked_up({"machine_network": network}, database=str(tmp_path / "ipam.sqlite"))
    assert result == {"configurator": "none", "ipAddresses": {}, "config": {}}


def test_terms_are_refused(loaded: t.Callable[..., t.Any]) -> None:
    with pytest.raises(AnsibleError, match="takes options only"):
        loaded(resolved_network, {}).run(["node1"], {})
