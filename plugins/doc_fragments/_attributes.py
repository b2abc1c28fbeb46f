# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attributes that every module states. PRIVATE to the collection."""

from __future__ import annotations


class ModuleDocFragment:
    """What check mode, diff mode and idempotence mean here."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and return the changed status that a real run would have, without changing anything.
  diff_mode:
    description: Returns what has changed, or would change in check mode, when the task runs in diff mode.
  idempotent:
    description: A second run with the same options, in the same situation, changes nothing.
"""

    ACTIONGROUP_IPAM = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/elemental.networking.ipam) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - elemental.networking.ipam
"""

    INFO_MODULE = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - This module changes nothing.
  diff_mode:
    support: N/A
    details:
      - This module changes nothing.
  idempotent:
    support: full
"""
