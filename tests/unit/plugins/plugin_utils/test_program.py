# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that goes to a node."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils._node import main
from ansible_collections.elemental.networking.plugins.module_utils._node.paths import ANSWER_MARK
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import Confirm, Render
from ansible_collections.elemental.networking.plugins.module_utils._node.state.records import program_command
from ansible_collections.elemental.networking.plugins.plugin_utils._host.program import (
    keeper,
    kept_reader,
    place_in_memory,
    program,
    reader,
    script,
    shell_command,
)

REQUEST = Confirm("x", "192.0.2.1", fresh=True, knock=None)
# make test-older-python gives others
HOST_PYTHON = os.environ.get("HOST_PYTHON") or sys.executable
PYTHON = [HOST_PYTHON, "-I", "-S", "-c"]


def test_it_runs_without_site_packages_and_answers_in_one_marked_line() -> None:
    """On a machine without NetworkManager the answer is one sentence."""
    run = subprocess.run([*PYTHON, reader()], input=script(REQUEST), capture_output=True, check=True)
    lines = [line for line in run.stdout.decode().splitlines() if line.startswith(ANSWER_MARK)]
    assert len(lines) == 1
    answer = json.loads(lines[0][len(ANSWER_MARK) :])
    assert answer.get("msg") or answer.get("state") == "unknown"


def test_it_ends_when_its_text_never_arrives_whole() -> None:
    """The address under the connection went meanwhile: neither end says so."""
    with subprocess.Popen([*PYTHON, reader(longest_delivery=1)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as half:
        assert half.stdin
        assert half.stdout
        half.stdin.write(script(REQUEST)[:1000])
        half.stdin.flush()
        assert half.wait(timeout=30) == -signal.SIGALRM
        assert half.stdout.read() == b""


def test_a_text_waits_in_memory_where_standard_input_is_taken() -> None:
    """For one user alone, until it is run, and never on a disk."""
    file = place_in_memory()
    text = script(REQUEST)
    subprocess.run([*PYTHON, keeper(file)], input=text, capture_output=True, check=True)
    try:
        assert Path(file).stat().st_mode & 0o777 == 0o600
        again = subprocess.run([*PYTHON, keeper(file)], input=b"other", capture_output=True, check=False)
        assert again.returncode, "a file of somebody else may be there already, or a link"
        run = subprocess.run([*PYTHON, kept_reader(file, text)], capture_output=True, check=True)
        assert ANSWER_MARK in run.stdout.decode()
        assert not Path(file).exists()
    finally:
        Path(file).unlink(missing_ok=True)


def test_a_text_that_another_process_changed_is_not_run() -> None:
    """The one who left it there need not be root."""
    file = place_in_memory()
    Path(file).write_text("print('run')")
    run = subprocess.run([*PYTHON, kept_reader(file, b"print('sent')")], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, Path(file).exists()) == (1, "", False)
    assert "changed by another process" in run.stderr


def test_a_text_that_nobody_took_goes_with_the_next_one() -> None:
    """The connection broke after it was left."""
    old, recent, new = (Path(place_in_memory()) for _number in range(3))
    try:
        for file, age in ((old, 3700), (recent, 100)):
            file.touch()
            os.utime(file, (time.time() - age,) * 2)
        subprocess.run([*PYTHON, keeper(str(new))], input=b"", check=True)
        assert [file.exists() for file in (old, recent, new)] == [False, True, True]
    finally:
        for file in (old, recent, new):
            file.unlink(missing_ok=True)


def test_two_texts_never_wait_in_one_place() -> None:
    assert place_in_memory() != place_in_memory()


@pytest.mark.parametrize(
    "break_it", [lambda code: code[:-9], lambda code: code[:99], lambda code: b"x" + code, lambda code: b""]
)
def test_what_python_has_in_its_cache_is_checked(
    break_it: t.Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a node would run something else than the collection that is installed, or could not roll back."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    beside = str(Path(str(main.__file__)).with_name("program.py"))
    kept = Path(importlib.util.cache_from_source(beside, optimization=2)).with_suffix(".packed")
    program.cache_clear()
    program()
    whole = kept.read_bytes()
    try:
        kept.write_bytes(break_it(whole))
        program.cache_clear()
        run = subprocess.run([*PYTHON, reader()], input=script(REQUEST), capture_output=True, check=True)
        assert ANSWER_MARK in run.stdout.decode()
    finally:
        kept.write_bytes(whole)
        program.cache_clear()


@pytest.mark.parametrize("secret", ["it's", 'say "so"', "back\\slash", "new\nline", "ünïcode"])
def test_any_text_arrives_as_it_is(secret: str) -> None:
    """Keyfiles may hold quotes, backslashes and anything else."""
    probe = script(REQUEST._replace(token=secret)).decode().rsplit("\n", 1)[-1]
    shown = probe.split("main((), ", 1)[1].rsplit(", PROGRAM)", 1)[0]
    assert json.loads(eval(shown))["token"] == secret


def test_it_renders_on_the_node_without_networkmanager(tmp_path: Path) -> None:
    """The tool gets the document through its standard input and nothing is applied."""
    tool = tmp_path / "nmstatectl"
    tool.write_text('#!/bin/sh\necho "$*"; cat\n')
    tool.chmod(0o755)
    request = Render("nmstate", '{"interfaces": []}', "node1")
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    command = [*PYTHON, reader()]
    run = subprocess.run(command, input=script(request), capture_output=True, check=True, env=environment)
    answer = json.loads(run.stdout.decode().rsplit(ANSWER_MARK, 1)[1])
    assert answer["output"] == 'gc -\n{"interfaces": []}'
    refused = subprocess.run(
        command, input=script(request._replace(only_known=True)), capture_output=True, check=True, env=environment
    )
    assert json.loads(refused.stdout.decode().rsplit(ANSWER_MARK, 1)[1]) == {
        "version": 1,
        "answer": "other_host",
        "machine": "",
    }


def test_names_are_read_as_they_are_whatever_the_locale_is(tmp_path: Path) -> None:
    """Python 3.6 has ASCII in the locale that ssh and systemd may give, and finds no file of another name."""
    tool = tmp_path / "nmc"
    tool.write_text("#!/bin/sh\nmkdir -p $5/_all; echo x > $5/_all/\u00fcn\u00ef.nmconnection\n", encoding="utf-8")
    tool.chmod(0o755)
    request = Render("nmc", "{}", "node1")
    command = ["sh", "-c", shell_command(HOST_PYTHON, reader())]
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "LC_ALL": "C"}
    run = subprocess.run(command, input=script(request), capture_output=True, check=True, env=environment)
    answer = json.loads(run.stdout.decode().rsplit(ANSWER_MARK, 1)[1])
    assert answer["files"] == {"\u00fcn\u00ef.nmconnection": "x\n"}


def test_what_runs_without_a_controller_reads_names_so_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", HOST_PYTHON)
    file = tmp_path / "program.py"
    file.write_text("import sys; print(sys.getfilesystemencoding(), *sys.argv[1:])")
    command = program_command("expire", "token", program=str(file))
    run = subprocess.run(command, capture_output=True, text=True, check=True, env={})
    assert run.stdout == "utf-8 expire token\n"


def test_every_module_can_be_imported_on_a_host() -> None:
    """Those that a request seldom needs, too; and what was compiled there is kept for the next start."""
    folder = Path(str(main.__file__)).parent
    files = [file.relative_to(folder).with_suffix("") for file in folder.rglob("*.py") if file.name != "__init__.py"]
    names = sorted(".".join(file.parts) for file in files)
    lines = [
        *(f"import _node.{name}" for name in names),
        "import sys; print(*sorted(sys.modules['_node'].LOADER.kept))",
    ]
    text = "\n".join([program(), *lines])
    run = subprocess.run([*PYTHON, reader()], input=text.encode(), capture_output=True, check=True)
    assert run.stdout.decode().split() == names


def test_a_start_imports_no_large_module_for_what_a_second_run_needs() -> None:
    """Each of these takes 2 to 6 ms of processor time, on every host in every run."""
    lines = ["import _node.main, _node.transaction.stage", "print(*sys.modules)"]
    text = "\n".join([program(), *lines])
    run = subprocess.run([*PYTHON, reader()], input=text.encode(), capture_output=True, check=True)
    loaded = set(run.stdout.decode().split())
    assert {"_node.light_typing", "_node.light_contextlib"} <= loaded
    heavy = "typing contextlib functools json re enum socket subprocess dataclasses uuid".split()
    if "ast" not in loaded:  # Python 3.6 needs it, to take the annotations away
        heavy.append("collections")
    assert loaded & set(heavy) == set()


@pytest.mark.parametrize("text", ["{", "", "[1] 2", "x"])
def test_what_is_no_json_is_an_error_there_too(text: str) -> None:
    """In the C part of some versions the error itself needs the module, which is not imported there."""
    lines = [
        "from _node.system import json_text",
        "try:",
        f"    json_text.read({text!r})",
        "except ValueError:",
        "    print('refused')",
    ]
    whole = "\n".join([program(), *lines])
    run = subprocess.run([*PYTHON, reader()], input=whole.encode(), capture_output=True, check=True)
    assert run.stdout.decode() == "refused\n"
