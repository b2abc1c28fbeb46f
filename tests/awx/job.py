# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job as AWX 24.6.1 runs it, without AWX: ansible-runner transmit, worker and process around a private data directory of the same shape.

A double of AWX's task system; its variables, environment, inventory script, credential files and arguments are those of a real job.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
_IMAGE = "localhost/elemental-ee"
_INVENTORY = "#!{python}\nprint(r'''{text}''')\n"


@dataclass(frozen=True)
class Inventory:
    """The hosts of an inventory of AWX with their variables, and those of all."""

    hosts: t.Mapping[str, t.Mapping[str, t.Any]]
    variables: t.Mapping[str, t.Any] = field(default_factory=dict)

    def slice(self, number: int, count: int) -> Inventory:
        """What a slice of a job gets: every n-th host, by name."""
        names = sorted(self.hosts)[number - 1 :: count]
        return Inventory({name: self.hosts[name] for name in names}, self.variables)

    def script(self) -> str:
        """The program that prints it, as AWX writes one."""
        all_hosts = {"hosts": list(self.hosts), "vars": dict(self.variables)}
        document = {"_meta": {"hostvars": {name: dict(each) for name, each in self.hosts.items()}}, "all": all_hosts}
        return _INVENTORY.format(python="/usr/bin/env python3", text=json.dumps(document))


@dataclass(frozen=True)
class Template:
    """What a job template gives to a job: a playbook of the project, answers of the survey, and what a credential injects."""

    playbook: str
    name: str = "Network configure"
    job_type: str = "run"
    answers: t.Mapping[str, t.Any] = field(default_factory=dict)
    environment: t.Mapping[str, str] = field(default_factory=dict)
    # of credentials: name of the file -> content, and extra variables
    files: t.Mapping[str, str] = field(default_factory=dict)
    injected: t.Mapping[str, t.Any] = field(default_factory=dict)
    ssh_key: str = ""
    volumes: tuple[str, ...] = ()
    verbosity: int = 0
    # where the files of the execution environment are; empty: those of this machine, with the collection of the checkout
    rootfs: str = ""


@dataclass(frozen=True)
class Ended:
    """What AWX knows of a job that has ended."""

    status: str
    output: str
    events: tuple[t.Mapping[str, t.Any], ...]

    @property
    def text(self) -> str:
        """The output in one line."""
        return " ".join(self.output.split())

    @property
    def artifacts(self) -> t.Mapping[str, t.Any]:
        """The artifacts that AWX keeps of it."""
        found = [each["event_data"] for each in self.events if each["event"] == "playbook_on_stats"]
        return t.cast("t.Mapping[str, t.Any]", found[-1].get("artifact_data", {}) if found else {})

    @property
    def changed(self) -> t.Mapping[str, int]:
        """How many tasks changed something, by host."""
        found = [each["event_data"] for each in self.events if each["event"] == "playbook_on_stats"]
        return t.cast("t.Mapping[str, int]", found[-1].get("changed", {}) if found else {})


class Job:
    """A job with its private data directory, on its way through the three programs that receptor connects."""

    def __init__(
        self,
        folder: Path,
        number: int,
        inventory: Inventory,
        template: Template,
        workflow: int = 0,
        execution_node: t.Sequence[str] = (),
    ) -> None:
        self._execution_node = execution_node
        self.number, self.name = number, f"ansible_runner_{number}"
        self.private = folder / f"awx_{number}_x"
        self._worker = folder / f"worker_{number}"
        self._folder = folder
        self._write(inventory, template, workflow)
        self._template = template
        self._processes: list[subprocess.Popen[bytes]] = []

    def _write(self, inventory: Inventory, template: Template, workflow: int) -> None:
        for name in ("env", "inventory", "project", "cp", "artifacts"):
            (self.private / name).mkdir(parents=True)
        script = self.private / "inventory/hosts"
        script.write_text(inventory.script())
        script.chmod(0o700)
        shutil.copytree(REPOSITORY / "extensions/awx/project", self.private / "project", dirs_exist_ok=True)
        shutil.rmtree(self.private / "project/inventory")
        if not template.rootfs:
            self._write_collection()
        for name, content in template.files.items():
            (self.private / "env" / name).write_text(content)
            (self.private / "env" / name).chmod(0o600)
        if template.ssh_key:
            (self.private / "env/ssh_key").write_text(template.ssh_key)
            (self.private / "env/ssh_key").chmod(0o600)
        self._write_variables(template, workflow)

    def _write_collection(self) -> None:
        """As AWX installs what collections/requirements.yml of a project names."""
        collections = self.private / "requirements_collections/ansible_collections/elemental"
        collections.mkdir(parents=True)
        # names with a dot are not in the built collection, and stages beside this one write and remove such files
        left_out = shutil.ignore_patterns("tests", ".*", "__pycache__")
        shutil.copytree(os.environ["COLLECTION"], collections / "networking", symlinks=True, ignore=left_out)

    def _write_variables(self, template: Template, workflow: int) -> None:
        env = self.private / "env"
        about = {
            "job_id": self.number,
            "job_launch_type": "workflow" if workflow else "manual",
            "job_template_name": template.name,
            "inventory_id": 2,
            **({"workflow_job_id": workflow, "workflow_job_name": template.name} if workflow else {}),
        }
        extra = {f"{prefix}_{name}": value for name, value in about.items() for prefix in ("awx", "tower")}
        (env / "extravars").write_text(json.dumps({**template.answers, **extra}))
        (env / "tmpcredential").write_text(json.dumps(dict(template.injected)))
        arguments = [
            "-u",
            "root",
            "-e",
            "@/runner/env/tmpcredential",
            *(["--check"] if template.job_type == "check" else []),
        ]
        (env / "cmdline").write_text(
            shlex.join([*arguments, *(["-" + "v" * template.verbosity] if template.verbosity else [])])
        )
        isolation = {
            "process_isolation": True,
            "process_isolation_executable": "podman",
            "container_image": _IMAGE,
            "container_options": ["--user=root", "--pull=never"],
            "container_volume_mounts": list(template.volumes),
        }
        limits = {"idle_timeout": 0, "job_timeout": 0, "pexpect_timeout": 5}
        (env / "settings").write_text(json.dumps({**limits, **isolation}))
        (env / "envvars").write_text(json.dumps({**self._awx_environment(), **template.environment}))

    def _awx_environment(self) -> dict[str, str]:
        return {
            "ANSIBLE_COLLECTIONS_PATH": "/runner/requirements_collections:~/.ansible/collections:/usr/share/ansible/collections",
            "ANSIBLE_FORCE_COLOR": "True",
            "ANSIBLE_HOST_KEY_CHECKING": "False",
            "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
            "ANSIBLE_PARAMIKO_RECORD_HOST_KEYS": "False",
            "ANSIBLE_RETRY_FILES_ENABLED": "False",
            "ANSIBLE_SSH_CONTROL_PATH_DIR": "/runner/cp",
            "ANSIBLE_UNSAFE_WRITES": "1",
            "AWX_PRIVATE_DATA_DIR": str(self.private),
            "AWX_HOST": "https://awx1",
            "JOB_ID": str(self.number),
            "INVENTORY_ID": "2",
            "MAX_EVENT_RES": "700000",
            "PROJECT_REVISION": "0000000000000000000000000000000000000000",
        }

    def start(self) -> Job:
        """Let it run: transmit | worker | process."""
        runner = [sys.executable, "-m", "ansible_runner"]
        what = ["--playbook", self._template.playbook, "--ident", str(self.number)]
        log = (self._folder / f"job_{self.number}.log").open("wb")
        commands = (
            [*runner, "transmit", str(self.private), *what],
            [*self._execution_node, *runner, "worker", "--private-data-dir", str(self._worker), "--delete"],
            [*runner, "--quiet", "process", str(self.private), "--ident", str(self.number)],
        )
        given: t.Any = subprocess.DEVNULL
        for number, command in enumerate(commands, start=1):
            output = log if number == len(commands) else subprocess.PIPE
            process = subprocess.Popen(command, stdin=given, stdout=output, stderr=log, env=self._outside())
            self._processes.append(process)
            given = process.stdout
        return self

    def _outside(self) -> dict[str, str]:
        """What the programs outside of the container have: podman, or what takes its place."""
        rootfs = {"CONTAINER_ROOTFS": self._template.rootfs} if self._template.rootfs else {}
        return {**os.environ, **rootfs, "PATH": f"{self._folder}/bin:{os.environ['PATH']}"}

    def cancel(self) -> None:
        """End it as AWX does: the worker and its container, in the middle of whatever they do."""
        subprocess.run(["podman", "kill", self.name], env=self._outside(), check=True)
        for process in self._processes:
            process.kill()

    def wait(self, seconds: float = 300) -> Ended:
        """What AWX knows when it has ended."""
        for process in self._processes:
            process.wait(timeout=seconds)
        artifacts = self.private / "artifacts" / str(self.number)
        finished = [
            each for each in (artifacts / "job_events").glob("*.json") if not each.name.endswith("-partial.json")
        ]
        files = sorted(finished, key=lambda path: int(path.name.partition("-")[0]))
        events = tuple(each for each in (json.loads(path.read_text()) for path in files) if "event" in each)
        log = (self._folder / f"job_{self.number}.log").read_text(errors="replace")
        output = "\n".join(str(each.get("stdout", "")) for each in events)
        status = (artifacts / "status").read_text().strip() if (artifacts / "status").exists() else "unknown"
        return Ended(status, f"{output}\n{log if status == 'unknown' or not events else ''}", events)

    def run(self) -> Ended:
        """Start it and wait."""
        return self.start().wait()

    def update_inventory(self, source: str) -> dict[str, t.Any]:
        """What an update of an inventory source, a file of the project, finds: the call that AWX makes, without extra variables."""
        variables = json.loads((self.private / "env/envvars").read_text())
        (self.private / "env/list").write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
        volumes = [
            option for each in (f"{self.private}/:/runner/:Z", *self._template.volumes) for option in ("-v", each)
        ]
        container = ["podman", "run", "--rm", "--workdir", "/runner/project", *volumes, "--name", self.name]
        output = "/runner/artifacts/output.json"
        update = [
            "ansible-inventory",
            "--list",
            "--export",
            "-i",
            f"/runner/project/{source}",
            "--output",
            output,
            "-vvv",
        ]
        command = [*container, "--env-file", str(self.private / "env/list"), _IMAGE, *update]
        run = subprocess.run(command, env=self._outside(), capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr
        return t.cast("dict[str, t.Any]", json.loads((self.private / "artifacts/output.json").read_text()))


class Site:
    """An AWX with one execution node: its jobs, and a folder that outlives them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # what starts a program where jobs run
        self.execution_node: tuple[str, ...] = ()
        self.exposed = folder / "exposed"
        self.exposed.mkdir()
        (folder / "bin").mkdir()
        podman = folder / "bin/podman"
        command = shlex.join([sys.executable, str(REPOSITORY / "tests/awx/container.py"), str(folder / "containers")])
        podman.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        podman.chmod(0o755)
        self._jobs = 0

    def job(self, inventory: Inventory, template: Template, workflow: int = 0) -> Job:
        """A job that was not started yet."""
        self._jobs += 1
        return Job(self.folder, self._jobs + 40, inventory, template, workflow, self.execution_node)

    def slices(self, inventory: Inventory, template: Template, count: int) -> list[Ended]:
        """The jobs of a sliced template, at once."""
        jobs = [self.job(inventory.slice(number, count), template, workflow=90) for number in range(1, count + 1)]
        started = [each.start() for each in jobs]
        return [each.wait() for each in started]
