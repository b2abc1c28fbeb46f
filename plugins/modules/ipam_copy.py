#!/usr/bin/python
# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipam_copy
short_description: Copy all claims and pools from one database to another
version_added: 0.1.0
author:
  - elemental.networking contributors (@elemental-networking)
description:
  - Copies the pools, the claims with their addresses, what is recorded of their machines, and the addresses that rest, from an embedded
    database to a PostgreSQL server, back, or between two of a kind. The machines keep their addresses.
  - The target gets all of it in one transaction, or nothing. What it has already stays. If a pool or a claim of the same name differs
    there, or another claim has an address, the task fails and names them.
  - Run it while no play claims or releases. Then move the old database away, because a play that still used it would give its addresses
    a second time.
extends_documentation_fragment:
  - elemental.networking._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
seealso:
  - name: Claims on a PostgreSQL server
    description: A guide with all steps, and with the SQL that grants the rights.
    link: https://github.com/elemental-networking/elemental.networking/blob/main/docs/postgresql.md
  - module: elemental.networking.ip_address_claim_info
options:
  source:
    description: The database to copy from. It is not changed.
    type: dict
    required: true
    suboptions: &place
      backend:
        description: What kind of database it is.
        type: str
        required: true
        choices: [embedded, postgresql]
      database:
        description:
          - The file, if it is an embedded one. As the target it is created with mode 0600 if it is missing. Its folder must exist.
          - On the controller a relative path is in the folder of the playbook, not beside the inventory.
        type: path
      postgresql:
        description:
          - How to reach the server, with the names and meanings of libpq's connection parameters.
          - What is not given comes from the environment variables of libpq, such as C(PGHOST).
        type: dict
        suboptions:
          host:
            description: The host of the server, or the folder of its socket. Several hosts are separated by commas and tried in turn.
            type: str
          hostaddr:
            description: The IP address of the server, if its name should not be resolved.
            type: str
          port:
            description: The port of the server, one for each host or one for all.
            type: str
          dbname:
            description: The name of the database.
            type: str
          user:
            description: The user.
            type: str
          password:
            description: Its password.
            type: str
          passfile:
            description: A file with passwords. The default is C(~/.pgpass).
            type: path
          sslmode:
            description:
              - Whether the connection is encrypted and the server's certificate verified. V(verify-full) does both and checks the name.
              - The default of libpq, V(prefer), verifies nothing.
            type: str
          sslrootcert:
            description: A file with the certificate of the authority that signed the server's, or V(system).
            type: path
          sslcert:
            description: A file with a client certificate.
            type: path
          sslkey:
            description: A file with the key of the client certificate.
            type: path
          service:
            description: The name of a service in C(~/.pg_service.conf) that has further parameters.
            type: str
          connect_timeout:
            description: How long to wait for each host, in seconds. The default is 10.
            type: int
          target_session_attrs:
            description: Which of several hosts is taken. V(read-write) is the primary of a replicated server, whichever host it is now.
            type: str
  target:
    description: The database to copy to.
    type: dict
    required: true
    suboptions: *place
notes:
  - Runs beside the controller. In a play for other hosts, delegate it to C(localhost).
requirements:
  - For a PostgreSQL server, the Python library C(psycopg) 3.1 or later, for the Python that runs the module, and PostgreSQL 13 or later.
"""

EXAMPLES = r"""
- name: Move the claims to a PostgreSQL server
  elemental.networking.ipam_copy:
    source:
      backend: embedded
      database: "{{ inventory_dir }}/.elemental-ipam.sqlite"
    target:
      backend: postgresql
      postgresql:
        host: db.example.com
        dbname: ipam
        user: ipam
        sslmode: verify-full
  delegate_to: localhost

- name: Keep a copy in a file
  elemental.networking.ipam_copy:
    source:
      backend: postgresql
    target:
      backend: embedded
      database: /srv/backup/ipam.sqlite
  delegate_to: localhost
"""

RETURN = r"""
copied:
  description: How many of each were missing in the target, and are there now. In check mode, how many would be copied.
  type: dict
  returned: success
  sample: {pools: 2, claims: 40, resting: 0}
found:
  description: How many of each the source has.
  type: dict
  returned: success
  sample: {pools: 2, claims: 40, resting: 0}
error:
  description:
    - What failed, for a workflow to branch on. C(code) is one of those in C(docs/errors.md), the other fields are the object and its
      numbers.
    - A mistake that Ansible itself finds in the options has none.
  type: dict
  returned: failure
  contains:
    code:
      description: The kind of failure. It is never renamed.
      type: str
      returned: always
      sample: conflict
  sample: {code: conflict, address: 10.0.0.10}
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.elemental.networking.plugins.module_utils._ipam.database.postgresql import (
    options as postgresql_options,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.errors import InvalidInput
from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_database
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError

_PLACE: dict[str, t.Any] = {
    "type": "dict",
    "required": True,
    "options": {
        "backend": {"type": "str", "required": True, "choices": ["embedded", "postgresql"]},
        "database": {"type": "path"},
        "postgresql": {"type": "dict", "options": postgresql_options.OPTIONS},
    },
}


def copy(module: AnsibleModule) -> dict[str, t.Any]:
    """Read all of the source, then put what is missing into the target."""
    source, target = (_options(module.params[name]) for name in ("source", "target"))
    with open_database(source) as database:
        content = database.content()
    if not any(content.sizes.values()):
        raise InvalidInput("the source has no pools and no claims; correct its path or options")
    with open_database(target) as database:
        copied = database.put(content, module.check_mode)
    return {"changed": any(copied.sizes.values()), "copied": copied.sizes, "found": content.sizes}


def _options(place: t.Mapping[str, t.Any]) -> BackendOptions:
    return BackendOptions(
        backend=place["backend"], database=place["database"] or "", postgresql=place["postgresql"] or {}
    )


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec={"source": _PLACE, "target": _PLACE}, supports_check_mode=True)
    try:
        result = copy(module)
    except IpamError as error:
        module.fail_json(msg=str(error), error=error.result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
