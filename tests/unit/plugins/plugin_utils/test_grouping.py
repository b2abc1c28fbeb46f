# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records by what they are about."""

from __future__ import annotations

from ansible_collections.elemental.networking.plugins.plugin_utils._request.grouping import grouped


def test_records_are_in_their_order_under_the_value_of_a_field() -> None:
    a, b, other = {"host": "n1", "key": "a"}, {"host": "n1", "key": "b"}, {"key": "c"}
    assert grouped([a, other, b], "host") == {"n1": [a, b], None: [other]}
