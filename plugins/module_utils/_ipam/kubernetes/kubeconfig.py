# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which server a kubeconfig leads to, without the Python library kubernetes, whose import takes a second."""

from __future__ import annotations

import hashlib
import os
import typing as t

from ..._yaml import YamlError, load
from .connection import given_options, is_complete, is_path

# as the library has it
_USUAL = "~/.kube/config"
_CURRENT = "current-context"
_Object = t.Mapping[str, t.Any]


def chosen_server(options: _Object, environment: t.Mapping[str, str]) -> list[object]:
    """What changes if the files that a connection with these options would read lead to another server: the context, and its server.

    Empty where no file is read: one that is missing, or that is more than a file, such as a pipe, is left to the connection. Nothing of it
    is a secret.
    """
    given = given_options(options, environment)
    named = given.get("kubeconfig") or environment.get("KUBECONFIG", _USUAL)
    if is_complete(given) or not is_path(named):
        return []
    contents = [_content(os.path.expanduser(path)) for path in named.split(os.pathsep) if path]
    documents = [each for each in contents if isinstance(each, dict)]
    return [*_chosen(documents, given.get("context")), *(each for each in contents if isinstance(each, str))]


def _content(path: str) -> _Object | str | None:
    """What is in a file; a digest where that is not a kubeconfig, and None where it cannot be read."""
    if not os.path.isfile(path):
        return None
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return None
    try:
        found = load(data.decode())
    except (YamlError, ValueError):
        found = None
    return found if isinstance(found, dict) else hashlib.sha256(data).hexdigest()


def _chosen(documents: t.Sequence[_Object], context: object) -> list[object]:
    """The context that counts, with its cluster and its user, and the server of its cluster.

    Of several files the last one with a current context decides, and the first one with a name.
    """
    current = [each[_CURRENT] for each in documents if _CURRENT in each]
    name = context or (current[-1] if current else None)
    inside = _named(documents, "context", name)
    cluster = _named(documents, "cluster", inside.get("cluster"))
    return [str(each) for each in (name, inside.get("cluster"), inside.get("user"), cluster.get("server"))]


def _named(documents: t.Sequence[_Object], kind: str, name: object) -> _Object:
    """The content of the first entry with this name, empty if no entry has it."""
    for document in documents:
        entries = document.get(f"{kind}s")
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict) and entry.get("name") == name:
                found = entry.get(kind)
                return found if isinstance(found, dict) else {}
    return {}
