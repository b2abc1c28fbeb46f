# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Claim, record and release in the process of an action: a module would be packed and started for the same."""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import dataclass, field

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.elemental.networking.plugins.module_utils._ipam.backend import IpamBackend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.database.postgresql import (
    options as postgresql_options,
)
from ansible_collections.elemental.networking.plugins.module_utils._ipam.factory import BackendOptions, open_backend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.kubernetes.connection import OPTIONS
from ansible_collections.elemental.networking.plugins.module_utils._ipam_module import Spec
from ansible_collections.elemental.networking.plugins.module_utils._texts import did_you_mean, plain
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import InvalidInput
from ansible_collections.elemental.networking.plugins.plugin_utils._progress_lines import show_line
from ansible_collections.elemental.networking.plugins.plugin_utils._request.machine_network import (
    Given,
    cluster_options,
    server_options,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._request.shared_claims import forget

_PATIENCE = 60
# of a name that is not known, in characters
_SHOWN = 80


@dataclass(frozen=True)
class Call:
    """What the functions behind the modules need of a module; ``warnings`` are those that it was given."""

    params: t.Mapping[str, t.Any]
    check_mode: bool
    warnings: list[str] = field(default_factory=list)

    def warn(self, warning: str) -> None:
        """Remember a warning for the result of the task."""
        self.warnings.append(warning)


def call(spec: Spec, backend: str, check_mode: bool, **params: t.Any) -> Call:
    """A call with the parameters of a module, checked as Ansible does. Raises InvalidInput."""
    result = ArgumentSpecValidator(spec).validate(params)
    if result.error_messages:
        raise InvalidInput(str(result.error_messages[0]))
    return Call({"namespace": "default", "backend": backend, **result.validated_parameters}, check_mode)


@contextlib.contextmanager
def backend_at(backend: str, database: str, access: t.Callable[[str], object]) -> t.Iterator[IpamBackend]:
    """A backend, open; ``access`` gives the options of the cluster or of the server. Long work shows its progress.

    Raises InvalidInput for options that are wrong.
    """
    with open_backend(
        BackendOptions(
            backend=backend,
            database=database,
            kubernetes=cluster(access("kubernetes")) if backend == "kubernetes" else {},
            postgresql=server(access("postgresql")) if backend == "postgresql" else {},
            timeout=_PATIENCE,
            report=show_line,
        )
    ) as opened:
        try:
            yield opened
        finally:
            forget()  # lookups of the same play look again


def lazily(templar: t.Any, variables: t.Mapping[str, t.Any]) -> t.Callable[[str], object]:
    """What gives the role's options of a backend: their template looks for files, and few tasks need them."""
    return lambda backend: templar.template(variables.get(f"_machine_network_{backend}")) or {}


def server(postgresql: object) -> t.Mapping[str, t.Any]:
    """The connection parameters of a PostgreSQL server, checked. Raises InvalidInput."""
    given = server_options(Given("", postgresql=postgresql))
    return _checked("machine_network_postgresql", postgresql_options.OPTIONS, given)


def cluster(kubernetes: object) -> t.Mapping[str, t.Any]:
    """How to reach the cluster, checked. Raises InvalidInput."""
    given = cluster_options(Given("", kubernetes=kubernetes))
    return _checked("machine_network_kubernetes", OPTIONS, given)


def _checked(
    variable: str, options: t.Mapping[str, t.Mapping[str, t.Any]], given: t.Mapping[str, t.Any]
) -> t.Mapping[str, t.Any]:
    """The options of a variable in their types. Raises InvalidInput that names the variable."""
    known = {alias for name, spec in options.items() for alias in (name, *spec.get("aliases", ()))}
    unknown = next((plain(each, _SHOWN) for each in given if each not in known), None)
    if unknown is not None:
        hint = did_you_mean(unknown, known, f"use {', '.join(sorted(options))}")
        raise InvalidInput(f"{variable} has no option {unknown}; {hint}")
    validated = ArgumentSpecValidator(options).validate(dict(given))
    if validated.error_messages:
        raise InvalidInput(f"{variable}: {validated.error_messages[0]}")
    return t.cast("dict[str, t.Any]", validated.validated_parameters)
