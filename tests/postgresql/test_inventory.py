# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machines in a database on a server, as inventory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from . import clients

_VARIABLES = {"host": "PGHOST", "port": "PGPORT", "dbname": "PGDATABASE", "user": "PGUSER", "password": "PGPASSWORD"}


def listed(folder: Path, environment: dict[str, str], **options: t.Any) -> subprocess.CompletedProcess[str]:
    """What ansible-inventory says, as AWX starts it."""
    file = folder / "site.elemental.yml"
    given = {"plugin": "elemental.networking.machines", "source": "database", "backend": "postgresql", **options}
    file.write_text(json.dumps(given))
    command = [str(Path(sys.executable).parent / "ansible-inventory"), "-i", str(file), "--list", "--export"]
    variables = {**os.environ, "ANSIBLE_INVENTORY_UNPARSED_FAILED": "1", **environment}
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("is_in_environment", [False, True])
def test_machines_of_a_server_are_hosts(options: dict[str, t.Any], tmp_path: Path, is_in_environment: bool) -> None:
    clients.register(options)
    with clients.opened(options) as backend:
        clients.claimed(backend, "a", "b")
    environment = {_VARIABLES[name]: str(value) for name, value in options.items()} if is_in_environment else {}
    given = {"postgresql": {"host": "", "sslmode": ""} if is_in_environment else options}
    done = listed(tmp_path, environment, **given)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["_meta"]["hostvars"]
    held = {each["elemental_name"]: each["elemental_addresses"]["ip"] for each in found.values()}
    assert held == clients.held(options)


def test_a_server_that_refuses_is_one_sentence_without_the_password(options: dict[str, t.Any], tmp_path: Path) -> None:
    done = listed(tmp_path, {}, postgresql={**options, "password": "wr0ng-s3cret"})
    assert done.returncode
    assert "password" in done.stderr
    assert "wr0ng-s3cret" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
