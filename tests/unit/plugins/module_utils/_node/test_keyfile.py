# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keyfiles: what NetworkManager reads, what stays untouched, and that no secret gets out."""

from __future__ import annotations

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.keyfile import (
    KeyfileError,
    parse,
    redact,
    with_connection_value,
)
from hypothesis import given
from hypothesis import strategies as st

_LINES = st.text(max_size=20)
_SECRET = "hunter2"
# every secret property of libnm 1.52, with the section that it lives in
_SECRET_KEYS = [
    ("wifi-security", "psk"),
    ("802-11-wireless-security", "psk"),
    ("wifi-security", "wep-key0"),
    ("wifi-security", "wep-key1"),
    ("wifi-security", "wep-key2"),
    ("wifi-security", "wep-key3"),
    ("wifi-security", "leap-password"),
    ("802-1x", "password"),
    ("802-1x", "password-raw"),
    ("802-1x", "ca-cert-password"),
    ("802-1x", "client-cert-password"),
    ("802-1x", "phase2-ca-cert-password"),
    ("802-1x", "phase2-client-cert-password"),
    ("802-1x", "private-key"),
    ("802-1x", "private-key-password"),
    ("802-1x", "phase2-private-key"),
    ("802-1x", "phase2-private-key-password"),
    ("802-1x", "pin"),
    ("adsl", "password"),
    ("cdma", "password"),
    ("gsm", "password"),
    ("gsm", "pin"),
    ("macsec", "mka-cak"),
    ("pppoe", "password"),
    ("vpn-secrets", "password"),
    ("vpn-secrets", "anything-at-all"),
    ("vpn-secrets", "cookie-flags"),
    ("wireguard", "private-key"),
    ("wireguard-peer.YWJj", "preshared-key"),
    # what a plugin for a VPN takes, whatever it means to it
    ("vpn", "cookie"),
    ("vpn", "Xauth username"),
    ("vpn", "IPSec secret"),
    ("vpn", "gwcert"),
    ("vpn", "user-name"),
    ("proxy", "pac-script"),
]
# values that hold a secret although the key need not
_SECRET_VALUES = [
    ("802-1x", "client-cert", "data:;base64,{}"),
    ("802-1x", "ca-cert", "data:;base64,{}"),
    ("802-1x", "phase2-client-cert", "data:;base64,{}"),
    ("802-1x", "phase2-ca-cert", "48;130;{};"),
    ("802-1x", "client-cert", "{}"),
    ("802-1x", "client-cert", "pkcs11:token=card;pin-value={}"),
    ("802-1x", "client-cert", "pkcs11:token=card?pin-value={}"),
    ("proxy", "pac-url", "http://user:{}@proxy.example.com/proxy.pac"),
    ("proxy", "pac-url", "http://{}@proxy.example.com/proxy.pac"),
    ("user", "org.example.mirror", "https://user:{}@mirror.example.com"),
]


def test_a_keyfile_is_read_as_networkmanager_reads_it() -> None:
    text = (
        "# comment\n\n [connection] \nid = My profile \r\n\ttype=ethernet\n"
        "[ipv4]\nmethod=auto\n[connection]\nid=Last wins\n[user]\n"
    )
    keyfile = parse(text)
    assert keyfile.sections == {
        "connection": {"id": "Last wins", "type": "ethernet"},
        "ipv4": {"method": "auto"},
        "user": {},
    }
    assert keyfile.get("ipv4", "method") == "auto"
    assert keyfile.get("ipv4", "gateway") is None
    assert keyfile.get("ipv6", "method") is None


def test_white_space_inside_a_value_and_further_equal_signs_stay() -> None:
    assert parse("[a]\nkey= one = two ").get("a", "key") == "one = two"


def test_a_keyfile_does_not_show_its_values() -> None:
    assert _SECRET not in repr(parse(f"[wifi-security]\npsk={_SECRET}\n"))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"[connection]\nid=a\n{_SECRET}\n", 3),
        (f"[connection\n{_SECRET}=a\n", 1),
        (f"[]\n{_SECRET}=a\n", 1),
        (f"[a]\n={_SECRET}\n", 2),
        (f"[a] {_SECRET}\n", 1),
        (f"[a]\nkey[{_SECRET}=b\n", 2),
        (f"psk={_SECRET}\n[connection]\n", 1),
        (f"[a]\nb={_SECRET}\0\n", 2),
        (f"[a]\n; {_SECRET}\n", 2),
    ],
)
def test_an_unreadable_line_is_named_by_number_only(text: str, line: int) -> None:
    with pytest.raises(KeyfileError) as caught:
        parse(text)
    assert str(caught.value).startswith((f"line {line} ", f"line {line}, "))
    assert _SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("[connection", "[connection"),
        ("[]", "[]"),
        (f"[wifi-security]psk={_SECRET}", "[wifi-security]"),
        (f"[psk={_SECRET}", "[psk"),
        (f"[psk {_SECRET}", "[psk"),
        ("[con\x1bnection", "[con?nection"),
        ("[" + "x" * 100, "[" + "x" * 40),
    ],
)
def test_a_line_that_begins_a_section_is_quoted_as_far_as_its_name(line: str, shown: str) -> None:
    with pytest.raises(KeyfileError) as caught:
        parse(f"{line}\nid=eth0\n")
    assert str(caught.value).startswith(f"line 1, {shown}, is neither a [section], ")


@pytest.mark.parametrize(("section", "key"), _SECRET_KEYS)
def test_secrets_are_hidden(section: str, key: str) -> None:
    text = f"[{section}]\n{key} = {_SECRET}\nother=shown\n"
    assert _SECRET not in redact(text)
    assert f"{key} = <hidden>" in redact(text)


@pytest.mark.parametrize(("section", "key", "value"), _SECRET_VALUES)
def test_secrets_in_values_are_hidden(section: str, key: str, value: str) -> None:
    text = f"[{section}]\n{key}={value.format(_SECRET)}\n#{key}={value.format(_SECRET)}\nother=shown\n"
    line, comment = redact(text).split("\n")[1:3]
    assert line == f"{key}=<hidden>"
    assert comment == "# <hidden>"
    assert "other=shown" in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "[connection]\nid=password\ntype=wifi\n",
        "[wifi-security]\nkey-mgmt=wpa-psk\npsk-flags=1\nwep-key-type=1\nwep-tx-keyidx=0\n",
        "[vpn]\nservice-type=org.freedesktop.NetworkManager.openvpn\npassword-flags=0\npersistent=true\ntimeout=30\n",
        "[proxy]\nmethod=1\npac-url=http://proxy.example.com/proxy.pac\n",
        "[802-1x]\nca-cert=file:///etc/ca.pem\nclient-cert=pkcs11:token=card;object=me\nphase2-ca-cert=ca.pem\n",
        "[wireguard-peer.YWJj=]\nendpoint=vpn.example.com:51820\nallowed-ips=192.0.2.0/24;\npublic-key=/\n",
        "[802-1x]\nidentity=me\nclient-cert=/etc/cert.pem\nprivate-key-password-flags=1\n",
        "[ipv4]\n# static\naddress1=10.0.0.2/8,10.0.0.1\n\n[ethernet]\nmac-address=52:54:00:45:14:c5\n",
        "[wifi-security]\r\npsk=\r\n",
    ],
)
def test_what_is_no_secret_stays_byte_for_byte(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "text",
    [
        f"psk={_SECRET}",
        f"  PSK  =  {_SECRET}  ",
        f"psk: {_SECRET}",
        f"psk {_SECRET}",
        f"[wifi-security\npsk={_SECRET}",
        f"[vpn-secrets\ntoken={_SECRET}",
        f"[vpn-secrets] \r\ntoken={_SECRET}\r\n",
        f"#psk={_SECRET}",
        f"# the password is {_SECRET}",
        f"[vpn-secrets]\n# {_SECRET}",
        f"psk=two lines\n{_SECRET}",
        f"id=a\rpsk={_SECRET}",
        f"psk=a\r{_SECRET}=b",
        f"psk=a\u2028{_SECRET}=b",
        f"# comment\vpsk={_SECRET}",
        f"[vpn\ncookie={_SECRET}",
        f"[VPN]\n# {_SECRET}",
        f"# see http://me:{_SECRET}@example.com",
    ],
)
def test_secrets_are_hidden_in_text_that_is_no_good_keyfile(text: str) -> None:
    assert _SECRET not in redact(text)


@given(before=_LINES, after=_LINES)
def test_a_secret_is_hidden_whatever_stands_around_it(before: str, after: str) -> None:
    assert _SECRET not in redact(f"{before}\npsk={_SECRET}\n{after}")


@given(st.lists(_LINES))
def test_redacting_keeps_the_lines_countable_and_twice_is_once(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert redact(text).count("\n") == text.count("\n")
    assert redact(redact(text)) == redact(text)


def test_a_missing_value_is_inserted_behind_the_id() -> None:
    text = "# head\n[connection]\n id = a\ntype=ethernet\n\n[ipv4]\nmethod=auto"
    expected = "# head\n[connection]\n id = a\nuuid=U\ntype=ethernet\n\n[ipv4]\nmethod=auto"
    assert with_connection_value(text, "uuid", "U") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[connection]\ntype=a\n", "[connection]\nuuid=U\ntype=a\n"),
        ("[connection]\nid=a", "[connection]\nid=a\nuuid=U"),
        ("[connection]\r\nid=a\r\ntype=b\r\n", "[connection]\r\nid=a\r\nuuid=U\r\ntype=b\r\n"),
        ("[connection]\nuuid = old\nid=a\n", "[connection]\nuuid = U\nid=a\n"),
        ("[connection]\nuuid=\r\n", "[connection]\nuuid=U\r\n"),
        (
            "[connection]\nuuid=one\n[a]\nuuid=x\n[connection]\nuuid=two\n",
            "[connection]\nuuid=one\n[a]\nuuid=x\n[connection]\nuuid=U\n",
        ),
    ],
)
def test_a_value_is_set_and_the_rest_stays(text: str, expected: str) -> None:
    assert with_connection_value(text, "uuid", "U") == expected
    assert parse(expected).get("connection", "uuid") == "U"


def test_without_a_connection_section_there_is_nowhere_to_set_a_value() -> None:
    with pytest.raises(KeyfileError, match=r"no \[connection\] section"):
        with_connection_value("[ipv4]\nmethod=auto\n", "uuid", "U")
