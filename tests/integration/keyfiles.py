# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keyfiles as people write them, right and wrong, over the settings of nm-settings-keyfile(5), for hypothesis."""

from __future__ import annotations

import functools
import typing as t

from hypothesis import strategies as st

from plugins.module_utils._node.networkmanager.defaults import numbers_and_booleans

Line = t.Tuple[str, str, str]  # section, key, value
_Values = st.SearchStrategy[str]

_PRIVATE_KEY = "uMpHFZUjxNQEBhXfPm1v4J+rW5JaN3BnFw6OqHZT5nQ="
_PEER = "wireguard-peer.aPuR2mOQdxZnW3yqQqqvfGu5VOdTwTUQCdmQTrQP9lc="
_UUID = "5e2b7c10-7c55-4e0b-8a57-0d6e1b1f4a11"
# a profile's type (with more lines), what it cannot do without, and the sections that may be beside those that any may have
_KINDS: t.Mapping[str, t.Tuple[str, t.Tuple[str, ...]]] = {
    "ethernet": ("", ("ethernet", "802-1x", "sriov", "dcb")),
    "802-3-ethernet": ("", ("802-3-ethernet",)),
    "bridge": ("interface-name=br0", ("bridge", "ethernet")),
    "bond": ("interface-name=bond0\n[bond]\nmode=1\nmiimon=100", ("bond", "ethernet")),
    "team": ("interface-name=team0", ("team",)),
    "vlan": ("interface-name=v5\n[vlan]\nid=5\nparent=eth0", ("vlan", "ethernet")),
    "macvlan": ("interface-name=mv0\n[macvlan]\nparent=eth0\nmode=2", ("macvlan",)),
    "vxlan": ("interface-name=vx0\n[vxlan]\nid=5\nremote=192.0.2.9", ("vxlan", "ethernet")),
    "ip-tunnel": ("interface-name=gre1\n[ip-tunnel]\nmode=2\nremote=192.0.2.9", ("ip-tunnel",)),
    "dummy": ("interface-name=dummy0", ("dummy",)),
    "vrf": ("interface-name=vrf0\n[vrf]\ntable=10", ("vrf",)),
    "tun": ("interface-name=tap0\n[tun]\nmode=2", ("tun",)),
    "infiniband": ("[infiniband]\ntransport-mode=datagram", ("infiniband",)),
    "wireguard": (f"interface-name=wg0\n[wireguard]\nprivate-key={_PRIVATE_KEY}", ("wireguard", _PEER)),
    "wifi": ("[wifi]\nssid=net\n[wifi-security]\nkey-mgmt=wpa-psk\npsk=secretsecret", ("wifi", "wifi-security")),
    "loopback": ("interface-name=lo\n[loopback]\nmtu=1500", ("loopback",)),
    "ethernet\nmaster=br0\nslave-type=bridge": ("", ("bridge-port", "ethernet")),
    "ethernet\ncontroller=bond0\nport-type=bond": ("", ("bond-port", "ethernet")),
}
_FAMILIES = ("ipv4", "ipv6")
_ANY = ("connection", "ipv4", "ipv6", "match", "proxy", "ethtool", "user", "hostname", "tc")


def _one(*values: str) -> _Values:
    return st.sampled_from(values)


def _lists(*elements: str, separators: str = ";") -> _Values:
    parts = st.lists(_one(*elements), min_size=1, max_size=3)
    return st.builds(lambda each, sign, end: sign.join(each) + end, parts, _one(*separators, "; "), _one("", ";"))


_numbers = _one("0", "1", "-1", "2", "5", "010", "0x10", "099", "1500", "99999999999999999999", "+3", "1;", "ten")
_booleans = _one("true", "false", "1", "0", "yes", "no", "TRUE", "on", "2")
_words = _one("a", "ab-c", "a b", "a\\sb", "a;b", "a\\;b", "65;66;67;", "\\\\", "\u00e4", "#", "a=b", "0")
_MACS = ("00:11:22:aa:bb:cc", "00-11-22-AA-BB-CC", "0:11:22:aa:bb:cc", "00:11:22:AA:BB", "0;17;34;170;187;204;", "none")
_macs = _one(*_MACS)
_HOSTS = {
    "ipv4": ("192.0.2.5", "192.0.2.1", "198.51.100.7", "10.1.2.3", "0.0.0.0"),
    "ipv6": ("2001:db8::5", "2001:DB8:0:0::0006", "fe80::1", "::", "fd00::0:1"),
}
_WRONG_HOSTS = ("192.0.2.300", "gateway", "192.0.2.5x", "2001:db8::g", "192.0.2.1,192.0.2.2")
_LENGTHS = {"ipv4": ("24", "32", "8", "0", "33", ""), "ipv6": ("64", "128", "48", "129", "")}
_ATTRIBUTES = ("mtu=1400", "table=100", "onlink=true", "src=192.0.2.5", "window=x", "foo=1", "type=local", "mtu=abc")
_NETWORKS = {"ipv4": "192.0.2.0/24", "ipv6": "2001:db8::/32"}
_DOMAINS = ("lab.test", "corp.test", "~.", "a.b,c.d")

# what is neither a number nor a boolean
_VALUES: t.Mapping[str, t.Mapping[str, _Values]] = {
    "connection": {
        "zone": _words,
        "stable-id": _words,
        "interface-name": _one("eth1", "eth0.5"),
        "permissions": _lists("user:joe:", "user:ann"),
        "secondaries": _one(f"{_UUID};", _UUID),
        "uuid": _one(_UUID, _UUID.upper()),
        "newer-key": _booleans,
    },
    "ethernet": {
        "mac-address": _macs,
        "cloned-mac-address": _one(*_MACS, "preserve", "stable"),
        "mac-address-blacklist": _lists(*_MACS),
        "duplex": _one("full", "half"),
        "port": _one("tp", "x"),
    },
    "802-3-ethernet": {"mac-address": _macs},
    "bridge": {
        "vlans": _one("1", "1-5", "10 pvid untagged", "1 untagged, 2", "5 foo", "4096"),
        "group-address": _macs,
        "mac-address": _macs,
        "interface-name": _one("br0"),
        "vlan-protocol": _one("802.1Q", "802.1ad", "x"),
    },
    "bridge-port": {"vlans": _one("1", "5 untagged pvid", "x")},
    "bond": {
        "mode": _one("0", "1", "active-backup", "4", "802.3ad", "7", "x"),
        "miimon": _numbers,
        "updelay": _numbers,
        "foo": _numbers,
        "fail_over_mac": _one("1", "active", "follow", "x"),
        "xmit_hash_policy": _one("1", "layer2+3", "layer9"),
        "interface-name": _one("bond0"),
    },
    "vlan": {
        "ingress-priority-map": _one("0:1", "0:1;1:2;", "0:1,1:2", "9:1", "x"),
        "egress-priority-map": _one("3:4;", "3:x"),
        "interface-name": _one("v5"),
        "protocol": _one("802.1Q", "802.1ad", "x"),
    },
    "802-1x": {
        "eap": _lists("peap", "tls"),
        "identity": _words,
        "password": _words,
        "ca-cert": _one("/etc/ca.pem", "file:///etc/ca.pem", "ca.pem"),
        "phase2-auth": _one("mschapv2", "x"),
    },
    "sriov": {
        "vf.0": _one(
            "mac=00:11:22:aa:bb:cc trust=true", "trust=true mac=00:11:22:AA:BB:CC", "trust=maybe", "vlans=1.2.ad;2"
        ),
        "vf.x": _words,
    },
    "wifi": {
        "ssid": _one("net", "65;66;67;", "a\\sb", "\u00e4"),
        "mode": _one("infrastructure", "ap", "x"),
        "band": _one("a", "bg"),
        "security": _one("wifi-security"),
    },
    "wifi-security": {
        "pairwise": _lists("ccmp", "tkip"),
        "psk": _one("secretsecret", "a\\ssecret\\sof\\smine"),
        "psk-flags": _one("0", "1"),
    },
    "match": {key: _lists("eth*", "!eth5", "&x", "|y") for key in ("interface-name", "driver", "path")},
    "ethtool": {
        "feature-gro": _booleans,
        "feature-nope": _booleans,
        "ring-rx": _numbers,
        "coalesce-rx-usecs": _numbers,
        "pause-rx": _booleans,
    },
    "user": {"some.key": _words},
    "proxy": {"pac-url": _words},
    "tc": {
        "qdisc.root": _one("fq_codel", "fq_codel limit 1000", "bad bad"),
        "qdisc.ingress": _one(""),
        "tfilter.ffff:": _one("matchall action simple sdata X"),
    },
    "team": {"config": _one('{"runner": {"name": "activebackup"}}', "{")},
    "ip-tunnel": {"local": _one(*_HOSTS["ipv4"]), "parent": _one("eth0")},
    "vxlan": {"local": _one(*_HOSTS["ipv4"]), "parent": _one("eth0")},
    "infiniband": {"mac-address": _macs},
    _PEER: {
        "endpoint": _one("192.0.2.1:51820", "[2001:db8::1]:5", "x"),
        "allowed-ips": _lists("10.0.0.0/8", "FD00::/8", "192.0.2.4", "x"),
        "persistent-keepalive": _numbers,
        "foo": _words,
    },
}


def _family(section: str) -> dict[str, _Values]:
    """Keys of ``[ipv4]`` or ``[ipv6]``; addresses, routes and rules have some."""
    network, hosts = _NETWORKS[section], _one(*_HOSTS[section], *_HOSTS[section], *_WRONG_HOSTS)
    start = st.builds("{}{}{}".format, hosts, _one("/", "/", ";", ","), _one(*_LENGTHS[section]))
    gateway = st.one_of(_one("", "", ";"), st.builds("{}{}".format, _one(",", ",", ";"), hosts))
    hop = st.one_of(_one("", ","), st.builds(",{}{}".format, hosts, _one("", ",5", ";7", ",x", ";")))
    rules = _one(
        f"priority 5 from {network} table 200",
        f"priority 6 to {network} table main",
        f"table 300 from {network} priority 7",
        f"from {network} table 200",
        "priority x table 5",
    )
    listed = {
        **{
            key: st.builds("{}{}".format, start, gateway)
            for key in ("address1", "address2", "address", "addresses", "address10")
        },
        **{key: st.builds("{}{}".format, start, hop) for key in ("route1", "route2", "route", "routes3", "route12")},
        **{key: st.lists(_one(*_ATTRIBUTES), min_size=1).map(",".join) for key in ("route1_options", "route2_options")},
        **{key: rules for key in ("routing-rule1", "routing-rule2", "routing-rule")},
    }
    single = {
        "gateway": hosts,
        "dns": _lists(*_HOSTS[section], *_HOSTS[section], *_WRONG_HOSTS, separators=";,"),
        "dns-search": _lists(*_DOMAINS),
        "dns-options": _lists("ndots:3", "rotate", "foo"),
        "dhcp-client-id": _one("mac", "stable", "01:aa:BB", "x y"),
        "dns-serach": _lists(*_DOMAINS),
    }
    of_ipv6 = {"addr-gen-mode": _one("eui64", "0", "1", "stable-privacy", "3", "none"), "token": _one("::5", "x")}
    return {**listed, **single, **(of_ipv6 if section == "ipv6" else {})}


def _typed(section: str) -> dict[str, _Values]:
    """The numbers and booleans of a section, all that have a default."""
    name = "ethernet" if section == "802-3-ethernet" else section
    return {
        key: st.one_of(_booleans if default in ("true", "false") else _numbers, st.just(default))
        for key, default in numbers_and_booleans(name)
    }


def _lines_of(section: str) -> list[st.SearchStrategy[Line]]:
    """Numbers and booleans are as frequent as all the others together."""
    others = {**_VALUES.get(section, {}), **(_family(section) if section in _FAMILIES else {})}
    groups = [group for group in (_typed(section), others) if group]
    return [st.one_of([_line(section, key, values) for key, values in group.items()]) for group in groups]


def _line(section: str, key: str, values: _Values) -> st.SearchStrategy[Line]:
    return st.tuples(st.just(section), st.just(key), values)


@functools.lru_cache(maxsize=None)
def _lines(kind: str) -> st.SearchStrategy[list[Line]]:
    own, families = [line for section in _KINDS[kind][1] for line in _lines_of(section)], []
    for section in _FAMILIES:
        families += _lines_of(section)
    others = [line for section in _ANY if section not in _FAMILIES for line in _lines_of(section)]
    return st.lists(st.one_of(st.one_of(own), st.one_of(families), st.one_of(others)), max_size=6)


def _section_with_method(draw: st.DrawFn, family: str, kind: str, lines: t.Sequence[Line]) -> str:
    """Mostly a method that goes with the lines."""
    own = [line for line in lines if line[0] == family]
    has_address = any(key.startswith("address") for _section, key, _value in own)
    if kind == "wireguard" and not own:
        return ""
    fitting = ["manual", "manual", "auto"] if has_address else ["auto"] if own else ["auto", "disabled", "ignore", ""]
    method = draw(st.sampled_from(fitting))
    return f"[{family}]\nmethod={method}\n" if method else ""


@functools.lru_cache(maxsize=None)
def _lines(kind: str) -> st.SearchStrategy[list[Line]]:
    sections = (*_ANY, *_KINDS[kind][1])
    return st.lists(st.one_of([line for section in sections for line in _lines_of(section)]), max_size=6)


@st.composite
def _keyfile(draw: st.DrawFn, kind: str) -> str:
    needed, lines = _KINDS[kind][0], draw(_lines(kind))
    text = f"[connection]\nid=some profile\ntype={kind}\n{needed}\n"
    text += "".join(_section_with_method(draw, family, kind, lines) for family in _FAMILIES)
    around = draw(_one("", "", " "))
    text += "".join(f"[{section}]\n{key}{around}={around}{value}\n" for section, key, value in lines)
    return text.replace("\n", draw(_one("\n", "\n", "\r\n")))


@functools.lru_cache(maxsize=None)
def _of_kind(kind: str) -> st.SearchStrategy[str]:
    return _keyfile(kind)


def keyfiles() -> st.SearchStrategy[str]:
    """Keyfiles of all kinds, most of which NetworkManager takes, as a whole or in part."""
    return st.sampled_from(list(_KINDS)).flatmap(_of_kind)


def simple_keyfiles() -> st.SearchStrategy[str]:
    """Keyfiles of ethernet interfaces with an address or a lease, as most are; a few of them are wrong."""
    own = [
        _line("connection", "interface-name", _one("eth1", "enp1s0f0", "eth0.5", "a b")),
        _line("connection", "autoconnect", _one("true", "true", "false", "no")),
        _line("connection", "autoconnect-priority", _one("5", "-10", "999", "1000")),
        _line("ethernet", "mac-address", _one("00:11:22:aa:bb:cc", "00:11:22:AA:BB:CC", "00-11-22-AA-BB-CC")),
        _line("ethernet", "mtu", _one("1500", "9000", "1400", "010")),
        _line("ipv6", "addr-gen-mode", _one("eui64", "stable-privacy", "eui64", "none")),
    ]
    for family in _FAMILIES:
        host, length = _one(*_HOSTS[family][:4], _WRONG_HOSTS[0]), _one(*_LENGTHS[family][:2])
        address = st.builds(
            lambda each, bits, hop: f"{each}/{bits}{hop}", host, length, st.one_of(st.just(""), host.map(",{}".format))
        )
        own += [_line(family, key, address) for key in ("address1", "address2")] * 2
        own.append(
            _line(family, "dns", st.builds("{};{}".format, host, st.one_of(st.just(""), host.map("{};".format))))
        )
        own.append(_line(family, "dns-search", _one("lab.test", "lab.test;corp.test;", "a.b;", "a,b")))
        own += [_line(family, key, _one("true", "true", "false", "no")) for key in ("may-fail", "ignore-auto-dns")]
        own.append(_line(family, "route-metric", _one("100", "5", "x")))
    lines = st.lists(st.one_of(own), max_size=4, unique_by=lambda line: line[:2])
    return st.builds(_simple, lines, _one("", "", "auto", "manual"))


def _simple(lines: t.Sequence[Line], wish: str) -> str:
    text = "[connection]\nid=some profile\ntype=ethernet\n"
    for family in _FAMILIES:
        keys = [key for section, key, _value in lines if section == family]
        fitting = "manual" if "address1" in keys else "auto" if keys else "disabled"
        text += f"[{family}]\nmethod={wish or fitting}\n" if keys or wish else ""
    return text + "".join(f"[{section}]\n{key}={value}\n" for section, key, value in lines)
