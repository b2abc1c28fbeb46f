# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run stages: python3 -m tests.stages [STAGE ...]. One line per stage; the output of one that fails follows.

Those that often wait run beside those that compute, and the longest of each first (`lanes`).
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import typing as t
from dataclasses import replace
from pathlib import Path

from tests.testbed.interrupts import end_as_interrupt

from . import ansible_test, cores, machine, nmstatectl
from .lanes import Command, Stage, run_all
from .machine import REPOSITORY, Missing
from .part import Part

# test beds side by side: much of a test is waiting for a deadline
_NODE_WORKERS = 2
# the longest tests come last: what is left of them is shared
_SIDE_BY_SIDE = ("-n", "2", "--dist", "worksteal")
# ansible-core -> requirements; molecule 26.10 takes 2.16.19 and later, but not 2.17
_MOLECULE_CORES = {"2.19": "molecule", "2.16": "molecule-2.16", "2.21": "molecule-2.21"}
# ansible-core -> requirements, for ansible-test sanity
_SANITY_CORES = {"2.19": "test", **{core: f"core-{core}" for core in ("2.16", "2.17", "2.18", "2.20", "2.21")}}
# for each trust border, in make test-fuzz
_INPUTS = "10000"
# tests of claims and pools that run with provider 1.0.3, too
_OLDER_PROVIDER = ("claims", "pools_as_they_are", "slow_provider")
# for each suite, in make test-keyfiles
_KEYFILES = "1000"


def _tool(name: str) -> str:
    return str(machine.environment("test") / "bin" / name)


def _variables(environment: Path, **more: str) -> dict[str, str]:
    tree = machine.collection()
    path = f"{environment / 'bin'}:{os.environ['PATH']}:/usr/sbin:/sbin"
    own = dict.fromkeys(("PYTHONPATH", "ANSIBLE_COLLECTIONS_PATH", "MYPYPATH"), str(tree))
    # not in the tree, which stages beside this one copy
    return {"PATH": path, "HYPOTHESIS_STORAGE_DIRECTORY": str(tree / "hypothesis"), **own, **more}


def _here(*command: str) -> Command:
    environment = machine.environment("test")
    return [_tool(command[0]), *command[1:]], REPOSITORY, _variables(environment)


def _in_collection(*command: str, **more: str) -> Command:
    environment = machine.environment("test")
    variables = _variables(environment, **more)
    return [_tool(command[0]), *command[1:]], _collection_folder(variables), variables


def _collection_folder(variables: t.Mapping[str, str]) -> Path:
    return Path(variables["PYTHONPATH"]) / "ansible_collections/elemental/networking"


def _unit(requirements: str, python: str, *options: str) -> Command:
    environment = machine.environment(requirements, python)
    variables = _variables(environment)
    with contextlib.suppress(Missing):  # without it the tests that need it are skipped, and say so
        variables["PATH"] = f"{nmstatectl.build().parent}:{variables['PATH']}"
    command = [str(environment / "bin/pytest"), "-q", *_SIDE_BY_SIDE, "-p", "no:cacheprovider", "tests/unit"]
    return [*command, *options], _collection_folder(variables), variables


def _all_units() -> Command:
    """The unit tests with the ansible-core of all other stages; of those of the roles a part."""
    command, folder, variables = _unit("test", machine.PYTHON)
    return command, folder, {**variables, "ROLES_PART": _roles_part(0)}


def _other_core(requirements: str, python: str, turn: int) -> Command:
    """The unit tests with another ansible-core; of those of the roles a part."""
    options = cores.left_out(REPOSITORY, is_same_python=python == machine.PYTHON)
    command, folder, variables = _unit(requirements, python, *options)
    return command, folder, {**variables, "ROLES_PART": _roles_part(turn)}


def _roles_part(turn: int) -> str:
    """The part that PART gives, or one of the next: in parts, each play of the roles runs with one ansible-core, and all do together."""
    part = Part.of(os.environ.get("PART") or "1/1")
    return f"{(part.number - 1 + turn) % part.parts + 1}/{part.parts}"


def _older_python() -> Command:
    command, _folder, variables = _here("python", "-m", "tests.stages.older_python")
    return command, REPOSITORY, {**variables, "PYTHONPATH": str(REPOSITORY)}


def _fuzz() -> Command:
    options = ("-q", "-n", "2", "-p", "no:cacheprovider", "tests/unit/borders")
    return _in_collection("pytest", *options, FUZZ=os.environ.get("FUZZ") or _INPUTS)


def _mypy() -> Command:
    options = ("--config-file", str(REPOSITORY / "pyproject.toml"), "--cache-dir", str(machine.workshop() / "mypy"))
    packages = ("plugins", "extensions.molecule.testbed")
    named = [option for name in packages for option in ("-p", f"ansible_collections.elemental.networking.{name}")]
    command, _folder, variables = _here("mypy", *options, *named)
    return command, Path(variables["PYTHONPATH"]), variables


def _sanity() -> Command:
    environment = _sanity_environment(os.environ.get("ANSIBLE_CORE") or "2.19")
    home = machine.CACHE / "home"
    for bootstrap in ansible_test.bootstraps(environment, home):
        bootstrap.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / "tests/stages/get_pip.py", bootstrap)
    variables = _variables(environment, HOME=str(home))
    options = ("sanity", "--python", ansible_test.python_version(environment), "--color", "no")
    return [str(environment / "bin/ansible-test"), *options], _collection_folder(variables), variables


def _sanity_environment(core: str) -> Path:
    """ansible-test of one of the versions of ansible-core that the collection supports."""
    if core not in _SANITY_CORES:
        raise Missing(f"ansible-test sanity has no ANSIBLE_CORE={core}; use {', '.join(sorted(_SANITY_CORES))}")
    python = machine.newer_python() if core in ("2.20", "2.21") else machine.PYTHON
    return machine.environment(_SANITY_CORES[core], python)


def _galaxy_importer() -> Command:
    environment = machine.environment("galaxy")
    path = f"{environment / 'bin'}:{os.environ['PATH']}"
    return [str(environment / "bin/python"), "-m", "tests.stages.galaxy"], REPOSITORY, {"PATH": path}


def _docs() -> Command:
    command, folder, variables = _in_collection("python", "-m", "tests.stages.docs")
    return command, folder, {**variables, "PYTHONPATH": f"{REPOSITORY}:{variables['PYTHONPATH']}"}


def _docs_site() -> Command:
    environment = machine.environment("docs-site")
    variables = {**_variables(environment), "PYTHONPATH": str(REPOSITORY)}
    return [str(environment / "bin/python"), "-m", "tests.stages.docs_site"], REPOSITORY, variables


def _nodes() -> Command:
    if os.geteuid() != 0:
        raise Missing("the test nodes need root: run make test as root")
    machine.install({**machine.NODE_PACKAGES, **machine.NAT_PACKAGES})
    options = ("-q", "-n", str(_NODE_WORKERS), "--dist", "worksteal", "-p", "no:cacheprovider")
    command, _folder, variables = _here("python", "-m", "pytest", *options, "tests/integration")
    return command, REPOSITORY, {**variables, "PYTHONPATH": str(REPOSITORY)}


def _keyfiles() -> Command:
    if os.geteuid() != 0:
        raise Missing("the root file system of the test nodes needs root: run this as root")
    machine.install(machine.NODE_PACKAGES)
    options = ("-q", "-s", "-p", "no:cacheprovider")
    command, _folder, variables = _here("python", "-m", "pytest", *options, "tests/integration/test_keyfiles.py")
    more = {"PYTHONPATH": str(REPOSITORY), "FUZZ": os.environ.get("FUZZ") or _KEYFILES, "TESTBED_SUITE": _suite()}
    return command, REPOSITORY, {**variables, **more}


def _take_down_nodes() -> None:
    """What the workers of the nodes stage had no time for: pytest ends them soon after an interrupt."""
    for worker in (f"gw{number}" for number in range(_NODE_WORKERS)):
        command = [sys.executable, "-m", "tests.testbed.nodes", "down"]
        variables = {**os.environ, "PYTEST_XDIST_WORKER": worker}
        subprocess.run(command, cwd=REPOSITORY, env=variables, capture_output=True, check=False)


def _faults() -> Command:
    if os.geteuid() != 0:
        raise Missing("the test nodes need root: run make test as root")
    machine.install({**machine.NODE_PACKAGES, **machine.FAULT_PACKAGES})
    return [sys.executable, "-m", "tests.faults"], REPOSITORY, {"TESTBED_SUITE": _suite()}


def _reboot() -> Command:
    if os.geteuid() != 0:
        raise Missing("the test nodes need root: run make test-reboot as root")
    machine.install(machine.NODE_PACKAGES)
    return [sys.executable, "-m", "tests.reboot"], REPOSITORY, {"TESTBED_SUITE": _suite()}


def _renumber() -> Command:
    if os.geteuid() != 0:
        raise Missing("the test nodes need root: run make test-renumber as root")
    machine.install(machine.NODE_PACKAGES)
    command, _folder, variables = _here(
        "python", "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "tests/renumber"
    )
    knobs = {name: os.environ[name] for name in ("NODES", "KILLS", "SEED") if os.environ.get(name)}
    return command, REPOSITORY, {**variables, **knobs, "PYTHONPATH": str(REPOSITORY), "TESTBED_SUITE": _suite()}


def _molecule() -> Command:
    if os.geteuid() != 0:
        raise Missing(
            "the virtual machines need root, for namespaces and a libvirt of their own: run make test as root"
        )
    is_on_cluster = os.environ.get("IPAM") == "cluster"
    machine.install({**machine.MOLECULE_PACKAGES, **(machine.CLUSTER_PACKAGES if is_on_cluster else {})})
    nmstatectl.build()
    environment = _molecule_environment(os.environ.get("ANSIBLE_CORE") or "2.19")
    tree = machine.collection()
    variables = {
        "PATH": f"{environment / 'bin'}:{os.environ['PATH']}:/usr/sbin:/sbin",
        "ANSIBLE_COLLECTIONS_PATH": str(tree),
    }
    return [str(environment / "bin/python"), "-m", "tests.stages.molecule"], REPOSITORY, variables


def _molecule_environment(core: str) -> Path:
    """molecule with one of the versions of ansible-core that it takes."""
    if core not in _MOLECULE_CORES:
        raise Missing(f"there is no ANSIBLE_CORE={core} for molecule; use {', '.join(_MOLECULE_CORES)}")
    python = machine.newer_python() if core == "2.21" else machine.PYTHON
    return machine.environment(_MOLECULE_CORES[core], python)


def cluster_environment() -> tuple[str, dict[str, str]]:
    """The Python and the variables of what runs against a control plane. Raises Missing where there can be none."""
    if os.geteuid() != 0:
        raise Missing("the control plane needs root, for a network namespace of its own: run this as root")
    if not shutil.which("go"):
        raise Missing("the control plane is built from source: install Go 1.26 or later")
    machine.install(machine.CLUSTER_PACKAGES)
    environment = machine.environment("cluster")
    tree = machine.collection()
    variables = {
        "PATH": f"{environment / 'bin'}:{os.environ['PATH']}:/usr/sbin:/sbin",
        "PYTHONPATH": f"{REPOSITORY}:{tree}",
        "ANSIBLE_COLLECTIONS_PATH": str(tree),
    }
    return str(environment / "bin/python"), variables


def _cluster(*what: str, **more: str) -> Command:
    python, variables = cluster_environment()
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(what or ["tests/cluster"])]
    return command, REPOSITORY, {**variables, **more}


def _cluster_faults() -> Command:
    python, variables = cluster_environment()
    return [python, "-m", "tests.cluster", os.environ.get("RUNS") or "5"], REPOSITORY, variables


def _awx() -> Command:
    """Jobs in the shape of AWX's; what needs root or podman is skipped without it, and says so."""
    if os.geteuid() == 0:
        machine.install(
            {
                **machine.NODE_PACKAGES,
                **machine.AWX_PACKAGES,
                **machine.POSTGRESQL_PACKAGES,
                **machine.CLUSTER_PACKAGES,
            }
        )
    environment = machine.environment("awx")
    tree = machine.collection()
    variables = {
        "PATH": f"{environment / 'bin'}:{os.environ['PATH']}:/usr/sbin:/sbin",
        "PYTHONPATH": f"{REPOSITORY}:{tree}",
        "COLLECTION": str(tree / "ansible_collections/elemental/networking"),
        "TESTBED_SUITE": _suite(),
        "TESTBED_NAME": os.environ.get("TESTBED_NAME") or "awx",  # another stage has PostgreSQL servers and nodes, too
    }
    options = ("-q", "-rs", "-p", "no:cacheprovider", "tests/awx")
    return [str(environment / "bin/python"), "-m", "pytest", *options], REPOSITORY, variables


def _postgresql() -> Command:
    machine.install(machine.POSTGRESQL_PACKAGES)
    environment = machine.environment("postgresql")
    variables = _variables(environment)
    knobs = {name: os.environ[name] for name in ("PART", "SEED", "DIFFERENTIAL_EXAMPLES") if os.environ.get(name)}
    command = [
        str(environment / "bin/python"),
        "-m",
        "pytest",
        "-q",
        "-s",
        "-p",
        "no:cacheprovider",
        "tests/postgresql",
    ]
    more = {**knobs, "PYTHONPATH": f"{REPOSITORY}:{variables['PYTHONPATH']}"}
    return command, REPOSITORY, {**variables, **more}


def _take_down_postgresql() -> None:
    """What the tests had no time for after an interrupt."""
    command = [sys.executable, "-m", "tests.testbed.postgresql", "down"]
    subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=False)


def _suite() -> str:
    return os.environ.get("TESTBED_SUITE") or "bookworm"


_ONE_UNIT = ("-k", "test_each_interface_gets_its_own_address")
STAGES = (
    Stage("ruff", "ruff", lambda: _here("ruff", "check", "--no-cache", ".")),
    Stage("format", "ruff format", lambda: _here("ruff", "format", "--check", "--no-cache", ".")),
    Stage("reuse", "REUSE", lambda: _here("reuse", "lint", "--lines")),
    Stage("mypy", "mypy strict", _mypy),
    Stage("zizmor", "zizmor", lambda: _here("zizmor", "--offline", "--no-progress", "--strict-collection", ".github")),
    Stage("changelog", "changelog fragments", lambda: _here("antsibull-changelog", "lint")),
    Stage("docs", "docs lint", _docs),
    Stage("docs-site", "documentation site", _docs_site, report=("docs site: ",), by_default=False),
    Stage("lint", "ansible-lint (production)", lambda: _in_collection("ansible-lint", "--nocolor", "-q")),
    Stage("galaxy-importer", "import by Galaxy", _galaxy_importer, report=("galaxy-importer: ",)),
    # it waits, too, and is long: beside the nodes. ansible is killed less often than in a run of the fault list alone
    Stage(
        "cluster",
        "claims on a control plane",
        lambda: _cluster(KILLS=os.environ.get("KILLS") or "3"),
        one=("-k", "test_a_bulk_is_claimed_and_stays"),
    ),
    Stage("unit", "unit tests (ansible-core 2.19)", _all_units, one=_ONE_UNIT),
    Stage(
        "unit-2.21",
        "unit tests (ansible-core 2.21)",
        lambda: _other_core("core-2.21", machine.newer_python(), 2),
        optional=True,
        one=_ONE_UNIT,
    ),
    Stage(
        "unit-2.16",
        "unit tests (ansible-core 2.16)",
        lambda: _other_core("core-2.16", machine.PYTHON, 1),
        one=_ONE_UNIT,
    ),
    Stage(
        "postgresql",
        "claims on a PostgreSQL server",
        _postgresql,
        report=("postgresql ",),
        one=("-k", "test_the_modules_claim_and_look_and_show_no_password"),
        take_down=_take_down_postgresql,
    ),
    Stage("sanity", "ansible-test sanity", _sanity, one=("--test", "validate-modules")),
    Stage("older-python", "unit tests of hosts' Python", _older_python, report=("older Python: ",)),
    Stage("fuzz", "trust borders, many inputs", _fuzz, report=("border ",), by_default=False),
    Stage(
        "cluster-1.0",
        "claims, provider v1.0.3",
        lambda: _cluster(*(f"tests/cluster/test_{name}.py" for name in _OLDER_PROVIDER), PROVIDER="1.0"),
        by_default=False,
    ),
    Stage("cluster-faults", "faults of claims, in a row", _cluster_faults, report=("run ",), by_default=False),
    Stage(
        "nodes",
        f"integration on nodes ({_suite()})",
        _nodes,
        report=("part ",),
        one=("-k", "test_check_mode_invents_no_address_and_changes_nothing"),
        waits=True,
        take_down=_take_down_nodes,
    ),
    Stage(
        "molecule",
        "molecule on virtual machines",
        _molecule,
        report=("scenario ",),
        one=("-s", "configure"),
        waits=True,
    ),
    Stage(
        "awx",
        "as AWX runs it",
        _awx,
        report=("SKIPPED ", "part "),
        one=("-k", "test_two_slices_at_once_claim_no_address_twice_and_their_artifacts_merge"),
        waits=True,
    ),
    Stage(
        "faults",
        f"fault matrix ({_suite()})",
        _faults,
        report=("| ", "|-", "run "),
        one=("--fault", "link cut for 5 s", "--phase", "before the checkpoint", "--part", "1/1"),
        waits=True,
    ),
    Stage("reboot", f"a boot after each change ({_suite()})", _reboot, report=("reboot ", "run "), by_default=False),
    Stage("renumber", f"renumbering, killed ({_suite()})", _renumber, report=("renumber ", "run "), by_default=False),
    Stage(
        "keyfiles",
        f"keyfiles for two readers ({_suite()})",
        _keyfiles,
        report=("keyfiles ", "simple keyfiles "),
        by_default=False,
    ),
)


def main() -> int:
    """Run the stages that are asked for; by default all but those that say otherwise."""
    parser = argparse.ArgumentParser(prog="make test", description=__doc__)
    parser.add_argument("stage", nargs="*", help=f"one of {', '.join(stage.name for stage in STAGES)}")
    parser.add_argument("--prepare", action="store_true", help="only install what the stages need")
    parser.add_argument("--one", action="store_true", help="one test of each stage")
    options = parser.parse_args()
    unknown = set(options.stage) - {stage.name for stage in STAGES}
    if unknown:
        parser.error(f"there is no stage {', '.join(sorted(unknown))}")
    try:
        machine.install(machine.TEST_PACKAGES)
        machine.environment("test")
    except Missing as error:
        print(f"make test: {error}", file=sys.stderr)
        return 1
    if options.prepare:
        return 0
    end_as_interrupt(signal.SIGINT, signal.SIGTERM)  # a shell starts what is in the background with SIGINT ignored
    try:
        wanted = [stage for stage in STAGES if (stage.name in options.stage if options.stage else stage.by_default)]
        return run_all(
            [stage if options.one else replace(stage, one=()) for stage in wanted], machine.workshop() / "logs"
        )
    except KeyboardInterrupt:
        print("make test: interrupted, everything is taken down", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
