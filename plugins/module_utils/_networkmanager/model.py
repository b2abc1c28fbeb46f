# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller asks of a node, and what a node remembers of an open trial."""

from __future__ import annotations

import typing as t
from dataclasses import asdict, dataclass, field

ETHERNET_TYPES = ("ethernet", "802-3-ethernet")


@dataclass(frozen=True)
class WantedProfile:
    """A profile that shall be installed and active; ``text`` is the keyfile and may hold secrets."""

    file_name: str
    uuid: str
    type: str
    interface: str | None
    text: str = field(repr=False)


@dataclass(frozen=True)
class StageRequest:
    """Try these profiles; roll back after ``deadline`` seconds unless somebody confirms.

    ``connected_address`` is the address that the controller came in over.
    """

    machine: str
    profiles: tuple[WantedProfile, ...]
    deadline: int
    connected_address: str
    check: bool


@dataclass(frozen=True)
class ResetRequest:
    """Give DHCP back to every interface that carries a profile of ours."""

    machine: str
    deadline: int
    connected_address: str
    check: bool


@dataclass(frozen=True)
class Step:
    """One profile of a trial.

    ``trial_uuid`` equals ``final_uuid`` where the trial is already what will be installed. ``awaited`` says whether the trial
    fails when the profile does not come up.
    """

    file_name: str
    interface: str | None
    trial_uuid: str
    final_uuid: str
    awaited: bool

    @property
    def trial_file(self) -> str:
        """The name of the keyfile in /run."""
        return f"elemental-networking-{self.trial_uuid}.nmconnection"


@dataclass(frozen=True)
class Trial:
    """An open trial, as it is kept in /run."""

    token: str
    machine: str
    checkpoint: str
    deadline: int
    steps: tuple[Step, ...]
    stale_files: tuple[str, ...]
    idle_interfaces: tuple[str, ...]
    previous: tuple[tuple[str, str], ...]
    required_addresses: tuple[str, ...]
    lease_interface: str
    is_reset: bool
    wanted: tuple[ManagedProfile, ...]
    phase: str = "staged"

    def to_json(self) -> dict[str, t.Any]:
        """A JSON-able form, for ``from_json``."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: t.Mapping[str, t.Any]) -> Trial:
        """The trial that ``to_json`` wrote."""
        values = dict(content)
        values["steps"] = tuple(Step(**step) for step in values["steps"])
        values["wanted"] = tuple(ManagedProfile(**profile) for profile in values["wanted"])
        values["previous"] = tuple((interface, uuid) for interface, uuid in values["previous"])
        for name in ("stale_files", "idle_interfaces", "required_addresses"):
            values[name] = tuple(values[name])
        return cls(**values)


@dataclass(frozen=True)
class ManagedProfile:
    """A profile in /etc that is ours; ``interface`` is empty when it is bound otherwise (by MAC address, say)."""

    file_name: str
    interface: str
    type: str


@dataclass(frozen=True)
class Managed:
    """Which profiles in /etc are ours, and for which machine."""

    machine: str = ""
    profiles: tuple[ManagedProfile, ...] = ()
    is_reset: bool = False

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the files."""
        return tuple(profile.file_name for profile in self.profiles)

    @property
    def ethernet_interfaces(self) -> tuple[str, ...]:
        """The interfaces of the machine itself, not those that profiles make."""
        names = [profile.interface for profile in self.profiles if profile.type in ETHERNET_TYPES and profile.interface]
        return tuple(dict.fromkeys(names))
