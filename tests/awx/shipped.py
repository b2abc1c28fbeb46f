# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data that extensions/awx ships."""

from __future__ import annotations

import typing as t

import yaml

from .job import REPOSITORY

FOLDER = REPOSITORY / "extensions/awx"


class _Loader(yaml.SafeLoader):
    """Reads !unsafe, as Ansible does."""


_Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


def shipped(name: str) -> t.Any:
    """A data file of extensions/awx."""
    return yaml.load((FOLDER / f"vars/{name}.yml").read_text(), _Loader)


TYPES = {each["name"]: each for each in shipped("credential_types")["controller_credential_types"]}
TEMPLATES = {each["name"]: each for each in shipped("job_templates")["controller_templates"]}
WORKFLOW = shipped("workflow")["controller_workflows"][0]
KUBECONFIG, EMBEDDED, POSTGRESQL = TYPES
