# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of elemental.networking.ip_address_claim_info: in a job slice of AWX it is unknown what is not in the inventory."""

from __future__ import annotations

import contextlib
import typing as t

from ansible.module_utils.common.validation import check_type_dict
from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.elemental.networking.plugins.plugin_utils._action import NetworkAction
from ansible_collections.elemental.networking.plugins.plugin_utils._request.job_slice import UNKNOWN, is_job_slice


class ActionModule(NetworkAction):
    """Run the module, and take back what it cannot know."""

    _supports_check_mode = True

    def perform(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """See the documentation of the module."""
        try:
            result = t.cast("dict[str, t.Any]", self._execute_module(task_vars=task_vars))
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        if self._needs_whole_inventory() and not result.get("failed") and is_job_slice(task_vars):
            result.update(claims=[], addresses={}, host_keys={}, machine_ids={}, not_in_inventory_unknown=UNKNOWN)
        return result

    def _needs_whole_inventory(self) -> bool:
        selector = self._task.args.get("selector") or {}
        with contextlib.suppress(TypeError):  # the module reports what is wrong with it
            selector = check_type_dict(selector)
        if not isinstance(selector, t.Mapping) or not selector.get("not_in_inventory"):
            return False
        return not boolean(selector.get("in_job_slice") or False, strict=False)
