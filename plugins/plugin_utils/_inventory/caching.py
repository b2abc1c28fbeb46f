# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was read, to and from the cache of Ansible (pure).

It is kept as one string of JSON: Ansible copies and compares what it caches, value by value.
"""

from __future__ import annotations

import hashlib
import json
import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.connection import is_path
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.model import Lists, Object, Query

# raised when what is kept changes its form
_FORM = 1
# where the server is; none of these is a secret
_PLACES = ("host", "context", "kubeconfig", "impersonate_user")
_ENVIRONMENT = ("K8S_AUTH_HOST", "K8S_AUTH_CONTEXT", "K8S_AUTH_KUBECONFIG", "KUBECONFIG")
_SERVER = ("host", "hostaddr", "port", "dbname", "user", "service")
_SERVER_ENVIRONMENT = ("PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGSERVICE", "PGSERVICEFILE")
_RECORD = frozenset(
    ("namespace", "name", "machine", "key", "host", "site", "confirmed", "pool", "host_keys", "trouble")
)


def kept(lists: Lists, query: Query, environment: t.Mapping[str, str]) -> Object:
    """What the cache keeps."""
    return {"form": _FORM, "query": fingerprint(query, environment), "lists": json.dumps(vars(lists))}


def restored(value: object, query: Query, environment: t.Mapping[str, str]) -> Lists | None:
    """What was kept for the same query; None for anything else: it is read again then."""
    if (
        not isinstance(value, dict)
        or value.get("form") != _FORM
        or value.get("query") != fingerprint(query, environment)
    ):
        return None
    try:
        found = json.loads(value["lists"])
        lists = Lists(**found)
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    return lists if _is_whole(lists) else None


def fingerprint(query: Query, environment: t.Mapping[str, str]) -> str:
    """A digest of what decides on the content of the lists: another server, namespace or selector is another one."""
    places = {name: str(query.kubernetes.get(name) or "") for name in _PLACES if name != "kubeconfig"}
    kubeconfigs = [query.kubernetes.get("kubeconfig"), *(environment.get(name) for name in _ENVIRONMENT)]
    server = [str(query.postgresql.get(name) or "") for name in _SERVER]
    of_server = [environment.get(name) or "" for name in _SERVER_ENVIRONMENT] if query.backend == "postgresql" else []
    asked = {
        **{name: value for name, value in vars(query).items() if name not in ("kubernetes", "postgresql")},
        "places": places,
        "server": [*server, *of_server],
        "kubeconfigs": [each if is_path(each) else "" for each in kubeconfigs],
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()


def _is_whole(lists: Lists) -> bool:
    """Whether the lists hold what lists hold; their objects are read as if a server had sent them."""
    parts = (lists.machine_inventories, lists.selectors, lists.machines, lists.claims, lists.notes)
    if not all(isinstance(each, list) for each in parts) or not isinstance(lists.confirmed, dict):
        return False
    objects = (*lists.machine_inventories, *lists.selectors, *lists.machines, *lists.claims)
    return (
        all(isinstance(each, dict) for each in objects)
        and all(isinstance(each, str) for each in (*lists.notes, *lists.confirmed.values()))
        and all(each.keys() >= _RECORD for each in lists.claims)
    )
