#!/usr/bin/python
# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: binary
short_description: Install one program, checked and tried first
version_added: 0.1.0
author:
  - elemental.networking contributors (@elemental-networking)
description:
  - Fetches a program, compares its sha256, runs it once and only then moves it to its place, atomically.
  - If anything fails, the installed program stays in place.
  - Whether it is up to date is decided by its checksum and a stamp file beside it (C(.NAME.source.json)), not by C(--version).
  - The roles P(elemental.networking.nmc#role) and P(elemental.networking.nmstatectl#role) use it.
notes:
  - Needs Python 3.8 or later on the host, and nothing else; archives are unpacked by Python.
extends_documentation_fragment:
  - elemental.networking._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  path:
    description: Where the program goes. A missing folder is created.
    type: path
    required: true
  state:
    description: Whether the program is installed or removed.
    type: str
    default: present
    choices: [present, absent]
  url:
    description:
      - The address of a release file. C({arch}) in it is replaced by the architecture of the host, as C(uname -m) prints it.
      - It is the program itself, or a zip archive that holds a file of the program's name, or just one file.
    type: str
  src:
    description: A file on the host, in the same forms.
    type: path
  sha256:
    description:
      - The sha256 of the file. Required with O(url).
      - A dictionary has one for each architecture.
    type: raw
  crate:
    description: The name of a Rust crate that cargo builds on the host, with the versions that its lock file names.
    type: str
  version:
    description: The version of O(crate).
    type: str
  probe:
    description: The arguments with which the program is tried. It must end with exit code 0.
    type: list
    elements: str
    default: ["--version"]
"""

EXAMPLES = r"""
- name: Install a program from a mirror
  elemental.networking.binary:
    path: /usr/local/bin/nmc
    url: https://mirror.example.com/nmc-linux-{arch}
    sha256:
      x86_64: a0bb9439d14db5071b63c5f8d1407cd243b1093794d207771e69cf506c6ea8c9
      aarch64: eff11304ffb45782cf17c7ec95e52c0b9b9257e8ac14ff5a290645db6efb1740
"""

RETURN = r"""
path:
  description: Where the program is.
  type: str
  returned: success
  sample: /usr/local/bin/nmc
source:
  description: What it was installed from, as recorded in the stamp file.
  type: str
  returned: when O(state=present)
  sample: sha256:a0bb9439d14db5071b63c5f8d1407cd243b1093794d207771e69cf506c6ea8c9
said:
  description: The first line that the program printed when it was tried.
  type: str
  returned: when it was installed
  sample: nmc 0.3.5
"""

import platform
import re
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.elemental.networking.plugins.module_utils._binary.installing import (
    install,
    installed,
    is_wanted,
    remove,
)
from ansible_collections.elemental.networking.plugins.module_utils._binary.sources import (
    BinaryError,
    Crate,
    LocalFile,
    Release,
    Source,
    digest_of,
)

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


def _source(options: t.Mapping[str, t.Any]) -> Source:
    if options["crate"]:
        return Crate(options["crate"], options["version"])
    sha256 = _sha256(options["sha256"])
    if options["url"]:
        return Release(options["url"].replace("{arch}", platform.machine()), sha256)
    if digest_of(options["src"]) is None:
        raise BinaryError(f"there is no file {options['src']} on this host")
    return LocalFile(options["src"], sha256)


def _sha256(given: object) -> str:
    """The checksum for this host in lower case, empty when there is none."""
    if isinstance(given, dict):
        machine = platform.machine()
        if machine not in given:
            raise BinaryError(
                f"there is a release for {', '.join(sorted(given))} and none for {machine}; use another method or give url and sha256"
            )
        given = given[machine]
    text = str(given or "").strip().lower().replace("sha256:", "")
    if text and not _SHA256.match(text):
        raise BinaryError(f"{given} is no sha256: it has to be 64 hexadecimal digits")
    return text


def _present(module: AnsibleModule, path: str) -> dict[str, t.Any]:
    source = _source(module.params)
    result = {"path": path, "source": source.identity}
    if is_wanted(installed(path), source):
        return {"changed": False, **result}
    if module.check_mode:
        return {"changed": True, **result}
    return {"changed": True, **result, "said": install(path, source, module.params["probe"])}


def main() -> None:
    """Read the options, install or remove, and report."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
            "url": {"type": "str"},
            "src": {"type": "path"},
            "sha256": {"type": "raw"},
            "crate": {"type": "str"},
            "version": {"type": "str"},
            "probe": {"type": "list", "elements": "str", "default": ["--version"]},
        },
        mutually_exclusive=[("url", "src", "crate")],
        required_if=[("state", "present", ("url", "src", "crate"), True)],
        required_together=[("crate", "version")],
        required_by={"url": "sha256"},
        supports_check_mode=True,
    )
    path = module.params["path"]
    try:
        if module.params["state"] == "absent":
            result = {"changed": remove(path, module.check_mode), "path": path}
        else:
            result = _present(module, path)
    except BinaryError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
