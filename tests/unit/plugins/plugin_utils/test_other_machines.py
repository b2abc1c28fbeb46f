# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that would get addresses beside those that its machine has already is warned of."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.plugin_utils._play.other_machines import (
    warnings_of_other_machines,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._request.machine_network import MachineNetwork

CLAIMS = {"ip": {"name": "m-0000-ip", "address": "192.0.2.10"}}
KNOWN = {"elemental_name": "m-0000", "elemental_claims": CLAIMS}


def asked(host: str, machine: str = "", configurator: str = "nmstate", **more: t.Any) -> MachineNetwork:
    network = {"configurator": configurator, "ipAddresses": more.pop("wanted", {"ip": {"name": "p"}})}
    return MachineNetwork(host, machine or host, "default", "kubernetes", "", network, (), **more)


def warned(variables: t.Mapping[str, t.Any], *hosts: MachineNetwork) -> list[str]:
    return warnings_of_other_machines(hosts, lambda _host: variables)


def test_the_warning_names_the_host_both_machines_and_the_variable() -> None:
    (sentence,) = warned(KNOWN, asked("web1"))
    assert sentence == (
        "host web1: the inventory has claims of machine m-0000, but this play claims other addresses for machine web1; "
        "set machine_network_machine_name to {{ elemental_name }} to use those that there are"
    )


@pytest.mark.parametrize(
    ("count", "end"),
    [
        (2, "; the same applies to 1 more host"),
        (3, "; the same applies to 2 more hosts"),
    ],
)
def test_many_hosts_are_one_warning(count: int, end: str) -> None:
    (sentence,) = warned(KNOWN, *(asked(f"web{number}") for number in range(count)))
    assert sentence.startswith("host web0: ")
    assert sentence.endswith(end)


@pytest.mark.parametrize(
    ("variables", "host"),
    [
        ({}, asked("web1")),
        ({"elemental_name": "m-0000"}, asked("web1")),
        ({**KNOWN, "elemental_claims": {}}, asked("web1")),
        # variables of the user's own with these names
        ({**KNOWN, "elemental_name": 7}, asked("web1")),
        ({**KNOWN, "elemental_name": ""}, asked("web1")),
        ({**KNOWN, "elemental_name": "{{ inventory_hostname }}"}, asked("web1")),
        # the machine that has them
        (KNOWN, asked("m-0000")),
        (KNOWN, asked("web1", machine="m-0000")),
        # its claims are renamed
        (KNOWN, asked("web1", former_name="M_0000")),
        # nothing is claimed
        (KNOWN, asked("web1", configurator="none")),
        (KNOWN, asked("web1", wanted={})),
    ],
)
def test_nothing_is_wrong(variables: dict[str, t.Any], host: MachineNetwork) -> None:
    assert warned(variables, host) == []
