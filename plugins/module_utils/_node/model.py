# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node remembers: of an open trial, and of what is ours."""

from __future__ import annotations

import typing as t

from .paths import TRIAL_PREFIX
from .protocol import DAMAGED, FAMILIES, OPENING, PERSISTING, Probe, advance

ETHERNET_TYPES = ("ethernet", "802-3-ethernet")
# seconds: the checkpoint comes first; then the watchdog cleans up, or does it all when NetworkManager died with its checkpoint
DEAD_MAN_MARGIN = 3.0


class Step(t.NamedTuple):
    """One profile of a trial.

    ``trial_uuid`` equals ``final_uuid`` where the trial is already what will be installed. ``awaited`` states whether the trial
    fails when the profile does not come up. ``type`` is that of the profile. ``waiting_for`` is why it is not activated at all now, in a
    few words. ``may_come_late`` is why it may not be up yet when the change is confirmed. ``has_ports`` states that it is up only with a
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
    means that it was restarted and that the checkpoint is gone. ``phase`` is one of OPEN_PHASES.
    ``waiting_for`` is what keeps it from being confirmed.
    ``is_proven``: the controller connected again since the trial is up. ``expects_gateway``: the profiles may give a default gateway.
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
    phase: str = OPENING
    waiting_for: str = ""
    is_proven: bool = False

    @property
    def ends_at(self) -> float:
        """When the host has rolled back at the latest, on the same clock as ``opened_at``."""
        return self.opened_at + self.deadline + DEAD_MAN_MARGIN

    @property
    def may_have_persisted(self) -> bool:
        """Whether /etc may have been written."""
        return self.phase in (PERSISTING, DAMAGED)

    def enter(self, phase: str) -> Trial:
        """The trial in the phase that follows. Raises WrongPhase for one that must not."""
        return self._replace(phase=advance(self.phase, phase))

    def to_json(self) -> dict[str, object]:
        """A JSON-able form, for ``shapes.trial``."""
        records = {name: [each._asdict() for each in getattr(self, name)] for name in ("steps", "wanted", "probes")}
        return {**self._asdict(), **records}

    def __repr__(self) -> str:
        """Without what may hold secrets."""
        return f"Trial({self.token!r}, phase={self.phase!r})"


class ManagedProfile(t.NamedTuple):
    """A profile in /etc that is ours; ``interface`` is empty when it is bound otherwise (by MAC address, for example)."""

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
    unknown: t.Mapping[str, object] = {}

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the files."""
        return tuple(profile.file_name for profile in self.profiles)
