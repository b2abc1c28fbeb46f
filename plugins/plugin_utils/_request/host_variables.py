# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of many hosts, read in one process: Ansible itself would start a process for each host to do that."""

from __future__ import annotations

import typing as t

from ansible.template import Templar

_SIGNS = ("{{", "{%", "{#", "#jinja2:")
# of the play and not of a host; the lists of hosts are long, and would be made again for each host
_SAME_FOR_ALL = (
    "hostvars",
    "ansible_play_hosts",
    "ansible_play_hosts_all",
    "ansible_play_batch",
    "ansible_current_hosts",
    "ansible_failed_hosts",
)


class HostVariables:
    """Variables as a task would see them on another host: those of the inventory, the play, the role and the command line."""

    def __init__(self, task: t.Any, task_vars: t.Mapping[str, t.Any], loader: t.Any) -> None:
        self._task, self._play, self._manager = task, task.get_play(), task.get_variable_manager()
        self._same_for_all = {name: task_vars[name] for name in _SAME_FOR_ALL if name in task_vars}
        self._templar = Templar(loader=loader)

    def of(self, host: str) -> Variables:
        """The variables of a host; none of them is templated yet."""
        found: dict[str, t.Any] = self._manager.get_vars(
            play=self._play,
            host=self._manager._inventory.get_host(host),
            task=self._task,
            include_hostvars=False,
            _hosts=[host],
            _hosts_all=[host],
        )
        found.update(self._same_for_all)
        return Variables(found, self._templar)


class Variables:
    """The variables of one host."""

    def __init__(self, raw: dict[str, t.Any], templar: t.Any) -> None:
        self._raw, self._templar = raw, templar

    def raw(self, name: str) -> t.Any:
        """A variable as it is written; None if it is not set."""
        return self._raw.get(name)

    def value(self, name: str) -> t.Any:
        """A variable; None if it is not set. Raises AnsibleError where its template is wrong."""
        return self.templated(self._raw.get(name))

    def text(self, name: str) -> str:
        """A variable as a string; empty if it is not set."""
        value = self.value(name)
        return "" if value is None else str(value)

    def templated(self, value: t.Any) -> t.Any:
        """A value in which a variable may be named."""
        if not may_be_template(value):
            return value
        self._templar.available_variables = self._raw
        return self._templar.template(value)


def may_be_template(value: object) -> bool:
    """Whether there may be a template in a value, or a secret of a vault; most values have none, and looking is cheap."""
    if isinstance(value, str):
        return any(sign in value for sign in _SIGNS)
    if isinstance(value, t.Mapping):
        return any(may_be_template(each) for each in value.values())
    if isinstance(value, (list, tuple)):
        return any(may_be_template(each) for each in value)
    return not (value is None or isinstance(value, (int, float)))
