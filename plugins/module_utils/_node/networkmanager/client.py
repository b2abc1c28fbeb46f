# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""NetworkManager's D-Bus interface as a node needs it: profiles, devices, checkpoints (API of NetworkManager 1.40 and later)."""

from __future__ import annotations

import os
import time
import typing as t

from ..dbus.connection import BusError, BusTimeout, SystemBus
from ..dbus.wire import Variant
from ..model import Trial
from ..protocol import MISSING_REQUIREMENT, TIMED_OUT, NodeError

_NAME = "org.freedesktop.NetworkManager"
_PATH = "/org/freedesktop/NetworkManager"
_SETTINGS_PATH = _PATH + "/Settings"
_SETTINGS = _NAME + ".Settings"
_PROFILE = _NAME + ".Settings.Connection"
_DEVICE = _NAME + ".Device"
_ACTIVE = _NAME + ".Connection.Active"
_PROPERTIES = "org.freedesktop.DBus.Properties"
# of the kernel; Python 3.6 has no name for it
_CLOCK_BOOTTIME = 7
_IP_CONFIGS = {"ipv4": _NAME + ".IP4Config", "ipv6": _NAME + ".IP6Config"}

# NMCheckpointCreateFlags: DELETE_NEW_CONNECTIONS and DISCONNECT_NEW_DEVICES
_CHECKPOINT_FLAGS = 0x02 | 0x04
# NMSettingsUpdate2Flags: IN_MEMORY_ONLY (drops the file in /etc) and NO_REAPPLY
_UPDATE_IN_MEMORY = 0x08 | 0x40
# NMSettingsConnectionFlags: made by NetworkManager
_GENERATED = 0x02
# the errors of an object that is not there (any more)
_GONE = (".UnknownMethod", ".UnknownObject")
# seconds between looks at an activation: a static address is there at once
_FIRST_PAUSE = 0.004
_LONGEST_PAUSE = 0.03
# NMActiveConnectionState; an activation is "unknown" while its device still has the previous profile
_ON_ITS_WAY = (0, 1)
_ACTIVATED = 2
_DEACTIVATED = 4

# NMDeviceType: ethernet and veth, for which it makes a profile by itself
_WIRED = (1, 20)

# NMDeviceStateReason, the ones that a user meets
_REASONS = {
    # the device has gone on to another profile meanwhile
    0: "NetworkManager gives no reason any more; see journalctl -u NetworkManager on the host",
    4: "the configuration failed",
    5: "the IP configuration could not be reserved: no lease, or the address is already in use on the network",
    6: "the IP configuration expired",
    9: "802.1X authentication failed",
    10: "802.1X authentication failed",
    17: "no DHCP server answered",
    35: "a required firmware is missing",
    36: "the device was removed",
    40: "the cable is unplugged",
    50: "a connection that it depends on failed",
    60: "another activation took its place",
}
# of them: the device has gone on, maybe to another activation of the same profile
_WENT_ON = (0, 60)

# of them: a user took it down by hand
USER_REQUESTED = 39


# what a device waits for in a state in which it may stay (NMDeviceState)
_WAITS_FOR = {
    20: "its interface cannot be used yet (no carrier, or a firmware is missing)",
    60: "it waits for a secret, and no secret agent is running",
    70: "it waits for an address, and no DHCP server or router has answered",
    90: "it waits for another connection",
}


class NetworkManagerError(NodeError):
    """NetworkManager cannot do what is asked; the text is one sentence."""


class NotRunning(NetworkManagerError):
    """There is no NetworkManager, or no D-Bus, to talk to."""

    code = MISSING_REQUIREMENT


class NotAnswering(NetworkManagerError):
    """It is there, and does not answer in time."""

    code = TIMED_OUT


class StillOnItsWay(NetworkManagerError):
    """An activation that neither came up nor failed in the time that it was given."""

    code = TIMED_OUT


class Replaced(NetworkManagerError):
    """An activation in whose place the device has gone on to another one, of any profile."""


class Device(t.NamedTuple):
    """A network device and what is active on it; ``active_uuid`` is empty when nothing is. ``ip_configs`` are object paths by family.

    ``available`` are the object paths of the profiles that fit it: none while it has no carrier. ``mac_address`` is the one of now.
    NetworkManager leaves alone what is not ``managed``. ``kind``, ``state`` and ``reason`` are NMDeviceType, NMDeviceState and
    NMDeviceStateReason.
    """

    path: str
    interface: str
    active_path: str
    active_uuid: str
    activated: bool
    ip_configs: t.Mapping[str, str]
    available: t.Sequence[str]
    mac_address: str
    managed: bool = True
    kind: int = 0
    state: int = 0
    reason: int = 0

    @property
    def is_wired(self) -> bool:
        """Whether it is one for which NetworkManager makes a profile by itself."""
        return self.kind in _WIRED

    @property
    def waits_for(self) -> str:
        """What a device on its way waits for, as a clause; mostly empty."""
        return _WAITS_FOR.get(self.state, "")


def _device(path: str, properties: t.Mapping[str, t.Any], active: t.Mapping[str, t.Any]) -> Device:
    """A device with what is active on it; nothing where that went away between two calls."""
    return Device(
        path=path,
        interface=properties["Interface"],
        active_path=properties["ActiveConnection"] if active else "/",
        active_uuid=active.get("Uuid", ""),
        activated=active.get("State") == _ACTIVATED,
        ip_configs={"ipv4": properties["Ip4Config"], "ipv6": properties["Ip6Config"]},
        available=properties["AvailableConnections"],
        mac_address=properties["HwAddress"].lower(),
        managed=bool(properties["Managed"]),
        kind=properties["DeviceType"],
        state=properties["State"],
        reason=properties["StateReason"][1],
    )


class NetworkManager:
    """The running daemon."""

    def __init__(self, bus: SystemBus, daemon: str, timeout: float) -> None:
        self._bus = bus
        self._timeout = timeout
        self.daemon = daemon

    @classmethod
    def connect(cls, timeout: float = 25.0) -> NetworkManager:
        """Connect to the daemon; each call may take ``timeout`` seconds.

        Raises NotRunning when it is not installed or not running, NotAnswering when D-Bus does not answer.
        """
        try:
            bus = SystemBus.connect()
            service = "org.freedesktop.DBus"
            try:
                return cls(
                    bus, bus.call(service, "/org/freedesktop/DBus", service, "GetNameOwner", "s", (_NAME,))[0], timeout
                )
            except BusError as error:
                if not error.name.endswith(".NameHasNoOwner"):
                    raise
        except BusError as error:
            kind = NotAnswering if isinstance(error, BusTimeout) else NotRunning
            raise kind(f"NetworkManager cannot be reached: {error}; start dbus and NetworkManager") from error
        if any(os.path.exists(os.path.join(folder, "NetworkManager")) for folder in ("/usr/sbin", "/usr/bin", "/sbin")):
            raise NotRunning("NetworkManager is installed but not running; start it (systemctl start NetworkManager)")
        raise NotRunning("NetworkManager is not installed; install NetworkManager 1.40 or later on this host")

    # --- profiles ---------------------------------------------------------------------------------------------

    def profile_path(self, uuid: str) -> str | None:
        """The object path of the profile with this uuid, or None."""
        try:
            return str(self._call(_SETTINGS_PATH, _SETTINGS, "GetConnectionByUuid", "s", (uuid,))[0])
        except BusError as error:
            if error.name.endswith(".InvalidConnection"):
                return None
            raise

    def profile_file(self, path: str) -> str:
        """The file that holds a profile; empty when it lives in memory only."""
        return str(self._property(path, _PROFILE, "Filename"))

    def is_automatic(self, device: Device) -> bool:
        """Whether what is active on a device is a profile that NetworkManager has made by itself, as it does where there is none."""
        path = self.profile_path(device.active_uuid)
        return path is not None and self.is_generated(path)

    def is_generated(self, path: str) -> bool:
        """Whether NetworkManager has made a profile by itself."""
        return bool(self._property(path, _PROFILE, "Flags") & _GENERATED)

    def profile_settings(self, path: str) -> dict[str, dict[str, t.Any]]:
        """The settings of a profile, without secrets."""
        return t.cast("dict[str, dict[str, t.Any]]", self._call(path, _PROFILE, "GetSettings")[0])

    def profile_paths(self) -> list[str]:
        """The object paths of all profiles."""
        return list(self._call(_SETTINGS_PATH, _SETTINGS, "ListConnections")[0])

    def connections(self) -> dict[str, dict[str, t.Any]]:
        """The setting ``connection`` (id, uuid, interface-name, ...) of all profiles by object path."""
        settings = self._of_each(self.profile_paths(), _PROFILE, "GetSettings")
        return {path: values["connection"] for path, values in settings.items()}

    def load_profiles(self, files: t.Sequence[str]) -> list[str]:
        """Load (or drop, when it is gone) each keyfile; return the files that NetworkManager refused."""
        loaded, failures = self._call(_SETTINGS_PATH, _SETTINGS, "LoadConnections", "as", (list(files),))
        return list(failures) if not loaded or failures else []

    def delete_profile(self, path: str) -> None:
        """Delete a profile and its file; a profile that is gone already is fine."""
        try:
            self._call(path, _PROFILE, "Delete")
        except BusError as error:
            if not error.name.endswith(_GONE):
                raise

    def move_profile_to_memory(self, path: str) -> None:
        """Take the file of a profile out of /etc without touching its activation."""
        self._call(path, _PROFILE, "Update2", "a{sa{sv}}ua{sv}", ({}, _UPDATE_IN_MEMORY, {}))

    # --- devices ----------------------------------------------------------------------------------------------

    def devices(self) -> list[Device]:
        """All devices that have an interface name."""
        return self._devices(self._call(_PATH, _NAME, "GetDevices")[0])

    def uuids_on_their_way(self) -> set[str]:
        """The profiles whose activation has begun and not ended, also while their device still has the previous profile."""
        paths = self._property(_PATH, _NAME, "ActiveConnections")
        found = self._of_each(paths, _PROPERTIES, "GetAll", "s", _ACTIVE)
        return {each["Uuid"] for each in found.values() if each["State"] in _ON_ITS_WAY}

    def _of_each(
        self, paths: t.Sequence[str], interface: str, member: str, signature: str = "", *arguments: str
    ) -> dict[str, t.Any]:
        """What each object answers; one that goes away meanwhile (the interface of a container, for example) is left out."""
        answers = self._bus.call_each(_NAME, paths, interface, member, signature, arguments, self._timeout)
        found = {}
        for path, answer in zip(paths, answers):
            if not isinstance(answer, BusError):
                found[path] = answer[0]
            elif not answer.name.endswith(_GONE):
                raise answer
        return found

    def applied_settings(self, devices: t.Iterable[Device]) -> dict[str, dict[str, dict[str, t.Any]]]:
        """With which settings devices run, without secrets, by object path; one on which nothing is active is left out."""
        paths = [device.path for device in devices]
        answers = self._bus.call_each(_NAME, paths, _DEVICE, "GetAppliedConnection", "u", (0,), self._timeout)
        return {path: answer[0] for path, answer in zip(paths, answers) if not isinstance(answer, BusError)}

    def device(self, interface: str) -> Device | None:
        """The device with this interface name, or None."""
        try:
            path = self._call(_PATH, _NAME, "GetDeviceByIpIface", "s", (interface,))[0]
        except BusError as error:
            if error.name.endswith(".UnknownDevice"):
                return None
            raise
        return next(iter(self._devices([path])), None)

    def _devices(self, paths: t.Sequence[str]) -> list[Device]:
        found = self._of_each(paths, _PROPERTIES, "GetAll", "s", _DEVICE)
        active_paths = [each["ActiveConnection"] for each in found.values() if each["ActiveConnection"] != "/"]
        active = self._of_each(active_paths, _PROPERTIES, "GetAll", "s", _ACTIVE)
        return [_device(path, each, active.get(each["ActiveConnection"], {})) for path, each in found.items()]

    def _active_properties(self, active_path: str) -> dict[str, t.Any]:
        if active_path == "/":
            return {}
        try:
            return self._properties(active_path, _ACTIVE)
        except BusError:
            return {}  # it went away between the two calls

    def addresses(self, device: Device, family: str) -> list[str]:
        """The addresses that NetworkManager reports on a device, as ``address/prefix``; ``family`` is ``ipv4`` or ``ipv6``."""
        return self.addresses_of_each([device], family)

    def addresses_of_each(self, devices: t.Iterable[Device], family: str) -> list[str]:
        """The same of some devices together."""
        configs = [device.ip_configs[family] for device in devices if device.ip_configs[family] != "/"]
        found = self._of_each(configs, _PROPERTIES, "Get", "ss", _IP_CONFIGS[family], "AddressData")
        return [f"{entry['address']}/{entry['prefix']}" for data in found.values() for entry in data]

    def permanent_address(self, device: Device) -> str:
        """The MAC address by which profiles find a device, in lower case; empty for one that is not wired."""
        try:
            return str(self._property(device.path, _DEVICE + ".Wired", "PermHwAddress")).lower() or device.mac_address
        except BusError:
            return ""  # another kind of device, or it went away

    def lease_address(self, device: Device, family: str = "ipv4") -> str | None:
        """The address of the DHCP lease on a device, or None while there is none."""
        name, option = {"ipv4": ("4Config", "ip_address"), "ipv6": ("6Config", "ip6_address")}[family]
        config = self._property(device.path, _DEVICE, f"Dhcp{name}")
        if config == "/":
            return None
        options = self._property(config, f"{_NAME}.DHCP{name}", "Options")
        return t.cast("str | None", options.get(option))

    # --- activation -------------------------------------------------------------------------------------------

    def activate(self, profile_path: str, device: Device | None, timeout: float) -> None:
        """Activate a profile (on ``device``, else on the device that it creates) and wait until it is up.

        Raises NetworkManagerError with NetworkManager's reason; StillOnItsWay when ``timeout`` (seconds) is over.
        """
        device_path = device.path if device else "/"
        active = self._call(_PATH, _NAME, "ActivateConnection", "ooo", (profile_path, device_path, "/"))[0]
        self.wait_until_active(device_path, active, timeout)

    def activate_until_boot(self, device: Device, settings: t.Mapping[str, t.Mapping[str, str | int]]) -> None:
        """Begin to activate a profile with these settings that the next boot does not know."""
        variants = {
            setting: {key: Variant("s" if isinstance(value, str) else "i", value) for key, value in values.items()}
            for setting, values in settings.items()
        }
        options = {"persist": Variant("s", "memory")}
        self._call(_PATH, _NAME, "AddAndActivateConnection2", "a{sa{sv}}ooa{sv}", (variants, device.path, "/", options))

    def wait_until_active(self, device_path: str, active: str, timeout: float) -> None:
        """Wait for an activation (its object path is ``active``). Raises what ``activate`` raises."""
        deadline, pause = time.monotonic() + timeout, _FIRST_PAUSE
        while time.monotonic() < deadline:
            state = self._active_properties(active).get("State", _DEACTIVATED)
            if state == _ACTIVATED:
                return
            if state == _DEACTIVATED:
                raise self._failure(device_path)
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        raise StillOnItsWay(f"it was not up after {timeout:.0f} s{self._waits_for(active)}")

    def _waits_for(self, active: str) -> str:
        """What the devices of an activation wait for, as a clause to add; empty where that is not known."""
        devices = self._devices(self._active_properties(active).get("Devices", []))
        return "".join(f": {device.waits_for}" for device in devices[:1] if device.waits_for)

    def _failure(self, device_path: str) -> NetworkManagerError:
        if device_path == "/":
            return NetworkManagerError("NetworkManager could not bring it up")
        code = self._property(device_path, _DEVICE, "StateReason")[1]
        kind = Replaced if code in _WENT_ON else NetworkManagerError
        return kind(_REASONS.get(code, f"NetworkManager's reason code is {code}"))

    def deactivate(self, device: Device) -> None:
        """Take down what is active on a device; it may have gone by itself meanwhile, as a VLAN goes with its bond."""
        if device.active_path == "/":
            return
        try:
            self._call(_PATH, _NAME, "DeactivateConnection", "o", (device.active_path,))
        except BusError as error:
            if not error.name.endswith(".ConnectionNotActive"):
                raise

    def disconnect(self, device: Device) -> None:
        """The same, and let no other profile take the device by itself."""
        if device.active_path != "/":
            self._call(device.path, _DEVICE, "Disconnect")

    # --- checkpoints ------------------------------------------------------------------------------------------

    def capabilities(self) -> list[int]:
        """What plugins of NetworkManager on this host can do (NMCapability)."""
        return list(self._property(_PATH, _NAME, "Capabilities"))

    def checkpoints(self) -> list[str]:
        """The object paths of all open checkpoints, no matter who made them."""
        return list(self._property(_PATH, _NAME, "Checkpoints"))

    def open_checkpoint(self, seconds: int) -> str:
        """Open a checkpoint over all devices that rolls back by itself after ``seconds``."""
        return str(self._call(_PATH, _NAME, "CheckpointCreate", "aouu", ([], seconds, _CHECKPOINT_FLAGS))[0])

    def holds(self, trial: Trial) -> bool:
        """Whether the checkpoint of a trial is still open."""
        return trial.checkpoint in self.checkpoints() and trial.daemon == self.daemon

    def checkpoint_seconds(self, checkpoint: str) -> float | None:
        """After how many seconds a checkpoint rolls back by itself; None when it never does."""
        interface = _NAME + ".Checkpoint"
        timeout = self._property(checkpoint, interface, "RollbackTimeout")
        created = self._property(checkpoint, interface, "Created") / 1000  # by that clock
        return max(0.0, created + timeout - time.clock_gettime(_CLOCK_BOOTTIME)) if timeout else None

    def extend_checkpoint(self, checkpoint: str, seconds: int) -> None:
        """Let a checkpoint roll back ``seconds`` from now, and not before."""
        self._call(_PATH, _NAME, "CheckpointAdjustRollbackTimeout", "ou", (checkpoint, seconds))

    def close_checkpoint(self, checkpoint: str) -> None:
        """Keep what is there now. Raises BusError when the checkpoint is gone, that is: rolled back."""
        self._call(_PATH, _NAME, "CheckpointDestroy", "o", (checkpoint,))

    def roll_back(self, checkpoint: str) -> None:
        """Put back what the checkpoint holds."""
        self._call(_PATH, _NAME, "CheckpointRollback", "o", (checkpoint,), timeout=60.0)

    def _property(self, path: str, interface: str, name: str) -> t.Any:
        return self._bus.call(_NAME, path, _PROPERTIES, "Get", "ss", (interface, name), self._timeout)[0]

    def _properties(self, path: str, interface: str) -> dict[str, t.Any]:
        answer = self._bus.call(_NAME, path, _PROPERTIES, "GetAll", "s", (interface,), self._timeout)[0]
        return t.cast("dict[str, t.Any]", answer)

    def _call(
        self,
        path: str,
        interface: str,
        member: str,
        signature: str = "",
        arguments: t.Sequence[t.Any] = (),
        timeout: float | None = None,
    ) -> list[t.Any]:
        return self._bus.call(_NAME, path, interface, member, signature, arguments, timeout or self._timeout)
