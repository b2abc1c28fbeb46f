# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an answer has left the host: real sockets and pipes, and tables as the kernel writes them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.checks.delivery import is_on_its_way

_HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
_TOP = next(parent for parent in Path(__file__).resolve().parents if parent.name == "ansible_collections").parent


def table(folder: Path, *rows: str) -> str:
    """A table of TCP connections with these rows."""
    file = folder / "tcp"
    file.write_text(_HEAD + "".join(f"   0: {row} 00:00000000 00000000     0        0 1\n" for row in rows))
    return str(file)


@pytest.mark.parametrize(
    ("row", "address", "expected"),
    [
        ("0B7AA8C0:0016 017AA8C0:D431 01 00000120:00000000", "192.168.122.11", True),
        ("0B7AA8C0:0016 017AA8C0:D431 01 00000000:00000120", "192.168.122.11", False),
        ("0B7AA8C0:0016 017AA8C0:D431 01 00000120:00000000", "192.168.122.12", False),
        ("0B7AA8C0:0016 017AA8C0:D431 06 00000120:00000000", "192.168.122.11", False),
        (
            "0000000000000000FFFF00000B7AA8C0:0016 0000000000000000FFFF0000017AA8C0:D431 01 00000120:00000000",
            "192.168.122.11",
            True,
        ),
        (
            "000080FE00000000000000000B000000:0016 000080FE000000000000000001000000:D431 01 00000001:00000000",
            "fe80::b%eth0",
            True,
        ),
        ("nothing that is a row", "192.168.122.11", False),
        ("0B7AA8C0:0016 017AA8C0:D431 01 00000120:00000000", "not an address", False),
    ],
    ids=[
        "not acknowledged",
        "only received",
        "other address",
        "closed",
        "IPv4 in IPv6",
        "IPv6",
        "damaged",
        "no address",
    ],
)
def test_what_is_not_acknowledged_is_on_its_way(tmp_path: Path, row: str, address: str, expected: bool) -> None:
    assert is_on_its_way(address, [table(tmp_path, row)]) is expected


def test_a_real_connection_whose_other_end_reads_nothing() -> None:
    """The kernel's own table: full buffers, then read."""
    with socket.socket() as server, socket.socket() as reader:
        server.bind(("127.0.0.77", 0))
        server.listen()
        reader.connect(server.getsockname())
        sender, _peer = server.accept()
        with sender:
            sender.setblocking(False)
            sent = 0
            while True:
                try:
                    sent += sender.send(bytes(65536))
                except BlockingIOError:
                    break
            assert is_on_its_way("127.0.0.77")
            while sent:
                sent -= len(reader.recv(1 << 20))
            for _attempt in range(500):
                if not is_on_its_way("127.0.0.77"):
                    return
                threading.Event().wait(0.01)
            pytest.fail("what was read is still on its way after 5 s")


_ANSWERS = """
    import os, sys
    from ansible_collections.elemental.networking.plugins.module_utils._node import main
    from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import Refusal
    main.serve_controller = lambda content, program: Refusal("no")
    main.main((), "{}", "")
    os.write(2, b"ended")
"""


@pytest.mark.skipif(sys.version_info < (3, 7), reason="it is not packed for Python 3.6 here; see test_program")
@pytest.mark.parametrize("kind", ["pipe", "socket"])
def test_the_program_ends_when_its_answer_was_read(kind: str) -> None:
    """What comes after it may take the way to the controller away."""
    if kind == "pipe":
        reading, writing = os.pipe()
    else:
        reading, writing = (each.detach() for each in socket.socketpair())
    code = textwrap.dedent(_ANSWERS)
    environment = {**os.environ, "PYTHONPATH": str(_TOP)}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=writing, stderr=subprocess.PIPE, env=environment
    ) as process:
        os.close(writing)
        assert process.stderr is not None
        # nothing is read yet: it does not end before the answer was
        answer = b""
        ended: list[bytes] = []
        watcher = threading.Thread(target=lambda: ended.append(process.stderr.read(5)))  # type: ignore[union-attr]
        watcher.start()
        watcher.join(1.0)
        assert ended == []
        answer = os.read(reading, 65536)
        watcher.join(10)
        assert ended == [b"ended"]
        assert answer.endswith(b"}\n")
        os.close(reading)
