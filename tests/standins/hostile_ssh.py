# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""In the place of ssh: answers for a host, as a file says, without any connection.

``HOSTILE_ANSWERS`` in the environment is a JSON file: user name -> operation -> [stdout, stderr, exit code].
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path


def main() -> int:
    """Serve one call of ssh; what is not a command for a host succeeds."""
    arguments = " ".join(sys.argv[1:])
    user = re.search(r'User="?([\w.-]+)', arguments)
    if user is None or "-O" in sys.argv or "-G" in sys.argv:
        return 0
    sent = sys.stdin.buffer.read().decode(errors="replace")
    operation = re.search(r'"operation": "(\w+)"', sent)
    answers = json.loads(Path(os.environ["HOSTILE_ANSWERS"]).read_text())[user[1]]
    output, error, code = answers.get(operation[1] if operation else "", ["", "no such operation", 1])
    sys.stdout.write(output)
    sys.stderr.write(error)
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
