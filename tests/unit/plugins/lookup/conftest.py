# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lookups as Ansible's loader makes them."""

from __future__ import annotations

import types
import typing as t

import pytest
import yaml
from ansible import constants
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar


@pytest.fixture
def loaded() -> t.Callable[[types.ModuleType, dict[str, t.Any]], t.Any]:
    """Make the lookup of a plugin module for a host with these variables."""

    def load(module: types.ModuleType, variables: dict[str, t.Any]) -> t.Any:
        name = f"elemental.networking.{module.__name__.rpartition('.')[2]}"
        documented = yaml.safe_load(module.DOCUMENTATION)["options"]
        constants.config.initialize_plugin_configuration_definitions("lookup", name, documented)
        plugin = module.LookupModule(loader=DataLoader(), templar=Templar(loader=DataLoader(), variables=variables))
        plugin._load_name = name
        return plugin

    return load
