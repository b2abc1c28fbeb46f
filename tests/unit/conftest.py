# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all unit tests have in common: timings are never asserted, not by hypothesis either.

FUZZ=10000 in the environment is how many inputs each trust border of ``borders`` gets (``make test-fuzz``): its properties share them.
"""

from __future__ import annotations

import importlib.util
import os
import re

import hypothesis
import pytest

_INPUTS = int(os.environ.get("FUZZ") or 0)
# for each property, where FUZZ is not set
_FEW = 100
# a property with few possible inputs has tried them all before its share is used up
_MORE = 1.25
_PROPERTY = re.compile(r"^@given\(", re.MULTILINE)


def _load(inputs: int) -> None:
    hypothesis.settings.register_profile(
        "no deadline",
        deadline=None,
        max_examples=inputs,
        suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture],
    )
    hypothesis.settings.load_profile("no deadline")


_load(_FEW)


@pytest.fixture(autouse=True)
def _run_of_ansible(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Each test is a run of Ansible of its own: what lookups keep for each other is not for another test."""
    if importlib.util.find_spec("ansible") is None:  # the tests of hosts' Python have none
        return
    from ansible import constants

    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path_factory.mktemp("run")))


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Before a module is imported: a property takes its settings where it is defined."""
    if isinstance(collector, pytest.Module):
        properties = len(_PROPERTY.findall(collector.path.read_text()))
        share = -(-_INPUTS * _MORE // max(1, properties))
        _load(int(share) if _INPUTS and collector.path.parent.name == "borders" else _FEW)
