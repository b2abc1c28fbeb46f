# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: verified_url
short_description: The text at an address, if it has the right checksum
version_added: 0.1.0
author:
  - elemental.networking contributors (@elemental-networking)
description:
  - Fetches files, and returns their content only if its sha256 is the expected one. The role C(elemental.networking.ipam_provider) applies
    nothing else from the net.
  - Reads at most 16 MiB, and follows a redirect from C(https) only to C(https).
options:
  _terms:
    description: The addresses, with C(https) or C(http).
    type: list
    elements: str
    required: true
  sha256:
    description: The sha256 that the content must have; for several addresses, those of all of them.
    type: list
    elements: str
    required: true
seealso:
  - plugin: ansible.builtin.url
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Read the manifests of a release
  ansible.builtin.set_fact:
    manifests: >-
      {{ lookup('elemental.networking.verified_url', 'https://mirror.example.com/ipam-components.yaml',
                sha256='e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855') }}
"""

RETURN = r"""
_raw:
  description: One string per address.
  type: list
  elements: str
"""

import typing as t

from ansible.plugins.lookup import LookupBase
from ansible_collections.elemental.networking.plugins.plugin_utils._request.lookup_options import (
    flattened,
    refuse_unknown,
    require_terms,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._request.verified_text import verified_text


class LookupModule(LookupBase):
    """Strings whose checksum is known before."""

    def run(self, terms: list[str], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[str]:
        self.set_options(var_options=variables, direct=kwargs)
        refuse_unknown(self, kwargs)
        require_terms(self, terms, "an address")
        return [verified_text(str(url), self.get_option("sha256")) for url in flattened(terms)]
