#!/bin/sh
# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
""":"
exec python3 "$0" "$@"

A stand-in for nm-configurator's ``nmc``, which no package registry has: its command line and its folders, around the real nmstatectl.

``nmc generate`` 0.3.5 writes byte for byte what ``nmstatectl gc`` prints for the same ``_all.yaml`` (compared once, with nmstate 2.2.60 and
2.2.62). Around that this program behaves as src/main.rs and src/generate_conf.rs of v0.3.5 do: the options, the exit codes, the log
line, the unified form only when ``_all.yaml`` is the one entry of the folder, the check for an ethernet interface, files of the default
mode in a folder that is never emptied. Like v0.3.5, as it was seen to (each refusal of it was tried once beside an ethernet interface), it
refuses keyfiles that name neither an interface nor a MAC address (``identifier: pci-address``, ipsec), keyfiles of interfaces that the
document does not list (a port or a veth peer that is only named) and listed interfaces without a keyfile (``state: absent``).
It has no per-host form, and ``apply`` fails, because nothing here may ever call it.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import re
import subprocess
import sys
from pathlib import Path

_VERSION = "0.3.5"
# env_logger, which logs errors only unless RUST_LOG tells it more
_LOGGED = re.compile(r"\[\S+ (INFO|WARN) ")


class Failure(Exception):
    """What the log line says."""


def _generate(config: Path, output: Path) -> None:
    if not config.is_dir():
        raise Failure("No such file or directory (os error 2)")
    entries = sorted(config.iterdir())
    if not entries:
        raise Failure("Empty config directory")
    if [entry.name for entry in entries] != ["_all.yaml"]:
        raise Failure("Detected Ethernet interfaces without a MAC address: the stand-in has no per-host form")
    text = entries[0].read_text(encoding="utf-8")
    profiles = _profiles(text)
    interfaces = _interfaces(text)
    if not any(interface.get("type") == "ethernet" for interface in interfaces):
        raise Failure("No Ethernet interfaces were provided")
    _check_files(profiles, interfaces)
    folder = output / "_all"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in profiles.items():
        (folder / name).write_text(content, encoding="utf-8")


def _profiles(text: str) -> dict[str, str]:
    run = subprocess.run(["nmstatectl", "gc", "-"], input=text, capture_output=True, text=True, check=False)
    if run.returncode:
        plain = [line for line in run.stderr.splitlines() if not line.startswith("[")]
        words = " ".join(plain).replace(
            "Provide file is not valid NetworkState or NetworkPolicy: ", "Invalid YAML string: "
        )
        raise Failure(words.replace("NmstateError: ", ""))
    if os.environ.get("RUST_LOG") == "info":
        sys.stderr.write("".join(line + "\n" for line in run.stderr.splitlines() if _LOGGED.match(line)))
    return _parsed(run.stdout)


def _parsed(output: str) -> dict[str, str]:
    """The YAML of ``nmstatectl gc`` without a YAML library: a list of names and block texts, indented by four."""
    profiles: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in output.splitlines()[1:]:
        if line.startswith("- - "):
            lines = profiles.setdefault(line[4:].strip("'\""), [])
        elif line.startswith("    ") or not line:
            lines.append(line[4:])
    return {name: "\n".join(content).rstrip("\n") + "\n" for name, content in profiles.items()}


def _interfaces(text: str) -> list[dict[str, str]]:
    """The interfaces of a document; the collection writes JSON, which every real nmc reads as the YAML that it is too."""
    return [interface for interface in json.loads(text).get("interfaces", ()) if interface.get("type") != "loopback"]


def _check_files(profiles: dict[str, str], interfaces: list[dict[str, str]]) -> None:
    """A keyfile belongs to the interface with its interface-name, or with its mac-address."""
    owned = set()
    for file, content in profiles.items():
        name, address = _value(content, "connection", "interface-name"), _value(content, "ethernet", "mac-address")
        if not name and not address:
            raise Failure(f"No identifier found in connection file: {file} (expected interface-name or mac-address)")
        owners = [
            interface["name"]
            for interface in interfaces
            if interface["name"] == name or (not name and interface.get("mac-address", "").lower() == address.lower())
        ]
        if not owners and name != "lo":
            raise Failure(f"No matching interface found for connection file: {file}")
        owned |= set(owners)
    missing = [interface["name"] for interface in interfaces if interface["name"] not in owned]
    if missing:
        raise Failure(f"Detected interfaces without connection files: {', '.join(missing)}")


def _value(content: str, section: str, key: str) -> str:
    current = ""
    for line in content.splitlines():
        if line.startswith("["):
            current = line.strip("[]")
        elif current == section and line.startswith(f"{key}="):
            return line.partition("=")[2]
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(prog="nmc")
    parser.add_argument("-V", "--version", action="version", version=f"nmc {_VERSION}")
    commands = parser.add_subparsers(dest="command", required=True)
    generate = commands.add_parser("generate")
    generate.add_argument("--config-dir", type=Path, required=True)
    generate.add_argument("--output-dir", type=Path, default=Path("_out"))
    apply = commands.add_parser("apply")
    apply.add_argument("--config-dir", type=Path, default=Path("config"))
    apply.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    try:
        if options.command == "apply":
            raise Failure("nmc apply must never be called")
        _generate(options.config_dir, options.output_dir)
    except Failure as failure:
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        doing = "Generating" if options.command == "generate" else "Applying"
        sys.stderr.write(f"[{now} ERROR nmc] {doing} config failed: {failure}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
