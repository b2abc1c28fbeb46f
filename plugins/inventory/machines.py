# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: machines
short_description: Machines of Rancher Elemental, or machines that hold claims, as inventory
version_added: 0.1.0
author:
  - elemental.networking contributors (@elemental-networking)
description:
  - Reads the machines that are registered with Rancher Elemental, or the machines that hold claims on a cluster or in a database.
  - The name of the file must end with C(elemental.yml) or C(elemental.yaml).
  - C(ansible_host) is the first address of O(addresses) at which a machine is known to be. A claimed address counts only if it is in use,
    because a push of this collection confirmed it, or because Elemental has applied it. Where no address is known, it is not set.
  - Each host has the variables C(elemental_name), C(elemental_namespace), C(elemental_uid), C(elemental_source), C(elemental_host),
    C(elemental_labels), C(elemental_annotations), C(elemental_registration_ip), C(elemental_addresses), C(elemental_claims),
    C(elemental_address_source), C(elemental_address_key), C(elemental_conditions), C(elemental_plan_state), C(elemental_state),
    C(elemental_enabled), C(elemental_cluster), C(elemental_roles), C(elemental_machine_pool), C(elemental_machine), C(elemental_node),
    C(elemental_mac_addresses) and C(elemental_host_keys). All are strings, numbers, booleans, lists and dictionaries. What is not known is
    empty. A C(prefix) in C(elemental_claims) is not set if it is not known; Elemental records none.
  - C(elemental_network) is the network of a C(MachineInventory) in the shape that the role
    P(elemental.networking.machine_network#role) takes as C(machine_network). It is not set if it is not known.
  - C(elemental_state) is V(deleting), V(failed), V(waiting) (for an address), V(ready) or V(registered). With claims it is V(waiting),
    V(claimed) or V(ready).
  - C(elemental_enabled) is true for a machine that is installed and whose address is known. In AWX, use it as the enabled variable.
  - Values of the cluster or of the database are never evaluated as templates.
extends_documentation_fragment:
  - elemental.networking._ipam.kubernetes
  - elemental.networking._ipam.postgresql
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
notes:
  - If a part of the data of a machine cannot be used, that part is left out with a warning. With O(strict=true) it is an error.
  - If two machines would have the same host name, the second one is left out with a warning. Use O(hostnames) to name both. The same
    applies to machines of several inventory files, for example of two clusters. A machine is known by its C(elemental_uid), and by
    its namespace and name where it has none (with claims). A host that another inventory has added by hand is merged with the machine.
  - An option of the file that has no effect with its O(source) or its other options is an error. One of the environment or of
    C(ansible.cfg) is not, because it is for many files.
  - The cache holds the configurations of the networks, which may contain secrets. Keep it in a folder that only you can read and write.
requirements:
  - For the sources on a cluster, the Python library C(kubernetes) 24.2 or later, for the Python that runs Ansible.
  - For O(backend=postgresql), the Python library C(psycopg) 3.1 or later, for the Python that runs Ansible.
seealso:
  - plugin: elemental.networking.ip_address
    plugin_type: lookup
  - module: elemental.networking.ip_address_claim_info
options:
  plugin:
    description: The name of this plugin.
    type: str
    required: true
    choices: [elemental.networking.machines]
  source:
    description:
      - Where the machines are read from.
      - V(machine_inventories) are the C(MachineInventory) objects of Elemental.
      - V(claims) are the claims on a cluster with Cluster API's IPAM, no matter which provider serves them.
      - V(database) are the claims in a database.
    type: str
    default: machine_inventories
    choices: [machine_inventories, claims, database]
  namespaces:
    description:
      - The namespaces to read. V(*) stands for all namespaces, which needs a ClusterRole.
      - The default is V(fleet-default) for O(source=machine_inventories), V(default) for O(source=claims), and all for
        O(source=database).
    type: list
    elements: str
  label_selector:
    description: Only C(MachineInventory) objects with these labels, as C(kubectl get -l) takes them. For claims, use O(include).
    type: str
    default: ''
  clusters:
    description:
      - Whether to read C(MachineInventorySelector) and C(Machine) objects, too. They provide C(elemental_cluster), C(elemental_roles),
        C(elemental_machine_pool), C(elemental_machine) and C(elemental_node). Only for O(source=machine_inventories).
    type: bool
    default: false
  confirmations:
    description:
      - Whether to read the claims of the namespaces, too, if a machine has an address that Elemental is not known to have applied.
      - They show which addresses a push of this collection has confirmed.
      - Without it, or without the right to list C(ipaddressclaims), such an address counts as not in use.
      - Only for O(source=machine_inventories).
    type: bool
    default: true
  backend:
    description:
      - The backend of the database, for O(source=database).
      - V(embedded), the default, is one SQLite file. V(postgresql) is a database of a PostgreSQL server.
    type: str
    default: embedded
  database:
    description:
      - The file of the embedded backend, for O(source=database). A relative path is beside the inventory file.
      - The default is C(.elemental-ipam.sqlite) beside the inventory file, as in the roles. An empty string counts as unset.
    type: str
    default: ''
    env:
      - name: ELEMENTAL_NETWORKING_DATABASE
  site:
    description:
      - The name of this inventory. Claims that were made for an inventory with another name are ignored.
      - For O(source=claims) and O(source=database).
    type: str
    default: ''
  addresses:
    description:
      - Where to take C(ansible_host) from. The first that a machine has counts; C(elemental_address_source) is its name.
      - V(claimed) is a claimed address that is known to be in use. If a machine has claims for several keys, O(address_keys) decides.
      - V(registration-ip) is the address from which the machine registered last. Elemental refreshes it every 30 minutes.
      - V(ExternalIP), V(InternalIP) and V(Hostname) are labels with these names behind the prefix of Elemental. A label cannot hold an IPv6
        address.
      - V(machine) is an address of the C(Machine), with O(clusters=true).
      - V(name) is the name of the machine, for DNS.
      - Claims have only V(claimed) and V(name).
    type: list
    elements: str
    choices: [claimed, registration-ip, ExternalIP, InternalIP, Hostname, machine, name]
    default: [claimed, registration-ip]
  address_keys:
    description:
      - The placeholder keys of the claimed addresses to use, in order. Required where machines have claims for several keys.
      - A key that no machine has a claim for is named in a warning.
    type: list
    elements: str
    default: []
  hostnames:
    description:
      - Jinja2 expressions for the name of a host, as in O(compose), without braces. The first value that is not empty counts. A variable
        that a machine does not have counts as empty. A number becomes a string.
      - An expression that is not valid is left out with a warning. If an expression cannot be evaluated for a machine, or its value is
        neither a string nor a number, the machine is left out with a warning.
      - A string is one expression, also with commas.
      - The default is the name of the C(MachineInventory). For claims it is the host that they were made for, or their machine. With the
        default, claims of the role have the names that Elemental gives them.
    type: list
    elements: str
    default: []
  include:
    description:
      - Jinja2 conditions. A machine is in the inventory if any of them is true; without conditions, every machine is.
      - If a condition cannot be evaluated, for example because a label is missing, the machine is left out with a warning. A condition
        that is not valid is an error.
      - A string is one condition, also with commas.
    type: list
    elements: str
    default: []
  exclude:
    description: Jinja2 conditions, as in O(include). A machine is not in the inventory if any of them is true, or cannot be evaluated.
    type: list
    elements: str
    default: []
  label_prefix:
    description:
      - The prefix of Elemental's labels and annotations, as C(MachineRegistration.spec.labelPrefix) sets it, V(-) for none. The slash
        behind it may be given, too.
      - By default, it is recognized by the annotation C(registration-ip). The prefix is left out in C(elemental_labels) and
        C(elemental_annotations), as is C(elemental.cattle.io/).
      - Only for O(source=machine_inventories).
    type: str
    default: ''
  group_by:
    description:
      - What to make groups of, named C(<prefix><kind>_<value>), for example C(elemental_state_ready). Every character other than letters,
        digits and underscores becomes an underscore.
      - V(cluster), V(role) and V(machine_pool) need O(clusters=true). V(pool) is each IP pool that the machine has a claim of.
    type: list
    elements: str
    choices: [cluster, role, machine_pool, pool, state, namespace]
    default: [cluster, role, machine_pool, pool, state]
  group_prefix:
    description: What the names of the groups begin with.
    type: str
    default: elemental_
"""

EXAMPLES = r"""
# site.elemental.yml: the machines of Elemental, grouped by cluster and role
---
plugin: elemental.networking.machines
kubernetes:
  kubeconfig: ~/.kube/rancher.yaml
namespaces: [fleet-default]
clusters: true
# which of their claimed addresses to connect to
address_keys: [inventory-ip]

# only machines that are installed, of one location, named after a label
---
plugin: elemental.networking.machines
label_selector: location=berlin
include:
  - elemental_enabled
hostnames:
  - elemental_labels.hostname
compose:
  ansible_user: "'root'"
keyed_groups:
  - key: elemental_labels.manufacturer
    prefix: manufacturer

# group_vars/all.yml for a play that gives these machines the network that Elemental has for them; a claim is named after its machine, and
# without machine_network_machine_name that is the host, for which new addresses would be claimed
# machine_network: "{{ elemental_network }}"
# machine_network_machine_name: "{{ elemental_name }}"
# machine_network_ipam_backend: kubernetes
# machine_network_ipam_namespace: "{{ elemental_namespace }}"

# the machines that hold claims on a cluster without Elemental
---
plugin: elemental.networking.machines
source: claims
namespaces: [site-a]

# the machines in the database of the embedded backend
---
plugin: elemental.networking.machines
source: database
database: .elemental-ipam.sqlite
address_keys: [inventory-ip]

# the machines in a database of a PostgreSQL server; the password is in PGPASSWORD or in ~/.pgpass
---
plugin: elemental.networking.machines
source: database
backend: postgresql
postgresql:
  host: db.example.com
  dbname: ipam
  user: ipam
  sslmode: verify-full
address_keys: [inventory-ip]
"""

import os
import typing as t

from ansible import constants
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.vars import combine_vars
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError
from ansible_collections.elemental.networking.plugins.module_utils._printable import one_line
from ansible_collections.elemental.networking.plugins.plugin_utils._collecting import without_collection
from ansible_collections.elemental.networking.plugins.plugin_utils._early_plugins import load_lookups
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.caching import kept, restored
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.data import (
    for_this_program,
    is_undefined,
    made_of_data,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.effects import check_effects
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.expressions import Undefined
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.hosts import (
    Host,
    apart,
    candidates,
    hosts,
    without_names,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.keys import (
    undecided_addresses,
    unknown_keys,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.model import Candidates, Query, Rules
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.options import query_of, rules_of
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.reading import machines
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.sources import fetched
from ansible_collections.elemental.networking.plugins.plugin_utils._inventory.written import (
    Given,
    check_booleans,
    hostnames,
    unknown_options,
)

_FILES = ("elemental.yml", "elemental.yaml")
# a warning for each of 5,000 machines helps less than a few
_SHOWN = 5


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Lists become machines, machines become hosts; this is what Ansible sees of it."""

    NAME = "elemental.networking.machines"

    def verify_file(self, path: str) -> bool:
        """Whether the file is called as one for this plugin."""
        return bool(super().verify_file(path)) and path.endswith(_FILES)

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        """Fill the inventory."""
        super().parse(inventory, loader, path, cache)
        given = self._read_config_data(path)
        with without_collection():
            self._parse(path, cache, given)
        load_lookups()

    def _parse(self, path: str, cache: bool, given: Given) -> None:
        options = constants.config.get_configuration_definitions("inventory", self._load_name)
        try:
            check_booleans(given, options)
            query = query_of(self._option, os.path.dirname(os.path.abspath(path)))
            rules = rules_of(self.get_option, given)
            check_effects(given, query, rules)
            known = self._candidates(query, rules, path, cache)
            wanted, faults = hosts(known.machines, rules, for_this_program(), self._evaluate)
        except IpamError as error:
            raise AnsibleParserError(one_line(error)) from None
        except RecursionError:  # what an API server sends is bounded
            raise AnsibleParserError(
                "the cache of the inventory holds values that are nested too deeply; read it again with --flush-cache"
            ) from None
        found, clashes = apart(wanted, self._present)
        mistakes = [*unknown_options(given, options), *hostnames(given)[1], *undecided_addresses(found, rules)]
        self._report([*mistakes, *known.troubles, *faults, *clashes])
        # these are right as soon as a machine has such a claim or label
        self._warn([*unknown_keys(found, known.machines, rules), *without_names(wanted, rules)])
        self._fill(found)

    def _option(self, name: str) -> t.Any:
        """An option; templates in it are the user's own."""
        self.templar.available_variables = self._vars or {}
        return self.templar.template(self.get_option(name))

    def _evaluate(self, expression: str, variables: t.Mapping[str, t.Any]) -> t.Any:
        try:
            return self._compose(expression, variables)
        except AnsibleError as error:
            if is_undefined(error):
                raise Undefined(str(error)) from None
            raise

    def _present(self, name: str) -> t.Mapping[str, t.Any]:
        """The variables of a host that other files have added."""
        host = self.inventory.hosts.get(name)
        return {} if host is None else host.vars

    def _compose(self, template: t.Any, variables: t.Mapping[str, t.Any], *more: t.Any, **options: t.Any) -> t.Any:
        """What a template of the user's gives (Ansible's method, for ``compose`` and all other expressions)."""
        return made_of_data(super()._compose(template, variables, *more, **options))

    def _candidates(self, query: Query, rules: Rules, path: str, cache: bool) -> Candidates:
        """The machines that were found: from the cache where it is used and has them, for the same query and rules."""
        if not self.get_option("cache"):
            return self._read(query, rules)
        key = self.get_cache_key(path)
        known = restored(self._cache.get(key), query, rules, os.environ) if cache else None
        if known is not None:
            return known
        found = self._read(query, rules)
        self._cache[key] = kept(found, query, rules, os.environ)
        return found

    def _read(self, query: Query, rules: Rules) -> Candidates:
        lists = fetched(query, self.display.vv)
        read = machines(lists, query.source, rules.label_prefix, rules.site, rules.addresses)
        return candidates(read, query.source, rules)

    def _report(self, faults: t.Sequence[str]) -> None:
        """Warn of what was left out; with ``strict`` that is an error."""
        faults = list(dict.fromkeys(faults))
        if faults and self.get_option("strict"):
            raise AnsibleParserError(one_line(faults[0]))
        self._warn(faults)

    def _warn(self, faults: t.Sequence[str]) -> None:
        for fault in faults[:_SHOWN]:
            self.display.warning(one_line(fault))
        if len(faults) > _SHOWN:
            self.display.warning(f"{len(faults) - _SHOWN} more parts of machines were left out; -v lists them")
            for fault in faults[_SHOWN:]:
                self.display.v(one_line(fault))

    def _fill(self, found: t.Sequence[Host]) -> None:
        """Add the hosts with their variables and groups, then what the user composes of them."""
        inventory, strict = self.inventory, self.get_option("strict")
        compose, conditional, keyed = (self.get_option(name) for name in ("compose", "groups", "keyed_groups"))
        groups = {name: inventory.add_group(name) for host in found for name in host.groups}
        for host in found:
            inventory.add_host(host.name)
            added = inventory.get_host(host.name)
            # set_variable does the same; since ansible-core 2.19 it checks and copies each value, which takes longer than all else
            added.vars = combine_vars(added.vars, host.variables)
            for name in host.groups:
                inventory.add_child(groups[name], host.name)
            if compose or conditional or keyed:
                self._set_composite_vars(compose, host.variables, host.name, strict)
                self._add_host_to_composed_groups(conditional, host.variables, host.name, strict)
                self._add_host_to_keyed_groups(keyed, host.variables, host.name, strict)
