# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that users name: manifests that must exist, and the database that may not exist yet."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._ipam.manifest import items
from ansible_collections.elemental.networking.plugins.module_utils._texts import sentence
from ansible_collections.elemental.networking.plugins.module_utils._yaml import LENGTH, YamlError, load_all
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import InvalidInput

# hidden: Ansible reads every other file of an inventory folder as an inventory
_DATABASE_NAME = ".elemental-ipam.sqlite"


def database_path(name: str, inventory_folder: str | None) -> str:
    """The absolute path of the embedded backend's file; ``name`` is what the user gave, or empty.

    A relative one, and the default, are beside the inventory; without an inventory folder (``-i host,``) in the
    folder where ansible-playbook was started. The same for roles and lookups, so that both see the same claims.
    """
    folder = _there(inventory_folder) or os.getcwd()
    return os.path.abspath(os.path.join(folder, os.path.expanduser(name or _DATABASE_NAME)))


def _there(inventory_folder: str | None) -> str:
    """Empty where it is not known: of a list of hosts (``-i host,``) Ansible gives the word None."""
    return "" if inventory_folder in (None, "None") else str(inventory_folder)


def read_manifests(name: str, inventory_folder: str | None) -> list[dict[str, t.Any]]:
    """The YAML documents of a file. A relative name is looked up where ansible-playbook was started, then beside the inventory.

    The items of a list, as C(kubectl get -o yaml) writes one, count as documents.
    Raises InvalidInput with one sentence for a file that cannot be found, read or parsed.
    """
    path = _existing(name, inventory_folder)
    try:
        with open(path, encoding="utf-8") as stream:
            documents = [document for document in load_all(stream.read(LENGTH + 1)) if document is not None]
    except OSError as error:
        raise _refused(f"the file {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise _refused(f"the file {path} is not UTF-8; correct it") from None
    except YamlError as error:
        raise _refused(f"the file {path} cannot be read as YAML ({error}); correct it") from None
    manifests = [each for document in documents for each in items(document)]
    if not manifests or not all(isinstance(each, dict) for each in manifests):
        raise _refused(f"the file {path} holds no manifests: every YAML document in it must be a mapping with a kind")
    return t.cast("list[dict[str, t.Any]]", manifests)


def _refused(text: str) -> InvalidInput:
    """The error; paths and names in it are those of users."""
    return InvalidInput(sentence(text))


def _existing(name: str, inventory_folder: str | None) -> str:
    folders = [os.getcwd(), *filter(None, [_there(inventory_folder)])]
    tried = list(dict.fromkeys(os.path.abspath(os.path.join(folder, os.path.expanduser(name))) for folder in folders))
    for path in tried:
        if "\0" not in path and os.path.exists(path):
            return path
    raise _refused(f"there is no file {' nor '.join(tried)}; give the path of the manifest on the controller")
