# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of kubernetes.core, with the Python library alone: tests/cluster/test_credentials.py compares both with the real ones."""

from __future__ import annotations

import base64
import sys
import types
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.connection import (
    connect,
    secrets_of,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError

CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBbzCCARWgAwIBAgIUPyYPrJc9JSMLiFZeHFHCrXhn5lgwCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBdDAgFw0yNjEyMDExNDU1MDJaGA8yMTI2MTEwNzE0NTUwMlow
DDEKMAgGA1UEAwwBdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOedysnv6WLV
4+/Arjsk1bktP51CEez5+Z102q6Dhzc3YPGEXmtzgyi3IN0IUiuc7zfncPwTQvqP
FFchJ0WQKqijUzBRMB0GA1UdDgQWBBRrn7yo74lYTf3Y6S8SpwTlYlrnKzAfBgNV
HSMEGDAWgBRrn7yo74lYTf3Y6S8SpwTlYlrnKzAPBgNVHRMBAf8EBTADAQH/MAoG
CCqGSM49BAMCA0gAMEUCIH7sYsmvH0VU8xc2UlJ65M63r1ieo8XEaxn+GvIlMS1q
AiEA4zLhPzTUf50nTOfyJkJU6cT+5It3G7eN+SJG8U83Ryk=
-----END CERTIFICATE-----
"""


@pytest.fixture
def certificate(tmp_path: Path) -> str:
    """A file with a certificate, which is used for nothing."""
    (tmp_path / "ca.crt").write_text(CERTIFICATE)
    return str(tmp_path / "ca.crt")


class Configuration:
    """What is used of that of the library."""

    host = "https://default/"

    def __init__(self) -> None:
        self.api_key: dict[str, str] = {}

    def auth_settings(self) -> dict[str, t.Any]:
        """The header of a token."""
        return {"token": {"in": "header", "key": "authorization", "value": self.api_key.get("authorization")}}


class NotInPodError(Exception):
    """There are no credentials of a pod."""


class Library:
    """The Python library; ``loaded`` is what was read, ``configuration`` what came of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, client: t.Any = None, load: t.Any = None) -> None:
        self.loaded: list[tuple[str, dict[str, t.Any]]] = []
        self.configuration: t.Any = None
        self._load = load
        module = types.ModuleType("kubernetes")
        module.client = types.SimpleNamespace(Configuration=Configuration, ApiClient=client or self._client)  # type: ignore[attr-defined]
        module.config = types.SimpleNamespace(  # type: ignore[attr-defined]
            ConfigException=NotInPodError,
            load_incluster_config=self._in_pod,
            load_kube_config=lambda **options: self._took("file", options),
            load_kube_config_from_dict=lambda **options: self._took("dictionary", options),
        )
        for name in ("client", "config"):
            monkeypatch.setitem(sys.modules, f"kubernetes.{name}", getattr(module, name))
        monkeypatch.setitem(sys.modules, "kubernetes", module)

    def _client(self, configuration: Configuration) -> t.Any:
        self.configuration = configuration
        return types.SimpleNamespace(rest_client=types.SimpleNamespace(pool_manager="pool"))

    def _in_pod(self, **_options: t.Any) -> None:
        raise NotInPodError

    def _took(self, kind: str, options: dict[str, t.Any]) -> None:
        if self._load:
            self._load()
        self.loaded.append((kind, {name: options[name] for name in options if name != "client_configuration"}))
        options["client_configuration"].host = "https://kubeconfig/"


def test_a_connection_is_what_the_library_makes_of_the_options(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library(monkeypatch)
    connection = connect({"host": "https://h/", "api_key": "x"})
    assert (connection.host, connection.pool, library.loaded) == ("https://h", "pool", [])
    assert connection.headers() == {"authorization": "Bearer x"}


def test_options_are_set_under_the_names_of_the_library(monkeypatch: pytest.MonkeyPatch, certificate: str) -> None:
    """A lookup gets them as they were written, with aliases."""
    pytest.importorskip("urllib3")
    library = Library(monkeypatch)
    headers = {"proxy_basic_auth": "svc:not-a-real-secret"}
    connect(
        {
            **{"host": "https://h", "api_key": "k", "proxy_headers": headers},
            **{"verify_ssl": False, "ca_cert": certificate, "foo": 1},
        }
    )
    found = library.configuration
    assert (found.verify_ssl, found.ssl_ca_cert, found.retries) == (False, certificate, False)
    assert list(found.proxy_headers) == ["proxy-authorization"]
    assert not hasattr(found, "foo")


@pytest.mark.parametrize(
    ("options", "environment", "kind", "read"),
    [
        (
            {"kubeconfig": "/k", "context": "c"},
            {},
            "file",
            {"config_file": "/k", "context": "c", "persist_config": None},
        ),
        (
            {"kubeconfig": {"a": 1}},
            {},
            "dictionary",
            {"config_dict": {"a": 1}, "context": None, "persist_config": None},
        ),
        ({}, {"KUBECONFIG": "/e"}, "file", {"config_file": "/e", "context": None, "persist_config": None}),
        ({"persist_config": True}, {}, "file", {"config_file": None, "context": None, "persist_config": True}),
        (
            {"host": "https://h"},
            {"PERSIST_CONFIG": "no"},
            "file",
            {"config_file": None, "context": None, "persist_config": False},
        ),
    ],
)
def test_a_kubeconfig_is_read_where_the_options_are_not_enough(
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, t.Any],
    environment: dict[str, str],
    kind: str,
    read: dict[str, t.Any],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(f"K8S_AUTH_{name}", value)
    library = Library(monkeypatch)
    connection = connect(options)
    assert library.loaded == [(kind, read)]
    assert connection.host == options.get("host", "https://kubeconfig")


def test_the_environment_counts_where_an_option_was_not_given(
    monkeypatch: pytest.MonkeyPatch, certificate: str
) -> None:
    pytest.importorskip("urllib3")
    said = {
        **{"API_KEY": "e", "VERIFY_SSL": "no", "CA_CERT": "", "SSL_CA_CERT": certificate},
        "IMPERSONATE_GROUPS": "a,,b",
    }
    for name, value in {**said, "PROXY_HEADERS_USER_AGENT": "ua"}.items():
        monkeypatch.setenv(f"K8S_AUTH_{name}", value)
    library = Library(monkeypatch)
    connection = connect({"host": "https://h", "impersonate_user": "u", "ca_cert": None})
    found = library.configuration
    assert (found.verify_ssl, found.ssl_ca_cert) == (False, certificate)
    assert connection.headers() == {
        "authorization": "Bearer e",
        "Impersonate-User": "u",
        "Impersonate-Group": ["a", "b"],
    }


def test_an_empty_option_counts_as_unset_wherever_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """A survey and a credential of AWX send an empty string for what was left empty."""
    pytest.importorskip("urllib3")
    said = {"CONTEXT": "", "API_KEY": " ", "HOST": "https://e", "USERNAME": "u", "PASSWORD": "p", "VERIFY_SSL": ""}
    for name, value in {**said, "PROXY_HEADERS_USER_AGENT": "", "IMPERSONATE_GROUPS": ""}.items():
        monkeypatch.setenv(f"K8S_AUTH_{name}", value)
    library = Library(monkeypatch)
    connection = connect({"host": "", "context": "", "api_key": "", "kubeconfig": " "})
    found = library.configuration
    assert connection.host == "https://e"
    assert library.loaded == []
    assert (found.username, found.password) == ("u", "p")
    assert "authorization" not in connection.headers()
    assert not any(hasattr(found, name) for name in ("proxy_headers", "verify_ssl"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *((value, True) for value in (True, "yes", "True", "on", 1, "1")),
        *((value, False) for value in (False, "no", "false", "Off", 0, "0", " no ")),
    ],
)
@pytest.mark.parametrize("name", ["validate_certs", "verify_ssl", "K8S_AUTH_VALIDATE_CERTS", "K8S_AUTH_VERIFY_SSL"])
def test_a_word_is_as_true_as_in_any_option_of_ansible(
    monkeypatch: pytest.MonkeyPatch, name: str, value: object, expected: bool
) -> None:
    """A lookup and an inventory get what was written, or what a template gives."""
    library = Library(monkeypatch)
    if name.isupper():
        monkeypatch.setenv(name, str(value))
    connect({"host": "https://h", "api_key": "x", **({} if name.isupper() else {name: value})})
    assert library.configuration.verify_ssl is expected


@pytest.mark.parametrize("value", ["maybe", 7, [], {"a": 1}])
def test_what_is_neither_true_nor_false_is_refused(monkeypatch: pytest.MonkeyPatch, value: object) -> None:
    Library(monkeypatch)
    with pytest.raises(IpamError, match="^validate_certs is .*, which is neither true nor false$") as error:
        connect({"host": "https://h", "validate_certs": value})
    assert error.value.code == "invalid_input"
    monkeypatch.setenv("K8S_AUTH_VERIFY_SSL", "maybe")
    with pytest.raises(IpamError, match="^K8S_AUTH_VERIFY_SSL is maybe, which is neither"):
        connect({"host": "https://h"})


_FILES = ("ca_cert", "ssl_ca_cert", "client_cert", "client_key")


@pytest.mark.parametrize("option", _FILES)
def test_a_missing_file_is_named_before_a_connection_is_tried(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, option: str
) -> None:
    library = Library(monkeypatch)
    name = option.replace("ssl_", "")
    with pytest.raises(IpamError) as error:
        connect({"host": "https://h", option: "/nope/x"})
    variable = {"ca_cert": "SSL_CA_CERT", "client_cert": "CERT_FILE", "client_key": "KEY_FILE"}[name]
    sentence = f"{name} /nope/x does not exist; give an absolute path with {name} or K8S_AUTH_{variable}"
    assert (str(error.value), error.value.code) == (sentence, "invalid_input")
    assert library.configuration is None
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(f"K8S_AUTH_{variable}", "mine")
    with pytest.raises(IpamError) as error:
        connect({"host": "https://h"})
    assert str(error.value).startswith(f"{name} {tmp_path}/mine does not exist; ")
    assert "(a task looks in the folder of its playbook" in str(error.value)


_KEY = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg+AAAA/BBBBCCCCDDDD"


@pytest.mark.parametrize(
    "key",
    [
        f"-----BEGIN PRIVATE KEY-----\n{_KEY}\n{_KEY}\n-----END PRIVATE KEY-----\n",
        f"-----BEGIN PRIVATE KEY----- {_KEY} -----END PRIVATE KEY-----",
        # as in a kubeconfig, and without its frame
        base64.b64encode(f"-----BEGIN PRIVATE KEY-----\n{_KEY}\n".encode()).decode(),
        _KEY,
    ],
    ids=["lines", "words", "base64", "bare"],
)
@pytest.mark.parametrize("option", ["client_cert", "client_key"])
def test_a_key_in_the_place_of_a_path_is_not_shown(monkeypatch: pytest.MonkeyPatch, option: str, key: str) -> None:
    Library(monkeypatch)
    with pytest.raises(IpamError, match=f"{option}.*(the path of the file|an absolute path) with {option}") as error:
        connect({"host": "https://h", option: key})
    assert not any(part in str(error.value) for part in (key[:20], key[30:50], _KEY[10:30], "AAAA", "BBBB"))


@pytest.mark.parametrize("option", ["ca_cert", "client_cert", "client_key"])
def test_a_key_that_is_too_long_for_a_path_is_not_shown(monkeypatch: pytest.MonkeyPatch, option: str) -> None:
    """An RSA key on one line has slashes, too."""
    Library(monkeypatch)
    with pytest.raises(IpamError) as error:
        connect({"host": "https://h", option: f"{_KEY.replace('/', '') * 5}/{_KEY * 5}"})
    assert str(error.value).startswith(f"the file of {option} cannot be read (File name too long); correct {option} or")


@pytest.mark.parametrize(
    ("content", "holds"),
    [
        (CERTIFICATE, ("ca_cert", "client_cert")),
        (f"some words\n{CERTIFICATE}", ("ca_cert", "client_cert")),
        ("-----BEGIN ENCRYPTED PRIVATE KEY-----\n", ("client_key",)),
        ("", ()),
        ("hello", ()),
        (CERTIFICATE.replace("MII", "AAA"), ()),
        (CERTIFICATE.replace("BEGIN CERTIFICATE", "BEGIN"), ()),
        (None, ()),
    ],
)
@pytest.mark.parametrize("option", ["ca_cert", "client_cert", "client_key"])
def test_a_file_that_does_not_hold_what_it_should_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, option: str, content: str | None, holds: tuple[str, ...]
) -> None:
    Library(monkeypatch)
    file = tmp_path / "file"
    if content is None:
        file.mkdir()
    else:
        file.write_text(content)
    given = {"host": "https://h", "api_key": "x", option: str(file)}
    if option in holds:
        connect(given)
        return
    kind = "a private key" if option == "client_key" else "a certificate"
    what = "cannot be read (Is a directory)" if content is None else f"does not hold {kind} in the form of PEM"
    with pytest.raises(IpamError) as error:
        connect(given)
    assert str(error.value).startswith(f"{option} {file} {what}; correct {option} or K8S_AUTH_")
    # nothing is read of it there
    connect({**given, "host": "http://h"})


def test_a_file_in_the_home_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, certificate: str) -> None:
    library = Library(monkeypatch)
    monkeypatch.setenv("HOME", str(tmp_path))
    connect({"host": "https://h", "api_key": "x", "ca_cert": "~/ca.crt"})
    assert library.configuration.ssl_ca_cert == certificate


def test_what_a_proxy_is_told_is_hidden() -> None:
    headers = {"proxy_basic_auth": "svc:secret-1", "basic_auth": "svc:secret-2", "user_agent": "netops"}
    assert secrets_of({"kubeconfig": {}, "proxy_headers": headers}) == {"svc:secret-1", "svc:secret-2"}


@pytest.mark.parametrize(
    "client", [lambda _configuration: object(), lambda _configuration: types.SimpleNamespace(rest_client=1)]
)
def test_another_python_library_is_named(monkeypatch: pytest.MonkeyPatch, client: t.Any) -> None:
    Library(monkeypatch, client)
    with pytest.raises(IpamError, match="the installed version of the Python library kubernetes is not known") as error:
        connect({"host": "https://h"})
    assert error.value.result == {"code": "missing_requirement", "requirement": "kubernetes"}


def test_what_a_login_helper_says_is_one_line_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise RuntimeError("\x1b[31mno\n" * 10_000)

    Library(monkeypatch, load=fails)
    with pytest.raises(IpamError, match="the credentials for the Kubernetes API cannot be read: .*no") as error:
        connect({"kubeconfig": __file__})
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 600
    assert error.value.code == "invalid_input"


@pytest.mark.parametrize("is_option", [True, False])
def test_a_kubeconfig_that_does_not_exist_is_named_with_the_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, is_option: bool
) -> None:
    def fails() -> None:
        raise RuntimeError("Invalid kube-config file. No configuration found.")

    Library(monkeypatch, load=fails)
    monkeypatch.chdir(tmp_path)
    if not is_option:
        monkeypatch.setenv("K8S_AUTH_KUBECONFIG", "mine.yaml")
    with pytest.raises(IpamError) as error:
        connect({"kubeconfig": "mine.yaml"} if is_option else {})
    assert f"the kubeconfig {tmp_path}/mine.yaml does not exist; give an absolute path" in str(error.value)
    looked = (
        "a lookup where Ansible was started, the role machine_network and an inventory there, then beside the inventory"
    )
    assert f"(a task looks in the folder of its playbook, {looked})" in str(error.value)
    (tmp_path / "mine.yaml").touch()
    monkeypatch.delenv("K8S_AUTH_KUBECONFIG", raising=False)
    content = "users:\n- user: {token: t0ken-secret}\n"  # by mistake: it has secrets
    for given in ({"kubeconfig": "missing.yaml:mine.yaml"}, {"context": "c"}, {"kubeconfig": content}):
        with pytest.raises(IpamError, match="read: No configuration found; give kubeconfig") as error:
            connect(given)
        assert "t0ken-secret" not in str(error.value)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            RuntimeError("Invalid kube-config file. Expected object with name nope in /c/mine/contexts list"),
            "/c/mine has no context nope; correct context, or this file",
        ),
        (
            TypeError("'str' object does not support item assignment"),
            "what was read is not a valid kubeconfig ('str' object",
        ),
        (
            RuntimeError("Invalid kube-config file. No configuration found."),
            "No configuration found; give kubeconfig, or host",
        ),
    ],
)
def test_what_is_wrong_in_a_kubeconfig_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
) -> None:
    def fails() -> None:
        raise error

    Library(monkeypatch, load=fails)
    with pytest.raises(IpamError) as raised:
        connect({"kubeconfig": __file__})
    assert f"cannot be read: {sentence}" in str(raised.value)


def test_a_missing_library_is_named_with_the_python_that_lacks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kubernetes", None)
    with pytest.raises(IpamError) as error:
        connect({})
    assert f"run {sys.executable} -m pip install kubernetes" in str(error.value)
    assert "ansible_python_interpreter" not in str(error.value), "it has no effect on Ansible's own Python"
