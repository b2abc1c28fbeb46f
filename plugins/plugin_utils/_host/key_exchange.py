# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A key exchange of ssh that costs little, for the login that proves a host's new address.

What OpenSSH 9.0 to 9.9 offer first, sntrup761x25519, takes the controller 85 ms of processor time, most of a login (measured with 9.2).
What was first before, curve25519, takes 2 ms. It is as safe today. The dear one protects what is recorded now from computers to come.
"""

from __future__ import annotations

from ansible_collections.elemental.networking.plugins.plugin_utils._host.ssh_call import (
    SshCall,
    configuration,
    is_configured,
)

_SETTING = "kexalgorithms"
_DEAR = "sntrup761x25519-"
# the better one first: it protects as the dear one does, and OpenSSH 9.9 has it
_CHEAP = ("mlkem768x25519-sha256", "curve25519-sha256")
_NO_CONFIGURATION = "-F none"


def cheaper_key_exchange(call: SshCall) -> str:
    """The argument that makes ssh offer a cheap key exchange first; empty where what it offers first by itself is not a dear one.

    Empty also where a configuration of ssh, of the user or of the machine, names key exchanges for any host: one that has another address
    now may be meant, and what is chosen may be what ssh would choose.
    """
    if is_configured(call, _SETTING):
        return ""
    offered = configuration(call).get(_SETTING, "")
    cheap = [name for name in _CHEAP if name in offered.split(",")]
    if not offered.startswith(_DEAR) or not cheap or offered != _own_choice(call):
        return ""
    return f"-o KexAlgorithms=^{','.join(cheap)}"


def _own_choice(call: SshCall) -> str:
    """What ssh offers where nothing is configured."""
    return configuration(SshCall(call.executable, call.host, None, "", _NO_CONFIGURATION)).get(_SETTING, "")
