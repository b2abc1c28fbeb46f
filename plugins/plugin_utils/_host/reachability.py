# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of a node's addresses answers: plain TCP from the controller, judged by the ssh banner."""

from __future__ import annotations

import errno
import itertools
import os
import selectors
import socket
import time
import typing as t

_BANNER = b"SSH-"
# "Not allowed at this time": the penalty for connections that came to nothing (OpenSSH 9.8 and later); "Exceeded MaxStartups"
_COME_BACK = (b"Not ", b"Exce")
# seconds
_PUT_OFF = 1.0
# so much longer than the first one's answer a better address may take to accept a connection, and in any case this long
_AS_LATE = 4.0
_LEAST_GRACE = 0.05
_NO_ANSWER = ""


def first_to_answer(
    addresses: t.Sequence[str],
    port: int,
    seconds: float,
    grace: float = 0.0,
    patience: float = 0.0,
    silence: dict[str, str] | None = None,
) -> str | None:
    """The address that shows an ssh banner first, or None after ``seconds``.

    All are tried at once, each with a fresh socket. ``addresses`` are in order of preference: a better one may still answer
    within ``grace`` seconds of the first; if not even its kernel has, it is given up sooner where the first was quick (`to_connect`).
    If sshd puts off new connections it is tried again for ``patience`` seconds.
    In ``silence`` each address that did not answer gets a few words that explain why, or none if it does not answer at all.
    """
    give_up = time.monotonic() + patience
    silence = {} if silence is None else silence
    while True:
        found, is_put_off = _race(addresses, port, seconds, grace, silence)
        if found is not None or not is_put_off or time.monotonic() > give_up:
            return found
        time.sleep(_PUT_OFF)


def to_connect(waited: float, grace: float) -> float:
    """In how many seconds a better address must accept a connection once the first one answered, ``waited`` seconds after it was tried."""
    return min(grace, max(_LEAST_GRACE, _AS_LATE * waited))


def _race(
    addresses: t.Sequence[str], port: int, seconds: float, grace: float, silence: dict[str, str]
) -> tuple[str | None, bool]:
    """The address that answers first, and whether an sshd puts us off."""
    is_put_off = False
    began = time.monotonic()
    sooner = deadline = began + seconds
    answered: set[str] = set()
    silence.update(dict.fromkeys(addresses, _NO_ANSWER))
    with selectors.DefaultSelector() as selector:
        for address in dict.fromkeys(addresses):
            _start(selector, address, port, silence)
        while selector.get_map() and addresses[0] not in answered:
            better = itertools.takewhile(lambda address: address not in answered, addresses)
            left = (deadline if _accepts_any(selector, set(better)) else sooner) - time.monotonic()
            if left <= 0:
                break
            for key, _events in selector.select(left):
                banner, words = _banner(selector, key)
                silence[key.data] = words
                is_put_off = is_put_off or banner in _COME_BACK
                if banner != _BANNER:
                    continue
                del silence[key.data]
                if not answered:
                    now = time.monotonic()
                    deadline = min(deadline, now + grace)
                    sooner = min(deadline, now + to_connect(now - began, grace))
                answered.add(key.data)
        for key in list(selector.get_map().values()):
            t.cast(socket.socket, key.fileobj).close()
    return next((address for address in addresses if address in answered), None), is_put_off


def _accepts_any(selector: selectors.BaseSelector, addresses: t.Collection[str]) -> bool:
    """Whether the kernel of a host has accepted a connection to one of these: its sshd may be slow."""
    sockets = [t.cast(socket.socket, key.fileobj) for key in selector.get_map().values() if key.data in addresses]
    return any(map(_is_connected, sockets))


def _is_connected(connection: socket.socket) -> bool:
    try:
        connection.getpeername()
    except OSError:
        return False
    return True


def _start(selector: selectors.BaseSelector, address: str, port: int, silence: dict[str, str]) -> None:
    try:
        family, kind, protocol, _name, target = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        silence[address] = error.strerror or str(error)
        return
    connection = socket.socket(family, kind, protocol)
    connection.setblocking(False)
    code = connection.connect_ex(target)
    if code not in (0, errno.EINPROGRESS):
        silence[address] = os.strerror(code)
        connection.close()
        return
    selector.register(connection, selectors.EVENT_READ, address)


def _banner(selector: selectors.BaseSelector, key: selectors.SelectorKey) -> tuple[bytes, str]:
    """How a banner begins, empty where there is none, with a few words for one that is not ssh's."""
    connection = t.cast(socket.socket, key.fileobj)
    try:
        banner = connection.recv(4)
        words = "it is not ssh that answers there" if banner else "connections are closed at once"
    except BlockingIOError:
        return b"", _NO_ANSWER  # a false alarm (select(2)): it goes on
    except OSError as error:
        banner, words = b"", error.strerror or str(error)
    selector.unregister(connection)
    connection.close()
    return banner, "sshd there puts off new connections" if banner in _COME_BACK else words
