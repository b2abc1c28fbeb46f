# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written beside what was understood; ``tests/integration/test_keyfiles.py`` has NetworkManager's own answers."""

from __future__ import annotations

import stat
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node import paths
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.plain import is_plain
from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.understood import (
    losses,
    verdict,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.plan import judging
from ansible_collections.elemental.networking.plugins.module_utils._node.plan.planning import Plan
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import InvalidInput, WantedProfile

PLAIN = "[connection]\nid=eth1\ntype=ethernet\n[ipv4]\nmethod=manual\naddress1=192.0.2.5/24,192.0.2.1\ndns=192.0.2.1;\n"


def lost(written: str, understood: str) -> list[tuple[str, str]]:
    """Each lost value, and what it was read as."""
    return [(loss.entry.value, loss.read_as) for loss in losses(written, understood)]


@pytest.mark.parametrize(
    ("written", "understood"),
    [
        ("[connection]\ntype=802-3-ethernet\n", "[connection]\ntype=ethernet\n"),
        ("[connection]\nuuid = 5E2B7C10-7C55-4E0B-8A57-0D6E1B1F4A11\r\n", "[connection]\nuuid=5e2b7c10-7c55-4e0b-8a57-0d6e1b1f4a11\n"),
        ("[connection]\nautoconnect=true\nautoconnect-priority=0\nzone=\n", "[connection]\n"),
        ("[connection]\nautoconnect=0\n", "[connection]\nautoconnect=false\n"),
        ("[connection]\nmaster=br0\nslave-type=bridge\n", "[connection]\ncontroller=br0\nport-type=bridge\n"),
        ("[connection]\npermissions=user:joe\n", "[connection]\npermissions=user:joe:;\n"),
        ("[connection]\nautoconnect=no\nautoconnect=false\n", "[connection]\nautoconnect=false\n"),
        ("[802-3-ethernet]\nmac-address=aa-BB-cc-dd-ee-ff\n", "[ethernet]\nmac-address=AA:BB:CC:DD:EE:FF\n"),
        ("[ethernet]\nmac-address-blacklist=0:1:2:3:4:5\n", "[ethernet]\nmac-address-denylist=00:01:02:03:04:05;\n"),
        ("[vlan]\nid=05\ninterface-name=v5\n", "[connection]\ninterface-name=v5\n[vlan]\nid=5\n"),
        ("[vrf]\ntable=0x10\n", "[vrf]\ntable=16\n"),
        ("[wifi]\nssid=65;66;\n", "[wifi]\nssid=AB\n"),
        ("[wifi]\nssid=a b\n", "[wifi]\nssid=a\\sb\n"),
        ("[wifi-security]\npsk=secret\npsk-flags=1\n", "[wifi-security]\npsk-flags=1\n"),
        ("[bond]\nmode=1\nmiimon=100\n", "[bond]\nmiimon=100\nmode=active-backup\n"),
        ("[802-1x]\nca-cert=file:///etc/ca.pem\n", "[802-1x]\nca-cert=/etc/ca.pem\n"),
        ("[sriov]\nvf.0=trust=true mac=00:11:22:aa:bb:cc\n", "[sriov]\nvf.0=mac=00:11:22:AA:BB:CC trust=true\n"),
        ("[bridge]\nvlans=1 untagged pvid,2\n", "[bridge]\nvlans=1 pvid untagged, 2\n"),
        ("[team]\nconfig={ }\n", "[team]\nconfig={}\n"),
        ("[tc]\nqdisc.ingress=\nqdisc.root=fq\n", "[tc]\nqdisc.root=fq\nqdisc.ffff:fff1=ingress\n"),
        ("[wireguard-peer.k]\nallowed-ips=192.0.2.4;FD00::/8\n", "[wireguard-peer.k]\nallowed-ips=192.0.2.4/32;fd00::/8;\n"),
        ("[ipv6]\naddr-gen-mode=1\n", "[ipv6]\naddr-gen-mode=stable-privacy\n"),
        ("[ipv6]\ndns=FD00:0::53\n", "[ipv6]\ndns=fd00::53;\n"),
        ("[ipv4]\naddresses=192.0.2.5;24;192.0.2.1;\n", "[ipv4]\naddress1=192.0.2.5/24\ngateway=192.0.2.1\n"),
        ("[ipv4]\naddress7=192.0.2.5\n", "[ipv4]\naddress1=192.0.2.5/24\n"),
        ("[ipv4]\nroute9=10.0.0.0/8;1.1.1.1\nroute9_options=mtu=9\n", "[ipv4]\nroute1=10.0.0.0/8,1.1.1.1\nroute1_options=mtu=9,table=9"),
        ("[ipv4]\nrouting-rule4=from 192.0.2.0/24 priority 5 table 9\n", "[ipv4]\nrouting-rule1=priority 5 from 192.0.2.0/24 table 9\n"),
        ("[ipv4]\nrouting-rule1=order 5 lookup 9\n", "[ipv4]\nrouting-rule1=priority 5 table 9\n"),
        ("[ipv4]\nrouting-rule1=pref 0x5\nrouting-rule2=pref  5\n", "[ipv4]\nrouting-rule1=priority 5\nrouting-rule2=priority 5\n"),
        ("[ipv4]\nmethod=disabled\nmay-fail=false\n", "[connection]\nmaster=br0\n"),
    ],
)  # fmt: skip
def test_another_spelling_is_no_loss(written: str, understood: str) -> None:
    assert lost(written, understood) == []


@pytest.mark.parametrize(
    ("written", "understood", "expected"),
    [
        ("[connection]\nautoconnect=no\n", "[connection]\n", [("no", "")]),
        ("[connection]\nautoconnect=false\n", "[connection]\n", [("false", "")]),
        ("[ipv4]\ndns=192.0.2.1,192.0.2.2\n", "[ipv4]\n", [("192.0.2.1,192.0.2.2", "")]),
        ("[ipv4]\ndns=192.0.2.1;x;\n", "[ipv4]\ndns=192.0.2.1;\n", [("192.0.2.1;x;", "192.0.2.1;")]),
        ("[ipv4]\naddress1=192.0.2.5/33\naddress2=192.0.2.6/24\n", "[ipv4]\naddress1=192.0.2.6/24\n", [("192.0.2.5/33", "")]),
        ("[ipv4]\naddress1=10.0.0.5/24,10.0.0.1\n", "[ipv4]\naddress1=10.0.0.5/24\ngateway=10.0.0.9\n", [("10.0.0.5/24,10.0.0.1", "")]),
        ("[ipv4]\nroute1=10.0.0.0/8,192.0.2.300\n", "[ipv4]\nroute1=10.0.0.0/8\n", [("10.0.0.0/8,192.0.2.300", "")]),
        ("[ipv4]\nrouting-rule1=from 192.0.2.0/24 table 9\n", "[ipv4]\n", [("from 192.0.2.0/24 table 9", "")]),
        ("[ipv4]\nrouting-rule1=pref 5\nrouting-rule2=pref 5 tabel 8\n", "[ipv4]\nrouting-rule1=priority 5\n", [("pref 5 tabel 8", "")]),
        ("[vlan]\ningress-priority-map=0:1,1:2\n", "[vlan]\n", [("0:1,1:2", "")]),
        ("[ethernet]\nmtu=abc\n", "[ethernet]\n", [("abc", "")]),
        ("[ethtool]\nring-rx=-1\n", "[ethtool]\nring-rx=4294967295\n", [("-1", "4294967295")]),
        ("[tun]\nmode=1;\n", "[tun]\n", [("1;", "")]),
        ("[ipv4]\naddress1=192.0.2.5/24\n", "[connection]\nmaster=br0\n", [("192.0.2.5/24", "")]),
    ],
)  # fmt: skip
def test_what_became_nothing_or_something_else_is_a_loss(
    written: str, understood: str, expected: list[tuple[str, str]]
) -> None:
    assert lost(written, understood) == expected


def test_a_key_that_is_not_known_is_told_from_a_wrong_value() -> None:
    written = "[ipv4]\ndns-serach=lab.test\nmay-fail=no\nnewer=1\n[bond]\nfuture_option=1\nmiimon=x\n"
    wrong, unknown = verdict(losses(written, ""), {"ipv4": {"dns-search", "may-fail", "newer"}})
    assert [loss.entry.key for loss in wrong] == ["may-fail", "miimon"]
    assert [loss.entry.key for loss in unknown] == ["dns-serach", "newer", "future_option"]


@pytest.mark.parametrize(
    "change",
    [
        ("dns=192.0.2.1;", "dns=192.0.2.1,192.0.2.2"),
        ("method=manual", "method=disabled"),
        ("address1=192.0.2.5/24", "address1=192.0.2.5"),
        ("dns=", "dsn="),
        ("id=eth1", "id=eth1\nid=eth2"),
        ("id=eth1", "id=eth1\nautoconnect=yes"),
        ("type=ethernet", "type=bridge"),
        ("dns=", "route1=10.0.0.0/8,192.0.2.300\ndns="),
        ("[ipv4]", "[ipv6]\n[ipv4]"),
    ],
)
def test_only_what_is_sure_is_plain(change: tuple[str, str]) -> None:
    assert is_plain(f"{PLAIN}route1=0.0.0.0/0,192.0.2.1\n")
    assert not is_plain(PLAIN.replace(*change))


@pytest.fixture
def nmcli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> t.Callable[[str], Path]:
    """Put a script in its place; the file says how often it was started."""
    monkeypatch.setattr(judging, "_ENVIRONMENT", {"PATH": str(tmp_path)})
    monkeypatch.setattr(paths, "INSTALLED_PROFILES", str(tmp_path))

    def put(script: str) -> Path:
        file, starts = tmp_path / "nmcli", tmp_path / "starts"
        file.write_text(f"#!/bin/sh\necho >> {starts}\n{script}\n")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
        return starts

    return put


def _plan(text: str) -> Plan:
    profile = WantedProfile("eth1.nmconnection", "uuid-1", "ethernet", "eth1", text)
    return Plan((profile,), (), {}, {profile.file_name: "content differs"}, (), (), {})


def test_networkmanager_is_not_asked_about_what_is_plain_or_installed_already(
    tmp_path: Path, nmcli: t.Callable[[str], Path]
) -> None:
    starts, text = nmcli("exit 1"), PLAIN + "may-fail=no\n"
    (tmp_path / "eth1.nmconnection").write_text(text)
    assert judging.judge(_plan(PLAIN)) == judging.judge(_plan(text)) == []
    assert not starts.exists()


def test_its_own_reason_is_given(nmcli: t.Callable[[str], Path]) -> None:
    nmcli("echo 'Error: Error writing connection: ipv4.dns: it is not allowed' >&2; exit 1")
    with pytest.raises(
        InvalidInput, match=r"refuses profile eth1.nmconnection: ipv4.dns: it is not allowed; correct it"
    ):
        judging.judge(_plan(PLAIN + "may-fail=no\n"))
    assert "ipv4.dns: it is not allowed" in judging.refusal("eth1.nmconnection", PLAIN)


@pytest.mark.parametrize("script", ["", "echo \"Error: Option '--offline' is unknown\" >&2; exit 2", "kill -9 $$"])
def test_a_host_where_nmcli_cannot_say_is_no_reason_to_stop(nmcli: t.Callable[[str], Path], script: str) -> None:
    if script:
        nmcli(script)
    (warning,) = judging.judge(_plan(PLAIN + "may-fail=no\n"))
    assert "nmcli cannot be run on this host" in warning
    assert "log on this host" in judging.refusal("eth1.nmconnection", PLAIN)
