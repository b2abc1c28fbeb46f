# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machines that were found, to and from the cache of Ansible.

It is kept as one string of JSON: Ansible copies and compares what it caches, value by value. Nothing is read but the kubeconfig, since
``kubectl config use-context`` changes the cluster and no option.
"""

from __future__ import annotations

import hashlib
import json
import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.connection import is_path
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.kubeconfig import chosen_server
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.addresses import is_usable
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.groups import safe
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.model import (
    DATABASE,
    Candidate,
    Candidates,
    Object,
    Query,
    Rules,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.variables import are_variables

# raised when what is kept changes its form
_FORM = 3
# where the server is; none of these is a secret
_PLACES = ("host", "context", "kubeconfig", "username", "impersonate_user", "impersonate_groups")
_ENVIRONMENT = (
    *(f"K8S_AUTH_{name.upper()}" for name in _PLACES),
    "KUBECONFIG",
)
_SERVER = ("host", "hostaddr", "port", "dbname", "user", "service")
_SERVER_ENVIRONMENT = ("PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGSERVICE", "PGSERVICEFILE")
# of the rules those that decide what a machine is as a host; the user's expressions are evaluated again
_DECISIVE = ("addresses", "address_keys", "group_by", "group_prefix", "label_prefix", "site")
_TYPES = (str, str, str, dict, list)


def kept(found: Candidates, query: Query, rules: Rules, environment: t.Mapping[str, str]) -> Object:
    """What the cache keeps."""
    machines = [tuple(vars(each).values()) for each in found.machines]
    whole = json.dumps({"machines": machines, "troubles": found.troubles})
    return {"form": _FORM, "query": fingerprint(query, rules, environment), "found": whole}


def restored(value: object, query: Query, rules: Rules, environment: t.Mapping[str, str]) -> Candidates | None:
    """What was kept for the same query and rules; None for anything else: it is read again then."""
    if (
        not isinstance(value, dict)
        or value.get("form") != _FORM
        or value.get("query") != fingerprint(query, rules, environment)
    ):
        return None
    try:
        found = json.loads(value["found"])
        machines, troubles = found["machines"], found["troubles"]
        prefixes = tuple(safe(f"{rules.group_prefix}{kind}_") for kind in rules.group_by)
        are_candidates = all(_is_candidate(each, prefixes) for each in machines)
        if not are_candidates or not all(isinstance(each, str) for each in troubles):
            return None
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    return Candidates([Candidate(*each) for each in machines], troubles)


def fingerprint(query: Query, rules: Rules, environment: t.Mapping[str, str]) -> str:
    """A digest of what decides on what is found: another server, namespace, selector or order of addresses is another one."""
    places = {name: str(query.kubernetes.get(name) or "") for name in _PLACES if name != "kubeconfig"}
    kubeconfigs = [query.kubernetes.get("kubeconfig"), *(environment.get(name) for name in _ENVIRONMENT)]
    server = [str(query.postgresql.get(name) or "") for name in _SERVER]
    of_server = [environment.get(name) or "" for name in _SERVER_ENVIRONMENT] if query.backend == "postgresql" else []
    asked = {
        **{name: value for name, value in vars(query).items() if name not in ("kubernetes", "postgresql")},
        "rules": [getattr(rules, name) for name in _DECISIVE],
        "places": places,
        "server": [*server, *of_server],
        "kubeconfigs": [each if is_path(each) else _inline(each) for each in kubeconfigs],
        "chosen": [] if query.source == DATABASE else chosen_server(query.kubernetes, environment),
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()


def _is_candidate(value: t.Any, prefixes: tuple[str, ...]) -> bool:
    """Whether it is one that these rules could have made: a cache may be shared, and gives no orders."""
    if not isinstance(value, list) or tuple(map(type, value)) != _TYPES or not are_variables(value[3]):
        return False
    where = value[3].get("ansible_host")
    return (where is None or is_usable(where)) and all(_is_group(each, prefixes) for each in value[4])


def _is_group(name: t.Any, prefixes: tuple[str, ...]) -> bool:
    return isinstance(name, str) and name.isascii() and name.isidentifier() and name.startswith(prefixes)


def _inline(kubeconfig: object) -> list[str]:
    """Which servers the content of a kubeconfig names, and as whom; nothing of it is a secret."""
    if not isinstance(kubeconfig, t.Mapping):
        return []
    parts = [kubeconfig.get("current-context"), kubeconfig.get("contexts"), *_servers(kubeconfig.get("clusters"))]
    return [json.dumps(each, sort_keys=True, default=str) for each in parts]


def _servers(clusters: object) -> list[object]:
    named = [each for each in clusters if isinstance(each, t.Mapping)] if isinstance(clusters, (list, tuple)) else []
    inside = [(each.get("name"), each.get("cluster")) for each in named]
    return [(name, cluster.get("server")) for name, cluster in inside if isinstance(cluster, t.Mapping)]
