# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a controller may ask of a node: every request passes here before anything is done with it."""

from __future__ import annotations

import typing as t
from _socket import AF_INET, AF_INET6, inet_pton  # socket, around it, would cost each start 3 ms

from .checking import Unfit, exactly, flag, integer, name, record, several, text, texts, token
from .paths import PROFILE_SUFFIX
from .protocol import (
    OPERATIONS,
    AnyRequest,
    Confirm,
    InvalidInput,
    Knock,
    MissingRequirement,
    OtherVersion,
    Probe,
    Render,
    Request,
    Stage,
    StageReset,
    WantedProfile,
    check_version,
    fields_of,
)
from .state import shapes

_SHORTEST, _LONGEST = 5, 3600
_MOST_PROBES = 64
_HIGHEST_PORT = 65535


def check_request(content: object) -> AnyRequest:
    """The request that JSON holds. Raises InvalidInput, in one sentence, for one that this program does not serve, and MissingRequirement
    for one of another version of the protocol."""
    try:
        request = record(content, "it")
        check_version(request)
        operation = text(request.get("operation"), "operation")
        if operation not in OPERATIONS:
            raise Unfit("operation is not one that this release knows")
        kind = OPERATIONS[operation]
        return _READERS[kind](exactly(fields_of(request, "operation"), "it", kind._fields))
    except OtherVersion as error:
        raise MissingRequirement(
            f"the request to this host is of {error} of the protocol, which this program does not read; update the collection on the "
            "controller and run again; nothing was changed"
        ) from None
    except Unfit as error:
        raise InvalidInput(f"the request to this host is not valid: {error}; nothing was changed") from None


def _stage(content: t.Mapping[str, object]) -> Stage:
    return Stage(_common(content.get("common")), several(content.get("profiles"), "profiles", _profile))


def _stage_reset(content: t.Mapping[str, object]) -> StageReset:
    return StageReset(_common(content.get("common")), texts(content.get("addresses"), "addresses"))


def _common(value: object) -> Request:
    content = exactly(value, "common", Request._fields)
    machine, identity = text(content.get("machine"), "machine"), token(content.get("token"), "token")
    if not machine:
        raise Unfit("machine is empty")
    if not identity:
        raise Unfit("token is empty")
    deadline = integer(content.get("deadline"), "deadline", _SHORTEST, _LONGEST)
    return Request(
        machine=machine,
        deadline=deadline,
        connected_address=text(content.get("connected_address"), "connected_address"),
        only_known=flag(content.get("only_known"), "only_known"),
        check=flag(content.get("check"), "check"),
        controller=text(content.get("controller"), "controller"),
        token=identity,
        take_over=token(content.get("take_over"), "take_over"),
        probes=_probes(content.get("probes"), deadline),
        more_files=shapes.more_files(content.get("more_files"), "more_files"),
        knock=_knock(content.get("knock")),
        required=texts(content.get("required"), "required"),
        identities=texts(content.get("identities", []), "identities"),
        takes_over_files=flag(content.get("takes_over_files", False), "takes_over_files"),
        is_proven=flag(content.get("is_proven", False), "is_proven"),
        former=text(content.get("former", ""), "former"),
    )


def _probes(value: object, deadline: int) -> tuple[Probe, ...]:
    probes = several(
        value, "probes", lambda each, what: shapes.probe(exactly(each, what, Probe._fields), what, deadline)
    )
    if len(probes) > _MOST_PROBES or len({probe.name for probe in probes}) < len(probes):
        raise Unfit(f"probes are more than {_MOST_PROBES}, or two have the same name")
    return probes


def _profile(value: object, what: str) -> WantedProfile:
    content = exactly(value, what, WantedProfile._fields)
    file_name = name(content.get("file_name"), f"{what}.file_name")
    if file_name.startswith(".") or not file_name.endswith(PROFILE_SUFFIX):
        raise Unfit(f"{what}.file_name is not the name of a keyfile")
    interface = content.get("interface")
    return WantedProfile(
        file_name,
        name(content.get("uuid"), f"{what}.uuid"),
        text(content.get("type"), f"{what}.type"),
        None if interface is None else name(interface, f"{what}.interface"),
        text(content.get("text"), f"{what}.text"),
    )


def _confirm(content: t.Mapping[str, object]) -> Confirm:
    return Confirm(
        token(content.get("token"), "token"),
        text(content.get("arrived_at"), "arrived_at"),
        flag(content.get("fresh"), "fresh"),
        _knock(content.get("knock")),
    )


def _knock(value: object) -> Knock | None:
    if value is None:
        return None
    content = exactly(value, "knock", Knock._fields)
    return Knock(
        _address(text(content.get("address"), "knock.address")),
        several(content.get("ports"), "knock.ports", _port),
        _port(content.get("target"), "knock.target"),
        _port(content.get("bell"), "knock.bell"),
        text(content.get("word"), "knock.word"),
    )


def _port(value: object, what: str) -> int:
    return integer(value, what, 1, _HIGHEST_PORT)


def _address(address: str) -> str:
    try:
        inet_pton(AF_INET6 if ":" in address else AF_INET, address.split("%")[0])
    except (OSError, ValueError):
        raise Unfit("knock.address is not a valid address") from None
    return address


def _render(content: t.Mapping[str, object]) -> Render:
    return Render(
        configurator=text(content.get("configurator"), "configurator"),
        document=text(content.get("document"), "document"),
        machine=text(content.get("machine"), "machine"),
        only_known=flag(content.get("only_known"), "only_known"),
        is_proven=flag(content.get("is_proven", False), "is_proven"),
        former=text(content.get("former", ""), "former"),
    )


_READERS: t.Mapping[t.Type[AnyRequest], t.Callable[[t.Mapping[str, object]], AnyRequest]] = {
    Stage: _stage,
    StageReset: _stage_reset,
    Confirm: _confirm,
    Render: _render,
}
