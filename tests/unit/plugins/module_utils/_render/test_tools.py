# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused before a tool sees it, and how tools are run: no secret is left behind, a missing one is named."""

from __future__ import annotations

import datetime
import itertools
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node.tools.run import ToolRun, run_tool
from ansible_collections.elemental.networking.plugins.module_utils._render import RenderError, check, render

Make = t.Callable[[str, str], None]

NMC = 'test "$1" = generate && config=$3 && output=$5'


def _ethernet(**more: object) -> dict[str, object]:
    return {"interfaces": [{"name": "eth0", "type": "ethernet", **more}]}


_ADDRESS = {"ip": "192.0.2.10", "prefix-length": 24}


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (_ethernet(state="absent"), r"interfaces\[0\].state: absent cannot be rendered.*leave interface eth0 out"),
        (_ethernet(state="ignore"), r"interfaces\[0\].state: ignore cannot be rendered"),
        (
            _ethernet(ipv4={"enabled": True, "address": [_ADDRESS, {**_ADDRESS, "valid-life-time": "3412sec"}]}),
            r"interfaces\[0\].ipv4.address\[1\].valid-life-time: 3412sec cannot be rendered.*192.0.2.10 of interface eth0",
        ),
        (
            _ethernet(
                ipv6={"enabled": True, "address": [{"ip": "2001:db8::1", "prefix-length": 64, "valid-left": "1sec"}]}
            ),
            r"interfaces\[0\].ipv6.address\[0\].valid-left: 1sec cannot be rendered.*2001:db8::1 of interface eth0",
        ),
        (
            _ethernet(ipv4={"enabled": False, "address": [_ADDRESS]}),
            r"interfaces\[0\].ipv4.address of interface eth0 cannot be rendered beside enabled: false.*192.0.2.10",
        ),
        (
            _ethernet(ipv6={"enabled": "no", "autoconf": True, "dhcp": True}),
            r"interfaces\[0\].ipv6.dhcp of interface eth0 cannot be rendered beside enabled: false",
        ),
        (
            {"interfaces": [{"name": "lo", "type": "loopback", "mtu": 65535}]},
            r"interfaces\[0\].mtu: 65535 cannot be rendered, the tool leaves mtu of the loopback interface lo out",
        ),
        (
            {"interfaces": [{"name": "sriov:ens7f0:0", "type": "ethernet"}]},
            r"interfaces\[0\].name is sriov:ens7f0:0, a reference that only a running host resolves",
        ),
        (
            {"interfaces": [{"name": "b", "type": "bond", "link-aggregation": {"port": ["eth0", "sriov:ens7f0:1"]}}]},
            r"interfaces\[0\].link-aggregation.port\[1\] is sriov:ens7f0:1",
        ),
        (
            {
                "interfaces": [
                    {"name": "eth1-port", "type": "dummy"},
                    {"name": "br-ex", "type": "ovs-bridge", "bridge": {"port": [{"name": "eth1"}]}},
                ]
            },
            r"interfaces\[0\] and interfaces\[1\] have the same profile name, eth1-port",
        ),
        (_ethernet(dispatch={"post-activation": "true"}), r"interfaces\[0\].dispatch cannot be rendered"),
        ({"hostname": {"config": "node1"}}, "hostname cannot be rendered.*ansible.builtin.hostname"),
        ({"ovs-db": {"external_ids": {"a": "b"}}}, "ovs-db cannot be rendered.*ovs-vsctl"),
        ({"capture": {}, "desiredState": {}}, "capture cannot be rendered: a policy needs a running host"),
        (_ethernet(type="wifi"), r"interfaces\[0\].type: wifi is unknown; choose one of bond"),
        (
            _ethernet(**{"copy-mac-from": "eth1"}),
            r"interfaces\[0\].copy-mac-from cannot be rendered: only a running host",
        ),
        (_ethernet(type="hsr"), r"interfaces\[0\].type: hsr cannot be rendered.*nmconnections"),
        (_ethernet(identifier="mac-address"), r"interfaces\[0\].mac-address is missing"),
        (_ethernet(**{"mac-address": "zz"}), r"interfaces\[0\].mac-address is zz, which is not a valid MAC address"),
        (_ethernet(**{"mac-address": 40896000}), "is a number to YAML.*put it in quotes"),
        (_ethernet(ipv4={"dhcp": True}), r"interfaces\[0\].ipv4.enabled is missing"),
        (_ethernet(description="two\nlines"), r"interfaces\[0\].description holds a backslash, a line break"),
        (_ethernet(**{"802.1x": {"password": "a\\tb"}}), r"interfaces\[0\].802.1x.password holds a backslash"),
        (_ethernet(description=" x"), "begins or ends with white space"),
        (_ethernet(description=datetime.date(2026, 1, 1)), "is of type date.*put it in quotes"),
        ({"interfaces": [], 5: "x"}, "the key 5 in config is not a string"),
        ({"routes": {"config": [{"state": "absent"}]}}, r"routes.config\[0\].state: absent cannot be rendered"),
        (
            {"interfaces": [{"name": "eth0", "type": "ethernet"}, {"name": "eth0", "type": "ethernet"}]},
            r"interfaces\[0\] and interfaces\[1\] have the same profile name, eth0",
        ),
        ({}, "config is empty"),
    ],
)
@pytest.mark.parametrize("configurator", ["nmc", "nmstate"])
def test_what_a_tool_would_drop_or_garble_is_refused(
    configurator: str, config: dict[str, object], sentence: str
) -> None:
    with pytest.raises(RenderError, match=sentence):
        check(configurator, config)


@pytest.mark.parametrize(
    "config",
    [
        _ethernet(state="down"),
        _ethernet(ipv4={"enabled": False, "dhcp": False, "address": []}, ipv6={"enabled": False, "autoconf": "false"}),
        _ethernet(ipv4={"enabled": True, "address": [{**_ADDRESS, "valid-life-time": "forever"}]}),
        _ethernet(description="sriov:ens7f0:0"),
        {
            "interfaces": [
                {"name": "br-ex", "type": "ovs-bridge", "bridge": {"port": [{"name": "eth1"}, {"name": "br-ex"}]}},
                {"name": "br-ex", "type": "ovs-interface"},
                {"name": "eth1", "type": "ethernet"},
            ]
        },
    ],
)
def test_what_a_tool_renders_is_taken(config: dict[str, object]) -> None:
    check("nmstate", config)


def test_what_a_tool_leaves_out_is_an_error_at_any_level(tool: Make) -> None:
    """A newer version may leave out something else."""
    tool(
        "nmstatectl",
        "grep -q carrot && echo '[2026-01-01T00:00:00Z INFO  nmstate::ip] Ignoring carrot 7 of eth0' >&2; "
        "echo 'NetworkManager: []'",
    )
    with pytest.raises(RenderError) as refused:
        render("nmstate", _ethernet(mtu=1400, carrot=7))
    assert str(refused.value) == (
        "interfaces[0].carrot: Ignoring carrot 7 of eth0: the profile of interface eth0 would not have it, remove it or what it"
        " contradicts (nmstatectl)"
    )


def test_a_secret_that_breaks_a_keyfile_is_not_shown() -> None:
    with pytest.raises(RenderError) as refused:
        check("nmstate", _ethernet(**{"802.1x": {"password": "hunter\\2"}}))
    assert "hunter" not in str(refused.value)


def test_what_a_host_reports_is_a_warning(tool: Make) -> None:
    tool(
        "nmstatectl",
        "cat > /dev/null; printf 'NetworkManager:\\n- - eth0.nmconnection\\n  - |\\n'; "
        "printf '    %s\\n' '[connection]' id=eth0 type=ethernet",
    )
    rendering = render("nmstate", _ethernet(driver="virtio_net"))
    assert rendering.warnings == (
        "interfaces[0].driver has no effect: it is what a host reports and no wish; remove it",
    )


@pytest.mark.parametrize(("configurator", "role"), [("nmc", "nmc"), ("nmstate", "nmstatectl")])
def test_a_missing_tool_names_the_role(configurator: str, role: str, tool: Make) -> None:
    with pytest.raises(RenderError, match=f"the role elemental.networking.{role} installs it"):
        render(configurator, _ethernet())


def test_a_tool_for_another_machine_is_one_sentence(tool: Make, tmp_path: Path) -> None:
    (tmp_path / "fakes/nmstatectl").write_bytes(b"\x7fELF\x02\x01\x01" + bytes(60))
    (tmp_path / "fakes/nmstatectl").chmod(0o755)
    with pytest.raises(RenderError, match="nmstatectl cannot be started: Exec format error"):
        render("nmstate", _ethernet())


def test_output_that_is_no_rendering_is_one_sentence(tool: Make) -> None:
    tool("nmstatectl", "cat > /dev/null; echo hello")
    with pytest.raises(RenderError, match="nmstatectl gc printed something else than profiles"):
        render("nmstate", _ethernet())


def test_a_secret_in_a_complaint_is_hidden(tool: Make) -> None:
    tool("nmstatectl", "cat > /dev/null; echo 'NmstateError: InvalidArgument: bad password hunter2' >&2; exit 1")
    with pytest.raises(RenderError) as refused:
        render("nmstate", _ethernet(**{"802.1x": {"password": "hunter2"}}))
    assert "hunter2" not in str(refused.value)
    assert "bad password <hidden>" in str(refused.value)


def test_an_error_that_a_tool_only_logs_is_an_error(tool: Make) -> None:
    tool(
        "nmstatectl",
        "cat > /dev/null; echo '[2026-01-01T00:00:00Z ERROR nmstate::nm] cannot do it' >&2; echo 'NetworkManager: []'",
    )
    with pytest.raises(RenderError, match="cannot do it"):
        render("nmstate", _ethernet())


def test_nmc_works_in_a_private_folder_that_is_gone_afterwards(tool: Make, tmp_path: Path) -> None:
    """Nobody else can look in while it works, whatever the umask of the user, and only _all.yaml is in the folder."""
    seen = tmp_path / "seen"
    tool(
        "nmc",
        f"{NMC}; {{ stat -c %a $(dirname $config); stat -c %a $config/_all.yaml; ls -A $config; }} > {seen}; "
        f"mkdir -p $output/_all; echo x > $output/_all/eth0.nmconnection; stat -c %a $output/_all/eth0.nmconnection >> {seen}; "
        f"dirname $config > {tmp_path}/folder",
    )
    run = run_tool("nmc", '{"interfaces": []}')
    assert run.files == {"eth0.nmconnection": "x\n"}
    assert seen.read_text().split() == ["700", "600", "_all.yaml", "600"]
    assert not Path((tmp_path / "folder").read_text().strip()).exists()


def test_nmc_leaves_nothing_behind_when_it_fails(tool: Make, tmp_path: Path) -> None:
    tool(
        "nmc",
        f"{NMC}; dirname $config > {tmp_path}/folder; echo '[2026 ERROR nmc] Generating config failed: no' >&2; exit 1",
    )
    assert run_tool("nmc", '{"interfaces": []}').error == "Generating config failed: no"
    assert not Path((tmp_path / "folder").read_text().strip()).exists()


def test_the_document_never_is_an_argument_and_stays_out_of_what_is_printed() -> None:
    assert "hunter2" not in repr(ToolRun(output="hunter2", files={"a": "hunter2"}))


def test_the_order_of_rules_is_their_own(tool: Make) -> None:
    """The tool gives them another one in each run; at eth1 only where it may be, too."""
    first = "priority 100 from 192.0.2.0/24 table 200"
    rules = [first, "priority 101 to 198.51.100.0/24 table 200", "priority 1000 from 203.0.113.0/24 table 200"]
    found = set()
    for order in itertools.permutations(rules):
        lines = [f"routing-rule{number}={rule}" for number, rule in enumerate(order)]
        text = [
            *_SECTION,
            "route0=0.0.0.0/0,192.0.2.1",
            "route0_options=table=200",
            *lines,
            "",
            "[ipv6]",
            "method=disabled",
        ]
        files = {"eth0": text, "eth1": [*_SECTION, "route0=0.0.0.0/0,192.0.2.1", "route0_options=table=254"]}
        tool("nmstatectl", f"cat > /dev/null; cat <<'END'\n{_printed(files)}END")
        found.add(tuple((each.file_name, each.text) for each in render("nmstate", _ethernet()).profiles))
    assert len(found) == 1
    assert [line.partition("=")[2] for line in found.pop()[0][1].split("\n") if "routing-rule" in line] == rules


def test_a_rule_that_may_be_at_either_interface_is_at_the_first(tool: Make) -> None:
    rule = "routing-rule0=priority 100 from 192.0.2.0/24 table 254"
    found = set()
    for at in ("eth0", "eth1"):
        files = {
            name: [*_SECTION, "route0=0.0.0.0/0,192.0.2.1", "route0_options=table=254", *([rule] if name == at else [])]
            for name in ("eth1", "eth0")
        }
        tool("nmstatectl", f"cat > /dev/null; cat <<'END'\n{_printed(files)}END")
        found.add(tuple((each.file_name, each.text) for each in render("nmstate", _ethernet()).profiles))
    ((first, second),) = found
    assert rule in first[1]
    assert rule not in second[1]


_SECTION = ["[connection]", "id=x", "type=ethernet", "", "[ipv4]", "method=auto"]


def _printed(files: t.Mapping[str, t.Sequence[str]]) -> str:
    """What nmstatectl prints for these keyfiles; each has its name as id."""
    lines = ["NetworkManager:"]
    for name, text in files.items():
        lines += [f"- - {name}.nmconnection", "  - |"]
        lines += [f"    {line.replace('id=x', 'id=' + name)}" for line in text]
    return "\n".join(lines) + "\n"


def test_two_keyfiles_of_one_name_are_refused(tool: Make) -> None:
    first, second = _printed({"eth0": [*_SECTION, "mtu=1"]}), _printed({"eth0": [*_SECTION, "mtu=2"]}).split("\n", 1)[1]
    tool("nmstatectl", f"cat > /dev/null; cat <<'END'\n{first}{second}END")
    with pytest.raises(RenderError, match="two interfaces get the same profile name, eth0"):
        render("nmstate", _ethernet())


def test_text_stays_text(tool: Make, tmp_path: Path) -> None:
    """1e3 without quotes is a number to a reader of YAML 1.2."""
    tool("nmstatectl", f"cat > {tmp_path}/document; echo 'NetworkManager: []'")
    with pytest.raises(RenderError, match="no interface"):
        render("nmstate", {"interfaces": [{"name": "1e3"}]})
    assert '"1e3"' in (tmp_path / "document").read_text()
