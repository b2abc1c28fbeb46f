# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place that knows kubernetes.core: its authentication options become a connection to an API server.

Nothing else of kubernetes.core is used. Its own create swallows a conflict, its wait knows conditions only, and its discovery
writes a cache that others can read.
"""

from __future__ import annotations

import inspect
import typing as t
from dataclasses import dataclass

from ..._texts import plain
from ..model import IpamError

# the options of kubernetes.core.k8s_auth_options that the option kubernetes takes
OPTIONS: dict[str, dict[str, t.Any]] = {
    "kubeconfig": {"type": "raw", "no_log": True},
    "context": {"type": "str"},
    "host": {"type": "str"},
    "api_key": {"type": "str", "no_log": True},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "validate_certs": {"type": "bool", "aliases": ["verify_ssl"]},
    "ca_cert": {"type": "path", "aliases": ["ssl_ca_cert"]},
    "client_cert": {"type": "path", "aliases": ["cert_file"]},
    "client_key": {"type": "path", "aliases": ["key_file"]},
    "proxy": {"type": "str", "no_log": True},  # it may hold a password
    "no_proxy": {"type": "str"},
    "proxy_headers": {
        "type": "dict",
        "options": {
            "proxy_basic_auth": {"type": "str", "no_log": True},
            "basic_auth": {"type": "str", "no_log": True},
            "user_agent": {"type": "str"},
        },
    },
    "persist_config": {"type": "bool"},
    "impersonate_user": {"type": "str"},
    "impersonate_groups": {"type": "list", "elements": "str"},
}

# a lookup gets them as they were written
_NAMES = {alias: name for name, spec in OPTIONS.items() for alias in (name, *spec.get("aliases", ()))}
_SECRETS = ("token", "password", "client-key-data")
# a shorter setting of a login helper is a switch or a number; hiding it would garble every address
_SHORTEST_SECRET = 6
# more than requests are sent at once, with a watch beside them
_KEPT_ALIVE = 12


class Pool(t.Protocol):
    """What is used of urllib3's pool manager."""

    def request(self, method: str, url: str, **options: t.Any) -> t.Any:
        """Send one request."""


@dataclass(frozen=True)
class Connection:
    """An API server and how to authenticate there; ``headers`` is asked anew for every request, since a token may be renewed."""

    host: str
    pool: Pool
    headers: t.Callable[[], dict[str, str | list[str]]]


def connect(options: t.Mapping[str, t.Any]) -> Connection:
    """A connection as the options, K8S_AUTH_* and the usual files say; nothing is sent yet.

    Raises IpamError when kubernetes.core or the Python library is missing or has changed, or when
    nothing says where the API server is.
    """
    client = _library()
    try:
        from ansible_collections.kubernetes.core.plugins.module_utils.k8s import client as core
    except ImportError as error:
        raise IpamError(
            "the kubernetes backend needs the collection kubernetes.core; run: ansible-galaxy collection install kubernetes.core"
        ) from error
    given = {_NAMES[name]: value for name, value in options.items() if name in _NAMES and value is not None}
    auth_spec = _function(core, "_create_auth_spec", None, **given)
    create = _function(core, "_create_configuration", {})
    create_headers = _function(core, "_create_headers", None, **given)
    try:
        configuration = create(auth_spec(None, **given))
        impersonation = create_headers(None, **given)
    except Exception as error:  # the library raises whatever a file or a login helper raises
        raise IpamError(
            f"the credentials for the Kubernetes API cannot be read: {plain(error) or type(error).__name__}; "
            "give kubeconfig, or host and api_key, or set K8S_AUTH_KUBECONFIG"
        ) from error
    configuration.retries = False  # retries are ours: urllib3's know nothing of a deadline
    configuration.connection_pool_maxsize = _KEPT_ALIVE
    return _connection(client.ApiClient(configuration), configuration, impersonation)


def secrets_of(options: t.Mapping[str, t.Any]) -> set[str]:
    """What has to be hidden of options whose kubeconfig is a dictionary: most of what it says is no secret."""
    found = {str(options[name]) for name in ("api_key", "password") if options.get(name)}
    clusters = (_dictionary(each.get("cluster")) for each in _dictionaries(options["kubeconfig"].get("clusters")))
    proxies = [options.get("proxy"), *(cluster.get("proxy-url") for cluster in clusters)]
    found |= {str(proxy) for proxy in proxies if "@" in str(proxy)}
    headers = _dictionary(options.get("proxy_headers"))
    found |= {str(headers[name]) for name in ("proxy_basic_auth", "basic_auth") if headers.get(name)}
    for each in _dictionaries(options["kubeconfig"].get("users")):
        user = _dictionary(each.get("user"))
        found |= {str(user[name]) for name in _SECRETS if user.get(name)}
        provider = _dictionary(_dictionary(user.get("auth-provider")).get("config"))
        variables = _dictionaries(_dictionary(user.get("exec")).get("env"))
        settings = [*provider.values(), *(variable.get("value") for variable in variables)]
        found |= {str(value) for value in settings if len(str(value or "")) >= _SHORTEST_SECRET}
    return found


def _dictionary(value: object) -> t.Mapping[str, t.Any]:
    return value if isinstance(value, t.Mapping) else {}


def _dictionaries(value: object) -> list[t.Mapping[str, t.Any]]:
    return [each for each in value if isinstance(each, t.Mapping)] if isinstance(value, list) else []


def _library() -> t.Any:
    try:
        import kubernetes.client
    except ImportError as error:
        raise IpamError(
            "the kubernetes backend needs the Python library kubernetes 24.2 or later beside the controller; run: pip install kubernetes"
        ) from error
    return kubernetes.client


def _function(core: object, name: str, *arguments: object, **options: object) -> t.Callable[..., t.Any]:
    """A function of kubernetes.core that takes these arguments. Raises IpamError where it has none."""
    function = getattr(core, name, None)
    try:
        inspect.signature(function).bind(*arguments, **options)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise _changed("the collection kubernetes.core", f"its function {name} is another one") from None
    return t.cast("t.Callable[..., t.Any]", function)


def _changed(what: str, how: str) -> IpamError:
    """Neither promises anything of what is used of it here: it may change, and then the user's credentials are not to blame."""
    return IpamError(
        f"the installed version of {what} is not known to this version of elemental.networking: {how}; "
        "install the version that its documentation names, or a newer elemental.networking"
    )


def _connection(client: t.Any, configuration: t.Any, impersonation: t.Mapping[str, t.Any]) -> Connection:
    pool = getattr(getattr(client, "rest_client", None), "pool_manager", None)
    host, settings = getattr(configuration, "host", None), getattr(configuration, "auth_settings", None)
    if pool is None or not host or settings is None:
        raise _changed("the Python library kubernetes", "its client has no pool_manager, host or auth_settings")

    def headers() -> dict[str, str | list[str]]:
        found: dict[str, str | list[str]] = dict(impersonation)
        for setting in settings().values():
            if setting["in"] == "header" and setting["value"]:
                found[setting["key"]] = setting["value"]
        return found

    return Connection(str(host).rstrip("/"), pool, headers)
