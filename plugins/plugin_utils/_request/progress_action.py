# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a module that may take minutes, and show its lines of progress where the play is shown, in AWX, too.

A module is heard when it ends. Until then it writes into a private file, which is read here.
"""

from __future__ import annotations

import contextlib
import tempfile
import threading
import typing as t
from pathlib import Path

from ansible.module_utils.common.validation import check_type_dict
from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.elemental.networking.plugins.module_utils._printable import one_line
from ansible_collections.elemental.networking.plugins.module_utils._progress import PROGRESS_FILE
from ansible_collections.elemental.networking.plugins.plugin_utils._action import NetworkAction
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import InvalidInput
from ansible_collections.elemental.networking.plugins.plugin_utils._progress_lines import show_line
from ansible_collections.elemental.networking.plugins.plugin_utils._request.job_slice import is_job_slice
from ansible_collections.elemental.networking.plugins.plugin_utils._request.shared_claims import forget

# seconds between two looks
_GLANCE = 0.5


class ClaimingAction(NetworkAction):
    """The controller's half of modules that change claims: the module does it all, this shows how far it is, and lookups look again."""

    _supports_async = True
    _supports_check_mode = True

    def perform(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """Run the module; see its documentation."""
        self._refuse_a_part_of_the_inventory(task_vars)
        detached = bool(self._task.async_val)
        try:
            if detached or not self._is_beside_us():
                result = self._execute_module(task_vars=task_vars, wrap_async=self._task.async_val)
            else:
                result = self._with_progress(task_vars)
        finally:
            if not detached:
                self._remove_tmp_path(self._connection._shell.tmpdir)
            if not self._task.check_mode:
                forget()
        return t.cast("dict[str, t.Any]", result)

    def _refuse_a_part_of_the_inventory(self, task_vars: t.Mapping[str, t.Any]) -> None:
        """Raise InvalidInput where claims of hosts would be released that are in another slice of the job."""
        given = self._task.args.get("selector")
        if not given or not is_job_slice(task_vars):
            return
        with contextlib.suppress(TypeError):  # the module shows what is wrong with it
            given = check_type_dict(given)
        selector = given if isinstance(given, t.Mapping) else {}
        if not selector.get("not_in_inventory"):
            return
        if not boolean(selector.get("in_job_slice") or False, strict=False):
            raise InvalidInput(
                "this looks like a job slice of AWX, in which groups.all has the hosts of the slice only, and not_in_inventory would "
                "release the addresses of all others: run a job template without slices, or, if the list has every host, set in_job_slice; "
                "nothing was released"
            )

    def _is_beside_us(self) -> bool:
        """Whether the module can write into a private file of ours."""
        return self._connection.transport == "local" and not self._connection.become

    def _with_progress(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        with tempfile.TemporaryDirectory(prefix="elemental-networking-") as folder:
            file = Path(folder) / "progress"
            file.touch(mode=0o600)
            self._task.environment = [*(self._task.environment or []), {PROGRESS_FILE: str(file)}]
            with Showing(file, show_line):
                return t.cast("dict[str, t.Any]", self._execute_module(task_vars=task_vars))


class Showing:
    """While this lasts, every line that is appended to a file is shown."""

    def __init__(self, file: Path, show: t.Callable[[str], None]) -> None:
        self._file, self._show = file, show
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="progress", daemon=True)

    def __enter__(self) -> Showing:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        self._thread.join()

    def _follow(self) -> None:
        with self._file.open(encoding="utf-8") as stream:
            rest, ended = "", False
            while not ended:
                ended = self._ended.wait(_GLANCE)
                *lines, rest = (rest + stream.read()).split("\n")
                for line in lines:
                    self._show(one_line(line))
