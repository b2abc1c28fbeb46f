# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every action of the collection is made of: the one place where results and errors leave for Ansible.

They quote others: a host, ssh, a tool, a provider, an API server. ansible-core before 2.19 evaluates templates in the text of an
AnsibleActionFail or AnsibleConnectionFailure as soon as a ``rescue`` or a registered variable uses it. So errors become results here, and
no string in a result is a template.
"""

from __future__ import annotations

import abc
import traceback
import typing as t

from ansible.errors import AnsibleActionSkip, AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.elemental.networking.plugins.module_utils import _errors
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError
from ansible_collections.elemental.networking.plugins.module_utils._printable import lines
from ansible_collections.elemental.networking.plugins.plugin_utils._collecting import without_collection
from ansible_collections.elemental.networking.plugins.plugin_utils._early_plugins import prepare_to_fork
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import InvalidInput, RolledBack, described

_MOST_OF_A_MESSAGE = 20_000

# Ansible imports this before it starts a process for each host
prepare_to_fork()


class NetworkAction(ActionBase):
    """An action of the collection. Subclasses implement ``perform`` and leave ``run`` alone."""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Perform the action; what Ansible gets of it is never a template, no matter who wrote it."""
        with without_collection():
            return t.cast("dict[str, t.Any]", wrap_var(_fit_to_show(_with_a_code(self._performed(tmp, task_vars)))))

    def _performed(self, tmp: str | None, task_vars: dict[str, t.Any] | None) -> dict[str, t.Any]:
        try:
            result = {**super().run(tmp, task_vars), **self.perform(task_vars or {})}
        except AnsibleActionSkip:
            raise  # Ansible's own words
        except AnsibleConnectionFailure as error:
            result = {"unreachable": True, "changed": False, "msg": str(error), "error": described(error)}
        except (AnsibleError, IpamError) as error:
            result = {"failed": True, "changed": False, "msg": str(error), "error": described(error)}
            if isinstance(error, RolledBack):
                result["rolled_back"] = True
        except Exception as error:  # a mistake of ours: its text may quote others, too
            Display().vvv(lines(traceback.format_exc()))
            result = {
                "failed": True,
                "changed": False,
                "msg": f"unexpected {type(error).__name__}: {error}; please report it",
                "error": described(error),
            }
        return result

    def options(self, argument_spec: dict[str, t.Any]) -> dict[str, t.Any]:
        """The options of the task, validated. Raises InvalidInput."""
        try:
            _validation, options = self.validate_argument_spec(argument_spec=argument_spec)
        except AnsibleError as error:
            raise InvalidInput(str(error)) from None
        return t.cast("dict[str, t.Any]", options)

    @abc.abstractmethod
    def perform(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """Do the work; the result of the task without what `ActionBase.run` gives. Errors are raised as AnsibleError or IpamError."""


def _with_a_code(result: dict[str, t.Any]) -> dict[str, t.Any]:
    """The result; what a module or Ansible itself gave back as a failure has a code, too."""
    is_coded = isinstance(result.get("error"), dict)
    if is_coded or not (result.get("failed") or result.get("unreachable")):
        return result
    return {**result, "error": {"code": _errors.UNREACHABLE if result.get("unreachable") else _errors.FAILED}}


def _fit_to_show(result: dict[str, t.Any]) -> dict[str, t.Any]:
    """The result with its message and warnings, which callbacks print as they are, without what a terminal would obey."""
    shown = dict(result)
    if "msg" in shown:
        shown["msg"] = _message(shown["msg"])
    if isinstance(shown.get("warnings"), list):
        shown["warnings"] = [_message(each) for each in shown["warnings"]]
    return shown


def _message(text: t.Any) -> t.Any:
    return lines(text[:_MOST_OF_A_MESSAGE]) if isinstance(text, str) else text
