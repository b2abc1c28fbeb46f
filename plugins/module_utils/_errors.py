# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a failure is called where a workflow branches on it: each failed result has ``error`` with one of these codes.

They are public: a code is never renamed, and docs/errors.md lists all of them with the fields that come with each.
"""

from __future__ import annotations

import typing as t

# the pool has not enough free addresses
POOL_EXHAUSTED = "pool_exhausted"
# the pool does not exist, or its provider does not serve it now
POOL_NOT_FOUND = "pool_not_found"
# the API server or the file system refuses what is needed
FORBIDDEN = "forbidden"
# no API server, no host: nothing answers
UNREACHABLE = "unreachable"
# the API server answers, but cannot serve the request now; it may serve it later
UNAVAILABLE = "unavailable"
# an option, a manifest or a template is wrong; nothing was changed
INVALID_INPUT = "invalid_input"
# claims exist that belong to something else, or are not the ones that are asked for
CONFLICT = "conflict"
# it did not happen before its deadline; it may still happen
TIMED_OUT = "timed_out"
# the change was tried, did not hold, and the host is at its old network again
ROLLED_BACK = "rolled_back"
# another host on the segment answers for an address that was to be taken
ADDRESS_IN_USE = "address_in_use"
# the host that answers is not the one that is meant
WRONG_HOST = "wrong_host"
# another controller or another change is at work on this host
BUSY = "busy"
# whether the change was kept is not known
OUTCOME_UNKNOWN = "outcome_unknown"
# a library, a tool or a version that is needed is missing
MISSING_REQUIREMENT = "missing_requirement"
# everything else
FAILED = "failed"


class Failure(Exception):
    """A failure with a code, and with what belongs to it: objects and numbers. Each room derives its errors from the causes below."""

    code = FAILED
    details: t.Mapping[str, object]

    @property
    def result(self) -> dict[str, object]:
        """What a failed task returns beside its message."""
        return {**self.details, "code": self.code}


class InvalidInput(Failure):
    """An option, a manifest, a name or a template is wrong; nothing was changed."""

    code = INVALID_INPUT


class Conflict(Failure):
    """What exists is not what is asked for, or belongs to something else."""

    code = CONFLICT


class PoolExhausted(Failure):
    """A pool has not enough free addresses: ``pool``, ``namespace``, ``free``, ``total`` and ``requested``."""

    code = POOL_EXHAUSTED


class PoolNotFound(Failure):
    """A pool does not exist, or its provider does not serve it now: ``pool`` and ``namespace``."""

    code = POOL_NOT_FOUND


class Forbidden(Failure):
    """A right is missing: ``verb``, ``resource`` and ``namespace`` on a cluster, else ``database``."""

    code = FORBIDDEN


class TimedOut(Failure):
    """Something did not happen before its deadline, and may still happen."""

    code = TIMED_OUT


class MissingRequirement(Failure):
    """A program, a library, a definition of the cluster or a newer version is needed: ``requirement``."""

    code = MISSING_REQUIREMENT


class Unreachable(Failure):
    """There is no answer at all."""

    code = UNREACHABLE


class WrongHost(Failure):
    """The host that answers is not the one that is meant, or nothing shows that it is."""

    code = WRONG_HOST


class HostBusy(Failure):
    """Another change is at work on the host, for longer than it is waited for."""

    code = BUSY


class RolledBack(Failure):
    """A change failed, and the host is known to have its old profiles."""

    code = ROLLED_BACK


class OutcomeUnknown(Failure):
    """Whether a change was kept is not known."""

    code = OUTCOME_UNKNOWN


CODES = tuple(sorted(value for name, value in vars().copy().items() if name.isupper() and isinstance(value, str)))
