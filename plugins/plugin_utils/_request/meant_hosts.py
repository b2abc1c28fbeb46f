# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""For which hosts of a batch a task that runs once is meant: Ansible runs it for one of them, and shows it none of the others."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleError
from ansible.playbook.block import Block
from ansible.playbook.task_include import TaskInclude
from ansible.template import Templar
from ansible_collections.elemental.networking.plugins.plugin_utils._request.registered import registered

Everything = t.Callable[[str], dict[str, t.Any]]


def hosts_of(task: t.Any, batch: t.Sequence[str], everything_of: Everything, loader: t.Any) -> list[str]:
    """Those for which the conditions of the task and of the includes around it hold, and in a rescue those that failed.

    One whose condition cannot be evaluated is among them. One may be missing: what a condition names may have changed since the include,
    and the failure of one host may lead others to a rescue. Such a host must get what it needs in a task of its own. ``everything_of``
    gives all variables of a host.
    """
    conditional = [each for each in (task, *_includes(task)) if each.when]
    is_rescue = _is_rescue(task)
    hosts = [host for host in batch if not is_rescue or "ansible_failed_task" in registered(task, host)]
    if not conditional:
        return hosts
    return [host for host in hosts if _hold(conditional, everything_of(host), loader)]


def _ancestors(task: t.Any) -> t.Iterator[t.Any]:
    parent = task._parent
    while parent is not None:
        yield parent
        parent = parent._parent


def _includes(task: t.Any) -> list[t.Any]:
    """What is included while a play runs keeps its condition for itself."""
    return [each for each in _ancestors(task) if isinstance(each, TaskInclude) and not each.statically_loaded]


def _is_rescue(task: t.Any) -> bool:
    """Whether the task is in the rescue of a block."""
    # between a block and what is imported into its rescue there is the import, which is not in that list
    inside = {task._uuid}
    for parent in _ancestors(task):
        if isinstance(parent, Block) and not inside.isdisjoint(each._uuid for each in parent.rescue):
            return True
        inside.add(parent._uuid)
    return False


def _hold(conditional: t.Iterable[t.Any], variables: dict[str, t.Any], loader: t.Any) -> bool:
    templar = Templar(loader=loader, variables=variables)
    try:
        return all(_holds(each, templar, variables) for each in conditional)
    except AnsibleError:
        return True


def _holds(conditional: t.Any, templar: t.Any, variables: dict[str, t.Any]) -> bool:
    """Whether all conditions of a task hold."""
    if hasattr(templar, "evaluate_conditional"):  # since ansible-core 2.19
        return all(templar.evaluate_conditional(each) for each in conditional.when)
    return bool(conditional.evaluate_conditional(templar, variables))
