# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data of others that once took time with its square: seconds of processor time and memory for each, and for twice as much.

Near-linear means that twice the data takes about twice the time. Run by ``make bench-pools``; nothing is asserted.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
import typing as t

GROUP = "ipam.cluster.x-k8s.io"


def _manifest(name: str, addresses: t.Sequence[str], **more: t.Any) -> dict[str, t.Any]:
    spec = {"addresses": list(addresses), "prefix": 8, **more}
    return {"apiVersion": f"{GROUP}/v1alpha2", "kind": "InClusterIPPool", "metadata": {"name": name}, "spec": spec}


def _address(number: int) -> str:
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def _excluded(count: int) -> t.Callable[[], object]:
    manifest = _manifest("p", ["10.0.0.0/8"], excludedAddresses=[_address(2 * each) for each in range(count)])
    return lambda: _pool(manifest)


def _two_pools(count: int) -> t.Callable[[], object]:
    ranges = [f"{_address(8 * each)}-{_address(8 * each + 3)}" for each in range(count)]
    others = [f"{_address(8 * each + 3)}-{_address(8 * each + 5)}" for each in range(count)]
    manifests = [_manifest("a", ranges), _manifest("b", others)]
    return lambda: _shared(manifests)


def _many_pools(count: int) -> t.Callable[[], object]:
    pools = [_manifest(f"p{each}", [f"{_address(1000 + each)}-{_address(2000 + each)}"]) for each in range(count)]
    return lambda: _shared(pools)


def _single_addresses(count: int) -> t.Callable[[], object]:
    manifest = _manifest("p", [_address(2 * each) for each in range(count)])
    return lambda: _pool(manifest)


def _placeholders(count: int) -> t.Callable[[], object]:
    from ansible_collections.elemental.networking.plugins.plugin_utils._request.machine_network import Given
    from ansible_collections.elemental.networking.plugins.plugin_utils._request.preflight import checked

    pools = {f"k{each}": {"apiGroup": GROUP, "kind": "InClusterIPPool", "name": "p"} for each in range(count)}
    lines = "".join(f"address{each + 1}={{k{each}}}/{{k{each}.prefix}}\n" for each in range(count))
    keyfile = f"[connection]\nid=eth0\ntype=ethernet\n[ipv4]\nmethod=manual\n{lines}"
    network = {"configurator": "nmconnections", "ipAddresses": pools, "config": {"eth0": keyfile}}
    return lambda: checked(Given("node1", network=network, pools=[_manifest("p", ["10.0.0.0/8"])]))


def _keys_without_pools(count: int) -> t.Callable[[], object]:
    from ansible_collections.elemental.networking.plugins.plugin_utils._request.machine_network import Given
    from ansible_collections.elemental.networking.plugins.plugin_utils._request.preflight import checked

    pools = {f"k{each}": {"apiGroup": GROUP, "kind": "InClusterIPPool", "name": "p"} for each in range(count)}
    lines = "".join(f"address{each + 1}={{k{each}}}/{{k{each}.prefix}}\n" for each in range(count))
    keyfile = f"[connection]\nid=eth0\ntype=ethernet\n[ipv6]\nmethod=manual\n{lines}"
    network = {"configurator": "nmconnections", "ipAddresses": pools, "config": {"eth0": keyfile}}
    return lambda: checked(Given("node1", network=network))


def _yaml(count: int) -> t.Callable[[], object]:
    from ansible_collections.elemental.networking.plugins.module_utils._yaml import load

    text = "addresses:\n" + "".join(f"  - {_address(each)}\n" for each in range(count))
    return lambda: load(text)


def _pool(manifest: t.Mapping[str, t.Any]) -> object:
    from ansible_collections.elemental.networking.plugins.module_utils._ipam.allocation import allocatable
    from ansible_collections.elemental.networking.plugins.module_utils._ipam.manifest import pool_from_manifest

    return allocatable(pool_from_manifest(manifest, "default")).size


def _shared(manifests: t.Sequence[t.Mapping[str, t.Any]]) -> object:
    from ansible_collections.elemental.networking.plugins.module_utils._ipam.manifest import pool_from_manifest, sharing

    return sharing([pool_from_manifest(manifest, "default") for manifest in manifests], [])


CASES: dict[str, tuple[t.Callable[[int], t.Callable[[], object]], int]] = {
    "excluded addresses": (_excluded, 5_000),
    "ranges in each of two pools": (_two_pools, 5_000),
    "pools that share addresses": (_many_pools, 200),
    "single addresses": (_single_addresses, 1_000_000),
    "placeholders": (_placeholders, 4_000),
    "placeholders of unknown pools": (_keys_without_pools, 4_000),
    "values in a file": (_yaml, 95_000),
}


def _measure(name: str, factor: int) -> None:
    """Measure one case in this process, and print it."""
    make, count = CASES[name]
    run = make(count * factor)
    run_small = make(2)
    run_small()  # imports
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    run()
    seconds = time.process_time() - began
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    print(f"{count * factor:>9,} {name:30} {seconds:6.2f} s {memory:5} MiB")


def main() -> None:
    """Measure every case, each in a process of its own; the collection has to be importable."""
    if len(sys.argv) > 1:
        _measure(sys.argv[1], int(sys.argv[2]))
        return
    from tests.stages import machine

    python = str(machine.environment("test") / "bin/python")
    tree = str(machine.collection())
    for name in CASES:
        for factor in ("1", "2"):
            subprocess.run(
                [python, "-m", "ansible_collections.elemental.networking.tests.benchmark.pools", name, factor],
                env={**os.environ, "PYTHONPATH": tree},
                check=True,
            )


if __name__ == "__main__":
    main()
