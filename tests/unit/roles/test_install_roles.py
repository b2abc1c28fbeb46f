# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles nmc and nmstatectl: install, again, upgrade, every way to fail, remove."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import json
import os
import platform
import re
import subprocess
import sys
import threading
import typing as t
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Played:
    """How a play ended, and what it printed."""

    changed: int
    failed: int
    text: str


def program(says: str, code: int = 0) -> bytes:
    """A program that says this when it is tried."""
    return f"#!/bin/sh\necho '{says}'\nexit {code}\n".encode()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass
class Bench:
    """One role, the folder that it installs into, and the release that it fetches."""

    role: str
    folder: Path
    served: Path
    address: str

    @property
    def path(self) -> Path:
        """Where the program goes."""
        return self.folder / "prefix/bin" / self.role

    def release(self, content: bytes) -> dict[str, str]:
        """Serve a release file with this program; the options for it. That of nmstatectl is a zip archive, as upstream's is."""
        if self.role == "nmc":
            (self.served / "nmc").write_bytes(content)
            return {"nmc_url": f"{self.address}/nmc", "nmc_sha256": sha256(content)}
        with zipfile.ZipFile(self.served / "nmstatectl.zip", "w") as archive:
            archive.writestr(zipfile.ZipInfo("nmstatectl", (2026, 1, 1, 0, 0, 0)), content)
        packed = (self.served / "nmstatectl.zip").read_bytes()
        return {"nmstatectl_url": f"{self.address}/nmstatectl.zip", "nmstatectl_sha256": sha256(packed)}

    def put(self, content: bytes) -> None:
        """Install this program without the role, which takes seconds."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(content)
        self.path.chmod(0o755)

    def delegated(self, options: t.Mapping[str, t.Any]) -> Played:
        """Run the role for a host that cannot be reached, delegated to this machine."""
        role = {"name": f"elemental.networking.{self.role}", "apply": {"delegate_to": "localhost"}}
        book = [{"hosts": "node1", "gather_facts": False, "tasks": [{"ansible.builtin.include_role": role}]}]
        return self._run(book, {**options, "ansible_host": "192.0.2.9"}, "-i", "node1,")

    def play(self, options: t.Mapping[str, t.Any], *arguments: str) -> Played:
        """Run the role with these options."""
        book = [
            {
                "hosts": "localhost",
                "connection": "local",
                "gather_facts": False,
                "roles": [f"elemental.networking.{self.role}"],
            }
        ]
        return self._run(book, options, "-i", "localhost,", *arguments)

    def _run(self, book: t.Any, options: t.Mapping[str, t.Any], *arguments: str) -> Played:
        values = {f"{self.role}_path": str(self.path), **options, "ansible_python_interpreter": sys.executable}
        file = self.folder / "play.json"
        file.write_text(json.dumps(book))
        command = ["ansible-playbook", "-e", json.dumps(values), *arguments, str(file)]
        environment = {
            **os.environ,
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_LOCALHOST_WARNING": "0",
            "ANSIBLE_HOME": str(self.folder),
            "ANSIBLE_PIPELINING": "1",
        }
        run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=self.folder)
        text = run.stdout + run.stderr
        recap = dict(re.findall(r"(changed|failed|unreachable)=(\d+)", text.rsplit("PLAY RECAP", 1)[-1]))
        return Played(int(recap.get("changed", -1)), int(recap.get("failed", run.returncode)), text)


class _Server(http.server.ThreadingHTTPServer):
    def __init__(self, *arguments: t.Any) -> None:
        super().__init__(*arguments)
        self.is_over = threading.Event()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        """Serve a file, or bytes without an end."""
        if self.path != f"/{_ENDLESS}":
            return super().do_GET()
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):  # the client ends it
            while not t.cast(_Server, self.server).is_over.wait(0.1):
                self.wfile.write(b"#")

    def log_message(self, *_arguments: t.Any) -> None:
        """Say nothing."""


@pytest.fixture
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> t.Iterator[Bench]:
    """The bench of a role; ``request.param`` is its name."""
    served = tmp_path / "served"
    served.mkdir()

    def handler(*arguments: t.Any) -> _Quiet:
        return _Quiet(*arguments, directory=str(served))

    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Bench(request.param, tmp_path, served, f"http://127.0.0.1:{server.server_port}")
    server.is_over.set()
    server.shutdown()
    thread.join()
    server.server_close()


_ENDLESS = "endless"
both = pytest.mark.parametrize("bench", ["nmc", "nmstatectl"], indirect=True)
one = pytest.mark.parametrize("bench", ["nmc"], indirect=True)


_NO_PROGRAM = f"is not a program for this host: neither a script that begins with #! nor built for {platform.machine()}"


def _leftovers(bench: Bench) -> list[str]:
    folder = bench.path.parent
    return sorted(each.name for each in folder.iterdir() if each.name not in (bench.role, f".{bench.role}.source"))


@both
def test_install_again_upgrade_and_remove(bench: Bench) -> None:
    first = bench.release(program("first"))
    looked = bench.play(first, "--check")
    assert (looked.changed, looked.failed, bench.path.exists()) == (1, 0, False), looked.text
    installed = bench.play(first)
    assert (installed.changed, installed.failed) == (1, 0), installed.text
    assert bench.path.read_bytes() == program("first")
    assert bench.path.stat().st_mode & 0o777 == 0o755
    again = bench.play(first)
    assert (again.changed, again.failed) == (0, 0), again.text
    upgraded = bench.play(bench.release(program("second")))
    assert (upgraded.changed, bench.path.read_bytes()) == (1, program("second")), upgraded.text
    assert _leftovers(bench) == []
    gone = {f"{bench.role}_state": "absent"}
    assert bench.play(gone, "--check").changed == 1
    assert bench.path.exists()
    assert bench.play(gone).changed == 1
    assert list(bench.path.parent.iterdir()) == []
    assert bench.play(gone).changed == 0


@one
def test_a_program_that_somebody_changed_is_installed_anew(bench: Bench) -> None:
    """By its checksum: the version that it says is the same."""
    release = bench.release(program("nmc 0.3.5"))
    bench.play(release)
    bench.path.write_bytes(program("nmc 0.3.5") + b"# tampered with\n")
    assert bench.play(release).changed == 1
    assert bench.path.read_bytes() == program("nmc 0.3.5")


def _failing(bench: Bench) -> list[tuple[dict[str, t.Any], str]]:
    role = bench.role
    good = bench.release(program("new"))
    wrong = {**good, f"{role}_sha256": "0" * 64}
    missing = {**good, f"{role}_url": f"{bench.address}/nothing-here"}
    unreachable = {**good, f"{role}_url": "http://127.0.0.1:1/x"}
    return [
        (wrong, "it is damaged, or another version than the one asked for; nothing was installed"),
        (missing, f"HTTP Error 404: File not found; correct {role}_url"),
        (unreachable, "cannot be fetched into"),
        ({f"{role}_version": "9.9.9"}, f"checksum of {role} 9.9.9 is not known to this role: give {role}_sha256 too"),
        ({**good, f"{role}_sha256": "abc"}, "abc is not a valid sha256"),
    ]


@both
def test_what_is_there_stays_when_the_new_one_cannot_be_had(bench: Bench) -> None:
    bench.put(program("old"))
    for options, sentence in _failing(bench):
        played = bench.play(options)
        assert played.failed == 1
        assert sentence in " ".join(played.text.split()), played.text
        assert bench.path.read_bytes() == program("old")
        assert _leftovers(bench) == []


@one
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            b'#!/bin/sh\necho "nmc: /lib64/libc.so.6: version \\`GLIBC_2.39\' not found (required by nmc)" >&2\nexit 1\n',
            "needs GLIBC 2.39, which this host does not have; use nmc_method package",
        ),
        (b"\x7fELF\x02\x01\x01" + bytes(60), f"{_NO_PROGRAM}; correct nmc_url"),
        (b"<html>Not found</html>\n", f"{_NO_PROGRAM}; correct nmc_url"),
        (program("I do not feel well", 3), "fails when it is tried (exit code 3): I do not feel well"),
    ],
    ids=["glibc", "architecture", "text", "broken"],
)
def test_a_program_that_does_not_run_here_is_one_sentence(bench: Bench, content: bytes, sentence: str) -> None:
    bench.put(program("old"))
    played = bench.play(bench.release(content))
    assert played.failed == 1
    assert f"nmc from {bench.address}/nmc {sentence}" in " ".join(played.text.split()), played.text
    assert bench.path.read_bytes() == program("old")
    assert _leftovers(bench) == []


@both
def test_a_text_file_of_the_controller_is_named(bench: Bench) -> None:
    file = bench.folder / "notes.txt"
    file.write_text("not a program\n")
    played = bench.play({f"{bench.role}_method": "file", f"{bench.role}_file": str(file)})
    sentence = f"{bench.role} from {file} {_NO_PROGRAM}; correct {bench.role}_file"
    assert sentence in " ".join(played.text.split()), played.text
    assert (played.failed, bench.path.exists(), _leftovers(bench)) == (1, False, [])


@both
def test_a_mirror_is_the_advice_only_where_none_is_set(bench: Bench) -> None:
    good = bench.release(program("new"))
    unreachable = bench.play({**good, f"{bench.role}_url": "http://127.0.0.1:1/x"})
    assert f"; correct {bench.role}_url, or use {bench.role}_method=file;" in " ".join(unreachable.text.split())
    assert "address of a mirror" not in unreachable.text
    # the release of the project, which is not where it should be
    internal = {"nmc": "_nmc_url", "nmstatectl": "_nmstatectl_url"}[bench.role]
    default = bench.play({internal: "http://127.0.0.1:1/x"})
    sentence = f"; set {bench.role}_url to the address of a mirror, or use {bench.role}_method=file;"
    assert sentence in " ".join(default.text.split()), default.text


@both
def test_check_and_diff_show_what_is_replaced_by_what(bench: Bench) -> None:
    options = bench.release(program("first"))
    url, checksum = options[f"{bench.role}_url"], options[f"{bench.role}_sha256"]
    looked = bench.play(options, "--check", "--diff")
    assert f"- {bench.path}: no program" in looked.text
    assert f"+ {bench.path}: {url} (sha256:{checksum})" in looked.text
    assert "no program" not in bench.play(options).text
    upgraded = bench.play(bench.release(program("second")), "--diff")
    assert f"- {bench.path}: sha256:{sha256(program('first'))}" in upgraded.text
    assert (upgraded.changed, bench.path.read_bytes()) == (1, program("second"))
    again = bench.play(bench.release(program("second")), "--diff")
    assert (again.changed, f"- {bench.path}" in again.text) == (0, False)


@pytest.fixture
def small_disk(bench: Bench) -> t.Iterator[Path]:
    """A file system of 64 KiB under the prefix; needs root."""
    folder = bench.path.parent
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a file system needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@one
def test_no_space_and_a_read_only_disk_leave_what_is_there(bench: Bench, small_disk: Path) -> None:
    bench.put(program("old"))
    full = bench.play(bench.release(program("new") + b"#" * 200_000))
    assert "No space left on device; make room there; what was installed stays" in " ".join(full.text.split())
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    read_only = bench.play(bench.release(program("new")))
    assert "nmc cannot be installed: [Errno 30] Read-only file system" in " ".join(read_only.text.split())
    assert (full.failed, read_only.failed) == (1, 1)
    assert bench.path.read_bytes() == program("old")
    assert _leftovers(bench) == []


@both
def test_a_file_of_the_controller(bench: Bench) -> None:
    """Beside the play, without any network."""
    (bench.folder / bench.role).write_bytes(program("mine"))
    options = {f"{bench.role}_method": "file"}
    assert bench.play(options, "--check").changed == 1
    assert not bench.path.exists()
    played = bench.play(options)
    assert (played.changed, bench.path.read_bytes()) == (1, program("mine")), played.text
    assert bench.play(options).changed == 0
    wrong = bench.play({**options, f"{bench.role}_sha256": "0" * 64})
    assert f"has the sha256 {sha256(program('mine'))}, not" in " ".join(wrong.text.split())
    assert bench.path.read_bytes() == program("mine")
    (bench.folder / bench.role).unlink()
    missing = bench.play(options)
    sentence = f"There is no file {bench.role} on the controller: set {bench.role}_file to its absolute path"
    assert sentence in " ".join(missing.text.split()), missing.text


@one
def test_the_address_names_the_architecture(bench: Bench) -> None:
    """As uname -m says it, which is how nm-configurator names its releases."""
    release = bench.release(program("here"))
    (bench.served / "nmc").rename(bench.served / f"nmc-linux-{platform.machine()}")
    played = bench.play({**release, "nmc_url": f"{bench.address}/nmc-linux-{{arch}}"})
    assert (played.changed, bench.path.read_bytes()) == (1, program("here")), played.text


@pytest.mark.parametrize("bench", ["nmstatectl"], indirect=True)
def test_a_release_for_another_architecture_only(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """nmstate has releases for x86_64 alone; the machine is told from inside of Python."""
    (bench.folder / "sitecustomize.py").write_text("import platform\nplatform.machine = lambda: 'riscv64'\n")
    monkeypatch.setenv("PYTHONPATH", f"{bench.folder}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    played = bench.play({})
    assert played.failed == 1
    assert (
        "there is a release for x86_64 and none for riscv64; use another nmstatectl_method, or set nmstatectl_url"
        in " ".join(played.text.split())
    )
    assert not bench.path.exists()


@both
def test_delegated_to_the_controller(bench: Bench) -> None:
    """For render_on: controller, in a play for the hosts."""
    played = bench.delegated(bench.release(program("here")))
    assert (played.changed, bench.path.read_bytes()) == (1, program("here")), played.text
    (bench.folder / bench.role).write_bytes(program("mine"))
    played = bench.delegated({f"{bench.role}_method": "file"})
    assert (played.changed, bench.path.read_bytes()) == (1, program("mine")), played.text


@pytest.mark.parametrize("bench", ["nmstatectl"], indirect=True)
def test_a_crate(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a cargo that only notes what it is asked for: a real build takes minutes."""
    tools = bench.folder / "tools"
    tools.mkdir()
    cargo = tools / "cargo"
    cargo.write_text(
        f"#!/bin/sh\necho \"$*\" >> {tools}/asked\nmkdir -p $6/bin\nprintf '#!/bin/sh\\necho built\\n' > $6/bin/nmstatectl\n"
    )
    cargo.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    options = {"nmstatectl_method": "cargo"}
    assert bench.play(options).changed == 1
    assert bench.play(options).changed == 0
    assert (tools / "asked").read_text().startswith("install --locked --version 2.2.62 --root ")
    assert (tools / "asked").read_text().count("\n") == 1
    cargo.write_text("#!/bin/sh\necho 'error: could not find `nmstatectl` with version' >&2\nexit 101\n")
    failed = bench.play({**options, "nmstatectl_version": "9.9.9"})
    assert "cargo cannot build nmstatectl 9.9.9: error: could not find" in " ".join(failed.text.split())
    assert bench.path.read_bytes() == b"#!/bin/sh\necho built\n"


@pytest.mark.parametrize("bench", ["nmstatectl"], indirect=True)
def test_an_archive_without_the_program_is_one_sentence(bench: Bench) -> None:
    with zipfile.ZipFile(bench.served / "two.zip", "w") as archive:
        archive.writestr("b/README", "")
        archive.writestr("a", "")
    checksum = sha256((bench.served / "two.zip").read_bytes())
    played = bench.play({"nmstatectl_url": f"{bench.address}/two.zip", "nmstatectl_sha256": checksum})
    assert "the archive holds a, README, but no nmstatectl" in " ".join(played.text.split()), played.text
    assert (played.failed, _leftovers(bench), bench.path.exists()) == (1, [], False)


@one
def test_a_program_with_an_archive_at_its_end_is_a_program(bench: Bench) -> None:
    packed = bench.served / "packed"
    packed.write_bytes(program("with an archive"))
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("nmc", "")
    content = packed.read_bytes()
    played = bench.play(bench.release(content))
    assert (played.changed, bench.path.read_bytes()) == (1, content), played.text


@one
def test_what_never_ends_is_ended(bench: Bench) -> None:
    """A program when it is tried, and a server that sends a byte now and then."""
    bench.put(program("old"))
    endless = bench.release(b"#!/bin/sh\nexec sleep 600\n")
    tried = bench.play({**endless, "_nmc_program_trial_seconds": 2})
    assert "does not end within 2 s when it is tried with --version" in " ".join(tried.text.split()), tried.text
    slow = {"nmc_url": f"{bench.address}/{_ENDLESS}", "_nmc_program_fetch_seconds": 2}
    fetched = bench.play({**bench.release(program("new")), **slow})
    assert "cannot be fetched into" in " ".join(fetched.text.split()), fetched.text
    assert (tried.failed, fetched.failed) == (1, 1)
    assert (bench.path.read_bytes(), _leftovers(bench)) == (program("old"), [])


@both
@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_folder_in_the_place_of_the_program_stays(bench: Bench, state: str) -> None:
    """For example a path that names only the folder of the program."""
    (bench.path / "precious").mkdir(parents=True)
    played = bench.play({**bench.release(program("new")), f"{bench.role}_state": state})
    assert f"is a folder; set {bench.role}_path to the path of the program itself" in " ".join(played.text.split())
    assert (played.failed, [each.name for each in bench.path.iterdir()]) == (1, ["precious"])
    assert _leftovers(bench) == []


@one
def test_a_package_that_is_not_there_is_one_sentence(bench: Bench) -> None:
    played = bench.play({"nmc_method": "package", "nmc_package": "there-is-no-such-package"}, "--check")
    assert "The package there-is-no-such-package cannot be installed here" in " ".join(played.text.split()), played.text


@one
def test_an_unknown_method_lists_the_choices(bench: Bench) -> None:
    played = bench.play({"nmc_method": "cargo"})
    assert "must be one of: binary, package, file" in played.text
