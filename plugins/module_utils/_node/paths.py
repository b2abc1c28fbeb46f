# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where things are on a node, and what its answer looks like."""

from __future__ import annotations

# in memory: survives a restart of NetworkManager, not of the machine; shadows /etc (nms-keyfile-utils.h, NetworkManager 1.20 and later)
TRIAL_PROFILES = "/run/NetworkManager/system-connections"
# the name of a profile in there: this, its uuid, and NetworkManager's suffix
TRIAL_PREFIX = "elemental-networking-"
# the end of the name of a keyfile; what stands before it is the name of the profile
PROFILE_SUFFIX = ".nmconnection"
INSTALLED_PROFILES = "/etc/NetworkManager/system-connections"
# the open trial: what was there before and what comes; and the program that can undo it without a controller
TRIAL_FOLDER = "/run/elemental-networking/trial"
# outlives the trial: what is left to do then is its own to do
PROGRAM_FILE = "/run/elemental-networking/program.py"
# the same, compiled; only ever in memory
COMPILED_FILE = "/run/elemental-networking/program.pyc"
OUTCOMES_FILE = "/run/elemental-networking/outcomes.json"
# before a token: a pipe out of which the answer of a trial comes that the host judges by itself
ANSWER_PIPE = "/run/elemental-networking/answer-"
# which profiles are ours
MANAGED_FILE = "/var/lib/elemental-networking/managed.json"
# the same on Elemental OS, where /var/lib does not survive a boot, but /oem does
MANAGED_COPY = "/oem/elemental-networking.json"
# what Elemental writes when a machine registers, and applies at every boot (elemental-operator, pkg/network)
ELEMENTAL_FILE = "/oem/elemental-network.yaml"
# where files that change with the profiles may be: what Elemental OS applies at every boot
MORE_FILES = "/oem/"
# what the disk must hold while it is being written: a power loss in between is made good at the next boot
JOURNAL_FILE = "/var/lib/elemental-networking/journal.json"
RECOVERY_PROGRAM = "/var/lib/elemental-networking/recover.py"
RECOVERY_UNIT = "/etc/systemd/system/elemental-networking-recover.service"
RECOVERY_LINK = "/etc/systemd/system/NetworkManager.service.wants/elemental-networking-recover.service"
# the public host keys of sshd, and where others may be named (SUSE's own configuration is the second one)
SSH_FOLDER = "/etc/ssh"
SSHD_CONFIGURATIONS = ("/etc/ssh/sshd_config", "/usr/etc/ssh/sshd_config")
# in front of a Python there: one older than 3.7 cannot name a file of other letters than ASCII in the locale of a service or of ssh
LOCALE = "LC_ALL=C.UTF-8"
# what the controller looks for in the output: a login banner may stand before it
ANSWER_MARK = "elemental-networking-answer:"


def profile_name(file_name: str) -> str:
    """The name of a profile: that of its file, without the suffix."""
    return file_name[: -len(PROFILE_SUFFIX)] if file_name.endswith(PROFILE_SUFFIX) else file_name
