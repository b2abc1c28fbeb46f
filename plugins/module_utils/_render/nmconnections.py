# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configurator ``nmconnections``: keyfiles as the user wrote them, checked."""

from __future__ import annotations

import re
import typing as t
import uuid

from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.keyfile import (
    Entry,
    KeyfileError,
    entries,
    virtual_functions,
    with_connection_value,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.paths import (
    PROFILE_SUFFIX,
    profile_name,
)

from .exact_values import check_exact_values
from .ip_settings import check_ip_settings, gateway_warnings, prefix_warnings
from .profile import Profile, RenderError, Rendering
from .unattended import check_unattended

# the namespace of uuids that we derive: changing it would rename every profile on every node
_NAMESPACE = uuid.UUID("7d0a2b3e-5f0c-5a57-9c0e-3c5f4b1d8a61")
# the limit of Linux file systems (NAME_MAX), in bytes, without what NetworkManager appends to a name while it rewrites the file, as its
# rollback does (".XXXXXX"); that is more than what we put around one ("." and "~")
_LONGEST_FILE_NAME = 255 - 7
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
# connection.type of NetworkManager 1.52: the settings that can be a profile's base, and the aliases of keyfiles
_TYPES = frozenset(
    "6lowpan 802-11-olpc-mesh 802-11-wireless 802-3-ethernet adsl bluetooth bond bridge cdma dummy ethernet generic"
    " gsm hsr infiniband ip-tunnel ipvlan loopback macsec macvlan ovs-bridge ovs-dpdk ovs-interface ovs-patch ovs-port"
    " pppoe team tun veth vlan vpn vrf vxlan wifi wifi-p2p wimax wireguard wpan".split()
)


def render_nmconnections(config: t.Mapping[str, object]) -> Rendering:
    """One profile per entry of ``config``, a mapping from profile name to keyfile text; raises ``RenderError``.

    A keyfile is kept byte for byte, except for a missing uuid or id, which is derived from the file name, capitals in a uuid, and a
    missing final newline.
    """
    if not isinstance(config, t.Mapping) or not config:
        raise RenderError(
            "config is empty or not a mapping: configurator nmconnections needs at least one profile name with the text of"
            " its keyfile; use configurator none to leave the network alone"
        )
    profiles = tuple(_profile(name, text) for name, text in config.items())
    _check_unique("id", [(profile.id, profile.file_name) for profile in profiles])
    _check_unique("uuid", [(profile.uuid, profile.file_name) for profile in profiles])
    # others may be for the virtual functions that these make; apart from that, the first one gets the better default route
    profiles = tuple(sorted(profiles, key=lambda profile: not virtual_functions(profile.text)))
    warnings = tuple(
        warning
        for profile in profiles
        for warnings_of in (prefix_warnings, gateway_warnings)
        for warning in warnings_of(profile_name(profile.file_name), entries(profile.text))
    )
    return Rendering(profiles, warnings)


def _profile(name: object, text: object) -> Profile:
    file_name = _file_name(name)
    text = _checked_text(name, text)
    try:
        lines = entries(text)
    except KeyfileError as error:
        raise RenderError(f"the keyfile of profile {name} cannot be read: {error}") from None
    connection = {entry.key: entry for entry in lines if entry.section == "connection"}
    if not connection:
        raise RenderError(f"profile {name} has no [connection] section: add one with at least id and type")
    check_exact_values(str(name), text, lines)
    identifier = _required(name, connection, "id").value if "id" in connection else str(name)
    kind = _connection_type(name, connection, {entry.section for entry in lines})
    identity = _checked_uuid(name, connection) or str(uuid.uuid5(_NAMESPACE, file_name))
    check_ip_settings(str(name), lines)
    check_unattended(str(name), lines)
    for key, value in (("id", identifier), ("uuid", identity)):
        if key not in connection or connection[key].value != value:
            text = with_connection_value(text, key, value)
    interface = connection["interface-name"].value if "interface-name" in connection else None
    return Profile(file_name, identifier, identity, kind, interface or None, text)


def _file_name(name: object) -> str:
    if not isinstance(name, str):
        raise RenderError(f"the profile name {name} is not a string: put it in quotes")
    file_name = name + PROFILE_SUFFIX
    reason = ""
    if not name or name != name.strip():
        reason = "is empty or has white space around it"
    elif not name.isprintable() or "/" in name:
        reason = "has a slash or an invisible character in it"
    elif name.startswith(".") or name.endswith("~"):
        reason = "is one that NetworkManager ignores: it must neither start with a dot nor end in ~"
    elif len(file_name.encode()) > _LONGEST_FILE_NAME:
        reason = f"is too long for a file name: {_LONGEST_FILE_NAME - len(PROFILE_SUFFIX)} bytes is the limit"
    if reason:
        raise RenderError(f"the profile name {name!r} {reason}")
    return file_name


def _checked_text(name: object, text: object) -> str:
    if not isinstance(text, str):
        raise RenderError(
            f"profile {name} is not a string but of type {type(text).__name__}: configurator nmconnections needs the text of"
            f" a keyfile, such as '{name}: |' with indented lines below"
        )
    return text if text.endswith("\n") or not text else text + "\n"


def _required(name: object, connection: t.Mapping[str, Entry], key: str) -> Entry:
    entry = connection.get(key)
    if entry is None:
        line = min(each.line for each in connection.values())
        raise RenderError(f"profile {name} has no {key} in [connection], line {line}: add {key}=...")
    if not entry.value:
        raise RenderError(f"profile {name}, line {entry.line}: {key} in [connection] is empty; give it a value")
    return entry


def _connection_type(name: object, connection: t.Mapping[str, Entry], sections: t.Collection[str]) -> str:
    bases = [section for section in sections if section in _TYPES]
    if "type" not in connection and len(bases) == 1:
        return bases[0]  # as NetworkManager derives it
    entry = _required(name, connection, "type")
    if entry.value not in _TYPES:
        raise RenderError(
            f"profile {name}, line {entry.line}: {entry.value} is not a connection type of NetworkManager;"
            " common ones are ethernet, bond, bridge, vlan and wifi"
        )
    return entry.value


def _checked_uuid(name: object, connection: t.Mapping[str, Entry]) -> str:
    entry = connection.get("uuid")
    if entry is None:
        return ""
    identity = entry.value.lower()  # as NetworkManager does
    if not _UUID.match(identity):
        raise RenderError(
            f"profile {name}, line {entry.line}: {entry.value or 'an empty value'} is not a valid uuid (32 hexadecimal digits, grouped"
            " 8-4-4-4-12); leave the line out to have one derived from the profile name"
        )
    return identity


def _check_unique(what: str, values_and_files: t.Sequence[tuple[str, str]]) -> None:
    owners: dict[str, str] = {}
    for value, file_name in values_and_files:
        if value in owners:
            first, second = (profile_name(name) for name in (owners[value], file_name))
            raise RenderError(f"profiles {first} and {second} have the same {what}, {value}: give each its own")
        owners[value] = file_name
