# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""NetworkManager keyfiles: reading, redacting, and changing one value while the rest stays byte for byte.

The format is GLib's GKeyFile as NetworkManager reads it (nm-settings-keyfile(5)): ``[section]``, ``key=value``, ``#``
comments, blank lines. White space around ``=`` is dropped, repeated sections merge, and the last value of a key wins.
"""

from __future__ import annotations

import re
import typing as t

HIDDEN = "<hidden>"

_SPACE = " \t\r\f"
_SECTION = re.compile(r"\[([^\[\]\x00-\x1f\x7f]+)\][ \t]*\Z")
_BEGUN = re.compile(r"\[[^\[\]=\s]{0,40}\]?")
_KEY = re.compile(r"[^\[\]=]+(?:\[[-A-Za-z0-9_.@]*\])?\Z")
# secrets of libnm's settings (NM_SETTING_PARAM_SECRET), plus certificate data that holds a private key
_SECRET_WORD = re.compile(
    r"(?<![a-z0-9])psk(?![a-z0-9])|passw(?:or)?d|passphrase|secret|wep-key\d|private-key|preshared-key|mka-cak"
    r"|(?<![a-z0-9])pin(?![a-z0-9])",
    re.IGNORECASE,
)
# what a plugin for a VPN takes is its own business (user names, cookies, keys as text): only what belongs to NetworkManager is shown
_SHOWN_OF_A_VPN = ("service-type", "persistent", "timeout")
# a certificate inside of the file (base64, or bytes as numbers), and the PIN of a token in its address
_CERTIFICATE = re.compile(r"(?:^|-)cert\Z", re.IGNORECASE)
_PLACE_OF_A_CERTIFICATE = re.compile(r"/|file:|pkcs11:|[\w. -]+\.\w{2,4}\Z", re.IGNORECASE)
_SECRET_VALUE = re.compile(r"[\"']?data:|.*\bpin-value=|.*://[^/\s]*@", re.IGNORECASE)
# characters that some reader takes for the end of a line although GKeyFile does not
_OTHER_LINE_END = re.compile("[\r\v\f\x1c-\x1e\x85\u2028\u2029]")


class KeyfileError(ValueError):
    """A string that NetworkManager could not read; names the line number, and no part of the line that may hold a secret."""


class Entry(t.NamedTuple):
    """One ``key=value`` line; ``line`` counts from 1."""

    line: int
    section: str
    key: str
    value: str

    def __repr__(self) -> str:
        """Without the value, which may be a secret."""
        return f"Entry({self.line}, {self.section!r}, {self.key!r})"


class Keyfile(t.NamedTuple):
    """The values of a keyfile by section and key, white space around them removed, escapes as written."""

    sections: t.Mapping[str, t.Mapping[str, str]]

    def __repr__(self) -> str:
        """Without the values, which may be secrets."""
        return f"Keyfile({', '.join(self.sections)})"

    def get(self, section: str, key: str) -> str | None:
        """The value of a key, or None when the section or the key is missing."""
        return self.sections.get(section, {}).get(key)


def parse(text: str) -> Keyfile:
    """Read a keyfile; raises ``KeyfileError`` for anything that GKeyFile refuses."""
    sections: dict[str, dict[str, str]] = {}
    for entry in entries(text):
        section = sections.setdefault(entry.section, {})
        if entry.key:
            section[entry.key] = entry.value
    return Keyfile(sections)


def entries(text: str) -> list[Entry]:
    """The lines that mean something, in order; a section header is an entry with an empty key and value."""
    result: list[Entry] = []
    section = ""
    for number, line in enumerate(text.split("\n"), start=1):
        content = line.strip(_SPACE)
        if not content or content.startswith("#"):
            continue
        header = _SECTION.match(content)
        if header:
            section = header.group(1)
            result.append(Entry(number, section, "", ""))
        else:
            result.append(_key_value(number, section, content))
    return result


def _key_value(number: int, section: str, content: str) -> Entry:
    key, separator, value = content.partition("=")
    key = key.rstrip(_SPACE)
    if not separator or not _KEY.match(key) or "\0" in content:
        raise KeyfileError(
            f"line {number}{_begun(content)} is neither a [section], a key=value pair, a # comment nor blank"
        )
    if not section:
        raise KeyfileError(f"line {number} stands before the first [section]")
    return Entry(number, section, key, value.lstrip(_SPACE))


def _begun(content: str) -> str:
    """The name of the section that a line begins, in commas: behind it there may be a secret."""
    found = _BEGUN.match(content)
    return f", {''.join(each if each.isprintable() else '?' for each in found.group())}," if found else ""


def virtual_functions(text: str) -> int:
    """How many virtual functions (SR-IOV) a profile makes; raises ``KeyfileError`` for text that cannot be read."""
    number = parse(text).get("sriov", "total-vfs") or ""
    return int(number) if re.match(r"[0-9]{1,9}\Z", number) else 0


def with_connection_value(text: str, key: str, value: str) -> str:
    """Set a key of ``[connection]``; everything else stays byte for byte.

    A missing key is inserted behind ``id``, or behind the section's header when there is no ``id``.
    Raises ``KeyfileError`` when the text cannot be read or has no ``[connection]``.
    """
    connection = [entry for entry in entries(text) if entry.section == "connection"]
    if not connection:
        raise KeyfileError("there is no [connection] section")
    lines = text.split("\n")
    present = [entry for entry in connection if entry.key == key]
    if present:
        index = present[-1].line - 1
        lines[index] = _replaced_value(lines[index], value)
        return "\n".join(lines)
    anchor = [entry for entry in connection if entry.key == "id"][-1:] or connection[:1]
    index = anchor[0].line
    carriage_return = "\r" if lines[index - 1].endswith("\r") else ""
    return "\n".join([*lines[:index], f"{key}={value}{carriage_return}", *lines[index:]])


def with_more(text: str, section: str, lines: t.Sequence[str]) -> str:
    """Add lines to a section, which is made where there is none. Raises ``KeyfileError`` as ``entries`` does."""
    headers = [entry.line for entry in entries(text) if entry.section == section and not entry.key]
    if not headers:
        return "\n".join([text.rstrip("\n"), "", f"[{section}]", *lines, ""])
    present, index = text.split("\n"), headers[0]
    carriage_return = "\r" if present[index - 1].endswith("\r") else ""
    return "\n".join([*present[:index], *(f"{line}{carriage_return}" for line in lines), *present[index:]])


def with_first_value(text: str, section: str, key: str, value: str) -> str:
    """Add a key to a section that is there and does not have it; else the text as it is. Raises ``KeyfileError`` as ``entries`` does."""
    keys = [entry.key for entry in entries(text) if entry.section == section]
    return with_more(text, section, [f"{key}={value}"]) if keys and key not in keys else text


def _replaced_value(line: str, value: str) -> str:
    before, _separator, after = line.partition("=")
    space_before = after[: len(after) - len(after.lstrip(" \t"))] if after.strip(_SPACE) else ""
    return f"{before}={space_before}{value}{chr(13) if line.endswith(chr(13)) else ''}"


def redact(text: str) -> str:
    """The text with every secret replaced by ``<hidden>``; also for text that cannot be read.

    Hidden are values of secret keys, all of ``[vpn-secrets]``, what ``[vpn]`` has for its plugin, certificates that are in the file itself,
    addresses with a user name in them, scripts for proxies, comments that mention a secret, and lines that are not keyfile lines.
    """
    result = []
    section = ""
    for line in text.split("\n"):
        content = line.strip(_SPACE)
        if content.startswith("["):
            section = content.lower()
        result.append(_redacted(line, content, section))
    return "\n".join(result)


def _redacted(line: str, content: str, section: str) -> str:
    carriage_return = "\r" if line.endswith("\r") else ""
    if not content or _SECTION.match(content):
        return line
    in_secrets = bool(_SECRET_WORD.search(section))
    if content.startswith("#"):
        is_told = (
            in_secrets or section.startswith("[vpn") or _SECRET_WORD.search(content) or _OTHER_LINE_END.search(content)
        )
        return f"# {HIDDEN}{carriage_return}" if is_told or _comments_out(content.lstrip("# \t")) else line
    key, separator, value = line.partition("=")
    if not separator or _OTHER_LINE_END.search(key):
        return HIDDEN + carriage_return
    key, value = key.strip(_SPACE), value.strip(_SPACE)
    is_secret = in_secrets or is_secret_key(key) or _OTHER_LINE_END.search(content) or _is_of_a_plugin(section, key)
    return _replaced_value(line, HIDDEN) if value and (is_secret or holds_secret(key, value)) else line


def _comments_out(content: str) -> bool:
    """Whether a comment is a line that would hold a secret, or an address that does."""
    key, _separator, value = content.partition("=")
    return holds_secret(key.strip(_SPACE), value.strip(_SPACE)) or holds_secret("", content)


def is_secret_key(key: str) -> bool:
    """Whether the value of a key is a secret, no matter what it is."""
    return not key.endswith("-flags") and bool(_SECRET_WORD.search(key))


def _is_of_a_plugin(section: str, key: str) -> bool:
    """Whether a value is for the plugin of a VPN, or a script that finds a proxy."""
    if section.startswith("[vpn"):
        return key not in _SHOWN_OF_A_VPN and not key.endswith("-flags")
    return key == "pac-script"


def holds_secret(key: str, value: str) -> bool:
    """Whether a value shows by itself that it holds a secret: a key in it, a user's name and password."""
    is_blob = value and _CERTIFICATE.search(key) and not _PLACE_OF_A_CERTIFICATE.match(value)
    return bool(is_blob or _SECRET_VALUE.match(value))
