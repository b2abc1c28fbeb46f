# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
# What a node is like: its files, what NetworkManager has of them, and whatever is left of a change. One fact per line.
installed=/etc/NetworkManager/system-connections
network_manager=org.freedesktop.NetworkManager

for file in "$installed"/*; do
    [ -f "$file" ] && echo "file $(basename "$file") $(md5sum < "$file")"
done

for folder in "$installed" /run/NetworkManager/system-connections /run/elemental-networking /run/elemental-networking/processes \
    /var/lib/elemental-networking /etc/systemd/system /etc/systemd/system/NetworkManager.service.wants; do
    for file in "$folder"/.*~ "$folder"/elemental-networking-* "$folder"/trial "$folder"/journal* "$folder"/recover*; do
        [ -e "$file" ] && echo "left $file"
    done
done
# the recovery unit of a boot stays known, without its file, for as long as NetworkManager.service wanted it
systemctl list-units --all --plain --no-legend 'elemental-networking*' |
    grep -v '^elemental-networking-recover.service .*inactive *dead' | sed 's/^/left unit /'
# in brackets, so that no search finds itself
pgrep -fa '[e]lemental-networking/program|[p]ython3 -I -S' | while read -r process command; do
    echo "left process $process in $(cat "/proc/$process/wchan"): $command"
done
busctl -j get-property $network_manager /org/freedesktop/NetworkManager $network_manager Checkpoints |
    grep -o 'Checkpoint/[0-9]*' | sed 's/^/left /'

nmcli -t -f NAME,DEVICE,FILENAME connection show --active | grep -v ':lo:' | sed 's/^/active /'
for card in eth0 eth1; do
    echo "address $card $(ip -4 -o address show dev $card | awk '{print $4}' | sort | tr '\n' ' ')"
done
echo "resolver $(grep -c '^nameserver 192.168.122.1' /etc/resolv.conf)"
