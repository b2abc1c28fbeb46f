# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused before anything is claimed."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleError
from ansible_collections.elemental.networking.plugins.plugin_utils._machine_network import Given
from ansible_collections.elemental.networking.plugins.plugin_utils._rehearsal import checked

_REFERENCE = {"apiGroup": "ipam.cluster.x-k8s.io", "kind": "InClusterIPPool", "name": "p"}
_KEYFILE = """[connection]
id=eth0
type=ethernet
interface-name=eth0
[ipv4]
method=manual
address1={ip}/{ip.prefix},{ip.gateway}
"""
_NETWORK = {"configurator": "nmconnections", "ipAddresses": {"ip": _REFERENCE}, "config": {"eth0": _KEYFILE}}


def _pool(**spec: t.Any) -> dict[str, t.Any]:
    given = {"addresses": ["10.0.0.10-10.0.0.12"], "prefix": 24, "gateway": "10.0.0.1", **spec}
    version = "ipam.cluster.x-k8s.io/v1alpha2"
    return {"apiVersion": version, "kind": "InClusterIPPool", "metadata": {"name": "p"}, "spec": given}


@pytest.mark.parametrize(
    ("network", "pools", "words"),
    [
        (None, [], "neither machine_network nor machine_network_manifest"),
        ({"config": {"eth0": _KEYFILE}}, [], "names no configurator"),
        ("{", [], "is a text that is no YAML"),
        (["eth0"], [], "has to be a dictionary"),
        ({**_NETWORK, "configurator": "netplan"}, [], "netplan"),
        ({**_NETWORK, "ipAddresses": {}}, [], "{ip} in config.eth0 line 7 cannot be filled"),
        ({**_NETWORK, "config": {"eth0": "no keyfile"}}, [], "line 1"),
        (_NETWORK, [_pool(gateway=None)], "has no gateway"),
        (_NETWORK, [_pool(addresses=["fd00::5"], prefix=64, gateway="fd00::1")], "ipv4"),
        (_NETWORK, [_pool(addresses=["x"])], "x in addresses is not a valid IP"),
        (_NETWORK, ["p"], "has to be a list of InClusterIPPool"),
    ],
)
def test_what_can_never_work_is_one_sentence(network: object, pools: object, words: str) -> None:
    with pytest.raises(AnsibleError) as error:
        checked(Given("Node_1", network=network, pools=pools))
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_a_pool_that_is_registered_already_may_be_of_any_family() -> None:
    keyfile = _KEYFILE.replace("[ipv4]", "[ipv6]")
    assert checked(Given("node1", network={**_NETWORK, "config": {"eth0": keyfile}})).claims
