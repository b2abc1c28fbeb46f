# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for kubernetes.core.k8s: the cluster is a JSON file, and a table in it says what a resource becomes after it was applied."""

from __future__ import annotations

import json
import os

from ansible.module_utils.basic import AnsibleModule


def _is(resource: dict, wanted: dict) -> bool:
    def names(each: dict) -> tuple:
        return each["kind"], each["metadata"]["name"], each["metadata"].get("namespace")

    return names(resource) == names(wanted)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str"},
            "apply": {"type": "bool"},
            "server_side_apply": {"type": "dict"},
            "definition": {"type": "dict"},
            "hidden_fields": {"type": "list", "elements": "str"},
            "wait": {"type": "bool"},
            "wait_timeout": {"type": "int"},
            "kubeconfig": {"type": "str"},
            "context": {"type": "str"},
        },
        supports_check_mode=True,
    )
    path = os.environ["CLUSTER"]
    with open(path, encoding="utf-8") as stream:
        cluster = json.load(stream)
    wanted = module.params["definition"]
    there = [each for each in cluster["resources"] if _is(each, wanted)]
    if module.params["state"] == "absent":
        changed = bool(there)
        cluster["resources"] = [each for each in cluster["resources"] if not _is(each, wanted)]
    else:
        changed = not there or any(there[0].get(key) != value for key, value in wanted.items() if key == "spec")
        if changed:
            cluster["resources"] = [each for each in cluster["resources"] if not _is(each, wanted)]
            cluster["resources"].append({**wanted, "status": {}})
            cluster["statuses"] = cluster["coming"].get(wanted["kind"], [])
    cluster["applied"].append([module.params["state"], wanted["kind"], wanted["metadata"]["name"]])
    if not module.check_mode:
        with open(path, "w", encoding="utf-8") as stream:
            json.dump(cluster, stream)
    module.exit_json(changed=changed)


if __name__ == "__main__":
    main()
