#!/usr/bin/env bash
# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Hooks of mmdebstrap that make a machine of a root file system: customize.sh initramfs ROOT | customize.sh system ROOT PUBLIC_KEY
# What is masked or left out costs time at every boot without KVM, and a test needs none of it.
set -euo pipefail
step=$1 root=$2

initramfs() {
  mkdir -p "$root/etc/initramfs-tools/conf.d"
  printf 'MODULES=list\nCOMPRESS=lz4\nBUSYBOX=n\nRESUME=none\nFSTYPE=ext4\n' > "$root/etc/initramfs-tools/conf.d/testbed"
  printf 'virtio_pci\nvirtio_blk\n' > "$root/etc/initramfs-tools/modules"
}

identity() {
  echo machine > "$root/etc/hostname"
  printf '127.0.0.1 localhost\n127.0.1.1 machine\n' > "$root/etc/hosts"
  : > "$root/etc/fstab" # the kernel command line says where the root file system is
  rm -f "$root/var/lib/dbus/machine-id"
  echo uninitialized > "$root/etc/machine-id" # a fresh one for every machine, at its first boot
}

logins() {
  install -d -m 700 "$root/root/.ssh"
  install -m 600 "$1" "$root/root/.ssh/authorized_keys"
  rm -f "$root"/etc/ssh/ssh_host_*
  # one host key for all, made here: ssh-keygen takes seconds without KVM
  chroot "$root" ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
  cat > "$root/etc/ssh/sshd_config.d/testbed.conf" << 'END'
HostKey /etc/ssh/ssh_host_ed25519_key
UseDNS no
PermitRootLogin prohibit-password
PasswordAuthentication no
END
  # no session of logind, and no user@0.service, for every login
  DEBIAN_FRONTEND=noninteractive chroot "$root" pam-auth-update --package --remove systemd
}

services() {
  printf '[Journal]\nStorage=volatile\nRuntimeMaxUse=16M\n' | install -D -m 644 /dev/stdin "$root/etc/systemd/journald.conf.d/testbed.conf"
  printf 'blacklist %s\n' ata_piix ata_generic kvm_amd kvm_intel powernow_k8 serio_raw > "$root/etc/modprobe.d/testbed.conf"
  chroot "$root" systemctl --quiet set-default multi-user.target
  chroot "$root" systemctl --quiet enable NetworkManager ssh
  chroot "$root" systemctl --quiet mask user@.service NetworkManager-wait-online.service systemd-timesyncd.service \
    apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer dpkg-db-backup.timer \
    systemd-tmpfiles-clean.timer modprobe@dm_mod.service modprobe@drm.service modprobe@fuse.service modprobe@loop.service \
    modprobe@configfs.service modprobe@efi_pstore.service sys-kernel-config.mount sys-fs-fuse-connections.mount sys-kernel-debug.mount \
    sys-kernel-tracing.mount dev-hugepages.mount dev-mqueue.mount systemd-pstore.service systemd-update-utmp.service \
    systemd-update-utmp-runlevel.service systemd-random-seed.service systemd-journal-flush.service systemd-hwdb-update.service \
    systemd-binfmt.service systemd-firstboot.service ldconfig.service systemd-journal-catalog-update.service systemd-boot-update.service \
    systemd-sysusers.service systemd-network-generator.service systemd-repart.service getty@tty1.service getty-static.service \
    serial-getty@ttyS0.service
}

case $step in
  initramfs) initramfs ;;
  system)
    identity
    logins "$3"
    services
    chroot "$root" update-initramfs -u -k all > /dev/null
    chroot "$root" python3 -m compileall -q /usr/lib/python3 /usr/lib/python3.* > /dev/null 2>&1 || true
    ;;
  *) exit 2 ;;
esac
