# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of progress where a play is shown, in AWX, too."""

from __future__ import annotations

from ansible.utils.display import Display

# shown without -v
_ALWAYS = -1


def show_line(line: str) -> None:
    """Show one line while a task runs.

    AWX wraps ``Display.display`` with a function that writes to the standard output of the process that calls it, and ansible-core 2.19
    warns of each task of which a worker does that. ``Display.verbose`` hands the line to the main process first.
    """
    Display().verbose(line, caplevel=_ALWAYS)
