# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ProxyCommand of ssh: connect from inside the test bed's network namespace, and hand the connection over (ProxyUseFdpass).

Standard library only, and no other file: it is run from the run directory of the test bed.
"""

from __future__ import annotations

import array
import ctypes
import json
import os
import socket
import sys
from pathlib import Path

_NEW_NETWORK = 0x40000000
# seconds: ssh's own ConnectTimeout counts from the connection on; an address that a machine has left answers nothing
_PATIENCE = 5.0


def main() -> None:
    """Arguments: host and port."""
    host, port = sys.argv[1], int(sys.argv[2])
    try:
        record = json.loads((Path(__file__).parent / "testbed.json").read_text())
        _enter(record["process"])
    except (OSError, ValueError, KeyError):
        sys.exit("the virtual machines are not up: run `molecule destroy`, then try again")
    try:
        connection = socket.create_connection((host, port), _PATIENCE)
    except OSError as error:
        sys.exit(f"{host} port {port}: {error}")
    connection.settimeout(None)
    descriptors = array.array("i", [connection.fileno()])
    with socket.socket(fileno=os.dup(1)) as asker:
        asker.sendmsg([b"\0"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)])


def _enter(process: int) -> None:
    descriptor = os.open(f"/proc/{process}/ns/net", os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, _NEW_NETWORK):
        raise OSError(ctypes.get_errno(), "setns")


if __name__ == "__main__":
    main()
