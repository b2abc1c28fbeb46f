# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an inventory lists, and the advice where it may not: that of an inventory, not that of a play that claims."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes import connection
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.model import Query
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.sources import fetched
from ansible_collections.elemental.networking.tests.unit.borders.api_server import Server, asked, impatient, serve

pytest.importorskip("urllib3")


@pytest.fixture
def refused() -> set[str]:
    """The kinds that the user may not list."""
    return set()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, refused: set[str]) -> Server:
    """An API server with a claim."""
    impatient(monkeypatch)

    def change(_number: int, status: int, content: t.Any) -> tuple[int, t.Any]:
        plural = server.paths[-1].rpartition("/")[2]
        return (
            (403, {"message": f'User "x" cannot list resource "{plural}"'}) if plural in refused else (status, content)
        )

    server = Server(change)
    monkeypatch.setattr(connection, "connect", lambda _options: connection.Connection("https://h", server, dict))
    serve(server, [asked("a")])
    return server


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("namespaces", "resource", "advice"),
    [
        (
            ("ns",),
            "ipaddressclaims",
            "in namespace ns (403 Forbidden); let an administrator apply playbooks/files/machine-inventory-reader.yaml there, "
            "or name other namespaces",
        ),
        (
            ("ns",),
            "ipaddresses",
            "in namespace ns (403 Forbidden); let an administrator apply playbooks/files/machine-inventory-reader.yaml there, "
            "or name other namespaces",
        ),
        (
            (),
            "ipaddressclaims",
            "in all namespaces (403 Forbidden); let an administrator grant that in a ClusterRole, as "
            "playbooks/files/machine-inventory-reader.yaml shows it for one, or name some with namespaces",
        ),
    ],
)
def test_a_right_that_is_missing_is_that_of_an_inventory(
    refused: set[str], namespaces: tuple[str, ...], resource: str, advice: str
) -> None:
    assert [each["name"] for each in fetched(Query("claims", namespaces), print).claims] == ["a-ip"]
    refused.add(resource)
    with pytest.raises(IpamError) as error:
        fetched(Query("claims", namespaces), print)
    assert str(error.value) == f"this user may not list {resource} {advice}"
    assert (error.value.code, error.value.details["resource"]) == ("forbidden", resource)


def test_another_refusal_keeps_its_words(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_change", lambda _number, _status, _content: (401, {"message": "Unauthorized"}))
    with pytest.raises(IpamError, match="refuses the credentials"):
        fetched(Query("claims", ("ns",)), print)
