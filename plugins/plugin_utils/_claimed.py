# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses that a machine has claimed, for lookups: read, never made. Defaults are those of the role machine_network."""

from __future__ import annotations

import os
import re
import typing as t

from ansible.plugins.lookup import LookupBase
from ansible_collections.elemental.networking.plugins.module_utils._ipam.backend import BackendOptions, open_backend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import Address

# hidden: Ansible reads every other file of an inventory folder as an inventory
_DATABASE_NAME = ".elemental-ipam.sqlite"


def option(lookup: LookupBase, name: str) -> t.Any:
    """The value of an option; one from a variable arrives as it is written, with its templates."""
    return lookup._templar.template(lookup.get_option(name))


def machine_name(lookup: LookupBase, variables: t.Mapping[str, t.Any]) -> str:
    """The machine whose claims are looked at."""
    host = str(variables.get("inventory_hostname", "localhost"))
    return str(option(lookup, "machine") or re.sub("[^0-9a-z.]", "-", host.lower()))


def claimed_addresses(lookup: LookupBase, variables: t.Mapping[str, t.Any], machine: str) -> dict[str, Address]:
    """The addresses of a machine by placeholder key; a claim without an address is left out.

    Raises IpamError when the backend cannot be read. A database that does not exist is one without claims.
    """
    folder = variables.get("inventory_dir") or variables.get("playbook_dir") or "."
    database = option(lookup, "database") or os.path.join(str(folder), _DATABASE_NAME)
    with open_backend(BackendOptions(str(option(lookup, "backend")), str(database))) as backend:
        bound = [
            each
            for each in backend.list_claims(option(lookup, "namespace") or "default")
            if each.claim.machine == machine
        ]
    return {each.claim.key: each.address for each in bound if each.address is not None}
