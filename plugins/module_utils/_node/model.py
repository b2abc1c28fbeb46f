# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller asks of a node, and what a node remembers of an open trial.

Named tuples, not dataclasses: every request starts this program anew, and dataclasses are a third of such a start (measured: 10 ms for
their import, 1 ms for each class; a named tuple costs 0.1 ms).
"""

from __future__ import annotations

import typing as t

from .paths import TRIAL_PREFIX

ETHERNET_TYPES = ("ethernet", "802-3-ethernet")
FAMILIES = ("ipv4", "ipv6")
PROBE_KINDS = ("gateway", "dns", "ping", "tcp", "command")
# the phases of a trial whose file was damaged (what it was when it began is known), and of one of which nothing is known any more
DAMAGED = "damaged"
LOST = "lost"
# seconds: the checkpoint comes first; then the dead-man cleans up, or does it all when NetworkManager died with its checkpoint
DEAD_MAN_MARGIN = 3.0


class WantedProfile(t.NamedTuple):
    """A profile that shall be installed and active; ``text`` is the keyfile and may hold secrets."""

    file_name: str
    uuid: str
    type: str
    interface: str | None
    text: str

    def __repr__(self) -> str:
        """Without the text."""
        return f"WantedProfile({self.file_name!r})"


class Probe(t.NamedTuple):
    """Something that has to work after a change if it worked before; ``timeout`` is in seconds.

    ``kind`` is ``gateway``, ``dns``, ``ping`` (of ``target``), ``tcp`` (to ``target`` and ``port``) or ``command`` (by the shell).
    """

    name: str
    kind: str
    target: str = ""
    port: int = 0
    command: str = ""
    timeout: float = 1.0

    def __repr__(self) -> str:
        """Without the command, which may hold a secret."""
        return f"Probe({self.name!r})"


class Knock(t.NamedTuple):
    """How the controller will come: from ``address`` and one of ``ports``, to the port ``target`` of this host.

    It comes at once when a datagram with ``word`` arrives at its port ``bell``, else after a while.
    """

    address: str
    ports: tuple[int, ...]
    target: int
    bell: int
    word: str

    @classmethod
    def from_json(cls, content: t.Mapping[str, t.Any] | None) -> Knock | None:
        """What a request says of it."""
        return cls(**{**content, "ports": tuple(content["ports"])}) if content else None


class Request(t.NamedTuple):
    """What every change needs to know; the host rolls back after ``deadline`` seconds unless somebody confirms.

    ``connected_address`` is the address that the controller came in over; with ``only_known`` it is one that anybody may have taken,
    and only a host that is known as this machine already will do. ``controller`` says who asks. ``take_over`` is the token of a
    trial whose controller is known to be dead. ``more_files`` are files outside of NetworkManager's that change with the profiles
    (None: no such file). ``knock`` says how the controller will come in anew while it waits for the answer. ``required`` are the files of
    profiles that must not wait. ``identities`` are digests of the machine-ids of the machine whose addresses are to be given up.
    ``is_proven``: this host has shown the ssh host key that is recorded of the machine.
    With ``takes_over_files`` a file of somebody else among ``more_files`` is replaced, or removed by a reset.
    ``former`` is the name of the machine before it was renamed, empty as a rule.
    """

    machine: str
    deadline: int
    connected_address: str
    only_known: bool
    check: bool
    controller: str
    token: str
    take_over: str
    probes: tuple[Probe, ...]
    more_files: t.Mapping[str, t.Optional[str]]
    knock: t.Optional[Knock]
    required: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()
    takes_over_files: bool = False
    is_proven: bool = False
    former: str = ""


class Step(t.NamedTuple):
    """One profile of a trial.

    ``trial_uuid`` equals ``final_uuid`` where the trial is already what will be installed. ``awaited`` says whether the trial
    fails when the profile does not come up. ``type`` is that of the profile. ``waiting_for`` is why it is not activated at all now, in a
    few words. ``may_come_late`` is why it may not be up yet when the change is confirmed. ``has_ports`` says that it is up only with a
    carrier, which its ports give it, and ``asks_through_ports`` that it gets an address through them.
    """

    file_name: str
    interface: str | None
    trial_uuid: str
    final_uuid: str
    awaited: bool
    type: str = ""
    waiting_for: str = ""
    may_come_late: str = ""
    has_ports: bool = False
    asks_through_ports: bool = False

    @property
    def trial_file(self) -> str:
        """The name of the keyfile in /run."""
        return f"{TRIAL_PREFIX}{self.trial_uuid}.nmconnection"


class Trial(t.NamedTuple):
    """An open trial, as it is kept in /run.

    ``opened_at`` is on the clock that no jump of the time of day moves. ``daemon`` is NetworkManager's name on the bus: another one
    means that it was restarted and that the checkpoint is gone. ``phase`` is ``opening``, ``staged``, ``activated`` or ``persisting``, or
    one of DAMAGED and LOST. ``waiting_for`` is what keeps it from being confirmed.
    ``is_proven``: the controller came in anew since the trial is up. ``expects_gateway``: the profiles may give a default gateway.
    """

    token: str
    machine: str
    controller: str
    opened_at: float
    deadline: int
    daemon: str
    steps: tuple[Step, ...]
    stale_files: tuple[str, ...]
    idle_interfaces: tuple[str, ...]
    previous: tuple[tuple[str, str], ...]
    known_uuids: tuple[str, ...]
    lease_interfaces: tuple[str, ...]
    is_reset: bool
    wanted: tuple[ManagedProfile, ...]
    probes: tuple[Probe, ...]
    more_files: t.Mapping[str, t.Optional[str]]
    failed_before: t.Mapping[str, str]
    checkpoint: str = ""
    required_addresses: tuple[str, ...] = ()
    lease_families: tuple[str, ...] = FAMILIES
    expects_gateway: bool = True
    phase: str = "opening"
    waiting_for: str = ""
    is_proven: bool = False

    @property
    def ends_at(self) -> float:
        """When the host has rolled back at the latest, on the same clock as ``opened_at``."""
        return self.opened_at + self.deadline + DEAD_MAN_MARGIN

    @property
    def may_have_persisted(self) -> bool:
        """Whether /etc may have been written."""
        return self.phase in ("persisting", DAMAGED)

    def to_json(self) -> dict[str, t.Any]:
        """A JSON-able form, for ``shapes.trial``."""
        records = {name: [each._asdict() for each in getattr(self, name)] for name in ("steps", "wanted", "probes")}
        return {**self._asdict(), **records}

    def __repr__(self) -> str:
        """Without what may hold secrets."""
        return f"Trial({self.token!r}, phase={self.phase!r})"


class ManagedProfile(t.NamedTuple):
    """A profile in /etc that is ours; ``interface`` is empty when it is bound otherwise (by MAC address, say)."""

    file_name: str
    interface: str
    type: str


class Managed(t.NamedTuple):
    """Which files are ours, and for which machine; ``token`` is that of the trial that installed them.

    ``unknown`` is what a newer release wrote beside: it stays.
    """

    machine: str = ""
    profiles: tuple[ManagedProfile, ...] = ()
    is_reset: bool = False
    more_files: tuple[str, ...] = ()
    token: str = ""
    unknown: t.Mapping[str, t.Any] = {}

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the files."""
        return tuple(profile.file_name for profile in self.profiles)
