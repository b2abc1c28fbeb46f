# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a profile from coming up where no user sits at the machine, although it comes up in a trial.

Sources: connection.permissions in nm-settings-nmcli(5), "Secret flag types" in nm-settings-keyfile(5).
"""

from __future__ import annotations

import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.keyfile import Entry
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.spellings import as_number

from .profile import RenderError

_AGENT_OWNED = 1
_NOT_SAVED = 2
_NOT_REQUIRED = 4
# what comes up with another profile, no matter how its own autoconnect is set: a port with its controller, and the other way round
_WITH_OTHERS = (("connection", "controller"), ("connection", "master"))
_CONTROLLERS = ("bond", "bridge", "ovs-bridge", "ovs-port", "team", "vrf")
# their keys end in -flags too, and have nothing to do with secrets
_OTHER_FLAGS = ("dcb",)


def check_unattended(profile: str, lines: t.Sequence[Entry]) -> None:
    """Refuse what waits for a person, with the line; a profile that is brought up by hand does so anyway. Raises RenderError."""
    last = {(entry.section, entry.key): entry for entry in lines if entry.key}
    if _is_brought_up_by_hand(last):
        return
    permissions = last.get(("connection", "permissions"))
    if permissions is not None and permissions.value.strip("; "):
        raise RenderError(
            f"profile {profile}, line {permissions.line}: with permissions NetworkManager brings it up only while that user is logged in, "
            "so that the host would be without it at the next boot; remove the line"
        )
    for entry in last.values():
        if _needs_an_agent(entry):
            raise RenderError(
                f"profile {profile}, line {entry.line}: {entry.key}={entry.value} means that the secret is not in the file, so that the "
                f"profile would not come up at the next boot; give the secret here and set {entry.key}=0, or set autoconnect=false"
            )


def _is_brought_up_by_hand(last: t.Mapping[tuple[str, str], Entry]) -> bool:
    values = {key: entry.value for key, entry in last.items()}
    is_off = values.get(("connection", "autoconnect")) in ("false", "0")
    kind = values.get(("connection", "type"))
    return is_off and kind not in _CONTROLLERS and not any(values.get(key) for key in _WITH_OTHERS)


def _needs_an_agent(entry: Entry) -> bool:
    if not entry.key.endswith("-flags") or entry.section in _OTHER_FLAGS or entry.section.startswith("vpn"):
        return False
    flags = as_number(entry.value) or 0
    return bool(flags & (_AGENT_OWNED | _NOT_SAVED)) and not flags & _NOT_REQUIRED
