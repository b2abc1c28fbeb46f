# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an API server's refusal means: try again, or one sentence for the user (pure)."""

from __future__ import annotations

import http.client
import json
import ssl
import typing as t
from dataclasses import dataclass

from ... import _errors
from ..._texts import plain
from ..errors import MissingRequirement
from ..model import IpamError

GROUP = "ipam.cluster.x-k8s.io"
# bytes; a larger Status is not worth to be understood
_LARGEST_STATUS = 1024 * 1024
_LONGEST_REASON = 80
_OWNER_READER = "ipam-owner-reader.yaml"
# what the manifests of playbooks/files name; for other kinds an administrator must add a line
_IN_MANIFESTS = ("ipaddressclaims", "ipaddresses", "inclusterippools", "globalinclusterippools", "machineinventories")


@dataclass(frozen=True)
class RequestTarget:
    """What a request is about, in the words of RBAC; ``namespace`` is empty for what has none."""

    verb: str
    resource: str
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        what = f"{self.resource} {self.name}".strip()
        return f"{self.verb} {what} in namespace {self.namespace}" if self.namespace else f"{self.verb} {what}"


class Refused(IpamError):
    """A final answer other than success; ``status`` is HTTP's, ``reason`` is Kubernetes' (NotFound, AlreadyExists, …).

    ``message`` is the server's own, in one line. With ``is_missing_right`` a Role lacks the verb, else a policy or a webhook refused.
    """

    def __init__(self, text: str, status: int, reason: str, message: str = "", **details: object) -> None:
        super().__init__(text, status=status, **details)
        self.code = _code(status)
        self.status = status
        self.reason = reason
        self.message = message
        self.is_missing_right = False


class Unreachable(_errors.Unreachable, IpamError):
    """The API server does not answer at all."""


class Untrusted(Unreachable):
    """The certificate of the server is not one that is trusted: asking again does not help."""


class CutOff(ConnectionError):
    """An answer of which only the beginning arrived."""


def _code(status: int) -> str:
    """What a workflow may branch on."""
    if may_pass(status):
        return _errors.UNAVAILABLE
    known = {400: _errors.INVALID_INPUT, 401: _errors.FORBIDDEN, 403: _errors.FORBIDDEN, 404: _errors.INVALID_INPUT}
    return {**known, 409: _errors.CONFLICT, 422: _errors.INVALID_INPUT}.get(status, _errors.FAILED)


def may_pass(code: int) -> bool:
    """Whether an answer means that the same request may succeed later: overload, a webhook or a store that is away for a moment."""
    return code == 429 or code >= 500


def seconds_asked(header: str | None, status: t.Mapping[str, t.Any]) -> float:
    """How long the server asks to wait: Retry-After, or the same in a Status; 0 where it does not specify that."""
    if header and header.isascii() and header.strip().isdigit():
        return float(header.strip()[:9])
    details = status.get("details")
    asked = details.get("retryAfterSeconds") if isinstance(details, t.Mapping) else None
    return float(min(asked, 10**9)) if isinstance(asked, int) and not isinstance(asked, bool) else 0.0


def parse_status(body: bytes) -> dict[str, t.Any]:
    """A Status object; an overloaded server and proxies answer in plain text, which becomes its message."""
    status = None
    if len(body) <= _LARGEST_STATUS:
        try:
            status = json.loads(body)
        except (ValueError, RecursionError):
            status = None
    if isinstance(status, dict):
        return status
    return {"message": body[:300].decode(errors="replace")}


def refusal(host: str, code: int, status: t.Mapping[str, t.Any], place: RequestTarget) -> Refused:
    """The sentence for an answer that stays."""
    message = plain(status.get("message") or f"HTTP {code}")
    reason = plain(status.get("reason") or "", _LONGEST_REASON)
    details = {"verb": place.verb, "resource": place.resource, "namespace": place.namespace, "name": place.name}
    sentence = (
        _no_namespace(host, place) if _is_without_namespace(code, status) else _sentence(host, code, message, place)
    )
    refused = Refused(sentence, code, reason, message, host=host, **details)
    refused.is_missing_right = _is_missing_right(code, message, place)
    return refused


def _is_missing_right(code: int, message: str, place: RequestTarget) -> bool:
    """Whether RBAC refused: Kubernetes has no other sign of it than its words, since policies and webhooks answer 403, too."""
    return code == 403 and f" cannot {place.verb} resource " in message


def _is_without_namespace(code: int, status: t.Mapping[str, t.Any]) -> bool:
    """Whether the namespace of an object to create is missing."""
    details = status.get("details")
    return code == 404 and isinstance(details, t.Mapping) and details.get("kind") == "namespaces"


def _no_namespace(host: str, place: RequestTarget) -> str:
    return f"namespace {place.namespace} does not exist on {host}; create it or name another namespace"


def _sentence(host: str, code: int, message: str, place: RequestTarget) -> str:
    if 300 <= code < 400:
        return (
            f"the Kubernetes API {host} sends the request to {place} to another address (HTTP {code}), where the credentials do not go; "
            "give the address of the API server itself"
        )
    if code == 401:
        return f"the Kubernetes API {host} refuses the credentials (401 Unauthorized); renew the token or name another kubeconfig"
    if _is_missing_right(code, message, place):
        return _missing_right(place)
    if code == 429:
        return f"the Kubernetes API {host} is overloaded and refused to {place} to the end (429); run again later"
    if code >= 500:
        return f"the Kubernetes API {host} failed to {place} to the end: {message}; check its webhooks and its etcd, then run again"
    return f"the Kubernetes API refused to {place}: {message}; correct that and run again"


def _missing_right(place: RequestTarget) -> str:
    """What RBAC does not grant, and what would: a Role holds in one namespace only, and an owner has no other namespace."""
    what, file = f"this user may not {place.verb} {place.resource}", _rights(place)
    grant = f"let an administrator apply playbooks/files/{file}"
    if place.resource not in _IN_MANIFESTS:
        grant = f"let an administrator grant {place.verb} on {place.resource} as playbooks/files/{file} shows it for other kinds"
    if place.resource.startswith("global"):
        return f"{what} (403 Forbidden); {grant}"
    if not place.namespace:
        return (
            f"{what} in all namespaces (403 Forbidden); name one with namespace (in the role with machine_network_ipam_namespace), "
            f"or let an administrator grant {place.verb} on {place.resource} in a ClusterRole"
        )
    elsewhere = "" if file == _OWNER_READER else ", or name another namespace"
    return f"{what} in namespace {place.namespace} (403 Forbidden); {grant} there{elsewhere}"


def _rights(place: RequestTarget) -> str:
    """The manifest that grants what was refused."""
    if place.verb == "create" and place.resource == "ipaddresses":
        return "ipam-hand-over.yaml"
    if place.resource not in ("ipaddressclaims", "ipaddresses") and not place.resource.endswith("pools"):
        return _OWNER_READER
    if place.verb not in ("create", "patch", "delete") or not place.resource.endswith("pools"):
        return "ipam-consumer.yaml"
    return "ipam-global-pool-manager.yaml" if place.resource.startswith("global") else "ipam-pool-manager.yaml"


def unreachable(host: str, error: BaseException) -> Unreachable:
    """The sentence for no answer."""
    chain = list(_chain(error))
    inner = chain[-1]
    if isinstance(inner, ssl.SSLCertVerificationError):
        return Untrusted(
            f"the certificate of the Kubernetes API {host} is not trusted; give the certificate of its authority with ca_cert",
            host=host,
        )
    if any(isinstance(each, (CutOff, http.client.IncompleteRead)) for each in chain):
        return Unreachable(
            f"the connection to the Kubernetes API {host} broke in the middle of an answer; run again, and check what is between here and "
            "there, such as a proxy",
            host=host,
        )
    return Unreachable(
        f"the Kubernetes API {host} cannot be reached: {plain(_cause(inner))}; "
        "check that it runs and that host or kubeconfig name the right one",
        host=host,
    )


def no_answer(host: str, fault: str) -> Unreachable:
    """The sentence for something that is not an answer of an API server, or only the beginning of one."""
    return Unreachable(
        f"the Kubernetes API {host} cannot be used: {fault}; check that it runs and that host or kubeconfig name the right one",
        host=host,
    )


def _chain(error: BaseException) -> t.Iterator[BaseException]:
    """An error and what it comes from, down to the reason at the bottom: urllib3 wraps an OSError several times."""
    inner: BaseException = error
    while True:
        yield inner
        following = getattr(inner, "reason", None) or inner.__cause__ or inner.__context__
        if not isinstance(following, BaseException) or following is inner:
            return
        inner = following


def _cause(inner: BaseException) -> str:
    """A reason in words, without the addresses of objects that urllib3 prints with it."""
    text = str(getattr(inner, "strerror", None) or inner)
    return " ".join(text.rsplit(">: ", 1)[-1].split()) or type(inner).__name__


def api_missing(host: str, missing: t.Sequence[str]) -> IpamError:
    """The sentence for a cluster without Cluster API's IPAM; a provider of addresses does not bring these definitions, Cluster API does."""
    names = " and ".join(f"{plural}.{GROUP}" for plural in missing)
    return MissingRequirement(
        f"the cluster {host} lacks {names} (v1beta2 or v1beta1): install Cluster API, which defines them, and then the IPAM provider "
        "with the role ipam_provider",
        **{"host": host, "requirement": names},
    )
