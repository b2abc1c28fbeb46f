# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of kubernetes.core mean here what they mean there: each set of them is read by both, with the real libraries."""

from __future__ import annotations

import json
import os
import typing as t
from pathlib import Path

import kubernetes
import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes import connection
from ansible_collections.kubernetes.core.plugins.module_utils.k8s import client as core

_HOST = {"host": "https://h/"}
_TOKEN = {**_HOST, "api_key": "k"}
_LOGIN = {"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never"}
_KUBECONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "token",
    "clusters": [
        {
            "name": "c",
            "cluster": {"server": "https://k:6443", "insecure-skip-tls-verify": True, "proxy-url": "http://p:1"},
        },
        {"name": "d", "cluster": {"server": "https://d:6443"}},
    ],
    "users": [
        {"name": "token", "user": {"token": "not-a-real-token"}},
        {"name": "password", "user": {"username": "me", "password": "not-a-real-one"}},
        {"name": "login", "user": {"exec": {**_LOGIN, "command": "{login}"}}},
    ],
    "contexts": [
        {"name": "token", "context": {"cluster": "c", "user": "token"}},
        {"name": "password", "context": {"cluster": "d", "user": "password"}},
        {"name": "login", "context": {"cluster": "d", "user": "login"}},
    ],
}
Options = t.Dict[str, t.Any]
# options, and the environment without K8S_AUTH_; FILE and DICTIONARY are the kubeconfig
_CASES: list[tuple[Options, dict[str, str]]] = [
    ({}, {}),
    ({"kubeconfig": "FILE"}, {}),
    ({"kubeconfig": "DICTIONARY"}, {}),
    ({"kubeconfig": "/no/such/file"}, {}),
    ({"kubeconfig": "DICTIONARY", "context": "password"}, {}),
    ({"kubeconfig": "FILE", "context": "login", "host": "https://other/"}, {}),
    ({"kubeconfig": "FILE", "persist_config": True}, {}),
    ({"kubeconfig": "DICTIONARY", "validate_certs": True, "ca_cert": "/ca", "api_key": "k"}, {}),
    ({"context": "password"}, {"KUBECONFIG": "FILE"}),
    ({}, {"KUBECONFIG": "FILE", "CONTEXT": "login"}),
    (_TOKEN, {}),
    (_HOST, {"API_KEY": "e"}),
    ({**_HOST, "username": "u", "password": "p"}, {}),
    ({**_HOST, "client_cert": "/c", "client_key": "/k", "ca_cert": "/ca"}, {}),
    ({}, {"HOST": "https://e/", "SSL_CA_CERT": "/ca", "CERT_FILE": "/c", "KEY_FILE": "/k"}),
    ({}, {"HOST": "https://e/", "CA_CERT": "", "SSL_CA_CERT": "/ca", "USERNAME": "u", "PASSWORD": "p"}),
    ({**_TOKEN, "verify_ssl": False}, {}),
    ({**_TOKEN, "validate_certs": True}, {"VERIFY_SSL": "no"}),
    (_TOKEN, {"VERIFY_SSL": "False"}),
    (_TOKEN, {"VALIDATE_CERTS": "yes"}),
    (
        {
            **_TOKEN,
            "proxy": "http://x:1",
            "no_proxy": "a,b",
            "proxy_headers": {"basic_auth": "a:b", "user_agent": None},
        },
        {},
    ),
    (_TOKEN, {"PROXY": "http://y:2", "NO_PROXY": "z", "PROXY_HEADERS_PROXY_BASIC_AUTH": "a:b"}),
    ({**_TOKEN, "impersonate_user": "i", "impersonate_groups": ["a", "b"]}, {}),
    (_TOKEN, {"IMPERSONATE_USER": "i", "IMPERSONATE_GROUPS": "a,,b"}),
]


@pytest.mark.parametrize("number", range(len(_CASES)))
def test_options_mean_what_they_mean_in_kubernetes_core(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options, environment = _CASES[number]
    status = json.dumps({"apiVersion": _LOGIN["apiVersion"], "kind": "ExecCredential", "status": {"token": "helped"}})
    login, file = tmp_path / "login", tmp_path / "kubeconfig"
    login.write_text(f"#!/bin/sh\necho '{status}'\n")
    login.chmod(0o700)
    file.write_text(json.dumps(_KUBECONFIG).replace("{login}", str(login)))
    kubeconfigs = {"FILE": str(file), "DICTIONARY": json.loads(file.read_text())}
    for name in [each for each in os.environ if each.startswith("K8S_AUTH_")]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(f"K8S_AUTH_{name}", kubeconfigs.get(value, value))
    given = {
        **options,
        **{name: kubeconfigs.get(options[name], options[name]) for name in ("kubeconfig",) if name in options},
    }
    monkeypatch.setattr(kubernetes.client.Configuration, "_default", None)
    theirs = _outcome(
        lambda: (core._create_configuration(core._create_auth_spec(None, **given)), core._create_headers(None, **given))
    )
    monkeypatch.setattr(kubernetes.client.Configuration, "_default", None)
    named = connection.given_options(given, os.environ)
    ours = _outcome(lambda: (connection._configuration(kubernetes, named), connection._impersonation(named)))
    assert ours == theirs


def _outcome(read: t.Callable[[], tuple[t.Any, dict[str, t.Any]]]) -> object:
    try:
        found, impersonation = read()
    except kubernetes.config.ConfigException as error:
        return str(error)
    sent = {each["key"]: each["value"] for each in found.auth_settings().values() if each["in"] == "header"}
    names = ("verify_ssl", "cert_file", "key_file", "username", "password", "proxy", "no_proxy")
    seen = {name: getattr(found, name, None) for name in names}
    is_renewed = found.refresh_api_key_hook is not None
    return found.host.rstrip("/"), sent, seen, found.ssl_ca_cert, found.proxy_headers or None, is_renewed, impersonation
