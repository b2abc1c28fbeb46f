# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files with certificates and keys, looked at before a connection is opened: OpenSSL names neither the option nor the path."""

from __future__ import annotations

import os
import ssl
import typing as t
from pathlib import Path

from ..._texts import plain
from ..errors import InvalidInput

# option -> what its file holds, and the second name that kubernetes.core has for it in the environment
_FILES = {
    "ca_cert": ("a certificate", "SSL_CA_CERT"),
    "client_cert": ("a certificate", "CERT_FILE"),
    "client_key": ("a private key", "KEY_FILE"),
}
_LOOKED = " (a task looks in the folder of its playbook, all else where Ansible was started, an inventory then beside its file)"
_KEY = b"PRIVATE KEY-----"
_BEGIN = "-----BEGIN"
# characters
_SHORTER_THAN_KEYS = 60
# bytes; a bundle of all public authorities has a quarter of that
_LARGEST = 1024 * 1024


def check_files(given: t.Mapping[str, t.Any]) -> None:
    """Raise InvalidInput for the first of the files that cannot be used."""
    for option, (content, variable) in _FILES.items():
        if option in given:
            _check(option, Path(str(given[option])), content, variable)


def _check(option: str, path: Path, content: str, variable: str) -> None:
    shown = f"{option} {plain(str(path.absolute()))}" if _may_be_shown(path) else f"the file of {option}"
    if _BEGIN in str(path):
        raise InvalidInput(
            f"{option} holds the content of a file; give the path of the file with {option} or K8S_AUTH_{variable}"
        )
    try:
        with path.open("rb") as file:
            is_right = _holds_key(file.read(_LARGEST)) if option == "client_key" else _holds_certificate(str(path))
    except FileNotFoundError:
        where = "" if path.is_absolute() else _LOOKED
        raise InvalidInput(
            f"{shown} does not exist; give an absolute path with {option} or K8S_AUTH_{variable}{where}"
        ) from None
    except OSError as error:
        raise InvalidInput(
            f"{shown} cannot be read ({plain(error.strerror)}); correct {option} or K8S_AUTH_{variable}"
        ) from None
    if not is_right:
        raise InvalidInput(
            f"{shown} does not hold {content} in the form of PEM; correct {option} or K8S_AUTH_{variable}"
        )


def _may_be_shown(path: Path) -> bool:
    """Whether it is a path for certain: a key that was given in the place of one is a secret."""
    given = str(path)
    # pathlib raises an error, which has the path, where a part of it is too long for a name
    return len(given) <= _SHORTER_THAN_KEYS or ("/" in given and os.path.exists(path.parent))


def _holds_key(data: bytes) -> bool:
    # it is not loaded: OpenSSL would ask for the password of an encrypted one
    return _KEY in data


def _holds_certificate(path: str) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError:
        return False
    return True
