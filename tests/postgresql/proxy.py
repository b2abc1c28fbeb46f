# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy before a server that cuts connections at chosen moments."""

from __future__ import annotations

import contextlib
import socket
import threading
import typing as t

# of one message that a client sends
_CHUNK = 1 << 20


class Proxy:
    """Listens on loopback and passes on what a client and the server send, until ``decide`` has a connection cut.

    ``decide`` is asked for each chunk that a client sends, with its number over all connections: ``pass`` it on, ``before`` cuts the
    connection in its place, ``after`` cuts it once the server has answered, so that only the answer is lost.
    """

    def __init__(self, port: int, decide: t.Callable[[int, bytes], str]) -> None:
        self._server, self._decide = ("127.0.0.1", port), decide
        self.chunks = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Proxy:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        """One question and its answer at a time, as the protocol has it."""
        with contextlib.suppress(OSError), client, socket.create_connection(self._server) as server:
            is_cut = threading.Event()
            answers = threading.Thread(target=_pass_answers, args=(server, client, is_cut), daemon=True)
            answers.start()
            try:
                self._pass_questions(client, server, is_cut, answers)
            finally:
                # closing alone would wait for the other thread
                for each in (client, server):
                    with contextlib.suppress(OSError):
                        each.shutdown(socket.SHUT_RDWR)
                answers.join(1)

    def _pass_questions(
        self, client: socket.socket, server: socket.socket, is_cut: threading.Event, answers: threading.Thread
    ) -> None:
        while chunk := client.recv(_CHUNK):
            number, self.chunks = self.chunks, self.chunks + 1
            decision = self._decide(number, chunk)
            if decision == "before":
                return
            if decision == "after":
                is_cut.set()
            server.sendall(chunk)
            if decision == "after":
                answers.join(1)
                return


def _pass_answers(server: socket.socket, client: socket.socket, is_cut: threading.Event) -> None:
    """Until the server has no more of them, or one is to be lost."""
    with contextlib.suppress(OSError):
        while chunk := server.recv(_CHUNK):
            if is_cut.is_set():
                return
            client.sendall(chunk)
        client.shutdown(socket.SHUT_RDWR)
