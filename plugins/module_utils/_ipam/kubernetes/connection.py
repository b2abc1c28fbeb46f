# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authentication options, named as those of kubernetes.core, become a connection to an API server.

They are read with the Python library alone, by the rules of kubernetes.core: its only public function that makes a client also asks the
server for its kinds and writes a cache that others can read.
"""

from __future__ import annotations

import os
import re
import sys
import typing as t
from dataclasses import dataclass
from pathlib import Path

from ..._texts import plain
from ..errors import InvalidInput, MissingLibrary, MissingRequirement
from .credential_files import check_files

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
_LOOKED = (
    " (a task looks in the folder of its playbook, a lookup where Ansible was started, the role machine_network and an inventory there, "
    "then beside the inventory)"
)
_LIBRARY_PREFIX = "Invalid kube-config file. "
_MISSING_ENTRY = re.compile(
    r"Expected object with name (?P<name>.*) in (?P<file>.*)/(?P<kind>context|user|cluster)s list"
)
# what the library calls them, where that is another name; kubernetes.core takes both in the environment
_LIBRARY_NAMES = {
    "validate_certs": "verify_ssl",
    "ca_cert": "ssl_ca_cert",
    "client_cert": "cert_file",
    "client_key": "key_file",
}
_OVERRIDES = ("host", "username", "password", *_LIBRARY_NAMES, "proxy", "no_proxy")
# each of these is enough, so that no kubeconfig is read
_COMPLETE = (("username", "password", "host"), ("api_key", "host"), ("client_cert", "client_key", "host"))
_IMPERSONATION = {"impersonate_user": "Impersonate-User", "impersonate_groups": "Impersonate-Group"}
# of a value that is not known, in characters
_SHOWN = 40
# the words that Ansible takes for them (ansible.module_utils.parsing.convert_bool)
_BOOLEANS = {
    **dict.fromkeys(("true", "yes", "y", "on", "t", "1", "1.0"), True),
    **dict.fromkeys(("false", "no", "n", "off", "f", "0", "0.0"), False),
}
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
    """An API server and how to authenticate there; ``headers`` is asked again for every request, since a token may be renewed."""

    host: str
    pool: Pool
    headers: t.Callable[[], dict[str, str | list[str]]]


def connect(options: t.Mapping[str, t.Any]) -> Connection:
    """A connection as the options, K8S_AUTH_* and the usual files specify it; nothing is sent yet.

    Raises MissingRequirement when the Python library is missing or has changed, and InvalidInput when the credentials cannot be read.
    """
    kubernetes = _library()
    given = given_options(options, os.environ)
    try:
        configuration = _configuration(kubernetes, given)
        if not str(configuration.host).startswith("http://"):
            check_files(given)
        client = kubernetes.client.ApiClient(configuration)
    except InvalidInput:
        raise
    except Exception as error:  # the library passes on anything that a file or a login helper raises
        raise InvalidInput(f"the credentials for the Kubernetes API cannot be read: {_fault(error, given)}") from error
    return _connection(client, configuration, _impersonation(given))


def given_options(options: t.Mapping[str, t.Any], environment: t.Mapping[str, str]) -> dict[str, t.Any]:
    """The options by their own names, and K8S_AUTH_* for those that were not given. Raises InvalidInput with one sentence."""
    given = {_NAMES[name]: value for name, value in options.items() if name in _NAMES}
    found = {
        name: _from_environment(name, environment) if _is_unset(given.get(name)) else _typed(name, given[name], name)
        for name in OPTIONS
    }
    return {name: value for name, value in found.items() if not _is_unset(value)}


def _is_unset(value: object) -> bool:
    """Whether an option is not given: a survey or a credential of AWX sends an empty string for what was left empty."""
    return value is None or (isinstance(value, str) and not value.strip())


def _from_environment(name: str, environment: t.Mapping[str, str]) -> t.Any:
    spec = OPTIONS[name]
    if "options" in spec:
        known = {each: environment.get(f"K8S_AUTH_{name}_{each}".upper()) or None for each in spec["options"]}
        return known if any(known.values()) else None
    for variable in (f"K8S_AUTH_{each}".upper() for each in (name, _LIBRARY_NAMES.get(name, name))):
        value = environment.get(variable)
        if value is not None and not _is_unset(value):
            is_list = spec["type"] == "list"
            return [each for each in value.split(",") if each] if is_list else _typed(name, value, variable)
    return None


def _typed(name: str, value: t.Any, shown: str) -> t.Any:
    """A value as the library takes it: a lookup and an inventory get it as it was written."""
    kind = OPTIONS[name]["type"]
    if kind == "path" and isinstance(value, str):
        return os.path.expanduser(value)
    if kind != "bool":
        return value
    word = str(value).strip().lower()
    if word not in _BOOLEANS:
        raise InvalidInput(f"{shown} is {plain(value, _SHOWN)}, which is neither true nor false")
    return _BOOLEANS[word]


def _configuration(kubernetes: t.Any, given: t.Mapping[str, t.Any]) -> t.Any:
    """The library's configuration: a kubeconfig or the credentials of a pod where the options are not enough, then the options."""
    configuration = kubernetes.client.Configuration()
    if not is_complete(given):
        _load(kubernetes.config, configuration, given)
    for name in _OVERRIDES:
        if name in given:
            setattr(configuration, _LIBRARY_NAMES.get(name, name), given[name])
    if given.get("api_key"):
        configuration.api_key = {"authorization": f"Bearer {given['api_key']}"}
    if given.get("proxy_headers"):
        import urllib3

        configuration.proxy_headers = urllib3.util.make_headers(**given["proxy_headers"])
    configuration.retries = False  # retries are ours: urllib3's know nothing of a deadline
    configuration.connection_pool_maxsize = _KEPT_ALIVE
    return configuration


def is_complete(given: t.Mapping[str, t.Any]) -> bool:
    """Whether these options are enough, so that no kubeconfig is read."""
    return any(all(given.get(name) for name in names) for names in _COMPLETE)


def _load(config: t.Any, configuration: t.Any, given: t.Mapping[str, t.Any]) -> None:
    """Read the kubeconfig that was named, else the credentials of a pod, else the usual kubeconfig."""
    kubeconfig = given.get("kubeconfig") or None
    into = {"client_configuration": configuration}
    options = {**into, "context": given.get("context"), "persist_config": given.get("persist_config")}
    if isinstance(kubeconfig, t.Mapping):
        config.load_kube_config_from_dict(config_dict=kubeconfig, **options)
        return
    if not kubeconfig and not given.get("context"):
        try:
            config.load_incluster_config(**into)
            return
        except config.ConfigException:
            pass  # this is not a pod
    config.load_kube_config(config_file=kubeconfig, **options)


def is_path(kubeconfig: object) -> bool:
    """Whether it may be shown: a string that is the content of a kubeconfig by mistake has secrets in it."""
    return isinstance(kubeconfig, str) and not set("{\n") & set(kubeconfig)


def _fault(error: Exception, given: t.Mapping[str, t.Any]) -> str:
    """What is wrong with the credentials, and what to do; of a file that does not exist, the library does not report the path."""
    named = given.get("kubeconfig")
    if named and is_path(named):  # several files are separated as in KUBECONFIG; one of them is enough
        files = [Path(each).expanduser().absolute() for each in named.split(os.pathsep) if each]
        if not any(file.exists() for file in files):
            where = "" if Path(named).expanduser().is_absolute() else _LOOKED
            shown = plain(", ".join(map(str, files)))
            return f"the kubeconfig {shown} does not exist; give an absolute path with kubeconfig or K8S_AUTH_KUBECONFIG{where}"
    return _fault_of_content(error)


def _fault_of_content(error: Exception) -> str:
    """What the library reports of a kubeconfig that it found, or of none, as one sentence."""
    text = plain(error).replace(_LIBRARY_PREFIX, "", 1).rstrip(". ")
    missing = _MISSING_ENTRY.fullmatch(text)
    if missing:
        return f"{missing['file']} has no {missing['kind']} {missing['name']}; correct context, or this file"
    if isinstance(error, (AttributeError, KeyError, TypeError)):  # the library takes the content for what it should be
        text = f"what was read is not a valid kubeconfig ({text or type(error).__name__})"
    return f"{text or type(error).__name__}; give kubeconfig, or host and api_key, or set K8S_AUTH_KUBECONFIG"


def _impersonation(given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {header: given[name] for name, header in _IMPERSONATION.items() if given.get(name)}


def secrets_of(options: t.Mapping[str, t.Any]) -> set[str]:
    """What must be hidden of options whose kubeconfig is a dictionary: most of its content is not a secret."""
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
        import kubernetes.config
    except ImportError as error:
        raise MissingLibrary(
            f"the kubernetes backend needs the Python library kubernetes 24.2 or later for {sys.executable}, which runs it: "
            f"run {sys.executable} -m pip install kubernetes",
            requirement="kubernetes",
        ) from error
    return kubernetes


def _connection(client: t.Any, configuration: t.Any, impersonation: t.Mapping[str, t.Any]) -> Connection:
    pool = getattr(getattr(client, "rest_client", None), "pool_manager", None)
    host, settings = getattr(configuration, "host", None), getattr(configuration, "auth_settings", None)
    if pool is None or not host or settings is None:
        raise MissingRequirement(
            "the installed version of the Python library kubernetes is not known to this version of elemental.networking: its client has no"
            " pool_manager, host or auth_settings; install the version that its documentation names, or a newer elemental.networking",
            requirement="kubernetes",
        )

    def headers() -> dict[str, str | list[str]]:
        found: dict[str, str | list[str]] = dict(impersonation)
        for setting in settings().values():
            if setting["in"] == "header" and setting["value"]:
                found[setting["key"]] = setting["value"]
        return found

    return Connection(str(host).rstrip("/"), pool, headers)
