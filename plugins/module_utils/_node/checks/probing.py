# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes: what works on a node before a change must work after it."""

from __future__ import annotations

import contextlib
import os
import struct
import threading
import time
import typing as t
from _socket import (  # socket, around it, would cost each start 3 ms
    AF_INET6,
    SOCK_DGRAM,
    SOCK_RAW,
    getaddrinfo,
    inet_ntoa,
    inet_ntop,
    socket,
)
from _socket import timeout as SocketTimeout

from ..protocol import Probe
from ..system.files import lines_of as _lines
from .arp import ArpSearch, address_of, is_ethernet
from .packets import dns_query, echo_request, icmp_protocol, is_dns_answer, is_echo_reply

# seconds: for a thread to report its result, and for a probe that has no time left
_GRACE = 1.0
_SHORTEST = 0.01
NO_GATEWAY = "there is no default gateway"
_RESOLVER_FILE = "/etc/resolv.conf"
# resolvers of the C library ask no more (MAXNS, resolv.conf(5))
_MOST_SERVERS = 3


def run_probes(probes: t.Sequence[Probe], within: float) -> dict[str, str]:
    """Run all at once, for ``within`` seconds at the longest; the failure of each by name, in a few words, empty where it passed.

    That may take long: the caller must not hold the lock, or the watchdog waits for it.
    """
    bounded = [probe._replace(timeout=max(_SHORTEST, min(probe.timeout, within))) for probe in probes]
    results: dict[str, str] = {}
    threads = [threading.Thread(target=_run, args=(probe, results), daemon=True) for probe in bounded]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread, probe in zip(threads, bounded):
        thread.join(max(0.0, started + probe.timeout + _GRACE - time.monotonic()))
    return {probe.name: results.get(probe.name, f"no answer within {probe.timeout:.3g} s") for probe in bounded}


def _run(probe: Probe, results: dict[str, str]) -> None:
    try:
        results[probe.name] = _KINDS[probe.kind](probe)
    except (OSError, ValueError, LookupError) as error:  # of a target that is not a name, for example
        results[probe.name] = _short(error)


def _short(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error) or type(error).__name__


# --- the default gateway ------------------------------------------------------------------------------------------


def _gateway(probe: Probe) -> str:
    routes = default_routes()
    if not routes:
        return NO_GATEWAY
    interface, gateway = routes[0]
    if "." in gateway and is_ethernet(interface):
        found = ArpSearch(interface, [gateway], address_of(interface)).finish(probe.timeout)
        return "" if found else f"{gateway} does not answer on {interface}"
    return _echo(gateway, interface, probe.timeout)


def default_routes() -> list[tuple[str, str]]:
    """The interface and gateway of each default route, best first, IPv4 before IPv6."""
    return routes_in(_lines("/proc/net/route")[1:], _route) or routes_in(_lines("/proc/net/ipv6_route"), _route_ipv6)


def routes_in(
    lines: t.Iterable[str], read: t.Callable[[list[str]], tuple[int, str, str] | None]
) -> list[tuple[str, str]]:
    """The default routes that the lines of a table of the kernel name, best first; a line of another form is not one."""
    found = []
    for line in lines:
        try:
            route = read(line.split())
        except (ValueError, IndexError, OverflowError, struct.error):
            continue
        if route is not None:
            found.append(route)
    found.sort(key=lambda route: route[0])
    return [(interface, gateway) for _metric, interface, gateway in found]


def _route(words: list[str]) -> tuple[int, str, str] | None:
    interface, target, gateway, flags, _references, _use, metric, mask = words[:8]
    if not target == mask == "00000000" or int(flags, 16) & 3 != 3:
        return None
    return int(metric), interface, inet_ntoa(struct.pack("=I", int(gateway, 16)))


def _route_ipv6(words: list[str]) -> tuple[int, str, str] | None:
    target, length, _source, _length, gateway, metric, _references, _use, flags, interface = words
    if int(target, 16) or length != "00" or int(flags, 16) & 0x203 != 3:
        return None
    return int(metric, 16), interface, inet_ntop(AF_INET6, bytes.fromhex(gateway))


# --- name servers -------------------------------------------------------------------------------------------------


def _dns(probe: Probe) -> str:
    servers = name_servers(_lines(_RESOLVER_FILE))
    if not servers:
        return "/etc/resolv.conf names no server; set dns in a profile, or leave the probe dns out"
    number = int.from_bytes(os.urandom(2), "big")
    connections = [_ask_server(server, number) for server in servers]
    deadline = time.monotonic() + probe.timeout
    try:
        while time.monotonic() < deadline:
            if any(connection is not None and _server_answered(connection, number) for connection in connections):
                return ""
            time.sleep(0.005)
    finally:
        for connection in connections:
            if connection is not None:
                connection.close()
    return f"{', '.join(servers)} {'does' if len(servers) == 1 else 'do'} not answer"


def name_servers(lines: t.Iterable[str]) -> list[str]:
    """The servers that the lines of resolv.conf name; the keyword stands at the start, before blanks or tabs."""
    words = [line.split() for line in lines if line[:1].strip()]
    return [line[1] for line in words if line[0] == "nameserver" and len(line) > 1][:_MOST_SERVERS]


def _ask_server(server: str, number: int) -> socket | None:
    """Ask over a socket that takes datagrams of this server alone."""
    connection = None
    try:
        # text would be taken for a name, and Python would load what encodes one
        family, kind, _protocol, _name, target = getaddrinfo(server.encode(errors="replace"), 53, type=SOCK_DGRAM)[0]
        connection = socket(family, kind)
        connection.setblocking(False)
        connection.connect(target)
        connection.send(dns_query(number))
    except OSError:
        if connection is not None:
            connection.close()
        return None
    return connection


def _server_answered(connection: socket, number: int) -> bool:
    try:
        return is_dns_answer(connection.recv(512), number)
    except OSError:
        return False


# --- what a user adds ---------------------------------------------------------------------------------------------


def _ping(probe: Probe) -> str:
    return _echo(probe.target, "", probe.timeout)


def _echo(target: str, interface: str, timeout: float) -> str:
    """One ICMP echo request a second, until one is answered."""
    scoped = f"{target}%{interface}" if interface and target.startswith("fe80:") else target
    family, _kind, _protocol, _name, address = getaddrinfo(scoped, None, type=SOCK_RAW)[0]
    token = os.urandom(10)
    deadline = time.monotonic() + timeout
    with contextlib.closing(socket(family, SOCK_RAW, icmp_protocol(family))) as connection:
        while time.monotonic() < deadline:
            connection.sendto(echo_request(family, token), address)
            if _echo_returned(connection, family, token, min(deadline, time.monotonic() + 1)):
                return ""
    return f"{target} does not answer"


def _echo_returned(connection: socket, family: int, token: bytes, deadline: float) -> bool:
    while time.monotonic() < deadline:
        connection.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            packet = connection.recv(1024)
        except SocketTimeout:
            return False
        if is_echo_reply(packet, family, token):
            return True
    return False


def _tcp(probe: Probe) -> str:
    from socket import create_connection  # here: the start of this program counts, and few have such a probe

    with create_connection((probe.target, probe.port), probe.timeout):
        return ""


def _command(probe: Probe) -> str:
    import signal  # here: the start of this program counts, and few have such a probe
    import subprocess

    quiet = subprocess.DEVNULL
    shell = ["/bin/sh", "-c", probe.command]
    with subprocess.Popen(shell, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True) as run:
        try:
            code = run.wait(probe.timeout)
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)  # with all that it started
            return f"no answer within {probe.timeout:.3g} s"
    return "" if code == 0 else f"exit code {code}"


_KINDS: dict[str, t.Callable[[Probe], str]] = {
    "gateway": _gateway,
    "dns": _dns,
    "ping": _ping,
    "tcp": _tcp,
    "command": _command,
}
