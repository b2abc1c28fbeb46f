# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a failure is called where a workflow branches on it: each failed result has ``error`` with one of these codes.

They are public: a code is never renamed, and docs/errors.md lists all of them with the fields that come with each.
"""

from __future__ import annotations

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

CODES = tuple(sorted(value for name, value in vars().copy().items() if name.isupper() and isinstance(value, str)))
