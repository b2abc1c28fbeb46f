# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of many hosts, read in one process: Ansible itself would start a process for each host to do that."""

from __future__ import annotations

import typing as t

from ansible import constants
from ansible.inventory.host import Host
from ansible.template import Templar
from ansible.vars.plugins import get_vars_from_inventory_sources, get_vars_from_path
from ansible_collections.elemental.networking.plugins.plugin_utils._request.hidden_values import hidden_values

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
# no variable has this value; ansible-core 2.21 takes none that it cannot mark
_MARK = "elemental.networking: a value of the host's own"


class _OfGroups(t.NamedTuple):
    """What any host of these groups would have: ``own_counts`` are the names of which its own line in the inventory is not outdone.

    ``is_same`` is whether it means the same for each of them: a template does not.
    """

    values: dict[str, t.Any]
    own_counts: frozenset[str]
    is_same: bool


class HostVariables:
    """Some variables as a task would see them on another host: those of the inventory, the play, the role and the command line.

    Ansible takes 0.4 ms to gather the variables of a host. So where nothing but its groups and its own line in the inventory can make a
    difference, it is asked once for all hosts of the same groups. It is asked for each host that has a template in one of the variables,
    files in ``host_vars``, facts, or results of tasks.
    """

    def __init__(self, task: t.Any, task_vars: t.Mapping[str, t.Any], loader: t.Any, names: t.Collection[str]) -> None:
        self._task, self._play, self._manager = task, task.get_play(), task.get_variable_manager()
        self._loader, self._names = loader, names
        self._same_for_all = {name: task_vars[name] for name in _SAME_FOR_ALL if name in task_vars}
        self._templar = Templar(loader=loader)
        self._beside_the_play = _beside_the_play(task, loader)
        self._of_groups: dict[frozenset[str], _OfGroups] = {}

    def of(self, name: str) -> Variables:
        """The variables of a host; none of them is templated yet."""
        host = self._manager._inventory.get_host(name)
        # what an empty answer of a survey hides in the inventory counts
        hidden = hidden_values({"hostvars": self._same_for_all.get("hostvars"), "inventory_hostname": name})
        if constants.DEFAULT_HASH_BEHAVIOUR == "merge" or self._has_more_than_a_line(host):
            found = self.all_of(host)
            return Variables({**found, **hidden}, lambda: found, self._templar)
        groups = frozenset(group.name for group in host.get_groups())
        of_groups, own_counts, is_same = self._by_groups(groups, host)
        own = {name: value for name, value in host.get_vars().items() if name in own_counts}
        # such as inventory_dir, which each host has
        strings = tuple(sorted((name, str(value)) for name, value in own.items() if isinstance(value, str)))
        is_same = is_same and len(strings) == len(own) and not hidden and not may_be_template(own)
        raw = {**of_groups, **own, **hidden}
        return Variables(raw, lambda: self.all_of(host), self._templar, (groups, strings) if is_same else None)

    def own_of(self, name: str) -> t.Mapping[str, t.Any]:
        """What the inventory has for a host itself, as it is written: without its groups, and without files."""
        found: dict[str, t.Any] = self._manager._inventory.get_host(name).vars
        return found

    def everything_of(self, name: str) -> dict[str, t.Any]:
        """All variables of a host, not templated yet."""
        return self.all_of(self._manager._inventory.get_host(name))

    def all_of(self, host: t.Any) -> dict[str, t.Any]:
        """All variables of a host, from Ansible itself."""
        found: dict[str, t.Any] = self._manager.get_vars(
            play=self._play,
            host=host,
            task=self._task,
            include_hostvars=False,
            _hosts=[host.name],
            _hosts_all=[host.name],
        )
        found.update(self._same_for_all)
        return found

    def _by_groups(self, groups: frozenset[str], host: t.Any) -> _OfGroups:
        """What any host of these groups would have; ``host`` is one of them."""
        if groups not in self._of_groups:
            probe = Host("a host with nothing of its own", gen_uuid=False)
            probe.groups = list(host.groups)
            known = self.all_of(probe)
            probe.vars = dict.fromkeys(self._names, _MARK)
            tried = self.all_of(probe)
            values = {name: known[name] for name in self._names if name in known}
            own_counts = frozenset(name for name in self._names if tried.get(name) == _MARK)
            self._of_groups[groups] = _OfGroups(values, own_counts, not may_be_template(values))
        return self._of_groups[groups]

    def _has_more_than_a_line(self, host: t.Any) -> bool:
        """Whether a host has variables besides those of its groups and its own ones in the inventory."""
        manager, name = self._manager, host.name
        if manager._nonpersistent_fact_cache.get(name) or manager._vars_cache.get(name):
            return True
        try:
            has_facts = bool(manager._fact_cache.get(name))
        except KeyError:
            has_facts = False
        return (
            has_facts
            or bool(get_vars_from_inventory_sources(self._loader, manager._inventory._sources, [host], "task"))
            or any(get_vars_from_path(self._loader, path, [host], "task") for path in self._beside_the_play)
        )


def _beside_the_play(task: t.Any, loader: t.Any) -> list[str]:
    """The folders in which Ansible looks for ``host_vars`` besides those of the inventory (``playbook_vars_root``)."""
    if constants.PLAYBOOK_VARS_ROOT == "top":
        return [loader.get_basedir()]
    searched = list(task.get_search_path())
    return searched if constants.PLAYBOOK_VARS_ROOT == "all" else searched[:1]


class Variables:
    """Variables of one host; ``everything`` is what its templates may name.

    Hosts with the same ``likeness`` have the same ones, and no template in them; one with None is like no other.
    """

    def __init__(
        self,
        raw: t.Mapping[str, t.Any],
        everything: t.Callable[[], dict[str, t.Any]],
        templar: t.Any,
        likeness: t.Hashable | None = None,
    ) -> None:
        self._raw, self._everything, self._templar, self.likeness = raw, everything, templar, likeness
        self._known: dict[str, t.Any] | None = None

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
        if self._known is None:
            self._known = self._everything()
        self._templar.available_variables = self._known
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
