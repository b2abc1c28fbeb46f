# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup ip_address: reads claims, never makes one."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
from ansible.errors import AnsibleError
from ansible_collections.elemental.networking.plugins.lookup import ip_address
from ansible_collections.elemental.networking.plugins.module_utils._ipam.claiming import ClaimRequest, ensure_claims
from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.manifest import pool_from_manifest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import Claim
from ansible_collections.elemental.networking.plugins.module_utils._ipam.recording import KnownMachine, record_machines

MANIFEST = {
    "apiVersion": "ipam.cluster.x-k8s.io/v1alpha2",
    "kind": "InClusterIPPool",
    "metadata": {"name": "p"},
    "spec": {"addresses": ["10.0.0.5"], "prefix": 24, "gateway": "10.0.0.1"},
}
NOW = "2026-11-29T12:00:00Z"


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, t.Any]:
    """A host node-1 that holds an address for inventory-ip."""
    pool = pool_from_manifest(MANIFEST, "default")
    with open_backend(BackendOptions("embedded", str(tmp_path / ".elemental-ipam.sqlite"))) as backend:
        claim = Claim("default", "node-1-inventory-ip", "node-1", "inventory-ip", pool.reference)
        ensure_claims(backend, [ClaimRequest(claim)], [pool], False)
    return {"inventory_hostname": "Node_1", "inventory_dir": str(tmp_path)}


Lookup = t.Callable[..., t.List[t.Any]]


@pytest.fixture
def look(loaded: t.Callable[..., t.Any]) -> Lookup:
    """Look addresses up."""

    def run(variables: dict[str, t.Any], *terms: t.Any, **options: t.Any) -> list[t.Any]:
        return list(loaded(ip_address, variables).run(list(terms), variables, **options))

    return run


def test_it_finds_what_the_role_would_claim_for_this_host(look: Lookup, variables: dict[str, t.Any]) -> None:
    assert look(variables, "inventory-ip") == ["10.0.0.5"]


def test_attributes(look: Lookup, variables: dict[str, t.Any]) -> None:
    assert look(variables, "inventory-ip", attribute="prefix") == [24]
    everything = {"address": "10.0.0.5", "prefix": 24, "gateway": "10.0.0.1", "family": "IPv4"}
    assert look(variables, "inventory-ip", attribute="all") == [everything]


def test_host_keys_that_were_recorded_with_the_claim(look: Lookup, variables: dict[str, t.Any], tmp_path: Path) -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKsR1vhN5HTnbVBJbCwJgS6TTLwRMRrSbnHOjzWDJBq4"
    assert look(variables, "inventory-ip", attribute="host_keys") == [[]]
    with open_backend(BackendOptions("embedded", str(tmp_path / ".elemental-ipam.sqlite"))) as backend:
        known = KnownMachine("default", "node-1", "Node_1", (key,), addresses=("10.0.0.5",))
        assert look(variables, "inventory-ip", attribute="confirmed") == [""]
        record_machines(backend, [known], NOW, False)
    assert look(variables, "inventory-ip", attribute="confirmed") == [NOW]
    assert look(variables, "inventory-ip", attribute="host_keys") == [[key]]


def test_an_unclaimed_key_is_an_error_or_the_default(look: Lookup, variables: dict[str, t.Any]) -> None:
    assert look(variables, "other", default="none") == ["none"]
    with pytest.raises(AnsibleError, match="node-1 has claimed no address for other"):
        look(variables, "other")


def test_an_error_names_the_keys_that_there_are_or_where_it_looked(
    look: Lookup, variables: dict[str, t.Any], tmp_path: Path
) -> None:
    with pytest.raises(AnsibleError, match="no address for other, only for inventory-ip; correct the key, or run"):
        look(variables, "other")
    known = re.escape(str(tmp_path / ".elemental-ipam.sqlite"))
    with pytest.raises(AnsibleError, match=f"machine typo has claimed no address in the database {known}; correct"):
        look(variables, "inventory-ip", machine="typo")
    with pytest.raises(AnsibleError, match=f"no address in namespace typo of the database {known}; correct"):
        look(variables, "inventory-ip", namespace="typo")
    typo = re.escape(str(tmp_path / "typo.sqlite"))
    with pytest.raises(AnsibleError, match=f"no address in the database {typo}, which does not exist yet; correct"):
        look(variables, "inventory-ip", database="typo.sqlite")


@pytest.mark.parametrize(("given", "own"), [({}, "has no site"), ({"site": "munich"}, "is of site munich")])
def test_an_error_names_the_site_that_an_address_was_claimed_for(
    look: Lookup, variables: dict[str, t.Any], tmp_path: Path, given: dict[str, str], own: str
) -> None:
    pool = pool_from_manifest({**MANIFEST, "spec": {"addresses": ["10.9.0.5"], "prefix": 24}}, "site")
    with open_backend(BackendOptions("embedded", str(tmp_path / ".elemental-ipam.sqlite"))) as backend:
        claim = Claim("site", "node-1-other", "node-1", "other", pool.reference, site="berlin")
        ensure_claims(backend, [ClaimRequest(claim)], [pool], False)
    sentence = f"machine node-1 has claimed other for an inventory of site berlin, and this one {own}"
    with pytest.raises(AnsibleError, match=f"{sentence}; set machine_network_site to berlin, or correct"):
        look(variables, "other", **given)
    assert look(variables, "other", site="berlin") == ["10.9.0.5"]
    with pytest.raises(AnsibleError, match="no address for missing, only for inventory-ip; correct the key, or run"):
        look(variables, "missing", **given)


def test_a_mistyped_option_is_refused_and_what_is_ansibles_own_is_not(
    look: Lookup, variables: dict[str, t.Any]
) -> None:
    with pytest.raises(AnsibleError, match="ip_address has no option atribute; did you mean attribute"):
        look(variables, "inventory-ip", atribute="prefix")
    with pytest.raises(AnsibleError, match="ip_address has no option colour; use .*machine"):
        look(variables, "inventory-ip", colour="red")
    assert look(variables, "inventory-ip", allow_unsafe=True) == ["10.0.0.5"]


def test_a_key_must_be_given(look: Lookup, variables: dict[str, t.Any]) -> None:
    with pytest.raises(AnsibleError, match="ip_address needs a placeholder key"):
        look(variables)
    assert look(variables, []) == [], "a list of the user's may be empty"


def test_it_makes_no_database(look: Lookup, tmp_path: Path) -> None:
    assert look({"inventory_hostname": "n", "inventory_dir": str(tmp_path)}, "x", default=None) == [None]
    assert list(tmp_path.iterdir()) == []


def test_a_database_in_a_folder_that_does_not_exist_is_a_mistake(look: Lookup, tmp_path: Path) -> None:
    host = {"inventory_hostname": "n", "inventory_dir": str(tmp_path)}
    with pytest.raises(AnsibleError, match="the folder of the database .* does not exist: create it"):
        look(host, "x", default=None, database="mistyped/ipam.sqlite")


def test_keys_may_come_as_a_list(look: Lookup, variables: dict[str, t.Any]) -> None:
    assert look(variables, ["inventory-ip"]) == ["10.0.0.5"]


def test_claims_are_found_in_any_namespace_unless_two_have_the_key(
    look: Lookup, variables: dict[str, t.Any], tmp_path: Path
) -> None:
    with open_backend(BackendOptions("embedded", str(tmp_path / ".elemental-ipam.sqlite"))) as backend:
        pool = pool_from_manifest({**MANIFEST, "spec": {"addresses": ["10.9.0.5-10.9.0.6"], "prefix": 24}}, "site")
        for key in ("other", "inventory-ip"):
            claim = Claim("site", f"node-1-{key}", "node-1", key, pool.reference)
            ensure_claims(backend, [ClaimRequest(claim)], [pool], False)
            if key == "other":
                assert look(variables, "other") == ["10.9.0.5"]
    with pytest.raises(
        AnsibleError, match="in the namespaces default and site; choose one with machine_network_ipam_namespace"
    ):
        look(variables, "inventory-ip")
    assert look(variables, "inventory-ip", namespace="site") == ["10.9.0.6"]
