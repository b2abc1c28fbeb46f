# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is laid over the root file system: an ssh key, less work at boot, no journal on disk."""

from __future__ import annotations

import shutil
from pathlib import Path

from . import places
from .tools import run

_MASKED = """
apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer fstrim.timer e2scrub_all.timer systemd-tmpfiles-clean.timer
getty@tty1.service console-getty.service dev-hugepages.mount sys-fs-fuse-connections.mount systemd-pstore.service
systemd-update-utmp.service systemd-update-utmp-runlevel.service systemd-remount-fs.service modprobe@.service
systemd-logind.service dbus-org.freedesktop.login1.service user@.service systemd-user-sessions.service
systemd-sysctl.service systemd-sysusers.service systemd-tmpfiles-setup-dev.service systemd-journal-flush.service
systemd-ask-password-console.path systemd-ask-password-wall.path systemd-initctl.socket systemd-machine-id-commit.service
systemd-random-seed.service systemd-firstboot.service systemd-hwdb-update.service systemd-update-done.service
ldconfig.service systemd-journal-catalog-update.service systemd-pcrphase.service systemd-boot-update.service
systemd-udevd.service systemd-udev-trigger.service
""".split()

_FILES = {
    "etc/ssh/sshd_config.d/testbed.conf": "UseDNS no\nMaxStartups 200\nPermitRootLogin prohibit-password\n",
    # the default takes 8 MB of memory per node in advance
    "etc/systemd/journald.conf.d/testbed.conf": "[Journal]\nStorage=volatile\nRuntimeMaxUse=4M\nRuntimeMaxFileSize=1M\n",
    # a service that does not stop holds up a reboot for 90 s by default
    "etc/systemd/system.conf.d/testbed.conf": "[Manager]\nDefaultTimeoutStopSec=10s\n",
    "etc/machine-id": "",  # nspawn gives each node its own
    "etc/NetworkManager/dispatcher.d/01-ifupdown": "",  # Debian's script fails without ifupdown
    # NetworkManager sets bridge port options through sysfs; the rest of /sys stays read-only, so that it does without udev
    "etc/systemd/system/testbed-sysnet.service": """[Unit]
DefaultDependencies=no
Before=NetworkManager.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=mount --bind /sys/devices/virtual/net /sys/devices/virtual/net
ExecStart=mount -o remount,rw /sys/devices/virtual/net
""",
}


def make(rootfs: Path) -> Path:
    """Make the layer for a root file system, and the key that opens the nodes."""
    layer = places.RUN / "layer"
    shutil.rmtree(layer, ignore_errors=True)
    for name, text in _FILES.items():
        file = layer / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    units = layer / "etc/systemd/system"
    for unit in _MASKED:
        (units / unit).symlink_to("/dev/null")
    (units / "default.target").symlink_to("/lib/systemd/system/multi-user.target")
    (units / "sysinit.target.wants").mkdir()
    (units / "sysinit.target.wants/testbed-sysnet.service").symlink_to("../testbed-sysnet.service")
    _simplify_login(rootfs, layer)
    _authorize(layer)
    return layer


def _simplify_login(rootfs: Path, layer: Path) -> None:
    """No user manager and no greeting per ssh login: a third of a second less each."""
    (layer / "etc/pam.d").mkdir(parents=True)
    for name, words in (
        ("common-session", ("pam_systemd",)),
        ("sshd", ("pam_motd", "pam_mail", "pam_nologin", "pam_env")),
    ):
        lines = (rootfs / "etc/pam.d" / name).read_text().splitlines(keepends=True)
        (layer / "etc/pam.d" / name).write_text(
            "".join(line for line in lines if not any(word in line for word in words))
        )


def _authorize(layer: Path) -> None:
    if not places.KEY.exists():
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(places.KEY), "-C", places.PREFIX)
    folder = layer / "root/.ssh"
    folder.mkdir(parents=True, mode=0o700)
    (layer / "root").chmod(0o700)
    (folder / "authorized_keys").write_text(places.KEY.with_suffix(".pub").read_text())
    (folder / "authorized_keys").chmod(0o600)
