# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup machine_network: what a host asks for, and what is refused before anything is claimed."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible_collections.elemental.networking.plugins.lookup import machine_network
from ansible_collections.elemental.networking.plugins.plugin_utils._request.machine_network import Given
from ansible_collections.elemental.networking.plugins.plugin_utils._request.preflight import checked
from ansible_collections.elemental.networking.tests.data.asking import KEYFILE, NETWORK, REFERENCE, pool

Lookup = t.Callable[..., t.Dict[str, t.Any]]
_REGISTRATION = {
    "apiVersion": "elemental.cattle.io/v1beta1",
    "kind": "MachineRegistration",
    "metadata": {"name": "fire-nodes", "namespace": "fleet-default"},
    "spec": {"config": {"network": NETWORK}},
}


@pytest.fixture
def ask(loaded: t.Callable[..., t.Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lookup:
    """What the host Node_1 asks for; ansible-playbook was started in the folder ``here``, the inventory is in ``inventory``."""
    for name in ("here", "inventory"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def run(options: t.Mapping[str, t.Any] | None = None, **variables: t.Any) -> dict[str, t.Any]:
        known = {"inventory_hostname": "Node_1", "inventory_dir": str(tmp_path / "inventory"), **variables}
        (result,) = loaded(machine_network, known).run([], known, **(options or {}))
        return t.cast("dict[str, t.Any]", result)

    return run


def _write(path: Path, *documents: object) -> None:
    path.write_text(yaml.safe_dump_all(documents))


def test_a_variable_becomes_claims_and_pools_of_its_namespace(ask: Lookup, tmp_path: Path) -> None:
    asked = ask(machine_network=NETWORK, machine_network_pools=[pool()], machine_network_ipam_namespace="site")
    common = {"machine": "node-1", "namespace": "site", "host": "Node_1"}
    assert asked["claims"] == [{**common, "key": "ip", "pool": REFERENCE}]
    assert asked["pools"][0]["metadata"] == {"name": "p", "namespace": "site"}
    assert asked["database"] == str(tmp_path / "inventory/.elemental-ipam.sqlite")
    assert (asked["configurator"], asked["config"]) == ("nmconnections", {"eth0": KEYFILE})


def test_empty_texts_count_as_unset(ask: Lookup) -> None:
    of_ipam = ("ipam_backend", "ipam_database", "ipam_namespace")
    unset = ("manifest", "pools", "pool_files", *of_ipam, "machine_name")
    asked = ask(machine_network=NETWORK, **{f"machine_network_{name}": "" for name in unset})
    assert (asked["machine"], asked["namespace"], asked["backend"], asked["pools"]) == (
        "node-1",
        "default",
        "embedded",
        [],
    )


@pytest.mark.parametrize("folder", ["here", "inventory"])
def test_a_manifest_is_found_where_the_play_was_started_or_beside_the_inventory(
    ask: Lookup, tmp_path: Path, folder: str
) -> None:
    _write(tmp_path / folder / "m.yaml", pool(), _REGISTRATION)
    asked = ask(machine_network_manifest="m.yaml")
    assert asked["namespace"] == "fleet-default"
    assert asked["pools"][0]["metadata"]["namespace"] == "fleet-default"
    assert asked["claims"][0]["pool"] == REFERENCE


def test_texts_are_yaml_as_surveys_send_them(ask: Lookup) -> None:
    asked = ask(machine_network=yaml.safe_dump(NETWORK), machine_network_pools=yaml.safe_dump([pool()]))
    assert asked["claims"][0]["key"] == "ip"
    assert asked["pools"][0]["spec"]["prefix"] == 24


@pytest.mark.parametrize("folder", [None, "None"])
def test_without_an_inventory_folder_the_database_is_where_the_play_was_started(
    ask: Lookup, tmp_path: Path, folder: str | None
) -> None:
    """For a list of hosts (``-i host,``) Ansible gives the word."""
    asked = ask(machine_network=NETWORK, inventory_dir=folder)
    assert asked["database"] == str(tmp_path / "here/.elemental-ipam.sqlite")


def test_a_host_that_is_not_managed_claims_nothing(ask: Lookup) -> None:
    assert ask(machine_network={"configurator": "none", "ipAddresses": {"ip": REFERENCE}})["claims"] == []


def test_a_host_without_a_network_asks_for_nothing(ask: Lookup) -> None:
    assert ask()["claims"] == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "there is no file"),
        ("a: [", "cannot be read as YAML (line"),
        ("just a text", "holds no manifests"),
        (yaml.safe_dump(pool()), "holds 0 manifests of kind MachineRegistration"),
        (yaml.safe_dump_all([_REGISTRATION, _REGISTRATION]), "holds 2 manifests of kind MachineRegistration"),
        (yaml.safe_dump({**_REGISTRATION, "spec": {"config": None}}), "has no spec.config.network"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_one_sentence(
    ask: Lookup, tmp_path: Path, content: str | None, words: str
) -> None:
    if content is not None:
        (tmp_path / "here/m.yaml").write_text(content)
    with pytest.raises(AnsibleError) as error:
        ask(machine_network_manifest="m.yaml")
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_a_pool_file_may_be_what_kubectl_wrote(ask: Lookup, tmp_path: Path) -> None:
    _write(
        tmp_path / "here/p.yaml", {"kind": "Namespace", "metadata": {"name": "x"}}, {"kind": "List", "items": [pool()]}
    )
    asked = ask(machine_network=NETWORK, machine_network_pool_files=["p.yaml"])
    assert [each["metadata"]["name"] for each in asked["pools"]] == ["p"]
    _write(tmp_path / "here/p.yaml", {**pool(), "kind": "InClusterPool"})
    with pytest.raises(AnsibleError, match=r"p.yaml holds no InClusterIPPool .* only InClusterPool"):
        ask(machine_network=NETWORK, machine_network_pool_files=["p.yaml"])


@pytest.mark.parametrize("name", ["Fleet", "a/../b", "a" * 64, "default\n"])
def test_a_namespace_that_no_cluster_has_is_one_sentence(ask: Lookup, name: str) -> None:
    with pytest.raises(AnsibleError, match="the namespace name") as error:
        ask(machine_network=NETWORK, machine_network_ipam_namespace=name)
    assert "\n" not in error.value.message


def test_a_gateway_with_a_zone_never_becomes_lines_of_a_profile(ask: Lookup) -> None:
    hostile = pool(addresses=["fe80::10"], prefix=64, gateway="fe80::1%x\n[connection]\nzone=trusted")
    with pytest.raises(AnsibleError, match=r"gateway fe80::1%x \[connection\] zone=trusted is not an IP address"):
        checked(Given("node1", network=NETWORK, pools=[hostile]))
