# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plugin for pytest: Python 3.6 reads the collection and its tests as a host reads its program (``_node.older_python``)."""

import sys
import typing as t
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES, ExtensionFileLoader, FileFinder, SourceFileLoader
from types import CodeType

from ansible_collections.elemental.networking.plugins.module_utils._node.older_python import without_annotations

_OURS = "/ansible_collections/elemental/networking/"


class _Loader(SourceFileLoader):
    def source_to_code(self, data: t.Any, path: t.Any, **_options: t.Any) -> CodeType:  # type: ignore[override]
        """Compile a module; what is not the collection's stays as it is."""
        source = without_annotations(data.decode()) if _OURS in str(path) else data
        return t.cast(CodeType, compile(source, path, "exec", dont_inherit=True))


if sys.version_info < (3, 7):
    sys.dont_write_bytecode = True  # a cached module would not notice a change of the plugin
    sys.path_hooks.insert(
        0, FileFinder.path_hook((ExtensionFileLoader, EXTENSION_SUFFIXES), (_Loader, SOURCE_SUFFIXES))
    )
    sys.path_importer_cache.clear()
