# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Failures of the IPAM room by their causes, each with the code that a workflow may branch on (``_errors.py``, docs/errors.md)."""

from __future__ import annotations

from .. import _errors
from .model import Claim, IpamError


class InvalidInput(IpamError):
    """An option, a manifest or a name is wrong; nothing was changed."""

    code = _errors.INVALID_INPUT


class Conflict(IpamError):
    """What exists is not what is asked for, or belongs to something else."""

    code = _errors.CONFLICT


def claim_conflict(claim: Claim, text: str) -> Conflict:
    """A conflict about one claim."""
    return Conflict(text, claim=claim.name, namespace=claim.namespace)


class PoolExhausted(IpamError):
    """A pool has not enough free addresses: ``pool``, ``namespace``, ``free``, ``total`` and ``requested``."""

    code = _errors.POOL_EXHAUSTED


class PoolNotFound(IpamError):
    """A pool does not exist, or its provider does not serve it now: ``pool`` and ``namespace``."""

    code = _errors.POOL_NOT_FOUND


class Forbidden(IpamError):
    """A right is missing: ``verb``, ``resource`` and ``namespace`` on a cluster, else ``database``."""

    code = _errors.FORBIDDEN


class TimedOut(IpamError):
    """Something did not happen before its deadline, and may still happen."""

    code = _errors.TIMED_OUT


class MissingRequirement(IpamError):
    """A library, a definition of the cluster or a newer version is needed: ``requirement``."""

    code = _errors.MISSING_REQUIREMENT
