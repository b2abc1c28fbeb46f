# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory is made of: the lists that it is read from, the machines in them, and how they become hosts."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

Object = t.Dict[str, t.Any]
Pairs = t.Mapping[str, str]

MACHINE_INVENTORIES, CLAIMS, DATABASE = "machine_inventories", "claims", "database"


@dataclass(frozen=True)
class Query:
    """Which lists are read, and where. ``namespaces`` is empty for all of them.

    With ``clusters`` the Machines of Cluster API are listed, too, with ``confirmations`` the claims, to know what a push has confirmed.
    """

    source: str
    namespaces: tuple[str, ...] = ()
    label_selector: str = ""
    clusters: bool = False
    confirmations: bool = True
    kubernetes: t.Mapping[str, t.Any] = field(default_factory=dict, repr=False)
    backend: str = "embedded"
    database: str = ""
    postgresql: t.Mapping[str, t.Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Lists:
    """What was read, as JSON holds it: of each object only the fields that are used.

    ``confirmed`` is when a push confirmed a claim, by the uid of the claim. ``notes`` are sentences on what could not be read.
    """

    machine_inventories: list[Object] = field(default_factory=list)
    selectors: list[Object] = field(default_factory=list)
    machines: list[Object] = field(default_factory=list)
    confirmed: dict[str, str] = field(default_factory=dict)
    claims: list[Object] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Held:
    """An address that a machine has claimed. ``in_use`` is whether it is known to be on the machine, not only promised.

    ``address`` is empty while the claim waits; ``prefix`` is 0 and ``gateway`` is empty where they are not known.
    """

    claim: str
    address: str = ""
    pool: str = ""
    prefix: int = 0
    gateway: str = ""
    confirmed: str = ""
    in_use: bool = False


@dataclass(frozen=True)
class Membership:
    """The cluster of a machine, from the Machine of Cluster API: its roles, its pool of machines, and the addresses that it reports.

    ``addresses`` are pairs of type and address.
    """

    cluster: str = ""
    roles: tuple[str, ...] = ()
    machine_pool: str = ""
    machine: str = ""
    node: str = ""
    addresses: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Machine:
    """A machine, from any source.

    ``host`` is the name that an inventory had for it when it claimed; ``network`` has the shape of ``machine_network``, None where it is
    not known. ``settled`` is whether the machine is known to be installed and to run.
    """

    namespace: str
    name: str
    host: str = ""
    uid: str = ""
    labels: Pairs = field(default_factory=dict)
    annotations: Pairs = field(default_factory=dict)
    registration_ip: str = ""
    network: Object | None = None
    held: t.Mapping[str, Held] = field(default_factory=dict)
    conditions: Pairs = field(default_factory=dict)
    plan: str = ""
    state: str = ""
    settled: bool = False
    mac_addresses: Pairs = field(default_factory=dict)
    host_keys: tuple[str, ...] = ()
    membership: Membership = Membership()


@dataclass(frozen=True)
class Read:
    """Machines, and a sentence for each part of their data that could not be used."""

    machines: tuple[Machine, ...] = ()
    troubles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """A machine as it may become a host, in plain types, so that it can be cached; ``host`` is its name if the user gives no other.

    Its variables are data of others, not marked for Ansible yet.
    """

    namespace: str
    name: str
    host: str
    variables: Object
    groups: list[str]


@dataclass(frozen=True)
class Candidates:
    """What machines may become hosts, and a sentence for each part of their data that could not be used."""

    machines: list[Candidate] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Rules:
    """How machines become hosts, as the user wrote it."""

    addresses: tuple[str, ...] = ("claimed", "registration-ip")
    address_keys: tuple[str, ...] = ()
    hostnames: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ()
    group_prefix: str = "elemental_"
    label_prefix: str = ""
    site: str = ""
