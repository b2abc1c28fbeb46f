# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the documentation: plain English (`words`), then what antsibull-docs finds in the collection that it is started in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from . import words

_LINT = (
    *("antsibull-docs", "lint-collection-docs", "--plugin-docs", "--skip-rstcheck", "--validate-collection-refs=all"),
    *("--disallow-unknown-collection-refs", "--check-extra-docs-refs", "."),
)


def main() -> int:
    """Run both, so that one run shows all that is found."""
    found = words.main()
    command = [str(Path(sys.executable).parent / _LINT[0]), *_LINT[1:]]
    return subprocess.run(command, check=False).returncode or found


if __name__ == "__main__":
    sys.exit(main())
