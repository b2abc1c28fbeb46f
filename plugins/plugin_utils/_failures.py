# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a task fails, as types: each has a code of `_errors`, and carries the objects and numbers of its sentence as fields.

They become ``error: {code: ..., ...}`` of a result in `_action.NetworkAction`, and nowhere else.
"""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible_collections.elemental.networking.plugins.module_utils import _errors
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError


class Failure(AnsibleError):
    """A failure whose cause is known; the text is one sentence for the user."""

    code = _errors.FAILED

    def __init__(self, message: str, **fields: object) -> None:
        super().__init__(message)
        self.fields = fields


class InvalidInput(Failure):
    """An option, a manifest or a template is wrong; nothing was changed."""

    code = _errors.INVALID_INPUT


class MissingRequirement(Failure):
    """A program, or a version of one, that is needed is missing."""

    code = _errors.MISSING_REQUIREMENT


class WrongHost(Failure):
    """The host that answers is not the one that is meant, or nothing shows that it is."""

    code = _errors.WRONG_HOST


class HostBusy(Failure):
    """Another change is at work on the host, for longer than it is waited for."""

    code = _errors.BUSY


class RolledBack(Failure):
    """A change failed, and the host is known to have its old profiles."""

    code = _errors.ROLLED_BACK


class OutcomeUnknown(Failure):
    """Whether a change was kept is not known."""

    code = _errors.OUTCOME_UNKNOWN


class Refused(Failure):
    """The host itself refused, with a code of its own."""

    def __init__(self, message: str, code: str, fields: t.Mapping[str, object]) -> None:
        super().__init__(message, **fields)
        self.code = code


class Unserved(Failure):
    """What the IPAM room refuses, with the code and the details of ``error``; the sentence is its own unless ``message`` is given."""

    def __init__(self, error: IpamError, message: str = "") -> None:
        super().__init__(message or str(error), **error.details)
        self.code = error.code


class Unreached(AnsibleConnectionFailure):
    """The host cannot be reached over ssh."""

    def __init__(self, message: str, **fields: object) -> None:
        super().__init__(message)
        self.fields = fields


def described(error: Exception) -> dict[str, object]:
    """What a workflow can branch on: the code of a failure and its fields."""
    if isinstance(error, AnsibleConnectionFailure):
        fields = error.fields if isinstance(error, Unreached) else {}
        return {**fields, "code": _errors.UNREACHABLE}
    if isinstance(error, Failure):
        return {**error.fields, "code": error.code}
    if isinstance(error, IpamError):
        return error.result
    return {"code": _errors.FAILED}
