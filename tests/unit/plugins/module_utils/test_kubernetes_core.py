# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""kubernetes.core and the Python library promise nothing of what is used of them: a change is no fault of the credentials."""

from __future__ import annotations

import sys
import types
import typing as t

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.connection import (
    connect,
    secrets_of,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError

_CORE = "ansible_collections.kubernetes.core.plugins.module_utils.k8s"


def _configuration(_auth: dict[str, t.Any]) -> t.Any:
    return types.SimpleNamespace(
        host="https://h/",
        auth_settings=lambda: {"token": {"in": "header", "key": "authorization", "value": "Bearer x"}},
    )


def _auth_spec(_module: object = None, **given: t.Any) -> dict[str, t.Any]:
    return given


def _headers(_module: object = None, **_given: t.Any) -> dict[str, str]:
    return {}


def _client(_configuration: object) -> t.Any:
    return types.SimpleNamespace(rest_client=types.SimpleNamespace(pool_manager="pool"))


def _install(monkeypatch: pytest.MonkeyPatch, client: t.Any = _client, **functions: t.Any) -> None:
    """Be these two libraries."""
    core = {"_create_auth_spec": _auth_spec, "_create_configuration": _configuration, "_create_headers": _headers}
    known = {name: function for name, function in {**core, **functions}.items() if function}
    parts = _CORE.split(".")
    for length in range(2, len(parts) + 1):
        monkeypatch.setitem(sys.modules, ".".join(parts[:length]), types.ModuleType(parts[length - 1]))
    monkeypatch.setattr(sys.modules[_CORE], "client", types.SimpleNamespace(**known), raising=False)
    library = types.ModuleType("kubernetes")
    library.client = types.SimpleNamespace(ApiClient=client)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "kubernetes", library)
    monkeypatch.setitem(sys.modules, "kubernetes.client", library.client)


def test_a_connection_is_what_the_two_libraries_make_of_the_options(monkeypatch: pytest.MonkeyPatch) -> None:
    _install(monkeypatch)
    connection = connect({"host": "https://h"})
    assert (connection.host, connection.pool) == ("https://h", "pool")
    assert connection.headers() == {"authorization": "Bearer x"}


def test_options_go_to_kubernetes_core_under_their_own_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lookup gets them as they were written, with aliases."""
    given: dict[str, t.Any] = {}
    _install(monkeypatch, _create_auth_spec=lambda _module=None, **options: given.update(options) or {})
    headers = {"proxy_basic_auth": "svc:not-a-real-secret"}
    connect({"proxy_headers": headers, "persist_config": True, "verify_ssl": False, "ssl_ca_cert": "/ca", "foo": 1})
    assert given == {"proxy_headers": headers, "persist_config": True, "validate_certs": False, "ca_cert": "/ca"}


def test_what_a_proxy_is_told_is_hidden() -> None:
    headers = {"proxy_basic_auth": "svc:secret-1", "basic_auth": "svc:secret-2", "user_agent": "netops"}
    assert secrets_of({"kubeconfig": {}, "proxy_headers": headers}) == {"svc:secret-1", "svc:secret-2"}


@pytest.mark.parametrize(
    "functions",
    [
        {"_create_auth_spec": None},
        {"_create_configuration": None},
        {"_create_headers": None},
        {"_create_auth_spec": lambda: {}},
        {"_create_configuration": lambda _auth, _more: None},
        {"_create_headers": 7},
    ],
)
def test_another_kubernetes_core_is_named(monkeypatch: pytest.MonkeyPatch, functions: dict[str, t.Any]) -> None:
    _install(monkeypatch, **functions)
    with pytest.raises(
        IpamError, match=r"the installed version of the collection kubernetes\.core is not known"
    ) as error:
        connect({"host": "https://h"})
    assert next(iter(functions)) in str(error.value)
    assert "credentials" not in str(error.value)


@pytest.mark.parametrize(
    "client", [lambda _configuration: object(), lambda _configuration: types.SimpleNamespace(rest_client=1)]
)
def test_another_python_library_is_named(monkeypatch: pytest.MonkeyPatch, client: t.Any) -> None:
    _install(monkeypatch, client)
    with pytest.raises(IpamError, match="the installed version of the Python library kubernetes is not known"):
        connect({"host": "https://h"})


def test_what_a_login_helper_says_is_one_line_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_auth: dict[str, t.Any]) -> t.Any:
        raise RuntimeError("\x1b[31mno\n" * 10_000)

    _install(monkeypatch, _create_configuration=fails)
    with pytest.raises(IpamError, match="the credentials for the Kubernetes API cannot be read") as error:
        connect({"host": "https://h"})
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 600
