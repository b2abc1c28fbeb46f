# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""NetworkManager's own reader of keyfiles (libnm), with what it says of each line, which nmcli does not show.

Runs inside of a root file system: a JSON string with a keyfile in each line of the input, a JSON object in each line of the output.
"""

from __future__ import annotations

import ctypes
import json
import sys
import typing as t

_NM = ctypes.CDLL("libnm.so.0")
_GLIB = ctypes.CDLL("libglib-2.0.so.0")
_GOBJECT = ctypes.CDLL("libgobject-2.0.so.0")
_POINTER, _TEXT = ctypes.c_void_p, ctypes.c_char_p
_FOLDER = b"/etc/NetworkManager/system-connections"
# NM_KEYFILE_HANDLER_TYPE_WARN, and NM_KEYFILE_WARN_SEVERITY_WARN: something was ignored
_WARNS, _SEVERE = 1, 3000


class _Error(ctypes.Structure):
    _fields_ = [("domain", ctypes.c_uint32), ("code", ctypes.c_int), ("message", _TEXT)]


_ERROR = ctypes.POINTER(ctypes.POINTER(_Error))
_HANDLER = ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, _POINTER, ctypes.c_int, _POINTER, _POINTER)
for _library, _name, _result, _arguments in (
    (_GLIB, "g_key_file_new", _POINTER, []),
    (_GLIB, "g_key_file_load_from_data", ctypes.c_int, [_POINTER, _TEXT, ctypes.c_size_t, ctypes.c_int, _ERROR]),
    (_GLIB, "g_key_file_to_data", _TEXT, [_POINTER, _POINTER, _POINTER]),
    (_GLIB, "g_key_file_unref", None, [_POINTER]),
    (_GOBJECT, "g_object_unref", None, [_POINTER]),
    (_NM, "nm_keyfile_read", _POINTER, [_POINTER, _TEXT, ctypes.c_int, _HANDLER, _POINTER, _ERROR]),
    (_NM, "nm_keyfile_write", _POINTER, [_POINTER, ctypes.c_int, _POINTER, _POINTER, _ERROR]),
    (_NM, "nm_connection_normalize", ctypes.c_int, [_POINTER, _POINTER, _POINTER, _ERROR]),
    (_NM, "nm_keyfile_handler_data_warn_get", None, [_POINTER, _POINTER, _POINTER]),
    (_NM, "nm_keyfile_handler_data_get_context", None, [_POINTER, _POINTER, _POINTER, _POINTER, _POINTER]),
):
    getattr(_library, _name).restype, getattr(_library, _name).argtypes = _result, _arguments


def _text(value: bytes | None) -> str:
    return (value or b"").decode(errors="replace")


def _call(function: t.Any, *arguments: t.Any) -> t.Any:
    """Call what takes the place for an error as its last argument. Raises ValueError with its message."""
    error = ctypes.POINTER(_Error)()
    result = function(*arguments, ctypes.byref(error))
    if not result:
        raise ValueError(_text(error.contents.message))
    return result


def _warning(data: t.Any) -> tuple[int, list[str]]:
    """How severe it is; section, key and message."""
    message, severity = _TEXT(), ctypes.c_int()
    _NM.nm_keyfile_handler_data_warn_get(data, ctypes.byref(message), ctypes.byref(severity))
    context = [_TEXT() for _each in range(4)]
    _NM.nm_keyfile_handler_data_get_context(data, *(ctypes.byref(each) for each in context))
    return severity.value, [_text(context[0].value), _text(context[1].value), _text(message.value)]


def _read(text: str, ignored: list[list[str]]) -> str:
    def handle(_file: t.Any, _connection: t.Any, kind: int, data: t.Any, _user: t.Any) -> int:
        severity, warning = _warning(data) if kind == _WARNS else (0, [])
        if severity >= _SEVERE:
            ignored.append(warning)
        return 0

    raw, keyfile = text.encode("utf-8", "surrogateescape"), _GLIB.g_key_file_new()
    _call(_GLIB.g_key_file_load_from_data, keyfile, raw, len(raw), 0)
    connection = _call(_NM.nm_keyfile_read, keyfile, _FOLDER, 0, _HANDLER(handle), None)
    _GLIB.g_key_file_unref(keyfile)
    _call(_NM.nm_connection_normalize, connection, None, None)
    written = _call(_NM.nm_keyfile_write, connection, 0, None, None)
    _GOBJECT.g_object_unref(connection)
    result = _GLIB.g_key_file_to_data(written, None, None)
    _GLIB.g_key_file_unref(written)
    return result.decode("utf-8", "surrogateescape")


def _answer(text: str) -> dict[str, t.Any]:
    ignored: list[list[str]] = []
    try:
        return {"ignored": ignored, "text": _read(text, ignored)}
    except ValueError as error:
        return {"ignored": ignored, "refused": str(error)}


for _line in sys.stdin:
    print(json.dumps(_answer(json.loads(_line))), flush=True)
