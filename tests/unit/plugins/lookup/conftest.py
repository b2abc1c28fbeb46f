# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lookups as Ansible's loader makes them."""

from __future__ import annotations

import importlib
import types
import typing as t

import pytest
import yaml
from ansible import constants
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar


def _options(module: types.ModuleType) -> dict[str, t.Any]:
    """The options of a lookup with those of its doc fragments, as Ansible's loader puts them together."""
    documentation = yaml.safe_load(module.DOCUMENTATION)
    options = dict(documentation.get("options", {}))
    for name in documentation.get("extends_documentation_fragment", []):
        file, _dot, part = name.removeprefix("elemental.networking.").partition(".")
        fragments = importlib.import_module(f"ansible_collections.elemental.networking.plugins.doc_fragments.{file}")
        options.update(
            yaml.safe_load(getattr(fragments.ModuleDocFragment, (part or "documentation").upper()))["options"]
        )
    return options


@pytest.fixture
def loaded() -> t.Callable[[types.ModuleType, dict[str, t.Any]], t.Any]:
    """Make the lookup of a plugin module for a host with these variables."""

    def load(module: types.ModuleType, variables: dict[str, t.Any]) -> t.Any:
        name = f"elemental.networking.{module.__name__.rpartition('.')[2]}"
        documented = _options(module)
        constants.config.initialize_plugin_configuration_definitions("lookup", name, documented)
        plugin = module.LookupModule(loader=DataLoader(), templar=Templar(loader=DataLoader(), variables=variables))
        plugin._load_name = name
        return plugin

    return load
