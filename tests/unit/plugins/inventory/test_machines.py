# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory as ansible-inventory shows it, exported as AWX reads it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.claiming import ClaimRequest, ensure_claims
from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.manifest import pool_from_manifest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import Claim
from ansible_collections.elemental.networking.plugins.module_utils._ipam.recording import KnownMachine, record_machines
from ansible_collections.elemental.networking.tests.data.asking import pool
from ansible_collections.elemental.networking.tests.data.machines import machine_inventory

_STANDIN = Path(__file__).parents[3] / "standins/lists.py"
_TEMPLATE = "{{ lookup('ansible.builtin.pipe', 'touch " + "MARK" + "') }}"


class Inventory:
    """A file for the plugin, and what commands of Ansible make of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, folder / "site.elemental.yml"
        self.lists: dict[str, t.Any] = {}
        # inventories that Ansible reads before
        self.before: list[Path] = []
        self.environment = {
            "ANSIBLE_LOCALHOST_WARNING": "0",
            "ANSIBLE_INVENTORY_UNPARSED_FAILED": "1",
            "HOME": str(folder),
        }

    def run(self, *command: str, **options: t.Any) -> subprocess.CompletedProcess[str]:
        """A command with the inventory of these options."""
        self.file.write_text(json.dumps({"plugin": "elemental.networking.machines", **options}))
        start = [str(Path(sys.executable).parent / command[0])]
        if options.get("source") != "database":
            (self.folder / "lists.json").write_text(json.dumps(self.lists))
            start = [sys.executable, str(_STANDIN), str(self.folder / "lists.json"), command[0]]
        environment = {**os.environ, **self.environment}
        sources = [word for each in (*self.before, self.file) for word in ("-i", str(each))]
        whole = [*start, *sources, *command[1:]]
        return subprocess.run(
            whole, cwd=self.folder, env=environment, capture_output=True, text=True, check=False, timeout=60
        )

    def export(self, **options: t.Any) -> dict[str, t.Any]:
        """Hosts, variables and groups, as AWX gets them."""
        done = self.run("ansible-inventory", "--list", "--export", **options)
        assert done.returncode == 0, done.stderr
        self.warnings = " ".join(done.stderr.split())
        return dict(json.loads(done.stdout))

    @property
    def reads(self) -> int:
        """How often the lists were read."""
        file = self.folder / "lists.reads"
        return len(file.read_text().splitlines()) if file.exists() else 0


@pytest.fixture
def inventory(tmp_path: Path) -> Inventory:
    """An inventory without machines."""
    return Inventory(tmp_path)


def hosts(exported: dict[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    return dict(exported["_meta"]["hostvars"])


def plainly(value: t.Any) -> t.Any:
    """A value that Ansible itself has composed: since ansible-core 2.19 it exports these as not to be evaluated."""
    return value["__ansible_unsafe"] if isinstance(value, dict) else value


def test_a_mistyped_option_is_warned_of(inventory: Inventory) -> None:
    inventory.lists = {"machine_inventories": [machine_inventory("a", applied=True)]}
    assert "a" in hosts(inventory.export(adress_keys=["inventory-ip"], colour="red"))
    assert "has no option adress_keys; did you mean address_keys" in inventory.warnings
    assert "has no option colour; it is ignored" in inventory.warnings
    refused = inventory.run("ansible-inventory", "--list", adress_keys=["inventory-ip"], strict=True)
    assert "has no option adress_keys; did you mean address_keys" in " ".join(refused.stderr.split())


def test_machines_are_hosts_with_variables_of_plain_types_and_groups(inventory: Inventory) -> None:
    labels = {"elemental.cattle.io/rack": "7", "mac": "52-54-00-12-34-56"}
    inventory.lists = {
        "machine_inventories": [machine_inventory("b", labels=labels), machine_inventory("a", applied=True)]
    }
    exported = inventory.export(address_keys=["inventory-ip"])
    found = hosts(exported)
    a, b = found["a"], found["b"]
    assert (a["ansible_host"], a["elemental_address_source"], a["elemental_address_key"]) == (
        *("192.168.122.153", "claimed", "inventory-ip"),
    )
    assert (b["ansible_host"], b["elemental_address_source"], b["elemental_address_key"]) == (
        "192.0.2.10",
        "registration-ip",
        "",
    )
    assert (a["elemental_enabled"], b["elemental_enabled"]) == (True, False)
    assert b["elemental_labels"] == {"mac": "52-54-00-12-34-56", "rack": "7"}
    assert b["elemental_mac_addresses"] == {"mac": "52:54:00:12:34:56"}
    assert b["elemental_addresses"] == {"inventory-ip": "192.168.122.153", "secondary-ip": "172.16.0.153"}
    assert b["elemental_claims"]["inventory-ip"] == {
        **{"name": "b-inventory-ip", "pool": "elemental-inventory-pool", "address": "192.168.122.153"},
        **{"gateway": "", "confirmed": "", "in_use": False},
    }
    spec = machine_inventory("b")["spec"]
    assert b["elemental_network"] == {
        "configurator": "nmc",
        "ipAddresses": spec["ipAddressPools"],
        "config": spec["network"]["config"],
    }
    assert exported["elemental_state_ready"]["hosts"] == ["a"]
    assert sorted(exported["elemental_pool_elemental_inventory_pool"]["hosts"]) == ["a", "b"]
    assert "__ansible" not in json.dumps(exported)
    assert inventory.warnings == ""


def test_the_prefix_of_labels_is_given_as_a_registration_has_it(inventory: Inventory) -> None:
    item = machine_inventory("a", prefix="corp.example/", labels={"corp.example/rack": "7"})
    inventory.lists = {"machine_inventories": [item]}
    found = hosts(inventory.export(label_prefix="corp.example"))["a"]
    assert (found["ansible_host"], found["elemental_labels"], inventory.warnings) == ("192.0.2.10", {"rack": "7"}, "")
    assert "ansible_host" not in hosts(inventory.export(label_prefix="corp.exampel"))["a"]
    assert "set label_prefix to corp.example, or leave it out" in inventory.warnings


def test_nothing_of_a_machine_is_a_template(inventory: Inventory, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    template = _TEMPLATE.replace("MARK", str(mark))
    item = machine_inventory("a", labels={"x": template})
    item["metadata"]["annotations"]["elemental.cattle.io/os.name"] = template
    item["spec"]["network"]["config"] = {template: [template, "{inventory-ip}"]}
    inventory.lists = {"machine_inventories": [item]}
    options = {
        "compose": {"copied": "elemental_annotations['os.name']", "joined": "'<' ~ elemental_labels.x ~ '>'"},
        "keyed_groups": [{"key": "elemental_labels.x", "prefix": "g"}],
        "groups": {"with_name": "elemental_annotations['os.name'] | length > 10"},
        "include": ["elemental_labels.x is defined"],
        "hostnames": ["elemental_name"],
    }
    exported = inventory.export(**options)
    assert "with_name" in exported
    message = "{{ [copied, joined, elemental_labels.x, elemental_network.config] }}"
    shown = inventory.run("ansible", "all", "-c", "local", "-m", "debug", "-a", json.dumps({"msg": message}), **options)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "touch" in shown.stdout
    assert not mark.exists()


def test_expressions_are_those_of_the_users_file(inventory: Inventory) -> None:
    inventory.lists = {
        "machine_inventories": [
            machine_inventory("a", labels={"site": "east", "host": "web1"}, applied=True),
            machine_inventory("b", labels={"site": "west", "host": "web2"}, applied=True),
            machine_inventory("c", labels={"site": "east", "host": "web3"}),
            machine_inventory("d"),
        ]
    }
    exported = inventory.export(
        include=["elemental_labels.get('site') == 'east'", "elemental_name == 'd'"],
        exclude=["not elemental_enabled and elemental_name != 'd'"],
        hostnames=["elemental_labels.host", "elemental_name ~ '-x'"],
        compose={"ansible_user": "'root'", "ansible_port": "22 + 2200"},
        keyed_groups=[{"key": "elemental_labels.site", "prefix": "site"}],
        groups={"web": "inventory_hostname is undefined and elemental_labels.host is defined"},
        group_by=[],
        address_keys=["inventory-ip"],
    )
    found = hosts(exported)
    assert sorted(found) == ["d-x", "web1"]
    assert plainly(found["web1"]["ansible_user"]) == "root"
    assert int(found["web1"]["ansible_port"]) == 2222
    assert exported["site_east"]["hosts"] == ["web1"]
    assert inventory.warnings == ""


def test_what_is_wrong_with_a_machine_is_a_warning_and_with_strict_an_error(inventory: Inventory) -> None:
    inventory.lists = {
        "machine_inventories": [
            machine_inventory("a", registration_ip="127.0.0.1"),
            machine_inventory("localhost"),
            machine_inventory("b", namespace="one"),
            machine_inventory("b", namespace="two"),
            machine_inventory("c"),
        ],
        "notes": ["a note"],
    }
    found = hosts(inventory.export())
    assert sorted(found) == ["a", "b", "c"]
    assert "ansible_host" not in found["a"]
    assert found["b"]["elemental_namespace"] == "one"
    for words in (
        "registration-ip is 127.0.0.1",
        "a host cannot be called localhost",
        "machine two/b is left out",
        "a note",
    ):
        assert words in inventory.warnings
    done = inventory.run("ansible-inventory", "--list", strict=True)
    assert done.returncode
    assert "a note" in done.stderr


@pytest.mark.parametrize("condition", ["elemental_labels.missing == 'x'", "elemental_name + 1", "elemental_name"])
def test_a_condition_that_cannot_be_evaluated_leaves_the_machine_out(inventory: Inventory, condition: str) -> None:
    inventory.lists = {"machine_inventories": [machine_inventory("a")]}
    for option in ("include", "exclude"):
        assert hosts(inventory.export(**{option: [condition]})) == {}
        assert "machine fleet-default/a is left out: the condition" in inventory.warnings


def test_what_is_wrong_with_hostnames_is_a_warning_and_with_strict_an_error(inventory: Inventory) -> None:
    inventory.lists = {"machine_inventories": [machine_inventory("a"), machine_inventory("b", labels={"x": "1"})]}
    options: dict[str, t.Any] = {
        "hostnames": [
            *({"name": "x", "prefix": "y"}, "{{ elemental_name }}", "elemental_name |", "elemental_name | uper"),
            "elemental_labels.hostnam",
        ]
    }
    assert sorted(hosts(inventory.export(**options))) == ["a", "b"]
    for words in (
        "hostnames has a dictionary, which is not an expression; write a string",
        "hostnames has {{ elemental_name }}, which is a template; write an expression without braces, such as elemental_name",
        "hostnames has elemental_name |, which is not a valid Jinja2 expression",
        "hostnames has elemental_name | uper, but Ansible has no filter uper; did you mean upper",
        "hostnames names no host: elemental_labels.hostnam is undefined or empty for all of them",
    ):
        assert inventory.warnings.count(words) == 1
    # which is right as soon as a machine has such a label
    assert sorted(hosts(inventory.export(hostnames=["elemental_labels.hostnam"], strict=True))) == ["a", "b"]
    for expression in options["hostnames"][:-1]:
        done = inventory.run("ansible-inventory", "--list", hostnames=[expression, "elemental_labels.y"], strict=True)
        assert done.returncode
        assert "Failed to parse" in done.stderr
        assert "hostnames" in done.stderr
    assert sorted(hosts(inventory.export(hostnames=["elemental_labels.x + 1", "elemental_name"]))) == ["a"]
    assert "machine fleet-default/b is left out: elemental_labels.x + 1 in hostnames cannot" in inventory.warnings


@pytest.mark.parametrize(
    "expression",
    [
        "elemental_labels.x if elemental_labels.x is defined",
        "elemental_labels.x",
        "elemental_labels.x | default(none)",
        "elemental_labels.x | default('')",
    ],
)
def test_an_expression_without_a_value_makes_way_for_the_next_one(inventory: Inventory, expression: str) -> None:
    inventory.lists = {"machine_inventories": [machine_inventory("a"), machine_inventory("b", labels={"x": "web"})]}
    assert sorted(hosts(inventory.export(hostnames=[expression, "elemental_name"], strict=True))) == ["a", "web"]
    assert inventory.warnings == ""


def test_a_string_is_one_expression_and_a_number_is_a_name(inventory: Inventory) -> None:
    inventory.lists = {"machine_inventories": [machine_inventory(name, labels={"x": name * 2}) for name in "abc"]}
    options = {
        "include": "elemental_name in ['a', 'b']",
        "exclude": "elemental_name in ['b', 'c']",
        "hostnames": "elemental_labels.get('x', elemental_name)",
    }
    assert sorted(hosts(inventory.export(**options))) == ["aa"]
    assert inventory.warnings == ""
    assert sorted(hosts(inventory.export(hostnames="elemental_claims | length", exclude="elemental_name != 'a'"))) == [
        "2"
    ]
    assert inventory.warnings == ""


def beside(inventory: Inventory, namespace: str, **options: t.Any) -> str:
    """Another inventory file, of the machines of a namespace."""
    file = inventory.folder / f"{namespace}.elemental.yml"
    given = {"plugin": "elemental.networking.machines", "namespaces": [namespace], **options}
    file.write_text(json.dumps(given))
    return str(file)


@pytest.mark.parametrize(("uid", "is_kept"), [("uid-a", True), ("uid-of-another", False)])
def test_another_machine_of_another_file_is_left_out(inventory: Inventory, uid: str, is_kept: bool) -> None:
    inventory.lists = {"machine_inventories": [machine_inventory("a")]}
    other = {
        "machine_inventories": [machine_inventory("a", registration_ip="192.0.2.99", uid=uid), machine_inventory("b")]
    }
    (inventory.folder / "paris.json").write_text(json.dumps(other))
    by_hand = inventory.folder / "by-hand"
    by_hand.write_text("a ansible_port=2222\nb ansible_port=2222\n")

    def listed(**options: t.Any) -> subprocess.CompletedProcess[str]:
        paris = beside(inventory, "paris", group_prefix="paris_", compose={"x": "1"}, **options)
        return inventory.run("ansible-inventory", "-i", paris, "-i", str(by_hand), "--list", "--export")

    done = listed()
    assert done.returncode == 0, done.stderr
    exported = json.loads(done.stdout)
    found = hosts(exported)
    assert {name: each["ansible_port"] for name, each in found.items()} == {"a": 2222, "b": 2222}
    assert (found["a"]["ansible_host"], "x" in found["a"]) == ("192.0.2.99" if is_kept else "192.0.2.10", is_kept)
    assert exported["paris_state_registered"]["hosts"] == (["a", "b"] if is_kept else ["b"])
    sentence = (
        "machine fleet-default/a is left out: another machine is called a, too, from another inventory file; "
        "name the machines of one of the files with hostnames"
    )
    assert (sentence in " ".join(done.stderr.split())) is not is_kept
    strictly = " ".join(listed(strict=True).stderr.split())
    assert (sentence in strictly, "Failed to parse" in strictly) == (not is_kept, not is_kept)
    assert listed(hostnames="'paris-' ~ elemental_name", strict=True).stderr == ""


def test_a_machine_of_a_file_and_by_hand_is_one_host(inventory: Inventory) -> None:
    inventory.lists = {"machine_inventories": [machine_inventory("a")]}
    inventory.before = [inventory.folder / "by-hand"]
    inventory.before[0].write_text("a ansible_port=2222 ansible_host=192.0.2.1\n")
    found = hosts(inventory.export(strict=True))["a"]
    assert (found["ansible_port"], found["ansible_host"], found["elemental_uid"]) == (2222, "192.0.2.10", "uid-a")
    assert inventory.warnings == ""


def test_keys_that_are_mistyped_are_a_warning_and_missing_ones_with_strict_an_error(inventory: Inventory) -> None:
    inventory.lists = {
        "machine_inventories": [machine_inventory("a", applied=True), machine_inventory("b", applied=True)]
    }
    mistyped = "no machine has a claim for the key inventory_ip (the keys are inventory-ip, secondary-ip); correct address_keys"
    missing = (
        "machine fleet-default/b has several claimed addresses in use (inventory-ip, secondary-ip); "
        "name the keys to connect to with address_keys"
    )
    inventory.export(address_keys=["inventory_ip"], strict=True)
    assert mistyped in inventory.warnings
    undecided: dict[str, t.Any] = {"exclude": "elemental_name == 'a'"}
    inventory.export(**undecided)
    assert missing in inventory.warnings
    done = inventory.run("ansible-inventory", "--list", strict=True, **undecided)
    assert done.returncode
    assert missing in " ".join(done.stderr.split())
    inventory.export(addresses=["registration-ip", "claimed"], strict=True)
    inventory.export(exclude="true", strict=True)
    assert inventory.warnings == ""


def test_many_faults_are_a_few_warnings(inventory: Inventory) -> None:
    broken = [machine_inventory(f"m{number}", registration_ip="127.0.0.1") for number in range(50)]
    inventory.lists = {"machine_inventories": broken}
    assert len(hosts(inventory.export())) == 50
    assert inventory.warnings.count("registration-ip is") == 5
    assert "45 more parts of machines were left out" in inventory.warnings


def test_the_cache_is_read_and_can_be_refreshed(inventory: Inventory, tmp_path: Path) -> None:
    inventory.lists = {"machine_inventories": [machine_inventory("a")]}
    options = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path / "cache")}
    first = inventory.export(**options)
    inventory.lists = {"machine_inventories": [machine_inventory("b")]}
    assert inventory.export(**options) == first
    assert inventory.reads == 1
    assert list(hosts(inventory.export(**options, label_selector="x=y"))) == ["b"]
    assert inventory.reads == 2
    (cached,) = (tmp_path / "cache").iterdir()
    cached.write_text('{"form": 1}')
    assert list(hosts(inventory.export(**options))) == ["b"]
    # as kubectl config use-context does
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube/config").write_text("current-context: other\n")
    inventory.lists = {"machine_inventories": [machine_inventory("c")]}
    assert list(hosts(inventory.export(**options))) == ["c"]


def test_a_database_as_inventory(inventory: Inventory, tmp_path: Path) -> None:
    found = pool_from_manifest(pool(), "default")
    with open_backend(BackendOptions("embedded", str(tmp_path / ".elemental-ipam.sqlite"))) as backend:
        wanted = [Claim("default", f"{name}-ip", name, "ip", found.reference, host=name.upper()) for name in ("a", "b")]
        ensure_claims(backend, [ClaimRequest(each) for each in wanted], [found], False)
        known = KnownMachine("default", "a", "A", (), addresses=("10.0.0.10",))
        record_machines(backend, [known], "2026-11-29T12:00:00Z", False)
    exported = inventory.export(source="database")
    a, b = hosts(exported)["A"], hosts(exported)["B"]
    assert (a["ansible_host"], a["elemental_name"], a["elemental_enabled"]) == ("10.0.0.10", "a", True)
    assert ("ansible_host" in b, b["elemental_addresses"], b["elemental_state"]) == (
        False,
        {"ip": "10.0.0.11"},
        "claimed",
    )
    assert (b["elemental_claims"]["ip"]["prefix"], b["elemental_claims"]["ip"]["gateway"]) == (24, "10.0.0.1")
    assert exported["elemental_state_ready"]["hosts"] == ["A"]
    assert "elemental_network" not in a
    hosts(inventory.export(source="database", database="elsewhere.sqlite"))
    assert "elsewhere.sqlite does not exist" in inventory.warnings
    assert not (tmp_path / "elsewhere.sqlite").exists()


@pytest.mark.parametrize("options", [{}, {"database": "", "backend": ""}])
def test_the_database_of_a_credential(inventory: Inventory, tmp_path: Path, options: dict[str, t.Any]) -> None:
    """AWX injects no variables into inventory updates; its credential has an environment."""
    found = pool_from_manifest(pool(), "default")
    with open_backend(BackendOptions("embedded", str(tmp_path / "of-credential.sqlite"))) as backend:
        ensure_claims(backend, [ClaimRequest(Claim("default", "a-ip", "a", "ip", found.reference))], [found], False)
    inventory.environment["ELEMENTAL_NETWORKING_DATABASE"] = str(tmp_path / "of-credential.sqlite")
    assert hosts(inventory.export(source="database", **options))["a"]["elemental_addresses"] == {"ip": "10.0.0.10"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"source": "ldap"}, "ldap"),
        ({"source": "database", "backend": "oracle"}, "a database has no backend oracle"),
        ({"source": "database", "backend": "postgresql", "postgresql": {"hots": "x"}}, "postgresql has no option hots"),
        ({"namespaces": ["a/b"]}, "namespace"),
        ({"kubernetes": {"tokn": "x"}}, "kubernetes has no option tokn"),
        ({"source": "claims", "label_selector": "a=b"}, "label_selector is only for source machine_inventories"),
        ({"database": "x.sqlite"}, "database is only for source database; write source: database or remove it"),
        ({"group_by": ["cluster"]}, "group_by has cluster, which needs clusters: true"),
        ({"strict": "maybe"}, "strict must be true or false, not maybe"),
        ({"cache": "yess"}, "cache must be true or false, not yess"),
        ({"include": "elemental_enabled, true"}, "include has elemental_enabled, true, which is several expressions"),
        ({"exclude": ["1 +"]}, "exclude has 1 +, which is not a valid Jinja2 expression"),
    ],
)
def test_options_that_are_wrong_are_one_sentence(inventory: Inventory, options: dict[str, t.Any], words: str) -> None:
    done = inventory.run("ansible-inventory", "--list", **options)
    assert done.returncode
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_an_option_of_the_environment_is_for_other_files(inventory: Inventory) -> None:
    inventory.lists = {"machine_inventories": [machine_inventory("a")]}
    inventory.environment["ELEMENTAL_NETWORKING_DATABASE"] = "/srv/ipam.sqlite"
    assert list(hosts(inventory.export(strict=True))) == ["a"]


def test_other_files_are_not_for_it(inventory: Inventory, tmp_path: Path) -> None:
    inventory.file = tmp_path / "site.yml"
    inventory.lists = {"machine_inventories": [machine_inventory("a")]}
    done = inventory.run("ansible-inventory", "--list")
    assert done.returncode
