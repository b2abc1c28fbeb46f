# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The administrator's requests to the test bed's API server."""

from __future__ import annotations

import json
import ssl
import time
import typing as t
import urllib.error
import urllib.request
from pathlib import Path

from . import places

Object = t.Dict[str, t.Any]


class Admin:
    """A user of system:masters, or another one by token."""

    def __init__(self, folder: Path, server: str, token: str) -> None:
        self._server, self._token = server, token
        self._context = ssl.create_default_context(cafile=str(folder / "pki/ca.crt"))

    def call(self, method: str, path: str, body: object = None, kind: str = "application/json") -> t.Any:
        """One request; HTTPError for what is refused."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._server + path, data=data, method=method)
        request.add_header("Authorization", f"Bearer {self._token}")
        if data is not None:
            request.add_header("Content-Type", kind)
        with urllib.request.urlopen(request, context=self._context, timeout=10) as response:
            text = response.read()
        return json.loads(text) if text[:1] in b"{[" else text.decode()

    def ipam(self, plural: str, namespace: str = "default", version: str = "v1beta2") -> list[Object]:
        """All claims, addresses or pools of a namespace."""
        path = f"/apis/{places.GROUP}/{version}/namespaces/{namespace}/{plural}"
        return list(self.call("GET", path)["items"])

    def create(self, path: str, body: Object | bytes, kind: str = "application/json") -> None:
        """Create something that may be there already."""
        try:
            self.call("POST", path, body, kind)
        except urllib.error.HTTPError as error:
            if error.code != 409:
                raise

    def namespace(self, name: str) -> None:
        """Make a namespace."""
        self.create("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})

    def until(self, what: str, probe: t.Callable[[], object], seconds: float = 120.0) -> None:
        """Wait for something to be true."""
        deadline = time.monotonic() + seconds
        while not probe():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} did not happen within {seconds:.0f} s")
            time.sleep(0.05)
