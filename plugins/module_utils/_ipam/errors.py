# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Failures of the IPAM room by their causes, which are those of ``_errors.py`` (docs/errors.md)."""

from __future__ import annotations

from .. import _errors
from .model import Claim, IpamError


class InvalidInput(_errors.InvalidInput, IpamError):
    """A claim, a pool, a manifest or a name is wrong."""


class Conflict(_errors.Conflict, IpamError):
    """Another claim, pool or object is in the way."""


class PoolExhausted(_errors.PoolExhausted, IpamError):
    """A pool is too small."""


class PoolNotFound(_errors.PoolNotFound, IpamError):
    """A pool is missing, or not served."""


class Forbidden(_errors.Forbidden, IpamError):
    """The API server or the file system refuses."""


class TimedOut(_errors.TimedOut, IpamError):
    """The provider or the database did not get there in time."""


class MissingRequirement(_errors.MissingRequirement, IpamError):
    """A library, a kind of the cluster or a newer version is missing."""


class MissingLibrary(MissingRequirement):
    """The Python that runs this has no such library; a module may get another Python, what runs in Ansible's own may not."""


def claim_conflict(claim: Claim, text: str) -> Conflict:
    """A conflict about one claim."""
    return Conflict(text, claim=claim.name, namespace=claim.namespace)
