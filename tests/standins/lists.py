# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A command of Ansible in which the inventory reads its lists from a file: python lists.py LISTS ansible-inventory OPTION ...

A double of the API server, for an environment without the library kubernetes; all else is Ansible's and ours.
"""

from __future__ import annotations

import importlib
import json
import sys
import typing
import warnings
from pathlib import Path

from ansible.plugins.loader import init_plugin_loader

init_plugin_loader()
warnings.filterwarnings("ignore", "AnsibleCollectionFinder")  # the command does that once more
_ROOM = "ansible_collections.elemental.networking.plugins.plugin_utils._inventory"
sources, model = (importlib.import_module(f"{_ROOM}.{name}") for name in ("sources", "model"))
_reads = Path(sys.argv[1]).with_suffix(".reads")


def fetched(query: typing.Any, _report: object) -> object:
    """What the file holds, or one beside it that is called after the first namespace; each read leaves a line."""
    with _reads.open("a") as stream:
        stream.write("read\n")
    file = Path(sys.argv[1])
    of_namespace = file.with_name(f"{(*query.namespaces, '')[0]}.json")
    return model.Lists(**json.loads((of_namespace if of_namespace.is_file() else file).read_text()))


sources.fetched = fetched
command = sys.argv[2].removeprefix("ansible-") if sys.argv[2] != "ansible" else "adhoc"
importlib.import_module(f"ansible.cli.{command}").main(sys.argv[2:])
