# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""MachineInventories in the shape that the operator of Elemental was observed to write, with what a test wants to be different."""

from __future__ import annotations

import copy
import functools
import json
import typing as t
from pathlib import Path

OBSERVED = Path(__file__).parent / "elemental/observed"
GROUP = "elemental.cattle.io"
PREFIX = f"{GROUP}/"
# names of observed files with one MachineInventory
FILES = tuple(sorted(path.stem for path in OBSERVED.glob("*-machineinventory*.json") if "inventories" not in path.stem))
Object = t.Dict[str, t.Any]


def observed(file: str) -> Object:
    """An object as it was observed."""
    return dict(json.loads((OBSERVED / f"{file}.json").read_text()))


@functools.lru_cache(maxsize=None)
def _model() -> Object:
    return observed("m7-machineinventory-2-after-controller")


def machine_inventory(
    name: str,
    namespace: str = "fleet-default",
    registration_ip: str | None = "192.0.2.10",
    prefix: str = PREFIX,
    labels: t.Mapping[str, str] | None = None,
    addresses: t.Mapping[str, str] | None = None,
    applied: bool = False,
    selector: str = "",
    **metadata: t.Any,
) -> Object:
    """A machine with two claims; with ``applied`` its installed system has reported that the network is applied.

    ``addresses`` are those of the claims, by key; ``selector`` is the uid of the one that owns it.
    """
    item = copy.deepcopy(_model())
    held = {"inventory-ip": "192.168.122.153", "secondary-ip": "172.16.0.153"} if addresses is None else addresses
    annotations = {key.replace(PREFIX, prefix, 1): value for key, value in item["metadata"]["annotations"].items()}
    annotations.pop(f"{prefix}registration-ip")
    if registration_ip is not None:
        annotations[f"{prefix}registration-ip"] = registration_ip
    owner = {"apiVersion": f"{GROUP}/v1beta1", "kind": "MachineInventorySelector", "name": "s", "uid": selector}
    item["metadata"] = {
        "name": name,
        "namespace": namespace,
        "uid": f"uid-{name}",
        "annotations": annotations,
        **({"labels": dict(labels)} if labels else {}),
        **({"ownerReferences": [owner]} if selector else {}),
        **metadata,
    }
    spec = item["spec"]
    pool = next(iter(spec["ipAddressPools"].values()))
    spec["ipAddressPools"] = {key: spec["ipAddressPools"].get(key, pool) for key in held}
    spec["ipAddressClaims"] = {
        key: {"kind": "IPAddressClaim", "name": f"{name}-{key}", "namespace": namespace, "uid": f"uid-{name}-{key}"}
        for key in held
    }
    spec["network"]["ipAddresses"] = {key: address for key, address in held.items() if address}
    if applied:
        for condition in item["status"]["conditions"]:
            condition["status"] = "True"
        item["status"]["plan"]["state"] = "Applied"
    return item
