# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for kubernetes.core.k8s_info; each look at one named resource moves it on to its next status."""

from __future__ import annotations

import json
import os

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            name: {"type": "str"} for name in ("api_version", "kind", "name", "namespace", "kubeconfig", "context")
        },
        supports_check_mode=True,
    )
    path = os.environ["CLUSTER"]
    with open(path, encoding="utf-8") as stream:
        cluster = json.load(stream)
    wanted = module.params
    found = [
        each
        for each in cluster["resources"]
        if each["kind"] == wanted["kind"]
        and wanted["name"] in (None, each["metadata"]["name"])
        and wanted["namespace"] in (None, each["metadata"].get("namespace"))
    ]
    if wanted["name"] and found and wanted["kind"] in cluster["coming"] and cluster.get("statuses"):
        found[0]["status"] = cluster["statuses"].pop(0)
        with open(path, "w", encoding="utf-8") as stream:
            json.dump(cluster, stream)
    module.exit_json(changed=False, resources=found)


if __name__ == "__main__":
    main()
