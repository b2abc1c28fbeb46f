# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that every change of a node's network has, and the request to the node that they come to."""

from __future__ import annotations

import contextlib
import math
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.elemental.networking.plugins.module_utils._ipam.names import machine_name
from ansible_collections.elemental.networking.plugins.module_utils._network_module import COMMON_ARGUMENTS
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import Probe, Request
from ansible_collections.elemental.networking.plugins.module_utils._yaml import YamlError, load
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import InvalidInput

_DEFAULT_PROBES: tuple[dict[str, t.Any], ...] = ({"type": "gateway"}, {"type": "dns"})
_NEEDED = {"ping": ("target",), "tcp": ("target", "port"), "command": ("command",)}
# for a probe of the network of the node itself, and for one of the world behind it
_TIMEOUTS = {"gateway": 1.0, "dns": 2.0, "ping": 3.0, "tcp": 3.0, "command": 10.0}


# a thread each, on the host
_MOST_PROBES = 64
_LONGEST_NAME = 200
_LONGEST_TARGET = 253
_HIGHEST_PORT = 65535


def common_request(options: t.Mapping[str, t.Any], inventory_hostname: str, check: bool) -> Request:
    """What a node must know of the common options. Raises InvalidInput with one sentence."""
    deadline = _checked_deadline(options["deadline"])
    return Request(
        machine=options["machine"] or machine_name(inventory_hostname),
        deadline=deadline,
        probes=_checked_probes(options["probes"], deadline),
        former=options.get("former_machine") or "",
        check=check,
        takes_over_files=bool(options.get("take_over_elemental_os")),
    )


def check_trial(deadline: object, probes: object) -> dict[str, t.Any]:
    """Refuse what a trial would refuse, before anything is claimed. Raises InvalidInput that names the variable of the role.

    Both are as users give them; an empty string is the default, a string of probes is YAML. Returns them as options of a push.
    """
    seconds = _checked_option("machine_network_rollback_timeout", "deadline", deadline)
    wanted = _checked_option("machine_network_probes", "probes", _from_yaml(probes))
    with _named("machine_network_rollback_timeout"):
        _checked_deadline(seconds)
    with _named("machine_network_probes"):
        _checked_probes(wanted, seconds)
    return {"deadline": seconds, **({} if wanted is None else {"probes": wanted})}


def _from_yaml(probes: object) -> object:
    try:
        return load(probes) if isinstance(probes, str) else probes
    except YamlError as error:
        raise InvalidInput(f"machine_network_probes cannot be read as YAML ({error}); correct it") from None


def _checked_option(variable: str, option: str, value: object) -> t.Any:
    """The value in the type of the option; its default where it is not set."""
    spec = COMMON_ARGUMENTS[option]
    is_unset = value is None or (isinstance(value, str) and not value.strip())
    given = {} if is_unset else {option: value}
    result = ArgumentSpecValidator({option: spec}).validate(given)
    if result.error_messages:
        raise InvalidInput(f"{variable}: {result.error_messages[0]}")
    return result.validated_parameters[option]


@contextlib.contextmanager
def _named(variable: str) -> t.Iterator[None]:
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput(f"{variable}: {error}") from None


def _checked_deadline(seconds: int) -> int:
    if not 5 <= seconds <= 3600:
        raise InvalidInput(f"deadline is {seconds} s; give 5 to 3600 seconds")
    return seconds


def _checked_probes(given: t.Sequence[t.Mapping[str, t.Any]] | None, deadline: int) -> tuple[Probe, ...]:
    wanted = _DEFAULT_PROBES if given is None else given
    if len(wanted) > _MOST_PROBES:
        raise InvalidInput(f"there are {len(wanted)} probes; give at most {_MOST_PROBES}")
    probes = tuple(_probe(each, deadline) for each in wanted)
    names = [probe.name for probe in probes]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidInput(f"two probes are called {', '.join(twice)}; give each a name of its own")
    return probes


def _probe(given: t.Mapping[str, t.Any], deadline: int) -> Probe:
    kind = given["type"]
    # a port may be 0, which is another mistake
    missing = [name for name in _NEEDED.get(kind, ()) if given.get(name) in (None, "")]
    if missing:
        raise InvalidInput(f"a probe of type {kind} needs {' and '.join(missing)}")
    target = _one_line(given.get("target"), f"the target of a probe of type {kind}", _LONGEST_TARGET)
    where = ":".join(str(part) for part in (target, given.get("port")) if part)
    name = _one_line(given.get("name"), "the name of a probe", _LONGEST_NAME) or f"{kind} {where}".strip()
    return Probe(
        name=name,
        kind=kind,
        target=target,
        port=_checked_port(given.get("port"), name),
        command=_checked_command(given.get("command"), name),
        timeout=_checked_timeout(given.get("timeout"), kind, name, deadline),
    )


def _one_line(value: str | None, what: str, longest: int) -> str:
    text = value or ""
    if len(text) > longest or not text.isprintable():
        raise InvalidInput(
            f"{what} is longer than {longest} characters, or holds one that cannot be printed; correct it"
        )
    return text


def _checked_port(port: int | None, name: str) -> int:
    if port is not None and not 1 <= port <= _HIGHEST_PORT:
        raise InvalidInput(f"probe {name}: port is {port}; give 1 to {_HIGHEST_PORT}")
    return port or 0


def _checked_command(command: str | None, name: str) -> str:
    if "\0" in (command or ""):
        raise InvalidInput(f"probe {name}: command holds a NUL character, which no command can; remove it")
    return command or ""


def _checked_timeout(seconds: float | None, kind: str, name: str, deadline: int) -> float:
    """A probe runs before the change and after it, and the deadline counts from before the first."""
    longest = deadline / 2
    if seconds is None:
        return min(_TIMEOUTS[kind], longest)
    if not math.isfinite(seconds) or not 0 < seconds <= longest:
        raise InvalidInput(
            f"probe {name}: timeout is {seconds:g} s; give more than 0 and at most {longest:g} s, half of the deadline, since a probe runs "
            "before the change and after it"
        )
    return float(seconds)
