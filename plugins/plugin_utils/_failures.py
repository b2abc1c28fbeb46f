# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a task fails, as types: their causes are those of ``_errors.py``, and each carries the objects and numbers of its sentence.

They become ``error: {code: ..., ...}`` of a result in `_action.NetworkAction`, and nowhere else.
"""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible_collections.elemental.networking.plugins.module_utils import _errors
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError


class Failure(_errors.Failure, AnsibleError):
    """A failure whose cause is known; the text is one sentence for the user."""

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.details = details


class InvalidInput(_errors.InvalidInput, Failure):
    """An option, a manifest or a template of a task is wrong."""


class Forbidden(_errors.Forbidden, Failure):
    """The host does not let this user do what is needed."""


class MissingRequirement(_errors.MissingRequirement, Failure):
    """A program, or a version of one, is missing."""


class WrongHost(_errors.WrongHost, Failure):
    """Another host answers."""


class HostBusy(_errors.HostBusy, Failure):
    """Another change is at work on the host."""


class RolledBack(_errors.RolledBack, Failure):
    """The host has its old profiles."""


class OutcomeUnknown(_errors.OutcomeUnknown, Failure):
    """The host may have the old profiles or the new ones."""


class Refused(Failure):
    """The host itself refused, with a code of its own."""

    def __init__(self, message: str, code: str, details: t.Mapping[str, object]) -> None:
        super().__init__(message, **details)
        self.code = code

    @classmethod
    def again(cls, sentence: str, error: t.Mapping[str, object]) -> Refused:
        """The failure of an earlier task, whose ``error`` its result has, for this one."""
        return cls(sentence, str(error["code"]), {name: value for name, value in error.items() if name != "code"})


class Unserved(Failure):
    """What the IPAM room refuses, with the code and the details of ``error``; the sentence is its own unless ``message`` is given."""

    def __init__(self, error: IpamError, message: str = "") -> None:
        super().__init__(message or str(error), **error.details)
        self.code = error.code


class Unreached(_errors.Unreachable, AnsibleConnectionFailure):
    """The host cannot be reached over ssh."""

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.details = details


def described(error: Exception) -> dict[str, object]:
    """What a workflow can branch on: the code of a failure and its details."""
    if isinstance(error, _errors.Failure):
        return error.result
    return {"code": _errors.UNREACHABLE if isinstance(error, AnsibleConnectionFailure) else _errors.FAILED}
