# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configurators ``nmstate`` and ``nmc``: keyfiles that a tool makes of an nmstate document, checked like those of users."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.elemental.networking.plugins.module_utils._node.networkmanager.keyfile import (
    HIDDEN,
    KeyfileError,
    holds_secret,
    is_secret_key,
)
from ansible_collections.elemental.networking.plugins.module_utils._node.paths import profile_name
from ansible_collections.elemental.networking.plugins.module_utils._node.tools.run import (
    TOOLS,
    ToolError,
    ToolRun,
    run_tool,
)
from ansible_collections.elemental.networking.plugins.module_utils._yaml import load

from .document import checked_document, readable
from .nmconnections import render_nmconnections
from .profile import RenderError, Rendering, ToolRefused
from .routing_rules import with_ordered_rules

# runs the tool of a configurator on a document, here or elsewhere
RunTool = t.Callable[[str, str], ToolRun]

# what the tools report before they come to the point
_PREAMBLE = re.compile(
    r"(?:Generating config failed: |Provide file is not valid NetworkState(?: or NetworkPolicy)?: |Invalid YAML string: "
    r"|NmstateError: |InvalidArgument: |interfaces: |serde_yaml::Error: )"
)
# a Rust structure at the end of a sentence
_DUMP = re.compile(r" ?: \w+ \{.*\}")
# what the tools' libraries report, in words for those who wrote the document
_PLAIN_WORDS: t.Sequence[tuple[re.Pattern[str], str]] = (
    (re.compile(r"invalid digit found in string"), "a whole number is needed"),
    (
        re.compile(r"out of range integral type conversion attempted|number too (?:large|small) to fit in target type"),
        "the number is out of range",
    ),
    (re.compile(r"Need to be boolean: \S+"), "true or false is needed"),
    (re.compile(r"duplicate field (`\S+`)"), r"\1 is given twice, once under another name that it has"),
    (
        re.compile(r"(Failed to find suitable ?\(IP enabled\) interface for DNS server.*)"),
        r"\1; give one a static address, or DHCP with auto-dns: false",
    ),
    (re.compile(r" : "), ": "),
)
# so many values show which part is meant
_FEW = 4


def render_generated(configurator: str, config: t.Mapping[str, object], tool: RunTool | None = None) -> Rendering:
    """The profiles that the tool of ``configurator`` makes of an nmstate document, by default on this machine; raises ``RenderError``.

    Both tools derive uuids from type and name of an interface (version 5), so that the same document always gives the same profiles.
    """
    document = checked_document(config)
    try:
        run = (tool or run_tool)(configurator, document.text)
    except ToolError as error:
        raise ToolRefused(str(error), error.code, error.details) from None
    if run.error:
        raise RenderError(_explained(configurator, run, config))
    files = run.files or _files_of_gc(run.output)
    if not files:
        raise RenderError("config has no interface that a profile could be made of: add one to interfaces")
    files = _in_order(files)
    profiles = render_nmconnections({profile_name(name): text for name, text in files.items()})
    return Rendering(profiles.profiles, (*document.warnings, *run.warnings, *profiles.warnings))


def _in_order(files: t.Mapping[str, str]) -> dict[str, str]:
    """The same in every run: by name."""
    try:
        return dict(sorted(with_ordered_rules(files).items()))
    except KeyfileError as error:
        raise RenderError(f"the tool made a keyfile that cannot be read: {error}") from None


def _files_of_gc(output: str) -> dict[str, str]:
    """File name to text, out of the YAML that ``nmstatectl gc`` prints."""
    try:
        content: t.Any = load(output)  # the tool may run on a hostile host
        pairs = [(str(name), str(text)) for name, text in content["NetworkManager"]]
    except (TypeError, KeyError, ValueError):
        raise RenderError(
            "nmstatectl gc printed something else than profiles; install version 2.2 or later (nmstatectl version shows which one this is)"
        ) from None
    files = dict(pairs)
    if len(files) != len(pairs):
        names = sorted(profile_name(name) for name in {name for name, text in pairs if files[name] != text})
        raise RenderError(
            f"two interfaces get the same profile name, {', '.join(names)}: give each a profile-name of its own"
        )
    return files


def _explained(configurator: str, run: ToolRun, config: t.Mapping[str, object]) -> str:
    """The tool's complaint as one sentence, with the path and the value that it is about and without secrets."""
    words = run.error
    while _PREAMBLE.match(words):
        words = _PREAMBLE.sub("", words, count=1)
    words = _DUMP.sub("", words)
    for spoken, plain in _PLAIN_WORDS:
        words = spoken.sub(plain, words)
    words = _without(_secrets(config), words)
    if "ignoring" in words.lower():
        words = f"{words}: {_owner(run.path, config)} would not have it, remove it or what it contradicts"
    where = readable(run.path)
    stated, separator, rest = words.partition(": ")
    if separator and where and where.startswith(stated):
        words = rest
    shown = "" if "unknown field" in words else _without(_secrets(config), _shown(_part_at(config, run.path), words))
    return f"{where}{shown}: {words} ({TOOLS[configurator]})" if where else f"{words} ({TOOLS[configurator]})"


def _without(secrets: t.Iterable[str], words: str) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        words = words.replace(secret, HIDDEN)
    return words


def _owner(path: tuple[str | int, ...], config: t.Mapping[str, t.Any]) -> str:
    """What a path belongs to, in words."""
    interface = _part_at(config, path[:2]) if path[:1] == ("interfaces",) else None
    return f"the profile of interface {interface.get('name')}" if isinstance(interface, t.Mapping) else "the profile"


def _part_at(config: object, path: t.Sequence[str | int]) -> object:
    """The part of a document, None for all of it and for a secret."""
    if not path or any(is_secret_key(str(key)) for key in path):
        return None
    part: t.Any = config
    try:
        for key in path:
            part = part[key]
    except (KeyError, IndexError, TypeError):  # it comes from a host
        return None
    return part


def _shown(part: object, words: str) -> str:
    """What the part is, as far as the words do not name it already."""
    if isinstance(part, (str, int, float)):
        return f" is {part}" if str(part) and str(part) not in words else ""
    if not isinstance(part, t.Mapping):
        return ""
    plain = {
        key: value
        for key, value in part.items()
        if isinstance(value, (str, int)) and not isinstance(value, bool) and not _is_secret(str(key), value)
    }
    listed = [f"{key}: {value}" for key, value in plain.items()][:_FEW]
    return f" ({', '.join(listed)})" if any(str(value) not in words for value in plain.values()) else ""


def _secrets(part: object, key: str = "") -> set[str]:
    """The values of keys that hold secrets."""
    if isinstance(part, t.Mapping):
        return {secret for name, value in part.items() for secret in _secrets(value, str(name))}
    if isinstance(part, (list, tuple)):
        return {secret for value in part for secret in _secrets(value, key)}
    return {str(part)} if key and part not in (None, "") and _is_secret(key, part) else set()


def _is_secret(key: str, value: object) -> bool:
    return is_secret_key(key) or holds_secret(key, str(value))
