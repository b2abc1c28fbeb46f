# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A webhook that refuses what one user writes, as often as it is told."""

from __future__ import annotations

import contextlib
import http.server
import json
import ssl
import threading
import typing as t

from tests.testbed.controlplane import pki
from tests.testbed.controlplane.fixtures import Space

_HOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"


@contextlib.contextmanager
def refusing_writes(space: Space, code: int, times: int) -> t.Iterator[t.Callable[[], int]]:
    """While this lasts, the first ``times`` creates of claims in a namespace are answered with an HTTP code.

    Gives a function that tells how many were.
    """
    lock, refused = threading.Lock(), [0]

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            request = review["request"]
            with lock:
                allowed = refused[0] >= times or request["namespace"] != space.name
                refused[0] += not allowed
            response: dict[str, t.Any] = {"uid": request["uid"], "allowed": allowed}
            if not allowed:
                details = {"retryAfterSeconds": 1} if code == 429 else {}
                response["status"] = {"code": code, "message": "injected", "details": details}
            body = json.dumps({**review, "response": response}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    folder = space.plane.folder
    context.load_cert_chain(folder / "pki/tls.crt", folder / "pki/tls.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    name = f"breaking-{space.name}"
    space.admin.call("POST", _HOOKS, _configuration(space, name, server.server_address[1]))
    try:
        _until_it_is_asked(space)
        yield lambda: refused[0]
    finally:
        space.admin.call("DELETE", f"{_HOOKS}/{name}")
        server.shutdown()
        server.server_close()


def _configuration(space: Space, name: str, port: int) -> dict[str, t.Any]:
    hook = {
        "name": "breaking.example.test",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "failurePolicy": "Ignore",
        "clientConfig": {"url": f"https://127.0.0.1:{port}/", "caBundle": pki.authority(space.plane.folder)},
        "rules": [
            {
                "apiGroups": ["ipam.cluster.x-k8s.io"],
                "apiVersions": ["*"],
                "operations": ["CREATE"],
                "resources": ["ipaddressclaims"],
            }
        ],
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [hook],
    }


def _until_it_is_asked(space: Space) -> None:
    """The API server takes a moment to notice the configuration."""
    body = {
        "apiVersion": "ipam.cluster.x-k8s.io/v1beta2",
        "kind": "IPAddressClaim",
        "metadata": {"name": "probe"},
        "spec": {"poolRef": {"apiGroup": "ipam.cluster.x-k8s.io", "kind": "InClusterIPPool", "name": "p"}},
    }

    def refused() -> bool:
        try:
            space.admin.call("POST", f"{space.path('ipaddressclaims')}?dryRun=All", body)
        except OSError:
            return True
        return False

    space.admin.until("the webhook", refused)
