# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused before anything is claimed."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleError
from ansible_collections.elemental.networking.plugins.module_utils._ipam.errors import PoolNotFound
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import described
from ansible_collections.elemental.networking.plugins.plugin_utils._request import preflight
from ansible_collections.elemental.networking.plugins.plugin_utils._request.machine_network import Given
from ansible_collections.elemental.networking.plugins.plugin_utils._request.preflight import checked
from ansible_collections.elemental.networking.tests.data.asking import KEYFILE, NETWORK, REFERENCE, pool


@pytest.mark.parametrize(
    ("network", "pools", "words"),
    [
        (None, [], "neither machine_network nor machine_network_manifest"),
        ({"config": {"eth0": KEYFILE}}, [], "names no configurator"),
        ("{", [], "machine_network cannot be read as YAML (line"),
        (["eth0"], [], "must be a dictionary"),
        ({**NETWORK, "configurator": "netplan"}, [], "netplan"),
        ({**NETWORK, "ipAdresses": {}}, [], "machine_network has no field ipAdresses; did you mean ipAddresses"),
        (
            {**NETWORK, "ipAddresses": {"ip": {**REFERENCE, "kind": "InClusterIpPool"}}},
            [],
            "the pool of key ip has kind InClusterIpPool; did you mean InClusterIPPool",
        ),
        ({**NETWORK, "dns": []}, [], "has no field dns; the fields are configurator, ipAddresses, config"),
        ({**NETWORK, "ipAddresses": {}}, [], "{ip} in config.eth0 line 7 cannot be filled"),
        ({**NETWORK, "config": {"eth0": "no keyfile"}}, [], "line 1"),
        (NETWORK, [pool(gateway=None)], "has no gateway"),
        (NETWORK, [pool(addresses=["fd00::5"], prefix=64, gateway="fd00::1")], "ipv4"),
        (NETWORK, [pool(addresses=["x"])], "x in addresses is not a valid IP"),
        (NETWORK, ["p"], "a pool manifest must be a dictionary with apiVersion"),
    ],
)
def test_what_can_never_work_is_one_sentence(network: object, pools: object, words: str) -> None:
    with pytest.raises(AnsibleError) as error:
        checked(Given("Node_1", network=network, pools=pools))
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_a_pool_that_is_registered_already_may_be_of_any_family() -> None:
    keyfile = KEYFILE.replace("[ipv4]", "[ipv6]")
    assert checked(Given("node1", network={**NETWORK, "config": {"eth0": keyfile}})).claims


def test_a_failure_keeps_its_cause_and_its_details(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_asked: object) -> None:
        raise PoolNotFound("there is no pool p", pool="p")

    with pytest.raises(AnsibleError) as wrong:
        checked(Given(host="node1", network={**NETWORK, "ipAddresses": {"ip": {"name": "p"}}}))
    assert described(wrong.value) == {"code": "invalid_input"}
    monkeypatch.setattr(preflight, "_rehearse", refuse)
    with pytest.raises(AnsibleError, match="node1: there is no pool p") as missing:
        checked(Given(host="node1", network=NETWORK))
    assert described(missing.value) == {"code": "pool_not_found", "pool": "p"}


@pytest.mark.parametrize("host", ["Web-Ä.example.com", "-x", "ä"])
def test_where_no_machine_name_can_be_made_of_a_host_the_variable_for_it_is_named(host: str) -> None:
    network = {"configurator": "nmconnections", "ipAddresses": {"ip": {"name": "p"}}, "config": {}}
    with pytest.raises(AnsibleError, match="not a valid name of a machine; set machine_network_machine_name"):
        checked(Given(host, network=network))
