# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates, tokens and kubeconfigs of a control plane; all of them private files."""

from __future__ import annotations

import base64
import json
import secrets
import typing as t
from pathlib import Path

from ..tools import run

_NEW = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30")


def make_certificates(folder: Path) -> None:
    """An authority (``ca.crt``), the certificate of every server (``tls.crt``), and the key for service accounts."""
    folder.mkdir(mode=0o700)
    authority = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign")
    server = (
        "subjectAltName=IP:127.0.0.1,DNS:localhost",
        "basicConstraints=critical,CA:FALSE",
        "keyUsage=critical,digitalSignature",
        "extendedKeyUsage=serverAuth",
    )
    _certificate(folder, "ca", "/CN=controlplane-test-ca", authority)
    signing = ("-CA", str(folder / "ca.crt"), "-CAkey", str(folder / "ca.key"))
    _certificate(folder, "tls", "/CN=loopback", server, *signing)
    run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(folder / "sa.key"))


def _certificate(folder: Path, name: str, subject: str, extensions: t.Sequence[str], *more: str) -> None:
    files = ("-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.crt"))
    added = [part for extension in extensions for part in ("-addext", extension)]
    run("openssl", "req", "-x509", *_NEW, "-subj", subject, *more, *added, *files)


def authority(folder: Path) -> str:
    """The authority's certificate as JSON fields want it."""
    return base64.b64encode((folder / "pki/ca.crt").read_bytes()).decode()


def make_tokens(users: t.Mapping[str, t.Sequence[str]]) -> dict[str, str]:
    """A token per user."""
    return {user: secrets.token_hex(16) for user in users}


def token_file(folder: Path, users: t.Mapping[str, t.Sequence[str]], tokens: t.Mapping[str, str]) -> Path:
    """What the API server reads; ``users`` have their groups."""
    lines = [f'{tokens[user]},{user},{user},"{",".join(groups)}"\n' for user, groups in users.items()]
    return _private(folder / "pki/tokens.csv", "".join(lines))


def kubeconfig(folder: Path, server: str, user: str, token: str) -> Path:
    """A kubeconfig for one user. JSON is YAML."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "testbed",
        "clusters": [
            {"name": "testbed", "cluster": {"server": server, "certificate-authority-data": authority(folder)}}
        ],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": "testbed", "context": {"cluster": "testbed", "user": user, "namespace": "default"}}],
    }
    return _private(folder / f"{user}.kubeconfig", json.dumps(content, indent=1))


def _private(file: Path, text: str) -> Path:
    file.touch(mode=0o600)
    file.write_text(text)
    return file
