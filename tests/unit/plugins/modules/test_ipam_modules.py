# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The IPAM modules as Ansible runs them: a process, JSON in, JSON out."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

GROUP = "ipam.cluster.x-k8s.io"
POOL = {
    "apiVersion": f"{GROUP}/v1alpha2",
    "kind": "InClusterIPPool",
    "metadata": {"name": "p"},
    "spec": {"addresses": ["192.168.122.150-192.168.122.200"], "prefix": 24, "gateway": "192.168.122.1"},
}
REFERENCE = {"apiGroup": GROUP, "kind": "InClusterIPPool", "name": "p"}
FIRST = {"address": "192.168.122.150", "prefix": 24, "gateway": "192.168.122.1", "family": "IPv4"}

Module = t.Callable[..., t.Dict[str, t.Any]]


@pytest.fixture
def module(tmp_path: Path) -> Module:
    """Run a module against one database; fails the test when it ends in a traceback."""

    def run(name: str, /, check: bool = False, **options: t.Any) -> dict[str, t.Any]:
        arguments = {
            "database": str(tmp_path / "ipam.sqlite"),
            "_ansible_check_mode": check,
            "_ansible_diff": True,
            **options,
        }
        command = [sys.executable, "-m", f"ansible_collections.elemental.networking.plugins.modules.{name}"]
        given = json.dumps({"ANSIBLE_MODULE_ARGS": arguments})
        result = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
        assert "Traceback" not in result.stdout + result.stderr, result.stderr
        return dict(json.loads(result.stdout))

    return run


def one(module: Module, **options: t.Any) -> dict[str, t.Any]:
    return module("ip_address_claim", machine="node1", **{"key": "ip", "pool": REFERENCE, "pools": [POOL], **options})


@pytest.mark.parametrize("name", ["ip_pool_info", "ip_address_claim_info"])
def test_a_database_in_a_folder_that_does_not_exist_is_a_mistake(module: Module, name: str, tmp_path: Path) -> None:
    """A typing error in the path would look like a site without claims."""
    database = tmp_path / "mistyped/ipam.sqlite"
    found = module(name, database=str(database))
    assert found["error"]["code"] == "invalid_input"
    assert found["msg"].startswith(
        f"the folder of the database {database} does not exist: create it, mount what should"
    )
    assert not database.parent.exists()
    assert not module(name).get("failed"), "a database that does not exist yet is one without claims"


def test_a_database_that_does_not_exist_yet_is_named(module: Module, tmp_path: Path) -> None:
    """It has no pools, as a mistyped one."""
    (warning,) = module("ip_pool_info", database=str(tmp_path / "typo"))["warnings"]
    assert f"{tmp_path / 'typo'} does not exist yet" in str(warning)
    one(module)
    assert not module("ip_pool_info").get("warnings")


def test_a_folder_in_place_of_a_database_is_a_mistake(module: Module, tmp_path: Path) -> None:
    found = module("ip_pool_info", database=str(tmp_path))
    assert found["error"] == {"code": "invalid_input", "database": str(tmp_path)}
    assert found["msg"] == f"the database {tmp_path} is a folder; give the path of a file in it"


def test_an_address_keeps_the_gateway_of_its_pool_with_a_warning(module: Module) -> None:
    """The in-cluster provider changes no address that it gave; who corrects a gateway would see nothing of it."""
    assert not one(module).get("warnings")
    spec = {"addresses": ["192.168.122.150-192.168.122.200"], "prefix": 24, "gateway": "192.168.122.2"}
    found = one(module, pools=[{**POOL, "spec": spec}])
    assert found["gateway"] == "192.168.122.1"
    (warning,) = found["warnings"]  # ansible-core since 2.19 has more than the text
    assert "claim node1-ip keeps prefix 24 and gateway 192.168.122.1, as pool p had when" in str(warning)
    assert "it now has prefix 24 and gateway 192.168.122.2: reset these machines" in str(warning)
    assert not one(module, key="other", pools=[{**POOL, "spec": spec}]).get("warnings")


def test_one_claim_returns_the_same_fields_changed_or_not(module: Module) -> None:
    first, second = one(module), one(module)
    expected = {"name": "node1-ip", "namespace": "default", "machine": "node1", "key": "ip", "pool": REFERENCE, **FIRST}
    assert first["changed"]
    assert not second["changed"]
    for result in (first, second):
        assert {name: result[name] for name in expected} == expected


def test_check_mode_says_what_would_be_claimed_and_invents_nothing(module: Module) -> None:
    result = one(module, check=True)
    assert result["changed"]
    assert result["address"] is None
    assert "would claim node1-ip" in result["msg"]
    assert result["diff"]["before"] == {}
    after = result["diff"]["after"]
    assert after["default/node1-ip"] == {name: result[name] for name in after["default/node1-ip"]}
    assert after["pool InClusterIPPool.ipam.cluster.x-k8s.io/p"]["spec"]["prefix"] == 24
    assert module("ip_address_claim_info")["claims"] == []


def test_absent_releases_by_the_same_key_and_says_what(module: Module) -> None:
    one(module)
    assert module("ip_address_claim", check=True, machine="node1", key="ip", state="absent")["changed"]
    released = module("ip_address_claim", machine="node1", key="ip", state="absent")
    assert released["changed"]
    assert released["address"] == FIRST["address"]
    again = module("ip_address_claim", machine="node1", key="ip", state="absent")
    assert not again["changed"]
    assert (again["name"], again["namespace"], again["machine"], again["key"]) == ("node1-ip", "default", "node1", "ip")


def test_a_bulk_answers_in_the_order_asked_and_by_machine_and_key(module: Module) -> None:
    claims = [{"machine": machine, "key": "ip", "pool": REFERENCE} for machine in ("b", "a")]
    result = module("ip_address_claims", claims=claims, pools=[POOL])
    assert [(claim["machine"], claim["address"]) for claim in result["claims"]] == [
        ("b", "192.168.122.150"),
        ("a", "192.168.122.151"),
    ]
    assert result["addresses"]["b"]["ip"] == {**FIRST, "pool": "p"}
    assert not module("ip_address_claims", claims=claims, pools=[POOL])["changed"]


def test_a_pool_that_changes_along_the_way_is_a_change(module: Module) -> None:
    one(module)
    wider = {**POOL, "spec": {**POOL["spec"], "addresses": ["192.168.122.140-192.168.122.200"]}}  # type: ignore[dict-item]
    for check, changed in ((True, True), (False, True), (False, False)):
        result = one(module, check=check, pools=[wider])
        assert result["changed"] == changed
        title = f"pool InClusterIPPool.{GROUP}/p"
        assert (result["diff"]["before"].get(title) != result["diff"]["after"].get(title)) == changed


def test_hosts_that_bring_different_definitions_of_a_pool_are_refused(module: Module) -> None:
    other = {**POOL, "spec": {**POOL["spec"], "gateway": "192.168.122.2"}}  # type: ignore[dict-item]
    assert "given twice, with different definitions" in one(module, pools=[POOL, other])["msg"]
    assert module("ip_pool_info")["pools"] == []


def test_two_hosts_never_share_the_claim_of_one_machine_name(module: Module) -> None:
    one(module, host="a")
    assert not one(module, host="a")["changed"]
    assert not one(module)["changed"]
    message = one(module, host="b")["msg"]
    assert "made for host a, and host b has the same machine name node1" in message


def test_a_key_that_a_machine_has_twice_is_refused(module: Module) -> None:
    claims = [{"machine": "a", "key": "ip", "namespace": place, "pool": REFERENCE} for place in ("default", "other")]
    message = module("ip_address_claims", claims=claims, pools=[POOL])["msg"]
    assert "machine a asks for key ip twice, as claim default/a-ip and as claim other/a-ip" in message


def test_info_filters(module: Module) -> None:
    claims = [{"machine": machine, "key": key, "pool": REFERENCE} for machine in ("a", "b") for key in ("x", "y")]
    module("ip_address_claims", claims=claims, pools=[POOL])
    assert {claim["name"] for claim in module("ip_address_claim_info", selector={"machine": "a"})["claims"]} == {
        "a-x",
        "a-y",
    }
    assert {
        claim["name"] for claim in module("ip_address_claim_info", selector={"key": "y", "pool": "p"})["claims"]
    } == {"a-y", "b-y"}
    assert module("ip_address_claim_info", namespace="other")["claims"] == []
    assert len(module("ip_address_claim_info", namespace="other", all_namespaces=True)["claims"]) == 4


def test_a_pool_is_registered_changed_and_deleted(module: Module) -> None:
    assert module("ip_pool", check=True, definition=POOL)["changed"]
    assert module("ip_pool_info")["pools"] == []
    created = module("ip_pool", definition=POOL)
    assert (created["changed"], created["pool"]["total"], created["pool"]["free"]) == (True, 51, 51)
    assert not module("ip_pool", definition=POOL)["changed"]
    wider = {**POOL, "spec": {**POOL["spec"], "addresses": ["192.168.122.140-192.168.122.200"]}}  # type: ignore[dict-item]
    changed = module("ip_pool", definition=wider)
    assert changed["pool"]["total"] == 61
    assert changed["diff"]["before"]["spec"]["addresses"] != changed["diff"]["after"]["spec"]["addresses"]
    identity = {name: POOL[name] for name in ("apiVersion", "kind", "metadata")}
    assert module("ip_pool", definition=identity, state="absent")["changed"]
    assert module("ip_pool_info")["pools"] == []


def test_pool_info_counts_what_is_used(module: Module) -> None:
    one(module)
    (pool,) = module("ip_pool_info", name="p")["pools"]
    assert (pool["total"], pool["used"], pool["free"], pool["out_of_range"]) == (51, 1, 50, 0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"pool": {"kind": "InClusterIPPool", "name": "p"}}, "add apiGroup: ipam.cluster.x-k8s.io"),
        ({"pool": {**REFERENCE, "apiGroup": f"{GROUP}/v1alpha2"}}, "without a version"),
        ({"pool": None}, "names no pool"),
        ({"pool": {**REFERENCE, "name": "q"}}, "pool InClusterIPPool.ipam.cluster.x-k8s.io/q, which does not exist"),
        ({"machine": "Node_1"}, "DNS-1123"),
        ({"machine": ""}, "a machine and a key"),
        ({"database": ""}, "needs a database"),
        ({"database": "/proc/ipam.sqlite"}, "cannot be made"),
        ({"family": "IPv6"}, "expects an IPv6 address"),
        ({"pools": [{**POOL, "spec": {"addresses": ["x"], "prefix": 24}}]}, "not a valid IP"),
        ({"namespace": "No_Namespace"}, "the namespace name No_Namespace is not a DNS-1123"),
    ],
)
def test_bad_input_is_one_sentence(module: Module, options: dict[str, t.Any], words: str) -> None:
    asked = {"machine": "node1", "key": "ip", "pool": REFERENCE, "pools": [POOL], **options}
    result = module("ip_address_claim", **asked)
    assert result["failed"]
    assert words in result["msg"]
    assert "\n" not in result["msg"]


def test_an_empty_text_counts_as_unset(module: Module) -> None:
    """AWX surveys send one for a question that was not answered."""
    assert one(module, namespace="", name="")["name"] == "node1-ip"


def claimed(module: Module, *names: str, **options: t.Any) -> dict[str, t.Any]:
    claims = [{"machine": name, "key": "ip", "pool": REFERENCE, "host": name} for name in names]
    return module("ip_address_claims", claims=claims, pools=[POOL], **options)


def test_a_claim_of_another_host_or_pool_is_not_released_and_nothing_beside_it(module: Module) -> None:
    claimed(module, "a", "b")
    for more in ({"host": "c"}, {"pool": {**REFERENCE, "name": "q"}}):
        claims = [{"machine": "a", "key": "ip"}, {"machine": "b", "key": "ip", **more}]
        assert "nothing is released" in module("ip_address_claims", claims=claims, state="absent")["msg"]
    assert len(module("ip_address_claim_info")["claims"]) == 2
    assert "made for host a" in module("ip_address_claim", name="a-ip", host="b", state="absent")["msg"]
    assert module("ip_address_claim", name="a-ip", host="a", state="absent")["changed"]


def test_claims_are_released_by_what_they_have_in_common(module: Module) -> None:
    claimed(module, "a", "b", "c")
    released = module("ip_address_claims", selector={"machine": "b"}, state="absent", check=True)
    assert [claim["name"] for claim in released["claims"]] == ["b-ip"]
    assert len(module("ip_address_claim_info")["claims"]) == 3
    released = module("ip_address_claims", selector={"not_in_inventory": ["a", "x"]}, state="absent")
    assert [claim["name"] for claim in released["claims"]] == ["b-ip", "c-ip"]
    assert not module("ip_address_claims", selector={"pool": "q"}, state="absent")["changed"]
    assert module("ip_address_claims", selector={"pool": "p"}, state="absent")["changed"]
    assert module("ip_address_claim_info")["claims"] == []


@pytest.mark.parametrize(
    ("selector", "state", "words"),
    [
        ({}, "absent", "would select every claim; give machine, key"),
        ({"not_in_inventory": []}, "absent", "not_in_inventory names no host"),
        ({"labels": {"a": "b"}}, "absent", "have no labels; select them by"),
        ({"machine": "a"}, "present", "with state: present, give each claim in claims"),
    ],
)
def test_a_selection_that_would_take_everything_or_nothing_is_refused(
    module: Module, selector: dict[str, t.Any], state: str, words: str
) -> None:
    claimed(module, "a")
    assert words in module("ip_address_claims", selector=selector, state=state)["msg"]
    assert len(module("ip_address_claim_info")["claims"]) == 1


def test_orphans_are_found_and_released_by_one_selector(module: Module) -> None:
    claimed(module, "a", "b")
    selector = {"not_in_inventory": ["a", "c"]}
    known = module("ip_address_claim_info", selector=selector)
    assert [(each["name"], each["host"]) for each in known["claims"]] == [("b-ip", "b")]
    assert known["addresses"].keys() == {"b"}
    assert len(module("ip_address_claim_info")["claims"]) == 2
    assert module("ip_address_claims", selector=selector, state="absent")["changed"]
    assert module("ip_address_claim_info", selector=selector)["claims"] == []
    assert len(module("ip_address_claim_info")["claims"]) == 1


def test_pool_info_says_who_has_what(module: Module) -> None:
    claimed(module, "a")
    (pool,) = module("ip_pool_info")["pools"]
    assert pool["claims"] == [
        {"name": "a-ip", "namespace": "default", "machine": "a", "key": "ip", "host": "a", "address": FIRST["address"]}
    ]
    assert "claims" not in module("ip_pool_info", claims=False)["pools"][0]


def test_pools_that_share_addresses_are_a_warning(module: Module) -> None:
    def pool(name: str, addresses: str, namespace: str = "default") -> dict[str, t.Any]:
        spec = {"addresses": [addresses], "prefix": 24}
        return {**POOL, "metadata": {"name": name, "namespace": namespace}, "spec": spec}

    assert "warnings" not in module("ip_pool", definition=pool("a", "10.0.0.10-10.0.0.20"))
    for check in (True, False, False):
        (warning,) = module("ip_pool", check=check, definition=pool("b", "10.0.0.20-10.0.0.30"))["warnings"]
        assert "/b and InClusterIPPool.ipam.cluster.x-k8s.io/a share 10.0.0.20:" in str(warning)
    assert "warnings" not in module("ip_pool", definition=pool("c", "10.0.0.10-10.0.0.20", "other"))
    claim = {"machine": "a", "key": "ip", "pool": {**REFERENCE, "name": "d"}}
    result = module("ip_address_claims", claims=[claim], pools=[pool("d", "10.0.0.11-10.0.0.12")])
    assert "share 2 addresses, beginning with 10.0.0.11" in str(result["warnings"])
    assert result["claims"][0]["address"] == "10.0.0.11"


def test_only_the_secrets_of_a_kubeconfig_are_hidden(module: Module) -> None:
    user = {
        "token": "t0ken-secret",
        "password": "passw0rd-secret",
        "client-key-data": "k3y-secret",
        "auth-provider": {"config": {"id-token": "pr0vider-secret"}},
        "exec": {"command": "login", "env": [{"name": "A", "value": "env-s3cret"}, {"name": "B", "value": "1"}]},
    }
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "default", "cluster": {"server": "claim", "proxy-url": "http://me:pr0xy-secret@p"}}],
        "contexts": [{"name": "machine", "context": {"cluster": "default", "user": "key"}}],
        "users": [{"name": "key", "user": user}],
    }
    access = {"kubeconfig": config, "api_key": "api-s3cret", "proxy": "http://me:pr0xy@p"}
    secrets = ["t0ken-secret", "passw0rd-secret", "k3y-secret", "pr0vider-secret", "env-s3cret", "api-s3cret"]
    secrets += ["http://me:pr0xy-secret@p", "http://me:pr0xy@p"]
    options = {"machine": "default", "key": "claim", "database": "/".join(secrets), "name": "v1"}
    result = module("ip_address_claim", backend="kubernetes", kubernetes=access, **options, state="absent")
    assert not [secret for secret in secrets if secret in json.dumps(result)]
    shown = result.get("invocation", {}).get("module_args")  # ansible-core 2.21 shows none
    if shown:
        assert [shown[name] for name in ("machine", "key", "name")] == ["default", "claim", "v1"]
        assert shown["kubernetes"]["kubeconfig"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


def test_a_proxy_is_not_shown_with_its_password(module: Module) -> None:
    access = {"host": "https://192.0.2.1", "api_key": "x" * 9, "proxy": "http://me:pr0xy-secret@192.0.2.2:3128"}
    result = module(
        "ip_address_claim", backend="kubernetes", kubernetes=access, machine="a", key="b", name="c", state="absent"
    )
    assert "pr0xy-secret" not in json.dumps(result)


def test_an_empty_inventory_does_not_widen_a_release(module: Module) -> None:
    one(module)
    selector = {"machine": "node1", "not_in_inventory": []}
    assert "not_in_inventory names no host" in module("ip_address_claims", selector=selector, state="absent")["msg"]
    assert not one(module)["changed"]


KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKsR1vhN5HTnbVBJbCwJgS6TTLwRMRrSbnHOjzWDJBq4"


def test_host_keys_are_recorded_once_and_given_back(module: Module) -> None:
    assert one(module)["host_keys"] == []
    machines = [
        {"machine": "node1", "host_keys": [f"{KEY} root@node1", "no key"]},
        {"machine": "x", "host_keys": [KEY]},
    ]
    assert module("machine_host_keys", machines=machines, check=True)["recorded"] == ["default/node1-ip"]
    assert module("machine_host_keys", machines=machines)["changed"]
    again = module("machine_host_keys", machines=machines)
    assert (again["changed"], again["recorded"]) == (False, [])
    assert one(module)["host_keys"] == [KEY]
    bulk = module("ip_address_claims", claims=[{"machine": "node1", "key": "ip", "pool": REFERENCE}])
    known = module("ip_address_claim_info")
    assert bulk["host_keys"] == known["host_keys"] == {"node1": [KEY]}


def test_an_address_is_promised_until_a_push_has_proved_it(module: Module) -> None:
    assert one(module)["confirmed"] is None
    machines = [{"machine": "node1", "confirmed_addresses": [FIRST["address"], "192.168.122.9"]}]
    assert module("machine_host_keys", machines=machines)["recorded"] == ["default/node1-ip"]
    assert not module("machine_host_keys", machines=machines)["changed"]
    (known,) = module("ip_address_claim_info")["claims"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", known["confirmed"])
    assert one(module)["confirmed"] == known["confirmed"]


def test_a_record_of_nothing_is_refused(module: Module) -> None:
    message = module("machine_host_keys", machines=[{"machine": "node1"}])["msg"]
    assert message == "there is nothing to record for machine node1; give host_keys, machine_id or confirmed_addresses"


def test_a_machine_without_a_host_key_is_refused(module: Module) -> None:
    machines = [{"machine": "node1", "host_keys": ["no key"]}]
    assert "none of the host keys of machine node1 is valid" in module("machine_host_keys", machines=machines)["msg"]


def test_host_keys_that_cannot_be_recorded_may_be_a_warning(module: Module, tmp_path: Path) -> None:
    (tmp_path / "ipam.sqlite").write_text("no database, and long enough to be looked at as one " * 9)
    machines = [{"machine": "node1", "host_keys": [KEY]}]
    result = module("machine_host_keys", machines=machines, required=False)
    assert not result.get("failed")
    assert "is not an SQLite file or is damaged" in result["msg"]
    assert result["msg"] in json.dumps(result["warnings"])
    assert module("machine_host_keys", machines=machines)["failed"]


def test_a_failure_and_a_warning_have_a_code_to_branch_on(module: Module) -> None:
    claims = [{"machine": f"m{number}", "key": "ip", "pool": REFERENCE} for number in range(60)]
    total = 51
    exhausted = {"code": "pool_exhausted", "pool": "p", "namespace": "default"}
    for required in (True, False):
        result = module("ip_address_claims", claims=claims, pools=[POOL], required=required)
        assert result.get("failed", False) == required
        assert result["error"] == {**exhausted, "free": total, "total": total, "requested": 60}
    wrong = module("ip_pool", definition={"kind": "InClusterIPPool"})
    assert wrong["error"] == {"code": "invalid_input"}


def test_a_missing_library_may_be_found_in_another_python(module: Module) -> None:
    """A module runs in the Python that its task names, other than what runs in Ansible's own."""
    found = module("ip_pool_info", backend="kubernetes")
    assert found["error"] == {"code": "missing_requirement", "requirement": "kubernetes"}
    assert f"run {sys.executable} -m pip install kubernetes, or set ansible_python_interpreter" in found["msg"]
