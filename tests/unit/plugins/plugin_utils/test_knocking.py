# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections that a host was told of, and its two words, over real sockets on loopback."""

from __future__ import annotations

import contextlib
import socket
import threading
import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import Knock
from ansible_collections.elemental.networking.plugins.plugin_utils._host import knocking as _knocking
from ansible_collections.elemental.networking.plugins.plugin_utils._host.knocking import knocking

OLD, NEW = "127.0.0.2", "127.0.0.3"


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
    """What the host sends to the controller's bell."""
    with socket.socket(type=socket.SOCK_DGRAM) as host:
        for word in words:
            host.sendto(word.encode(), (knock.address, knock.bell))


@contextlib.contextmanager
def moving_host(before: t.Sequence[str], after: t.Sequence[str]) -> t.Iterator[_knocking.Knocker]:
    """A controller before a host that sends these words, and more when a connection to its new address has come from where it may."""
    with socket.create_server((NEW, 0)) as listener:
        with knocking(OLD, listener.getsockname()[1], [600.0]) as knocker:
            knock = knocker.knock
            assert knock is not None

            def serve() -> None:
                with contextlib.suppress(OSError):
                    connection, peer = listener.accept()
                    with connection:
                        if peer[1] in knock.ports:
                            say(knock, *(getattr(knock, word, word) for word in after))

            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            say(knock, *(getattr(knock, word, word) for word in before))
            yield knocker
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_a_host_that_has_moved_gives_its_receipt_after_a_connection_to_the_new_address() -> None:
    with moving_host(["word"], ["anything", "receipt"]) as knocker:
        assert knocker.fetch_receipt(NEW, 20.0)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], ["receipt"]),
        (["anything"], ["receipt"]),
        (["word"], []),
        (["word"], ["anything"]),
        (["word"], ["word"]),
    ],
    ids=["no signal", "a forged signal", "no receipt", "a forged receipt", "only signals"],
)
def test_what_is_not_the_receipt_counts_for_nothing(
    before: list[str], after: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_knocking, "_UNTIL_IT_SIGNALS", 0.2)
    with moving_host(before, after) as knocker:
        assert not knocker.fetch_receipt(NEW, 0.2)


@pytest.mark.parametrize("address", ["127.0.0.4", "::1", "no-such-name.invalid"])
def test_where_nobody_listens_there_is_no_receipt(address: str) -> None:
    with moving_host(["word"], ["receipt"]) as knocker:
        assert not knocker.fetch_receipt(address, 0.2)
