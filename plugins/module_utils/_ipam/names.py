# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of claims: ``<machine>-<key>`` as in Elemental (elemental-operator, controllers/machineinventory_controller.go)."""

from __future__ import annotations

import re

from .model import IpamError

# metadata.name of a claim is a DNS-1123 subdomain
_LABEL = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\Z")
_LONGEST = 253


def machine_name(host: str) -> str:
    """The name that a machine has by default: that of its host in lower case, with dashes, as Elemental makes machine names."""
    return re.sub("[^0-9a-z.]", "-", host.lower())


def claim_name(machine: str, key: str) -> str:
    """The name of the claim of ``machine`` for ``key``. Raises IpamError when no cluster would take it."""
    return checked_name(f"{machine}-{key}", "claim")


def checked_name(name: str, what: str) -> str:
    """The name itself. Raises IpamError when it is no DNS-1123 subdomain; ``what`` says whose name it is."""
    if len(name) > _LONGEST:
        raise IpamError(
            f"the {what} name {name} has {len(name)} characters, {_LONGEST} are allowed: use a shorter machine name or key"
        )
    if not _SUBDOMAIN.match(name):
        raise IpamError(
            f"the {what} name {name} is no DNS-1123 subdomain: use lower case letters, digits, dashes and dots, "
            "with a letter or digit at both ends"
        )
    return name
