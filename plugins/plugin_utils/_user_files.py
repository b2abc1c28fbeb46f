# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that users name: manifests that have to exist, and the database that may not exist yet."""

from __future__ import annotations

import os
import typing as t

import yaml
from ansible.errors import AnsibleError

# hidden: Ansible reads every other file of an inventory folder as an inventory
_DATABASE_NAME = ".elemental-ipam.sqlite"


def database_path(name: str, inventory_folder: str | None) -> str:
    """The absolute path of the embedded backend's file; ``name`` is what the user gave, or empty.

    A relative one, and the default, are beside the inventory; without an inventory folder (``-i host,``) in the
    folder where ansible-playbook was started. The same for roles and lookups, so that both see the same claims.
    """
    folder = inventory_folder or os.getcwd()
    return os.path.abspath(os.path.join(folder, os.path.expanduser(name or _DATABASE_NAME)))


def read_manifests(name: str, inventory_folder: str | None) -> list[dict[str, t.Any]]:
    """The YAML documents of a file. A relative name is looked up where ansible-playbook was started, then beside the inventory.

    Raises AnsibleError with one sentence for a file that cannot be found, read or parsed.
    """
    path = _existing(name, inventory_folder)
    try:
        with open(path, encoding="utf-8") as stream:
            documents = [document for document in yaml.safe_load_all(stream) if document is not None]
    except OSError as error:
        raise AnsibleError(f"the file {path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise AnsibleError(
            f"the file {path} is no YAML{_where(error)}; correct it"
        ) from None  # its text quotes the file
    if not documents or not all(isinstance(document, dict) for document in documents):
        raise AnsibleError(
            f"the file {path} holds no manifests: every YAML document in it has to be a mapping with a kind"
        )
    return documents


def _existing(name: str, inventory_folder: str | None) -> str:
    folders = [os.getcwd(), *([inventory_folder] if inventory_folder else [])]
    tried = list(dict.fromkeys(os.path.abspath(os.path.join(folder, os.path.expanduser(name))) for folder in folders))
    for path in tried:
        if os.path.exists(path):
            return path
    raise AnsibleError(f"there is no file {' nor '.join(tried)}; give the path of the manifest on the controller")


def _where(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or ""
    return f" (line {mark.line + 1}: {problem})" if mark else ""
