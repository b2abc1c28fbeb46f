# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our comparison of what is written with what was understood, beside what NetworkManager's own reader says of each line.

FUZZ=1000 in the environment is how many keyfiles each suite gets (``make test-keyfiles``).
"""

from __future__ import annotations

import collections
import os
import re
import typing as t

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from plugins.module_utils._node.networkmanager.plain import is_plain
from plugins.module_utils._node.networkmanager.understood import losses, verdict
from plugins.module_utils._node.plan import judging
from plugins.module_utils._node.protocol import InvalidInput
from tests.testbed.reading import Reader, Reading

from .keyfiles import keyfiles, simple_keyfiles

SUITE = os.environ.get("TESTBED_SUITE") or "bookworm"
INPUTS = int(os.environ.get("FUZZ") or 100)
# what its reader drops without a word, which was looked at for each
SILENT = re.compile(
    r"vlan\.(ingress|egress)-priority-map|ipv[46]\.route\d*_options|ipv[46]\.(address|gateway)|sriov\.vf|tc\.|bridge-port\.|bond-port\."
    r"|(802-3-)?ethernet\.(duplex|speed)|team\.|ethtool\.|user\."
)
# it says what it derives of a prefix that is not there, or an element of a list is empty
NOTHING_LOST = r"missing prefix length|ignoring missing number|invalid prefix length for \S+ '[^/,;']+[/,;]([/,;'].*)?, defaulting|''$"
FAMILIES = ("ipv4", "ipv6")
SETTINGS = settings(
    max_examples=INPUTS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
    database=None,
)


@pytest.fixture(scope="module")
def reader() -> t.Iterator[Reader]:
    with Reader(SUITE) as reader:
        yield reader


class _Known:
    """The keys that a NetworkManager knows, asked for once for each kind of profile."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._found: dict[tuple[str, str], set[str]] = {}

    def of(self, text: str, sections: t.Iterable[str]) -> dict[str, set[str]]:
        kind = text.partition("type=")[2].partition("[")[0]
        for section in sections:
            if (kind, section) not in self._found:
                said = self._reader.nmcli(text, f"{section}.nothing", "").stderr
                choices = re.search(r"invalid property.*not among \[([^\]]*)\]", said)
                self._found[kind, section] = set(choices.group(1).split(", ")) if choices else set()
        return {section: self._found[kind, section] for section in sections}


def _ignored(reading: Reading, excuse: str = "$^") -> set[tuple[str, str]]:
    """Section and key of what it ignored, but for what it excuses."""
    result = set()
    for section, key, words in reading.ignored:
        if not re.search(excuse, words):
            named = re.search(r"'ipv[46]\.([-\w]+)'", words)
            result.add((section, key or (named.group(1) if named else "")))
    return result


def test_what_networkmanager_ignores_is_found_and_what_it_takes_is_not(reader: Reader) -> None:
    known, seen = _Known(reader), collections.Counter[str]()

    @SETTINGS
    @given(keyfiles())
    def differs_nowhere(text: str) -> None:
        reading = reader.read(text)
        seen["refused" if reading.refused else "read"] += 1
        if reading.refused:
            assert not is_plain(text)
            return
        lost = losses(text, reading.text)
        wrong, unknown = verdict(lost, known.of(text, {loss.entry.section for loss in lost}))
        seen["wrong lines"] += len(wrong)
        seen["unknown lines"] += len(unknown)
        named = {(loss.entry.section, loss.entry.key) for loss in lost}
        is_port = "\ncontroller=" in reading.text or "\nmaster=" in reading.text
        silent = re.compile(f"{SILENT.pattern}|ipv[46]|proxy" if is_port else SILENT.pattern)
        missed = {
            each
            for each in _ignored(reading, NOTHING_LOST) - named
            if not (is_port and each[0] in (*FAMILIES, "proxy"))
        }
        # a number since 1.52, whose default was no boolean before; an address line with a second gateway is named, not the first one's
        explained = {"dhcp-send-hostname", *("gateway" for _section, key in named if key.startswith("address"))}
        assert not {each for each in missed if each[1] not in explained}, (text, reading)
        ignored = _ignored(reading)
        false = [loss for loss in wrong if (loss.entry.section, loss.entry.key) not in ignored]
        assert all(silent.match(f"{loss.entry.section}.{loss.entry.key}") for loss in false), (false, text, reading)
        assert not is_plain(text) or not lost
        assert not losses(reading.text, reading.text)

    differs_nowhere()
    print(f"\nkeyfiles {SUITE}: {dict(seen)}")
    assert seen["read"] > seen["refused"]


def test_what_is_taken_for_plain_is_understood_to_the_last_line(reader: Reader) -> None:
    """Nobody asks NetworkManager about these."""
    seen = collections.Counter[bool]()

    @SETTINGS
    @given(simple_keyfiles())
    def is_right(text: str) -> None:
        seen[is_plain(text)] += 1
        reading = reader.read(text)
        assert not is_plain(text) or (not reading.refused and not reading.ignored and not losses(text, reading.text)), (
            reading
        )

    is_right()
    print(f"\nsimple keyfiles {SUITE}: {seen[True]} plain, {seen[False]} not")
    assert min(seen.values()) > INPUTS / 10


HEAD = "[connection]\nid=eth1\ntype=ethernet\ninterface-name=eth1\n"
STATIC = f"{HEAD}[ipv4]\nmethod=manual\naddress1=172.16.0.193/24\n"
WRONG = {
    STATIC + "dns=192.0.2.1,192.0.2.2\n": ["[ipv4] dns=192.0.2.1,192.0.2.2 was read as nothing"],
    STATIC + "dns=192.0.2.1;dns.test;\n": ["[ipv4] dns=192.0.2.1;dns.test; was read as 192.0.2.1;"],
    STATIC.replace("[ipv4]", "autoconnect=no\n[ipv4]"): ["[connection] autoconnect=no was read as nothing"],
    STATIC + "route1=198.51.100.0/24,172.16.0.300\nroute2=default,172.16.0.1\n": [
        "route1=198.51",
        "route2=default,172.16.0.1",
    ],
    STATIC + "routing-rule1=from 172.16.0.193 table 200\n": ["[ipv4] routing-rule1=from 172.16.0.193 table 200"],
    STATIC + "address2=172.16.1.1/24,172.16.1.9\ngateway=172.16.0.9\n": [
        "address2=172.16.1.1/24,172.16.1.9 was read as"
    ],
    HEAD + "[ipv6]\nmethod=disabled\ndns=fd00::53;\n": [
        "refuses profile",
        "ipv6.dns: this property is not allowed for",
    ],
    HEAD + "[ipv4]\nmethod=manual   # no DHCP\naddress1=172.16.0.197/24\n": [
        "refuses profile",
        "ipv4.method: property is invalid",
    ],
    HEAD + "[802-1x]\neap=peap;\nphase2-auth=mschapv2\nidentity=joe\npassword-flags=none\n": [
        "[802-1x] password-flags=none was read as nothing"
    ],
}
RIGHT = (
    STATIC.replace("/24", ";24;172.16.0.1"),
    STATIC.replace("address1", "addresses").replace("/24", ";24;172.16.0.1;"),
    STATIC.replace("/24", ""),
    STATIC.replace("/24", "/24,172.16.0.1") + "dns=192.0.2.1",
    STATIC.replace("type=ethernet", "type=802-3-ethernet") + "[802-3-ethernet]\nmac-address=00-11-22-AA-bb-CC\nmtu=0\n",
    STATIC.replace("\n", "\r\n"),
    STATIC.replace("id=eth1", "id=eth1\nuuid = 5E2B7C10-7C55-4E0B-8A57-0D6E1B1F4A11"),
    STATIC.replace("[ipv4]", "autoconnect=1\nautoconnect-priority=0\nzone=\n[ipv4]")
    + "may-fail=true\nnever-default=0\n",
    HEAD + "[802-1x]\neap=peap\nphase2-auth=mschapv2\nidentity=joe\npassword=a secret\nca-cert=file:///etc/ca.pem\n",
    "[connection]\nid=w\ntype=802-11-wireless\n[802-11-wireless]\nssid=65;66;67;\n[wifi-security]\nkey-mgmt=wpa-psk\npsk=secretsecret\n",
    "[connection]\nid=b\ntype=bond\n[bond]\ninterface-name=bond0\nmode=4\nmiimon=100\nlacp_rate=1\n",
    "[connection]\nid=p\ntype=ethernet\nmaster=br0\nslave-type=bridge\n[ipv4]\nmethod=disabled\n[ipv6]\nmethod=ignore\n",
)


@pytest.fixture
def judge(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> t.Callable[[str], list[str]]:
    """The judge of a node, with the nmcli of the suite."""
    monkeypatch.setattr(judging, "_READ", reader.command())
    return lambda text: judging.judge_profile("eth1.nmconnection", text)


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_line_is_named_with_what_became_of_it(judge: t.Callable[[str], list[str]], text: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape("nothing was changed")) as failure:
        judge(text)
    assert "eth1.nmconnection" in str(failure.value)
    assert [part for part in WRONG[text] if part not in str(failure.value)] == []


@pytest.mark.parametrize("text", RIGHT)
def test_other_spellings_are_no_mistakes(judge: t.Callable[[str], list[str]], text: str) -> None:
    assert judge(text) == []


@pytest.mark.parametrize("line", ["[ipv4]\ndns-serach=lab.test;", "[newer]\nkey=5", "[bond-port]\nnew-one=7"])
def test_what_a_newer_one_may_know_is_worth_a_warning(judge: t.Callable[[str], list[str]], line: str) -> None:
    (warning,) = judge(f"{STATIC}{line}\n")
    assert f"does not know {line.replace(chr(10), ' ')} in profile eth1.nmconnection" in warning


def test_a_secret_stays_hidden(judge: t.Callable[[str], list[str]]) -> None:
    with pytest.raises(InvalidInput) as failure:
        judge(HEAD + "[wireguard-peer.none]\npreshared-key=hunter2\n")
    assert "hunter2" not in str(failure.value)
    assert "preshared-key=<hidden> was read as nothing" in str(failure.value)


def test_nmcli_understands_what_the_library_does(reader: Reader) -> None:
    """So that what was found out with the one is true of the other."""
    for text in RIGHT:
        by_nmcli, reading = reader.nmcli(text), reader.read(text)
        lines = [set(each.splitlines()) for each in (by_nmcli.stdout, reading.text)]
        assert all(line.startswith(("uuid=", "addr-gen-mode=")) for line in lines[0] ^ lines[1]), text
