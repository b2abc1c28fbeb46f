# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Profiles that would not come up where nobody is logged in."""

from __future__ import annotations

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._render import RenderError, render

HEAD = "[connection]\nid=eth0\ntype=ethernet\ninterface-name=eth0\n"


def rendered(text: str) -> None:
    """Render one keyfile."""
    render("nmconnections", {"eth0": text}, lambda *_: pytest.fail("no tool is needed"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{HEAD}permissions=user:operator:;\n", "profile eth0, line 5: with permissions"),
        (
            f"{HEAD}[802-1x]\nidentity=x\npassword=y\npassword-flags=1\n",
            "line 8: password-flags=1 means that the secret is not in",
        ),
        (f"{HEAD}[wifi-security]\nkey-mgmt=wpa-psk\npsk-flags=2\n", "line 7: psk-flags=2"),
        (f"{HEAD}[wifi-security]\npsk-flags=3\n", "psk-flags=3"),
        (f"{HEAD}[wifi-security]\npsk-flags=0x1\n", "psk-flags=0x1"),
        # what comes up with another profile does so without autoconnect, and loses it when nobody is logged in
        (f"{HEAD}autoconnect=false\nmaster=lan\npermissions=user:operator:;\n", "line 7: with permissions"),
        (f"{HEAD}autoconnect=false\ntype=bridge\npermissions=user:operator:;\n", "line 7: with permissions"),
    ],
)
def test_what_waits_for_a_person_is_refused_with_its_line(text: str, words: str) -> None:
    with pytest.raises(RenderError, match=words):
        rendered(text)


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}permissions=\n",
        f"{HEAD}permissions=;\n",
        f"{HEAD}autoconnect=false\npermissions=user:operator:;\n[802-1x]\npassword-flags=1\n",
        f"{HEAD}[wifi-security]\npsk-flags=0\n",
        f"{HEAD}[802-1x]\npassword-flags=4\n",
        f"{HEAD}[dcb]\napp-fcoe-flags=1\n",
        f"{HEAD}[802-1x]\npassword-flags=one\n",
    ],
)
def test_what_needs_nobody_is_not(text: str) -> None:
    rendered(text)
