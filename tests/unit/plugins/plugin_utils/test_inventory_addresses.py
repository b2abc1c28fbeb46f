# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which address a machine is connected to, and why."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.addresses import Chosen, chosen
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.groups import group_names, safe
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.model import Held, Machine, Membership

USED, PROMISED = Held("c", "10.0.0.10", "pool-a", in_use=True), Held("c", "10.0.0.20", "pool.b")
DEFAULT = ("claimed", "registration-ip")
SEEN = "192.0.2.10"


def machine(**more: t.Any) -> Machine:
    return Machine("ns", "a", registration_ip=SEEN, **more)


@pytest.mark.parametrize(
    ("found", "order", "keys", "expected"),
    [
        (machine(held={"ip": USED}), DEFAULT, (), Chosen("10.0.0.10", "claimed", "ip")),
        (machine(held={"ip": PROMISED}), DEFAULT, (), Chosen(SEEN, "registration-ip")),
        (machine(held={"ip": Held("c", in_use=False)}), DEFAULT, (), Chosen(SEEN, "registration-ip")),
        (machine(), DEFAULT, (), Chosen(SEEN, "registration-ip")),
        (machine(held={"ip": USED}), ("registration-ip", "claimed"), (), Chosen(SEEN, "registration-ip")),
        (machine(held={"a": USED, "b": USED}), DEFAULT, (), Chosen(SEEN, "registration-ip")),
        (machine(held={"a": PROMISED, "b": USED}), DEFAULT, ("a", "b"), Chosen("10.0.0.10", "claimed", "b")),
        (machine(held={"a": USED}), DEFAULT, ("other",), Chosen(SEEN, "registration-ip")),
        (machine(held={"ip": PROMISED}), ("claimed",), (), Chosen()),
        (machine(labels={"ExternalIP": "198.51.100.1"}), ("ExternalIP",), (), Chosen("198.51.100.1", "ExternalIP")),
        (
            machine(labels={"InternalIP": "fd00-5"}),
            ("InternalIP", "registration-ip"),
            (),
            Chosen(SEEN, "registration-ip"),
        ),
        (machine(labels={"Hostname": "Node1.example"}), ("Hostname",), (), Chosen("node1.example", "Hostname")),
        (machine(labels={"Hostname": "-oProxyCommand=id"}), ("Hostname",), (), Chosen()),
        # names that lead to the controller
        *(
            (machine(labels={"Hostname": name}), ("Hostname",), (), Chosen())
            for name in ("localhost", "a.localhost", "127.0.0.1", "127.1", "0x7f000001", "2130706433")
        ),
        (machine(), ("name",), (), Chosen("a", "name")),
        (
            machine(membership=Membership(addresses=(("InternalIP", "192.0.2.1"), ("ExternalIP", "192.0.2.2")))),
            ("machine",),
            (),
            Chosen("192.0.2.2", "machine"),
        ),
        (machine(membership=Membership(addresses=(("InternalIP", "127.0.0.1"),))), ("machine",), (), Chosen()),
    ],
)
def test_the_first_address_at_which_the_machine_is_known_to_be(
    found: Machine, order: tuple[str, ...], keys: tuple[str, ...], expected: Chosen
) -> None:
    assert chosen(found, order, keys) == expected


def test_groups_have_names_of_letters_digits_and_underscores() -> None:
    member = Membership("east-1", ("control-plane", "etcd"), "cp.a")
    found = machine(held={"a": USED, "b": PROMISED, "c": USED}, membership=member, state="ready")
    kinds = ("cluster", "role", "machine_pool", "pool", "state", "namespace")
    assert group_names(found, kinds, "elemental_") == [
        *(
            "elemental_cluster_east_1",
            "elemental_role_control_plane",
            "elemental_role_etcd",
            "elemental_machine_pool_cp_a",
        ),
        *("elemental_pool_pool_a", "elemental_pool_pool_b", "elemental_state_ready", "elemental_namespace_ns"),
    ]
    assert group_names(machine(), kinds[:3], "elemental_") == []


@pytest.mark.parametrize(("name", "expected"), [("a-b.c", "a_b_c"), ("1a", "_1a"), ("all:!x", "all__x"), ("é", "_")])
def test_a_safe_name(name: str, expected: str) -> None:
    assert safe(name) == expected
