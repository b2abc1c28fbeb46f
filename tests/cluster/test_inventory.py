# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory from a real API server: against its raw objects, with the least verbs, and with a play over it."""

from __future__ import annotations

import contextlib
import html
import ipaddress
import json
import os
import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.paths import ANSWER_MARK
from ansible_collections.elemental.networking.tests.unit.standin_hosts import ssh_variables, write_answers

from tests.data.asking import NETWORK
from tests.data.machines import FILES, machine_inventory, observed
from tests.stages import machine
from tests.testbed.controlplane import elemental, users
from tests.testbed.controlplane.fixtures import Space

KEY = next(iter(NETWORK["ipAddresses"]))
READER = "machine-inventory-reader.yaml"
NOW = "2026-11-29T12:00:00Z"
Exported = t.Dict[str, t.Any]


def _cores() -> dict[str, Path | None]:
    """The Pythons with the versions of ansible-core; here, since the control plane's network namespace has no network to install with.

    2.21 has another Python, for which the library kubernetes has other compiled parts: tests/unit/plugins/inventory runs with it, too.
    """
    found: dict[str, Path | None] = {"2.19": None}
    with contextlib.suppress(machine.Missing):
        found["2.16"] = machine.environment("core-2.16", machine.PYTHON)
    return found


CORES = _cores()


class Inventory:
    """A file for the plugin, in a folder of its own, and what commands make of it."""

    def __init__(self, space: Space, folder: Path) -> None:
        self.space, self.folder = space, folder
        self.stderr = ""

    def write(self, **options: t.Any) -> Path:
        file = self.folder / "site.elemental.yml"
        given = {"kubernetes": self.space.options, "namespaces": [self.space.name], **options}
        file.write_text(json.dumps({"plugin": "elemental.networking.machines", **given}))
        return file

    def run(self, *command: str, core: str = "2.19", **options: t.Any) -> subprocess.CompletedProcess[str]:
        file, environment = self.write(**options), {**os.environ, "ANSIBLE_INVENTORY_UNPARSED_FAILED": "1"}
        start = [command[0]]
        python = CORES[core]
        if python is not None:
            start = [str(python / "bin" / command[0])]
            environment["PYTHONPATH"] = f"{environment['PYTHONPATH']}:{libraries(self.folder)}"
        whole = [*start, "-i", str(file), *command[1:]]
        done = subprocess.run(whole, env=environment, capture_output=True, text=True, check=False, timeout=120)
        assert self.space.plane.token(self.space.user) not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        self.stderr = " ".join(done.stderr.split())
        return done

    def export(self, core: str = "2.19", **options: t.Any) -> Exported:
        done = self.run("ansible-inventory", "--list", "--export", core=core, **options)
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))


def libraries(folder: Path) -> Path:
    """The library kubernetes and what it needs, without the ansible-core beside it."""
    import kubernetes

    site, found = Path(kubernetes.__file__).parents[1], folder / "libraries"
    if not found.exists():
        found.mkdir()
        others = (
            "ansible",
            "jinja2",
            "markupsafe",
            "yaml",
            "_yaml",
            "resolvelib",
            "packaging",
            "cryptography",
            "cffi",
            "_cffi",
            "pip",
        )
        for each in site.iterdir():
            if not each.name.lower().startswith(others):
                (found / each.name).symlink_to(each)
    return found


@pytest.fixture
def inventory(space: Space, tmp_path: Path) -> t.Iterator[Inventory]:
    """An inventory of a namespace where machines may be registered, for a user who may read them."""
    elemental.install(space.admin)
    users.allow(space.admin, space.name, READER)
    yield Inventory(space, tmp_path)
    elemental.remove(space.admin)


def raw(space: Space) -> dict[str, t.Any]:
    """The objects as the administrator reads them."""
    listed = space.admin.call("GET", elemental.path("machineinventories", space.name))["items"]
    return {item["metadata"]["name"]: item for item in listed}


def populate(space: Space) -> None:
    """Machines as they were observed, and in all other shapes that the issue names."""
    for number, file in enumerate(FILES):
        item = observed(file)
        item["metadata"]["name"] = f"observed-{number}"
        item["metadata"]["annotations"]["elemental.cattle.io/registration-ip"] = f"192.0.2.{100 + number}"
        elemental.put(space.admin, item, space.name)
    template = "{{ lookup('ansible.builtin.pipe', 'id') }}"
    labels = {"site": "lab", "mac": "52-54-00-12-34-56"}
    for item in (
        machine_inventory("applied", applied=True, labels=labels),
        machine_inventory("seen-by-ipv6", registration_ip="[FD00::5]"),
        machine_inventory("own-prefix", prefix="corp.example/", labels={"corp.example/rack": "7"}),
        machine_inventory("no-prefix", prefix=""),
        machine_inventory("not-seen", registration_ip=None),
        machine_inventory("hostile", registration_ip="-oProxyCommand=id"),
        machine_inventory("member", applied=True, selector="replaced-below"),
    ):
        item["metadata"]["annotations"]["note"] = template
        elemental.put(space.admin, item, space.name)


@pytest.mark.parametrize("core", sorted(CORES))
def test_the_inventory_is_what_the_api_server_has(inventory: Inventory, core: str) -> None:
    space = inventory.space
    populate(space)
    exported = inventory.export(core, address_keys=["inventory-ip", "ip", "v4"])
    objects, found = raw(space), exported["_meta"]["hostvars"]
    assert sorted(found) == sorted(objects)
    for name, item in objects.items():
        spec, network, variables = item["spec"], item["spec"].get("network", {}), found[name]
        assert variables["elemental_uid"] == item["metadata"]["uid"]
        assert sorted(variables["elemental_labels"].values()) == sorted(item["metadata"].get("labels", {}).values())
        annotations = {key: plainly(value) for key, value in variables["elemental_annotations"].items()}
        assert sorted(annotations.values()) == sorted(map(html.unescape, item["metadata"]["annotations"].values()))
        assert variables["elemental_addresses"] == network.get("ipAddresses", {})
        expected = {"configurator": network.get("configurator") or "none"}
        if expected["configurator"] != "none":
            expected.update(ipAddresses=spec.get("ipAddressPools", {}), config=network.get("config", {}))
        assert variables["elemental_network"] == expected
        conditions = {each["type"]: each["status"] for each in item.get("status", {}).get("conditions", [])}
        assert variables["elemental_conditions"] == conditions
        assert variables.get("ansible_host") == address_of(item), name
    assert found["applied"]["ansible_host"] == "192.168.122.153"
    assert found["seen-by-ipv6"]["ansible_host"] == "fd00::5"
    assert found["own-prefix"]["elemental_labels"] == {"rack": "7"}
    assert "hostile: the annotation registration-ip is -oProxyCommand=id" in inventory.stderr


def plainly(value: t.Any) -> t.Any:
    """A string that ansible-core 2.16 exports as one that is not a template."""
    return value["__ansible_unsafe"] if isinstance(value, dict) else value


def address_of(item: t.Mapping[str, t.Any]) -> str | None:
    """Where a machine is, determined once more from the raw object: where Elemental has applied its network, else where it registered."""
    status = {each["type"]: each["status"] for each in item.get("status", {}).get("conditions", [])}
    applied = item.get("status", {}).get("plan", {}).get("state") == "Applied" and status.get("Ready") == "True"
    if applied and "deletionTimestamp" not in item["metadata"]:
        return str(item["spec"]["network"]["ipAddresses"]["inventory-ip"])
    sent = [
        value for key, value in item["metadata"]["annotations"].items() if key.rpartition("/")[2] == "registration-ip"
    ]
    try:
        return str(ipaddress.ip_address(sent[0].strip("[]"))) if sent else None
    except ValueError:
        return None


def test_a_reader_is_granted_what_is_used_and_nothing_else(inventory: Inventory) -> None:
    import yaml

    space = inventory.space
    elemental.put(space.admin, machine_inventory("a"), space.name)
    before = len(space.plane.requests(space.user))
    inventory.export(clusters=True)
    inventory.export(source="claims")
    space.admin.until(
        "the audit",
        lambda: any("ipaddressclaims" in each["requestURI"] for each in space.plane.requests(space.user)[before:]),
    )
    (role,) = [
        each
        for each in yaml.safe_load((machine.REPOSITORY / "playbooks/files" / READER).read_text())["items"]
        if each["kind"] == "Role"
    ]
    granted = {(verb, kind) for rule in role["rules"] for kind in rule["resources"] for verb in rule["verbs"]}
    used = {
        (each["verb"], each["objectRef"]["resource"])
        for each in space.plane.requests(space.user)[before:]
        if "resource" in each.get("objectRef", {})
    }
    # no claim has an address here, so that no addresses are asked for
    assert granted - {("list", "ipaddresses")} <= used | {("list", "ipaddresses")}
    assert used <= granted


def test_without_the_right_the_manifest_that_grants_it_is_named(space: Space, tmp_path: Path) -> None:
    elemental.install(space.admin)
    try:
        inventory = Inventory(space, tmp_path)
        assert inventory.run("ansible-inventory", "--list").returncode
        words = f"may not list machineinventories in namespace {space.name} (403 Forbidden)"
        assert words in inventory.stderr
        assert f"apply playbooks/files/{READER} there" in inventory.stderr
        assert inventory.run("ansible-inventory", "--list", namespaces=["*"]).returncode
        assert "grant that in a ClusterRole" in inventory.stderr
    finally:
        elemental.remove(space.admin)


def test_a_cluster_without_elemental_is_named(space: Space, tmp_path: Path) -> None:
    inventory = Inventory(space, tmp_path)
    assert inventory.run("ansible-inventory", "--list").returncode
    assert "has no kind MachineInventory (elemental.cattle.io)" in inventory.stderr


def test_a_cluster_and_its_roles(inventory: Inventory) -> None:
    space = inventory.space
    labels = {
        "rke.cattle.io/cluster-name": "east",
        "rke.cattle.io/etcd-role": "true",
        "rke.cattle.io/worker-role": "true",
    }
    owner = elemental.put(
        space.admin,
        {"metadata": {"name": "m", "labels": labels}, "spec": {"clusterName": "east"}},
        space.name,
        "machines",
    )
    reference = {
        "apiVersion": "cluster.x-k8s.io/v1beta1",
        "kind": "Machine",
        "name": "m",
        "uid": owner["metadata"]["uid"],
    }
    selector = {"metadata": {"name": "s", "ownerReferences": [reference]}, "spec": {}}
    uid = elemental.put(space.admin, selector, space.name, "machineinventoryselectors")["metadata"]["uid"]
    elemental.put(space.admin, machine_inventory("a", selector=uid), space.name)
    elemental.put(space.admin, machine_inventory("b"), space.name)
    exported = inventory.export(clusters=True)
    assert exported["elemental_cluster_east"]["hosts"] == ["a"]
    assert (exported["elemental_role_etcd"]["hosts"], exported["elemental_role_worker"]["hosts"]) == (["a"], ["a"])
    assert exported["_meta"]["hostvars"]["a"]["elemental_machine"] == "m"
    assert "elemental_cluster_east" not in inventory.export()


def test_pages_selectors_and_the_cache(inventory: Inventory) -> None:
    """1,100 machines are three pages; a page is at most 500 objects."""
    space = inventory.space
    machines = [
        machine_inventory(f"m{number:04}", applied=True, labels={"odd": str(number % 2)}) for number in range(1100)
    ]
    elemental.put_many(space.plane, machines, space.name)
    cache = {
        "cache": True,
        "cache_plugin": "ansible.builtin.jsonfile",
        "cache_connection": str(inventory.folder / "cache"),
    }

    def lists() -> list[str]:
        uris = [each["requestURI"] for each in space.plane.requests(space.user)]
        return [uri for uri in uris if f"/namespaces/{space.name}/machineinventories?" in uri]

    first = inventory.export(**cache)
    assert len(first["_meta"]["hostvars"]) == 1100
    space.admin.until("the audit", lambda: len(lists()) >= 3)
    assert len(lists()) == 3
    assert inventory.export(**cache) == first
    assert len(inventory.export(label_selector="odd=1", **cache)["_meta"]["hostvars"]) == 550
    space.admin.until("the audit", lambda: len(lists()) >= 5)
    assert len(lists()) == 5


def as_operator(space: Space, name: str, applied: bool) -> str:
    """A machine of Elemental with its claim, as the operator makes both; the address."""
    item = machine_inventory(name, addresses={KEY: ""}, applied=applied)
    item["spec"]["network"] = {"configurator": NETWORK["configurator"], "config": NETWORK["config"]}
    item["spec"]["ipAddressPools"] = NETWORK["ipAddresses"]
    item["spec"].pop("ipAddressClaims")
    uid = elemental.put(space.admin, item, space.name)["metadata"]["uid"]
    owner = {
        "apiVersion": "elemental.cattle.io/v1beta1",
        "kind": "MachineInventory",
        "name": name,
        "uid": uid,
        "controller": True,
    }
    claim = space.foreign_claim(f"{name}-{KEY}", ownerReferences=[owner])["metadata"]
    space.admin.until("the address", lambda: claim["name"] in space.addresses())
    address = space.addresses()[claim["name"]]
    reference = {"name": claim["name"], "namespace": space.name, "uid": claim["uid"], "kind": "IPAddressClaim"}
    spec = {"ipAddressClaims": {KEY: reference}, "network": {"ipAddresses": {KEY: address}}}
    place = elemental.path("machineinventories", space.name, name)
    space.admin.call("PATCH", place, {"spec": spec}, "application/merge-patch+json")
    return address


def test_an_address_is_used_once_a_push_has_confirmed_it(inventory: Inventory) -> None:
    space = inventory.space
    address = as_operator(space, "node1", applied=False)
    (before,) = inventory.export()["_meta"]["hostvars"].values()
    assert (before["ansible_host"], before["elemental_address_source"]) == ("192.0.2.10", "registration-ip")
    body = {"metadata": {"annotations": {"elemental.networking/confirmed": NOW}}}
    space.admin.call("PATCH", space.path("ipaddressclaims", f"node1-{KEY}"), body, "application/merge-patch+json")
    (after,) = inventory.export()["_meta"]["hostvars"].values()
    assert (after["ansible_host"], after["elemental_address_source"]) == (address, "claimed")
    assert after["elemental_claims"][KEY]["confirmed"] == NOW
    (ignored,) = inventory.export(confirmations=False)["_meta"]["hostvars"].values()
    assert ignored["ansible_host"] == "192.0.2.10"
    (claimed,) = inventory.export(source="claims")["_meta"]["hostvars"].values()
    assert (claimed["ansible_host"], claimed["elemental_name"]) == (address, "node1")


def test_claims_of_the_collection_as_inventory(inventory: Inventory) -> None:
    inventory.space.claims("a", "b")
    exported = inventory.export(source="claims")
    found = exported["_meta"]["hostvars"]
    assert sorted(found) == ["a", "b"]
    assert {each["elemental_addresses"]["ip"] for each in found.values()} == set(inventory.space.addresses().values())
    assert not any("ansible_host" in each for each in found.values())
    assert sorted(exported["elemental_pool_p"]["hosts"]) == ["a", "b"]


def claims_of(space: Space) -> dict[str, tuple[str, str]]:
    """The uid and the owners of each claim."""
    items = (each["metadata"] for each in space.items("ipaddressclaims"))
    return {each["name"]: (each["uid"], str(each.get("ownerReferences"))) for each in items}


def test_the_playbook_takes_the_network_and_the_claims_of_elemental_as_they_are(
    inventory: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hosts answer that they have all of it: nothing changes, and the claims note that the addresses are in use."""
    space, folder = inventory.space, inventory.folder
    space.pool(gateway="10.0.0.1")
    users.allow(space.admin, space.name, "ipam-owner-reader.yaml")
    addresses = {f"{name}-{KEY}": as_operator(space, name, applied=True) for name in ("node1", "node2")}
    variables = {
        **ssh_variables(folder),
        "ansible_user": "{{ inventory_hostname }}",
        "machine_network": "{{ elemental_network }}",
        "machine_network_ipam_backend": "kubernetes",
        "machine_network_ipam_namespace": "{{ elemental_namespace }}",
        "machine_network_kubernetes": space.options,
    }
    (folder / "group_vars").mkdir()
    (folder / "group_vars/all.yml").write_text(json.dumps(variables))
    fine = f"{ANSWER_MARK}{json.dumps({'version': 1, 'answer': 'staged', 'changed': False})}\n"
    write_answers(folder, {name: {"stage": (fine, "", 0)} for name in ("node1", "node2")})
    monkeypatch.setenv("HOSTILE_ANSWERS", str(folder / "answers.json"))
    before = claims_of(space)
    for _run in range(2):
        done = inventory.run("ansible-playbook", "elemental.networking.configure")
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.count("changed=0") == 2, done.stdout
        assert (claims_of(space), space.addresses()) == (before, addresses)
    annotations = [each["metadata"]["annotations"] for each in space.items("ipaddressclaims")]
    assert all("elemental.networking/confirmed" in each for each in annotations), annotations
