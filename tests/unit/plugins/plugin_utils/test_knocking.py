# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections that were announced to a host, and its signal, over real sockets on loopback."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import Knock
from ansible_collections.elemental.networking.plugins.plugin_utils._host.knocking import knocking


def test_a_flood_at_the_bell_neither_holds_up_the_knocks_nor_the_end() -> None:
    """Whoever knows the port can send to it; then the moments alone count."""
    with socket.create_server(("127.0.0.2", 0)) as listener, socket.socket(type=socket.SOCK_DGRAM) as flood:
        listener.settimeout(20)
        with knocking("127.0.0.2", listener.getsockname()[1], [0.3, 600.0]) as knocker:
            knock = knocker.knock
            assert knock is not None
            over = threading.Event()
            thread = threading.Thread(target=_send_until, args=(over, flood, ("127.0.0.1", knock.bell)), daemon=True)
            thread.start()
            connection, peer = listener.accept()  # the first knock comes although the flood goes on
            connection.close()
            assert peer[1] == knock.ports[0]
        # and the end does not wait for the second one
        over.set()
        thread.join()


def _send_until(over: threading.Event, flood: socket.socket, target: tuple[str, int]) -> None:
    while not over.is_set():
        with contextlib.suppress(OSError):
            flood.sendto(b"x" * 64, target)


def say(knock: Knock, *words: str) -> None:
    """What somebody sends to the controller's bell."""
    with socket.socket(type=socket.SOCK_DGRAM) as host:
        for word in words:
            host.sendto(word.encode(), (knock.address, knock.bell))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["{word}"], True),
        (["{word}="], True),
        (["anything", "{word}"], True),
        ([], False),
        (["anything"], False),
        (["{word}x", ""], False),
    ],
)
@pytest.mark.parametrize("moment", [600.0, 0.0], ids=["while it is waited for", "before"])
def test_only_the_word_of_the_request_is_the_signal(words: list[str], expected: bool, moment: float) -> None:
    """Also where it comes while the controller still waits for the answer, and connects."""
    with socket.create_server(("127.0.0.2", 0)) as listener:
        listener.settimeout(20)
        with knocking("127.0.0.2", listener.getsockname()[1], [moment]) as knocker:
            knock = knocker.knock
            assert knock is not None
            say(knock, *(word.format(word=knock.word) for word in words))
            if moment == 0.0 or expected:
                listener.accept()[0].close()
            assert knocker.is_signalled(20.0 if expected else 0.1) == expected
            assert knocker.is_signalled(0.0) == expected
            assert knocker.is_same_way == ("{word}=" in words)


def test_a_flood_is_no_signal_and_is_not_read_for_long() -> None:
    with socket.create_server(("127.0.0.2", 0)) as listener, knocking(
        "127.0.0.2", listener.getsockname()[1], [600.0]
    ) as knocker:
        knock = knocker.knock
        assert knock is not None
        say(knock, *(["x"] * 120))
        assert not knocker.is_signalled(600.0)
