# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of the role machine_network, as users give them for a host: checked against its argument specification."""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.parsing.dataloader import DataLoader
from ansible_collections.elemental.networking.plugins.module_utils._texts import did_you_mean, plain
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import InvalidInput
from ansible_collections.elemental.networking.plugins.plugin_utils._request.hidden_values import is_unset
from ansible_collections.elemental.networking.plugins.plugin_utils._request.machine_network import Given

_SPECIFICATION = Path(__file__).parents[3] / "roles/machine_network/meta/argument_specs.yml"
_PREFIX = "machine_network"
# how like a variable of the role an unknown one is whose name was mistyped: users have variables with this prefix, too
_MISTYPED = 0.9
# of a value that is not known, in characters
_SHOWN = 80

# a variable by its name; None if it is not set
Read = t.Callable[[str], t.Any]
_OF_THE_NETWORK = (
    _PREFIX,
    *(f"{_PREFIX}_{name}" for name in ("manifest", "site", "former_name", "machine_name", "renumber")),
    *(f"{_PREFIX}_{name}" for name in ("kubernetes", "postgresql")),
    *(f"{_PREFIX}_{name}" for name in ("pools", "pool_files", "ipam_backend", "ipam_database", "ipam_namespace")),
)


def specification(loader: DataLoader) -> dict[str, dict[str, t.Any]]:
    """The options of each entry point of the role."""
    content = loader.load_from_file(str(_SPECIFICATION))["argument_specs"]
    return {name: each.get("options") or {} for name, each in content.items()}


def mistyped(names: t.Iterable[str], options: t.Mapping[str, t.Mapping[str, t.Any]]) -> list[str]:
    """A sentence for each variable that no entry point of the role knows, and whose name is almost one that it does."""
    known = {name for each in options.values() for name in each}
    unknown = sorted(name for name in names if name.startswith(_PREFIX) and name not in known)
    hints = {name: did_you_mean(name, known, "", likeness=_MISTYPED) for name in unknown}
    return [f"{name} is not a variable of the role machine_network, {hint}?" for name, hint in hints.items() if hint]


def given_values(read: Read) -> dict[str, t.Any]:
    """The variables that describe what a host asks for; what uses them checks them."""
    return {name: read(name) for name in _OF_THE_NETWORK}


def role_values(read: Read, options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The variables of the role for one host, in the types of the specification. Raises InvalidInput with one sentence."""
    given = {name: value for name, value in ((name, read(name)) for name in options) if not is_unset(value)}
    _check_choices(given, options)
    result = ArgumentSpecValidator({name: _for_validation(each) for name, each in options.items()}).validate(given)
    if result.error_messages:
        raise InvalidInput(str(result.error_messages[0]))
    return t.cast("dict[str, t.Any]", result.validated_parameters)


def _check_choices(given: t.Mapping[str, t.Any], options: t.Mapping[str, t.Mapping[str, t.Any]]) -> None:
    """Refuse an unknown word in one sentence; Ansible's own would name the empty choice, which an empty answer of a survey needs."""
    for name, value in given.items():
        choices = options[name].get("choices")
        if choices and isinstance(value, str) and value not in choices:
            known = ", ".join(each for each in choices if each)
            raise InvalidInput(f"{name} {plain(value, _SHOWN)} is unknown; choose one of {known}")


def _for_validation(option: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {name: value for name, value in option.items() if name not in ("description", "version_added")}


def given_of(host: str, folder: object, values: t.Mapping[str, t.Any]) -> Given:
    """What the host asks for, by its variables."""
    texts = {name: _text(values, name) for name in ("manifest", "site", "former_name")}
    placed = {name: _text(values, f"ipam_{name}") for name in ("backend", "database", "namespace")}
    return Given(
        host=host,
        inventory_folder=str(folder) if folder else None,
        network=values.get(_PREFIX),
        pools=values.get(f"{_PREFIX}_pools"),
        pool_files=values.get(f"{_PREFIX}_pool_files"),
        kubernetes=values.get(f"{_PREFIX}_kubernetes"),
        postgresql=values.get(f"{_PREFIX}_postgresql"),
        machine=_text(values, "machine_name"),
        renumber=flag(values, "renumber"),
        **texts,
        **placed,
    )


def flag(values: t.Mapping[str, t.Any], name: str) -> bool:
    """A variable that is true or false; the command line and AWX send strings. Raises InvalidInput for anything else."""
    value = values.get(f"{_PREFIX}_{name}")
    try:
        return False if is_unset(value) else bool(boolean(value))
    except TypeError:
        # its value may be a secret's, by mistake
        raise InvalidInput(f"{_PREFIX}_{name} is neither true nor false: give one of them") from None


def push_options(values: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What the variables have for a push beside its trial, as options of the module network_config."""
    return {
        "render_on": _text(values, "render_on") or "node",
        "required": values.get(f"{_PREFIX}_required_profiles") or [],
        **{name: flag(values, name) for name in ("elemental_os", "take_over_elemental_os", "accept_host_keys")},
    }


def _text(values: t.Mapping[str, t.Any], name: str) -> str:
    value = values.get(f"{_PREFIX}_{name}")
    return "" if is_unset(value) else str(value)


def reading(value: Read, templated: t.Callable[[t.Any], t.Any], hidden: t.Mapping[str, t.Any]) -> Read:
    """Read variables with ``value``; for one that is empty the one that an empty extra variable hides, if there is any."""

    def read(name: str) -> t.Any:
        found = value(name)
        return templated(hidden[name]) if name in hidden and is_unset(found) else found

    return read
