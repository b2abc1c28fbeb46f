# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules that AWX 24.6.1 has for credential types and surveys, read from its code: what breaks one is a sentence (pure)."""

from __future__ import annotations

import re
import typing as t

import jinja2
from jinja2.defaults import DEFAULT_NAMESPACE
from jinja2.sandbox import ImmutableSandboxedEnvironment

_FIELD = {"id", "type", "format", "choices", "label", "help_text", "multiline", "secret", "ask_at_runtime", "default"}
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_FILE = re.compile(r"template(\.[a-zA-Z_][a-zA-Z0-9_]*)?")
# of a job, which no credential may set (awx/main/constants.py)
_OF_AWX = set(
    "VIRTUAL_ENV PATH PYTHONPATH JOB_ID INVENTORY_ID INVENTORY_SOURCE_ID INVENTORY_UPDATE_ID AD_HOC_COMMAND_ID REST_API_URL REST_API_TOKEN "
    "MAX_EVENT_RES CALLBACK_QUEUE CALLBACK_CONNECTION CACHE JOB_CALLBACK_DEBUG INVENTORY_HOSTVARS AWX_HOST PROJECT_REVISION".split()
)
_QUESTIONS: dict[str, type] = {
    **dict.fromkeys(("text", "textarea", "password", "multiplechoice", "multiselect"), str),
    "integer": int,
    "float": float,
}
_FILENAMES = "tower"


def faults_of_type(kind: t.Mapping[str, t.Any]) -> list[str]:
    """What AWX, or a job of AWX, would make of a credential type."""
    fields = kind["inputs"]["fields"]
    names = [each.get("id", "") for each in fields]
    found = [f"kind {kind['kind']} is not cloud or net"] if kind["kind"] not in ("cloud", "net") else []
    found += [f"inputs has {each}" for each in set(kind["inputs"]) - {"fields", "required"}]
    found += [
        f"required names {each}, which is not a field"
        for each in kind["inputs"].get("required", [])
        if each not in names
    ]
    found += [f"two fields are called {each}" for each in set(names) if names.count(each) > 1]
    found += [fault for each in fields for fault in _faults_of_field(each)]
    found += [f"injectors has {each}" for each in set(kind["injectors"]) - {"file", "env", "extra_vars"}]
    found += [
        f"{each} is not a name of a file" for each in kind["injectors"].get("file", {}) if not _FILE.fullmatch(each)
    ]
    for name in kind["injectors"].get("env", {}):
        if name.startswith("ANSIBLE_") or name in _OF_AWX or not _NAME.fullmatch(name):
            found.append(f"{name} cannot be injected")
    return found


def _faults_of_field(field: t.Mapping[str, t.Any]) -> list[str]:
    name, kind = str(field.get("id")), field.get("type", "string")
    found = [f"{name}: there is no {each}" for each in set(field) - _FIELD]
    if not _NAME.fullmatch(name) or not field.get("label"):
        found.append(f"{name} is not an id, or has no label")
    if name == _FILENAMES or name in DEFAULT_NAMESPACE:
        found.append(f"{name} means something else in a template")
    if kind not in ("string", "boolean") or field.get("format") not in (None, "ssh_private_key", "url"):
        found.append(f"{name}: type or format")
    if kind == "boolean" and {"choices", "multiline", "format", "secret"} & set(field):
        found.append(f"{name} is a boolean with what is for strings")
    if field.get("default") is not None and field.get("choices") and field["default"] not in field["choices"]:
        found.append(f"{name}: default")
    return found


class Injected(t.NamedTuple):
    """What a job gets of a credential."""

    files: dict[str, str]
    environment: dict[str, str]
    variables: dict[str, t.Any]


def injected(kind: t.Mapping[str, t.Any], given: t.Mapping[str, str], strict: bool = False) -> Injected:
    """Render the injectors as AWX does: in a sandbox, without the fields that are empty, with the paths of the files in the container.

    ``strict`` is how AWX tries a new type: each field has a value, and what is undefined is an error.
    """
    environment = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined if strict else jinja2.Undefined)
    names = [each["id"] for each in kind["inputs"]["fields"]]
    namespace: dict[str, t.Any] = (
        dict.fromkeys(names, "EXAMPLE") if strict else {name: each for name, each in given.items() if each}
    )
    templates = kind["injectors"].get("file", {})
    files = {
        label.partition(".")[2]: environment.from_string(text).render(namespace) for label, text in templates.items()
    }
    namespace[_FILENAMES] = {"filename": {label: f"/runner/env/tmp{label}" for label in files}}

    def render(value: t.Any) -> t.Any:
        return environment.from_string(value).render(namespace) if isinstance(value, str) else value

    parts = (
        {name: render(value) for name, value in kind["injectors"].get(part, {}).items()}
        for part in ("env", "extra_vars")
    )
    return Injected(files, *parts)


def faults_of_survey(spec: t.Mapping[str, t.Any]) -> list[str]:
    """What AWX refuses of a survey (awx/api/views, _validate_spec_data)."""
    found = [f"{name} is missing" for name in ("name", "description", "spec") if name not in spec]
    questions = spec.get("spec") or []
    found += [] if questions else ["there is no question"]
    variables = [each.get("variable") for each in questions]
    found += [f"{each} is asked twice" for each in set(variables) if variables.count(each) > 1]
    return [*found, *(f"{each.get('variable')}: {fault}" for each in questions for fault in _faults_of_question(each))]


def _faults_of_question(question: t.Mapping[str, t.Any]) -> list[str]:
    types = {"type": str, "question_name": str, "variable": str, "required": bool}
    found = [
        f"{name} is missing or of another type"
        for name, kind in types.items()
        if not isinstance(question.get(name), kind)
    ]
    kind, default = question.get("type", ""), question.get("default", "")
    if kind not in _QUESTIONS:
        return [*found, f"there is no type {kind}"]
    if default != "" and not isinstance(default, _QUESTIONS[kind]):
        found.append("default is of another type")
    found += [f"{name} is not a number" for name in ("min", "max") if not isinstance(question.get(name, 0), int)]
    if kind in ("multiplechoice", "multiselect"):
        choices = question.get("choices")
        if not choices or not all(isinstance(each, str) for each in choices) or default not in choices:
            found.append("choices, or a default that is not one of them")
    if not _NAME.fullmatch(str(question.get("variable"))) or re.match(r"(awx|tower)_", str(question.get("variable"))):
        found.append("reserved, or not the name of a variable")
    return found
