# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A typing error in a variable of the role is one sentence that names the variable, and what to write instead."""

from __future__ import annotations

import typing as t

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import InvalidInput
from ansible_collections.elemental.networking.plugins.plugin_utils._play.claims_here import cluster, server
from ansible_collections.elemental.networking.plugins.plugin_utils._play.role_values import role_values, specification


@pytest.mark.parametrize(
    ("check", "given", "sentence"),
    [
        (cluster, {"kubconfig": "x"}, "machine_network_kubernetes has no option kubconfig; did you mean kubeconfig"),
        (cluster, {"Zz\x1b": "x"}, "machine_network_kubernetes has no option Zz"),
        (server, {"hots": "x"}, "machine_network_postgresql has no option hots; did you mean host"),
        (cluster, {"validate_certs": "maybe"}, "machine_network_kubernetes: argument 'validate_certs'"),
    ],
)
def test_an_option_that_is_not_known(check: t.Callable[[object], object], given: object, sentence: str) -> None:
    with pytest.raises(InvalidInput) as error:
        check(given)
    assert str(error.value).startswith(sentence)
    assert str(error.value).isprintable()


def test_other_names_of_an_option_are_known() -> None:
    assert cluster({"verify_ssl": "no", "ssl_ca_cert": "/x"})["validate_certs"] is False


def test_a_word_that_is_not_a_choice() -> None:
    options = specification(DataLoader())["configure"]
    with pytest.raises(InvalidInput) as error:
        role_values({"machine_network_ipam_backend": "cluster"}.get, options)
    expected = "machine_network_ipam_backend cluster is unknown; choose one of embedded, kubernetes, postgresql"
    assert str(error.value) == expected
    assert role_values({"machine_network_render_on": ""}.get, options)["machine_network_render_on"] == "node"
