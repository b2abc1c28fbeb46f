# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of everything that talks to an IPAM backend. PRIVATE to the collection."""

from __future__ import annotations


class ModuleDocFragment:
    """How to reach the claims and pools."""

    DOCUMENTATION = r"""
options:
  backend:
    description: Where claims and pools are kept. V(embedded) is one SQLite file.
    type: str
    default: embedded
    choices: [embedded]
  database:
    description:
      - The file of the embedded backend. It is made when missing, with mode 0600.
      - Required with O(backend=embedded).
    type: path
  namespace:
    description: The namespace of claims and of namespaced pools that do not say theirs.
    type: str
    default: default
notes:
  - Runs beside the controller. Delegate it to C(localhost) in a play for other hosts.
"""

    POOLS = r"""
options:
  pools:
    description:
      - Pools to register or update in the same transaction, as C(InClusterIPPool) or C(GlobalInClusterIPPool) manifests.
    type: list
    elements: dict
    default: []
"""
