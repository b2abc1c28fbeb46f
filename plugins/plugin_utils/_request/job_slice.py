# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a play sees a part of its inventory only: AWX gives each job of a sliced job template every n-th host, and no word of that."""

from __future__ import annotations

import typing as t

# AWX names its variables twice
_PREFIXES = ("awx", "tower")
# why it is not known which claims are of machines that are not in the inventory
UNKNOWN = (
    "this looks like a job slice of AWX, in which groups.all has the hosts of the slice only; run a job template without slices, or, "
    "if the list has every host, set in_job_slice"
)


def is_job_slice(variables: t.Mapping[str, t.Any]) -> bool:
    """Whether the variables of AWX bear the signs of a slice: a workflow whose name is that of the job template has launched the job.

    A sliced job template runs as such a workflow (awx/main/models/jobs.py); no variable has the number of the slice.
    """
    return any(_bears_signs(variables, prefix) for prefix in _PREFIXES)


def _bears_signs(variables: t.Mapping[str, t.Any], prefix: str) -> bool:
    workflow, template = (variables.get(f"{prefix}_{name}") for name in ("workflow_job_name", "job_template_name"))
    return (
        bool(variables.get(f"{prefix}_workflow_job_id"))
        and variables.get(f"{prefix}_job_launch_type") == "workflow"
        and bool(workflow)
        and workflow == template
    )
