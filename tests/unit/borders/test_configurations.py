# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configurations as anybody may write them, and what a tool may answer: profiles, or one sentence."""

from __future__ import annotations

import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._node.tools.run import ToolRun
from ansible_collections.elemental.networking.plugins.module_utils._render import RenderError, Rendering, check, render
from ansible_collections.elemental.networking.tests.unit.borders.bounds import bounded
from hypothesis import given
from hypothesis import strategies as st

_Call = t.Callable[[], t.Any]

_WORDS = st.sampled_from(
    "name type state ipv4 ipv6 enabled address ip prefix-length valid-life-time interfaces routes route-rules config eth0 lo true false"
    " up down absent ethernet loopback ovs-bridge bridge port mtu mac-address identifier sriov:a:0 profile-name 1 7e3".split()
)
_SCALARS = st.one_of(_WORDS, st.text(max_size=8), st.integers(), st.booleans(), st.none(), st.floats())
_DOCUMENTS = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(_WORDS, st.text(max_size=4)), inner, max_size=4)
    ),
    max_leaves=12,
)
_INTERFACES = st.fixed_dictionaries(
    {"name": _SCALARS, "type": _SCALARS},
    optional={"ipv4": _DOCUMENTS, "ipv6": _DOCUMENTS, "bridge": _DOCUMENTS, "state": _SCALARS},
)

_SECTIONS = st.sampled_from(["[connection]", "[ipv4]", "[ipv6]", "[ethernet]", "[sriov]", "[vpn]", "[]", "[a", ""])
_KEYS = st.sampled_from(
    "id uuid type interface-name method address1 addresses address gateway dns dns-search route1 route1_options routing-rule0"
    " routing-rule10 total-vfs route-table psk # ;".split()
)
_VALUES = st.one_of(
    st.sampled_from(
        "auto manual disabled ethernet vlan eth0 10.0.0.5/24,10.0.0.1 10.0.0.5;24;10.0.0.1; fe80::1/64 10.0.0.1,10.0.0.2 255.255.255.0"
        " 10.0.0.5/255.255.255.0 {a} 99999999999 0 \r 6a1a0c5e-6a4b-5d0a-8a39-0f1a3c2b9d77 a;b, table=254".split()
        + [
            "priority 5 from 10.0.0.0/24 table 254",
            "priority 99999999999999 iif eth0 table 1",
            "auto # by DHCP",
            "eth0 ",
        ]
    ),
    st.text(max_size=20),
)
_LINES = st.one_of(_SECTIONS, st.builds("{}={}".format, _KEYS, _VALUES), st.text(max_size=12))
_KEYFILES = st.lists(_LINES, max_size=14).map("\n".join)
_NAMES = st.one_of(st.sampled_from(["eth0", "eth0.nmconnection", "../x", ""]), st.text(max_size=6))


def told(call: _Call) -> t.Any:
    """What a call gives, or None after one sentence."""
    with bounded():
        try:
            return call()
        except RenderError as error:
            sentence = str(error)
    assert sentence.strip()
    assert "Traceback" not in sentence
    return None


@given(_DOCUMENTS)
def test_any_document_is_taken_or_refused(document: t.Any) -> None:
    told(lambda: check("nmstate", document))


@given(st.lists(_INTERFACES, max_size=4))
def test_any_interfaces_are_taken_or_refused(interfaces: list[dict[str, object]]) -> None:
    told(lambda: check("nmc", {"interfaces": interfaces}))


@given(st.dictionaries(_NAMES, _KEYFILES, max_size=3))
def test_any_keyfiles_are_taken_or_refused(config: dict[str, object]) -> None:
    rendering: Rendering | None = told(lambda: render("nmconnections", config))
    for profile in rendering.profiles if rendering else ():
        again = render("nmconnections", {profile.file_name[: -len(".nmconnection")]: profile.text}).profiles
        assert again == (profile,)


@given(_NAMES, _KEYFILES, st.integers(1, 40))
def test_a_long_keyfile_is_no_more_than_long(name: str, text: str, times: int) -> None:
    told(lambda: render("nmconnections", {name: text * times}))


_ANSWERS = st.one_of(
    st.builds(ToolRun, output=st.one_of(st.text(max_size=40), _KEYFILES)),
    st.builds(ToolRun, files=st.dictionaries(_NAMES, _KEYFILES, max_size=4)),
    st.builds(
        ToolRun,
        error=st.one_of(st.text(min_size=1, max_size=30), st.just("Ignoring Auto IP address 10.0.0.1/24")),
        path=st.lists(st.one_of(st.integers(-1, 2), _WORDS), max_size=4).map(tuple),
    ),
)


@given(_ANSWERS)
def test_any_answer_of_a_tool_is_taken_or_refused(answer: ToolRun) -> None:
    config = {"interfaces": [{"name": "eth0", "type": "ethernet", "ipv4": {"enabled": True, "dhcp": True}}]}
    told(lambda: render("nmstate", config, lambda _configurator, _document: answer))


@given(st.integers(1, 30), st.integers(1, 30))
def test_many_rules_cost_no_more_than_many_lines(files: int, rules: int) -> None:
    """Each of them may be at each interface."""
    lines = [f"routing-rule{number}=priority {number % 7} from 10.0.0.{number}/32 table 254" for number in range(rules)]
    route = ["route0=0.0.0.0/0,10.0.0.1", "route0_options=table=254"]
    texts = {
        f"eth{number}.nmconnection": "\n".join(
            ["[connection]", f"id=eth{number}", "type=ethernet", "[ipv4]", "method=auto", *route, *lines, ""]
        )
        for number in range(files)
    }
    answer = ToolRun(files=texts)
    rendering = told(lambda: render("nmc", {"interfaces": [{"name": "eth0"}]}, lambda _configurator, _document: answer))
    found = [profile.text.count("routing-rule") for profile in rendering.profiles]
    assert found == [files * rules, *[0] * (files - 1)]
