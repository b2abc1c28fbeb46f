# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which routes and servers a node has, and how a probe that fails says so."""

from __future__ import annotations

import re
import socket
import sys
import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.checks import probing
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import (
    PROBE_KINDS,
    Probe,
)

ZEROS = "0" * 32
ROUTER = "fe80" + "0" * 27 + "1"


def kernel_hex(address: str) -> str:
    """An IPv4 address as the kernel of this machine writes it in /proc/net/route."""
    return f"{int.from_bytes(socket.inet_aton(address), sys.byteorder):08X}"


def ipv4(
    interface: str, gateway: str, flags: str = "0003", metric: int = 100, target: str = "0.0.0.0", mask: str = "0.0.0.0"
) -> str:
    words = [
        interface,
        kernel_hex(target),
        kernel_hex(gateway),
        flags,
        "0",
        "0",
        str(metric),
        kernel_hex(mask),
        "0",
        "0",
        "0",
    ]
    return "\t".join(words)


def ipv6(
    interface: str, flags: str = "00000003", metric: str = "00000064", target: str = ZEROS, length: str = "00"
) -> str:
    return f"{target} {length} {ZEROS} 00 {ROUTER} {metric} 00000001 00000000 {flags}     {interface}"


@pytest.mark.parametrize(
    ("lines", "routes"),
    [
        ([], []),
        ([ipv4("eth0", "192.0.2.1")], [("eth0", "192.0.2.1")]),
        (
            [ipv4("eth0", "192.0.2.1", metric=200), ipv4("eth1", "198.51.100.1")],
            [("eth1", "198.51.100.1"), ("eth0", "192.0.2.1")],
        ),
        (
            [ipv4("eth1", "198.51.100.1"), ipv4("eth0", "192.0.2.1")],
            [("eth1", "198.51.100.1"), ("eth0", "192.0.2.1")],
        ),
        ([ipv4("eth0", "0.0.0.0", flags="0001")], []),
        ([ipv4("eth0", "192.0.2.1", flags="0002")], []),
        ([ipv4("eth0", "192.0.2.1", target="203.0.113.0", mask="255.255.255.0")], []),
        ([ipv4("tun0", "10.8.0.1", mask="128.0.0.0")], []),
        (["eth0\t00000000", ipv4("eth0", "192.0.2.1")], [("eth0", "192.0.2.1")]),
    ],
    ids=[
        "no line",
        "a gateway",
        "the lower metric is the better one",
        "of equal ones the first",
        "without a gateway",
        "not up",
        "to a network",
        "half of all addresses",
        "a line that is cut short",
    ],
)
def test_default_routes_of_ipv4(lines: list[str], routes: list[tuple[str, str]]) -> None:
    assert probing.routes_in(lines, probing._route) == routes


@pytest.mark.parametrize(
    ("lines", "routes"),
    [
        ([ipv6("eth0")], [("eth0", "fe80::1")]),
        ([ipv6("eth0", metric="00000400"), ipv6("eth1")], [("eth1", "fe80::1"), ("eth0", "fe80::1")]),
        ([ipv6("lo", flags="00200200")], []),
        ([ipv6("eth0", flags="00000203")], []),
        ([ipv6("eth0", flags="00450003")], [("eth0", "fe80::1")]),
        ([ipv6("eth0", target="20010db8" + "0" * 24, length="40")], []),
        ([ipv6("eth0", length="01")], []),
    ],
    ids=[
        "a gateway",
        "metrics are hexadecimal",
        "of the kernel",
        "rejected",
        "by an advertisement",
        "a network",
        "half",
    ],
)
def test_default_routes_of_ipv6(lines: list[str], routes: list[tuple[str, str]]) -> None:
    assert probing.routes_in(lines, probing._route_ipv6) == routes


@pytest.mark.parametrize(
    ("tables", "routes"),
    [
        ({"route": ["Iface", ipv4("eth0", "192.0.2.1")], "ipv6_route": [ipv6("eth1")]}, [("eth0", "192.0.2.1")]),
        ({"route": ["Iface"], "ipv6_route": [ipv6("eth1")]}, [("eth1", "fe80::1")]),
        ({"route": [], "ipv6_route": []}, []),
    ],
    ids=["IPv4 before IPv6", "IPv6 alone", "a kernel without both"],
)
def test_the_gateway_of_a_node(
    tables: dict[str, list[str]], routes: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "_lines", lambda file: tables[file.rpartition("/")[2]])
    assert probing.default_routes() == routes


class Segment:
    """A double of the ARP search: these addresses answer."""

    answering: t.ClassVar[set[str]] = {"192.0.2.1"}

    def __init__(self, interface: str, addresses: list[str], sender: str) -> None:
        self._asked = addresses

    def finish(self, seconds: float) -> dict[str, str]:
        return {address: "52:54:00:12:34:56" for address in self._asked if address in self.answering}


@pytest.mark.parametrize(
    ("route", "is_ethernet", "failure"),
    [
        (None, True, probing.NO_GATEWAY),
        (("eth0", "192.0.2.1"), True, ""),
        (("eth0", "192.0.2.9"), True, "192.0.2.9 does not answer on eth0"),
        (("ppp0", "192.0.2.1"), False, "echo of 192.0.2.1"),
        (("eth0", "fe80::1"), True, "echo of fe80::1"),
    ],
    ids=["none", "answers", "is silent", "not on Ethernet", "IPv6"],
)
def test_a_gateway_is_asked_by_arp_where_there_is_arp(
    route: tuple[str, str] | None, is_ethernet: bool, failure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "default_routes", lambda: [route] if route else [])
    monkeypatch.setattr(probing, "is_ethernet", lambda interface: is_ethernet)
    monkeypatch.setattr(probing, "address_of", lambda interface: "192.0.2.7")
    monkeypatch.setattr(probing, "ArpSearch", Segment)
    monkeypatch.setattr(probing, "_echo", lambda target, interface, timeout: f"echo of {target}")
    assert probing.run_probes([Probe("gateway", "gateway")], 1.0) == {"gateway": failure}


@pytest.mark.parametrize(
    ("probe", "failure"),
    [
        (Probe("p", "command", command="true"), ""),
        (Probe("p", "command", command="exit 3"), "exit code 3"),
        (Probe("p", "command", command="kill -9 $$"), "exit code -9"),
        (Probe("p", "command", command="exec sleep 1000", timeout=0.1), "no answer within 0.1 s"),
        (Probe("p", "tcp", target="127.0.0.1", port=1, timeout=5.0), "Connection refused"),
        (Probe("p", "tcp", target="a..b", port=1), ".*(codec|label).*"),
        (Probe("p", "knock"), "'knock'"),
    ],
    ids=["passes", "fails", "is killed", "hangs", "is refused", "is not a name", "of another release"],
)
def test_a_probe_fails_in_a_few_words(probe: Probe, failure: str) -> None:
    (found,) = probing.run_probes([probe], 60.0).values()
    assert re.fullmatch(failure, found)


def test_a_server_that_accepts_is_there() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        probe = Probe("ssh", "tcp", target="127.0.0.1", port=server.getsockname()[1], timeout=5.0)
        assert probing.run_probes([probe], 60.0) == {"ssh": ""}


@pytest.mark.parametrize(
    ("own", "within", "bound"), [(5.0, 60.0, 5.0), (5.0, 2.0, 2.0), (5.0, 0.0, 0.01), (5.0, -3.0, 0.01)]
)
def test_no_probe_outlasts_the_deadline(
    own: float, within: float, bound: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(probing._KINDS, "ping", lambda probe: f"{probe.timeout}")
    assert probing.run_probes([Probe("p", "ping", timeout=own)], within) == {"p": f"{bound}"}


def test_each_kind_that_a_request_may_have_is_known() -> None:
    assert set(probing._KINDS) == set(PROBE_KINDS)


@pytest.mark.parametrize(
    ("lines", "failure"),
    [
        ([], "/etc/resolv.conf names no server"),
        (["nameserver 192.0.2.1"], "192.0.2.1 does not answer"),
        (["nameserver 192.0.2.1", "nameserver 192.0.2.2"], "192.0.2.1, 192.0.2.2 do not answer"),
    ],
)
def test_silent_servers_are_named(lines: list[str], failure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "_lines", lambda file: lines)
    monkeypatch.setattr(probing, "_ask_server", lambda server, number: None)
    (found,) = probing.run_probes([Probe("dns", "dns", timeout=0.01)], 1.0).values()
    assert found.startswith(failure)
