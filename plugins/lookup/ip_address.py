# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: ip_address
short_description: The IP address that a machine has claimed
version_added: 0.1.0
author:
  - elemental.networking contributors (@elemental-networking)
description:
  - Looks up addresses that are claimed already. It never claims one.
  - The processes of one run of Ansible share what they have read. On a cluster, a change by something other than this collection is seen
    within two minutes.
  - Set C(ansible_host) to it in the C(vars) of plays that run after the playbook C(elemental.networking.configure) succeeded, never
    in the inventory. In the inventory Ansible would connect to the new address before the host has it.
extends_documentation_fragment:
  - elemental.networking._machine
seealso:
  - module: elemental.networking.ip_address_claim_info
  - plugin: elemental.networking.resolved_network
    plugin_type: lookup
options:
  _terms:
    description: The placeholder keys of the claims, as in C(ipAddresses).
    type: list
    elements: str
    required: true
  attribute:
    description:
      - What to return of each address. V(all) is a dictionary of the first four.
      - V(confirmed) is when a push first confirmed the address on the machine, in UTC, or an empty string while it is only promised.
      - V(host_keys) is the list of the recorded public ssh host keys of the machine, empty if none are recorded yet.
    type: str
    default: address
    choices: [address, prefix, gateway, family, all, host_keys, confirmed]
  default:
    description: What to return for a key that is not claimed. Without it, that is an error.
    type: raw
"""

EXAMPLES = r"""
- name: Show the claimed address of this host
  ansible.builtin.debug:
    msg: "{{ lookup('elemental.networking.ip_address', 'inventory-ip', default='none yet') }}"

- name: Continue at the new addresses after the hosts were configured
  hosts: all
  vars:
    ansible_host: "{{ lookup('elemental.networking.ip_address', 'inventory-ip') }}"
    # where ssh checks host keys: it knows this host by the address in the inventory; the inventory's own arguments stay
    ansible_ssh_common_args: >-
      {{ hostvars[inventory_hostname].ansible_ssh_common_args | default('') }}
      -o HostKeyAlias={{ hostvars[inventory_hostname].ansible_host | default(inventory_hostname) }}
  tasks:
    - name: Check that they answer
      ansible.builtin.ping:

- name: Show the claimed address of this host, on a management cluster
  ansible.builtin.debug:
    msg: "{{ lookup('elemental.networking.ip_address', 'inventory-ip', backend='kubernetes', namespace='site-a', kubernetes=access) }}"
  vars:
    access:
      kubeconfig: ~/.kube/config

- name: Add the recorded keys of a host to known_hosts, for its claimed address
  ansible.builtin.known_hosts:
    name: "{{ address }}"
    key: "{{ keys | map('regex_replace', '^', address ~ ' ') | join('\n') }}"
  delegate_to: localhost
  vars:
    address: "{{ lookup('elemental.networking.ip_address', 'inventory-ip') }}"
    keys: "{{ lookup('elemental.networking.ip_address', 'inventory-ip', attribute='host_keys') }}"
"""

RETURN = r"""
_raw:
  description: One value per key.
  type: list
  elements: raw
"""

import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.elemental.networking.plugins.plugin_utils._request.hidden_values import hidden_values
from ansible_collections.elemental.networking.plugins.plugin_utils._request.known_claims import (
    Shelf,
    default_machine,
    option,
    served,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._request.lookup_options import (
    flattened,
    refuse_unknown,
    require_terms,
)


class LookupModule(LookupBase):
    """Read-only look at claims."""

    def run(self, terms: list[str], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        """One value per key."""
        self.set_options(var_options=variables, direct=kwargs)
        refuse_unknown(self, kwargs)
        require_terms(self, terms, "a placeholder key")
        keys, known = [str(key) for key in flattened(terms)], variables or {}
        hidden = hidden_values(known)
        host, site = str(known.get("inventory_hostname", "localhost")), str(option(self, "site", hidden) or "")
        named = str(option(self, "machine", hidden) or "")
        machine = named or default_machine(host)
        backend, database, namespace = (
            str(option(self, name, hidden) or "") for name in ("backend", "database", "namespace")
        )
        place = (
            backend,
            database,
            known.get("inventory_dir") or None,
            option(self, "kubernetes", hidden),
            namespace,
            option(self, "postgresql", hidden),
        )
        shelf = Shelf(place, machine, keys)
        kept = shelf.read()
        claims = self._read(shelf, keys, known) if kept is None else kept
        try:
            held = served(claims, host, site, bool(named))
        except ValueError as error:
            raise AnsibleLookupError(str(error)) from None
        missing = [key for key in keys if key not in held]
        if missing and "default" not in kwargs:
            raise AnsibleLookupError(f"machine {machine} has claimed {self._unclaimed(missing, held, claims, known)}")
        return [wrap_var(self._value(held.get(key))) for key in keys]

    def _read(
        self, shelf: Shelf, keys: t.Sequence[str], variables: t.Mapping[str, t.Any]
    ) -> t.Sequence[dict[str, t.Any]]:
        # imported here: a process for which another one has read the claims does without
        from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError
        from ansible_collections.elemental.networking.plugins.plugin_utils._request.claim_lookup import (
            found_claims,
            given_to,
        )

        try:
            return found_claims(shelf, given_to(self, variables), keys)
        except IpamError as error:
            raise AnsibleLookupError(str(error)) from None

    def _unclaimed(
        self,
        keys: t.Sequence[str],
        held: t.Iterable[str],
        claims: t.Sequence[dict[str, t.Any]],
        variables: t.Mapping[str, t.Any],
    ) -> str:
        from ansible_collections.elemental.networking.plugins.plugin_utils._request.claim_lookup import (
            given_to,
            unclaimed,
        )

        return unclaimed(given_to(self, variables), keys, held, claims)

    def _value(self, held: dict[str, t.Any] | None) -> t.Any:
        if held is None:
            return option(self, "default")
        attribute = option(self, "attribute")
        if attribute in ("host_keys", "confirmed"):
            return held[attribute]
        return held["address"] if attribute == "all" else held["address"][attribute]
