# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a controller may ask of a node: every request comes through here before anything is done with it."""

from __future__ import annotations

import socket
import typing as t

from .checking import Unfit, exactly, flag, integer, name, record, several, text, texts, token
from .model import Knock, Probe, WantedProfile
from .networkmanager.client import NetworkManagerError
from .paths import PROFILE_SUFFIX
from .state import shapes

_SHORTEST, _LONGEST = 5, 3600
_MOST_PROBES = 64
_HIGHEST_PORT = 65535


def check_request(request: t.Any) -> None:
    """Raise NetworkManagerError, in one sentence, for a request that this program does not serve."""
    try:
        operation = text(record(request, "it").get("operation"), "operation")
        if operation not in _CHECKS:
            raise Unfit("operation is not one that this release knows")
        _CHECKS[operation](request)
    except Unfit as error:
        raise NetworkManagerError(f"the request to this host is not valid: {error}; nothing was changed") from None


def _check_stage(request: t.Mapping[str, t.Any]) -> None:
    _check_common(request)
    several(request.get("profiles"), "profiles", _check_profile)


def _check_stage_reset(request: t.Mapping[str, t.Any]) -> None:
    _check_common(request)
    texts(request.get("addresses"), "addresses")


def _check_common(request: t.Mapping[str, t.Any]) -> None:
    for field in ("machine", "controller", "connected_address"):
        text(request.get(field), field)
    text(request.get("former", ""), "former")
    if not request["machine"]:
        raise Unfit("machine is empty")
    for field in ("check", "only_known"):
        flag(request.get(field), field)
    for field in ("token", "take_over"):
        token(request.get(field), field)
    if not request["token"]:
        raise Unfit("token is empty")
    texts(request.get("required"), "required")
    texts(request.get("identities", []), "identities")
    for field in ("takes_over_files", "is_proven"):
        flag(request.get(field, False), field)
    deadline = integer(request.get("deadline"), "deadline", _SHORTEST, _LONGEST)
    shapes.more_files(request.get("more_files"), "more_files")
    probes = several(request.get("probes"), "probes", lambda value, what: _probe(value, what, deadline))
    if len(probes) > _MOST_PROBES or len({probe.name for probe in probes}) < len(probes):
        raise Unfit(f"probes are more than {_MOST_PROBES}, or two have the same name")
    _check_knock(request.get("knock"))


def _probe(value: t.Any, what: str, deadline: int) -> Probe:
    return shapes.probe(exactly(value, what, Probe._fields), what, deadline)


def _check_profile(value: t.Any, what: str) -> None:
    profile = exactly(value, what, WantedProfile._fields)
    file_name = name(profile.get("file_name"), f"{what}.file_name")
    if file_name.startswith(".") or not file_name.endswith(PROFILE_SUFFIX):
        raise Unfit(f"{what}.file_name is not the name of a keyfile")
    name(profile.get("uuid"), f"{what}.uuid")
    for field in ("type", "text"):
        text(profile.get(field), f"{what}.{field}")
    if profile.get("interface") is not None:
        name(profile["interface"], f"{what}.interface")


def _check_confirm(request: t.Mapping[str, t.Any]) -> None:
    token(request.get("token"), "token")
    text(request.get("arrived_at"), "arrived_at")
    flag(request.get("fresh"), "fresh")
    _check_knock(request.get("knock"))


def _check_knock(value: t.Any) -> None:
    if value is None:
        return
    knock = exactly(value, "knock", Knock._fields)
    _check_address(text(knock.get("address"), "knock.address"))
    several(knock.get("ports"), "knock.ports", _check_port)
    for field in ("target", "bell"):
        _check_port(knock.get(field), f"knock.{field}")
    text(knock.get("word"), "knock.word")


def _check_port(value: t.Any, what: str) -> None:
    integer(value, what, 1, _HIGHEST_PORT)


def _check_address(address: str) -> None:
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address.split("%")[0])
    except (OSError, ValueError):
        raise Unfit("knock.address is not a valid address") from None


def _check_render(request: t.Mapping[str, t.Any]) -> None:
    flag(request.get("only_known"), "only_known")
    text(request.get("former", ""), "former")
    flag(request.get("is_proven", False), "is_proven")
    for field in ("machine", "configurator", "document"):
        text(request.get(field), field)


_CHECKS: t.Mapping[str, t.Callable[[t.Mapping[str, t.Any]], None]] = {
    "stage": _check_stage,
    "stage_reset": _check_stage_reset,
    "confirm": _check_confirm,
    "render": _check_render,
}
