# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What NetworkManager assumes where a keyfile specifies nothing, and leaves out of a keyfile that it writes.

Numbers and booleans of all settings, as libnm 1.42 and 1.52 have them (the defaults of its properties, by introspection). A string has no
default but the empty one.
"""

from __future__ import annotations

import typing as t

_DEFAULTS: t.Mapping[str, str] = {
    "802-1x": (
        "auth-timeout=0 ca-cert-password-flags=0 client-cert-password-flags=0 optional=false password-flags=0 "
        "password-raw-flags=0 phase1-auth-flags=0 phase2-ca-cert-password-flags=0 phase2-client-cert-password-flags=0 "
        "phase2-private-key-password-flags=0 pin-flags=0 private-key-password-flags=0 system-ca-certs=false"
    ),
    "adsl": "password-flags=0 vci=0 vpi=0",
    "bond-port": "prio=0 queue-id=0",
    "bridge": (
        "ageing-time=300 forward-delay=15 group-forward-mask=0 hello-time=2 max-age=20 multicast-hash-max=4096 "
        "multicast-last-member-count=2 multicast-last-member-interval=100 multicast-membership-interval=26000 "
        "multicast-querier=false multicast-querier-interval=25500 multicast-query-interval=12500 "
        "multicast-query-response-interval=1000 multicast-query-use-ifaddr=false multicast-snooping=true "
        "multicast-startup-query-count=2 multicast-startup-query-interval=3125 priority=32768 stp=true vlan-default-pvid=1 "
        "vlan-filtering=false vlan-stats-enabled=false"
    ),
    "bridge-port": "hairpin-mode=false path-cost=100 priority=32",
    "cdma": "mtu=0 password-flags=0",
    "connection": (
        "auth-retries=-1 autoconnect=true autoconnect-ports=-1 autoconnect-priority=0 autoconnect-retries=-1 "
        "autoconnect-slaves=-1 dns-over-tls=-1 down-on-poweroff=-1 gateway-ping-timeout=0 ip-ping-addresses-require-all=-1 "
        "ip-ping-timeout=0 lldp=-1 llmnr=-1 mdns=-1 metered=0 mptcp-flags=0 multi-connect=0 read-only=false timestamp=0 "
        "wait-activation-delay=-1 wait-device-timeout=-1"
    ),
    "dcb": (
        "app-fcoe-flags=0 app-fcoe-priority=-1 app-fip-flags=0 app-fip-priority=-1 app-iscsi-flags=0 app-iscsi-priority=-1 "
        "priority-flow-control-flags=0 priority-group-flags=0"
    ),
    "ethernet": "accept-all-mac-addresses=-1 auto-negotiate=false mtu=0 speed=0 wake-on-lan=1",
    "gsm": (
        "auto-config=false home-only=false initial-eps-bearer-configure=false initial-eps-bearer-noauth=true "
        "initial-eps-bearer-password-flags=0 initial-eps-bearer-refuse-chap=false initial-eps-bearer-refuse-eap=false "
        "initial-eps-bearer-refuse-mschap=false initial-eps-bearer-refuse-mschapv2=false initial-eps-bearer-refuse-pap=false "
        "mtu=0 password-flags=0 pin-flags=0"
    ),
    "hostname": "from-dhcp=-1 from-dns-lookup=-1 only-from-default=-1 priority=0",
    "hsr": "multicast-spec=0 prp=false",
    "infiniband": "mtu=0 p-key=-1",
    "ip-tunnel": "encapsulation-limit=0 flags=0 flow-label=0 fwmark=0 mode=0 mtu=0 path-mtu-discovery=true tos=0 ttl=0",
    "ipv4": (
        "auto-route-ext-gw=-1 dad-timeout=-1 dhcp-hostname-flags=0 dhcp-ipv6-only-preferred=-1 dhcp-send-hostname=true "
        "dhcp-send-hostname=-1 dhcp-send-hostname-v2=-1 dhcp-send-release=-1 dhcp-timeout=0 dns-priority=0 "
        "ignore-auto-dns=false ignore-auto-routes=false link-local=0 may-fail=true never-default=false replace-local-rule=-1 "
        "required-timeout=-1 route-metric=-1 route-table=0 routed-dns=-1 shared-dhcp-lease-time=0"
    ),
    "ipv6": (
        "addr-gen-mode=default addr-gen-mode=default-or-eui64 addr-gen-mode=2 auto-route-ext-gw=-1 dad-timeout=-1 "
        "dhcp-hostname-flags=0 dhcp-send-hostname=true dhcp-send-hostname=-1 dhcp-send-hostname-v2=-1 dhcp-send-release=-1 "
        "dhcp-timeout=0 dns-priority=0 ignore-auto-dns=false ignore-auto-routes=false ip6-privacy=-1 may-fail=true mtu=0 "
        "never-default=false ra-timeout=0 replace-local-rule=-1 required-timeout=-1 route-metric=-1 route-table=0 routed-dns=-1 "
        "shared-dhcp-lease-time=0 temp-preferred-lifetime=0 temp-valid-lifetime=0"
    ),
    "ipvlan": "mode=0 private=false vepa=false",
    "link": "gro-max-size=-1 gso-max-segments=-1 gso-max-size=-1 tx-queue-length=-1",
    "loopback": "mtu=0",
    "macsec": "encrypt=true mka-cak-flags=0 mode=0 offload=-1 port=1 send-sci=true validation=2",
    "macvlan": "mode=0 promiscuous=true tap=false",
    "ovs-bridge": "mcast-snooping-enable=false rstp-enable=false stp-enable=false",
    "ovs-dpdk": "n-rxq=0 n-rxq-desc=0 n-txq-desc=0",
    "ovs-interface": "ofport-request=0",
    "ovs-port": "bond-downdelay=0 bond-updelay=0 tag=0",
    "ppp": (
        "baud=0 crtscts=false lcp-echo-failure=0 lcp-echo-interval=0 mppe-stateful=false mru=0 mtu=0 no-vj-comp=false "
        "noauth=true nobsdcomp=false nodeflate=false refuse-chap=false refuse-eap=false refuse-mschap=false "
        "refuse-mschapv2=false refuse-pap=false require-mppe=false require-mppe-128=false"
    ),
    "pppoe": "password-flags=0",
    "proxy": "browser-only=false method=0",
    "serial": "baud=57600 bits=8 parity=0 send-delay=0 stopbits=1",
    "sriov": "autoprobe-drivers=-1 eswitch-encap-mode=-1 eswitch-inline-mode=-1 eswitch-mode=-1 total-vfs=0",
    "team": (
        "mcast-rejoin-count=-1 mcast-rejoin-interval=-1 notify-peers-count=-1 notify-peers-interval=-1 runner-active=true "
        "runner-fast-rate=false runner-min-ports=-1 runner-sys-prio=-1 runner-tx-balancer-interval=-1"
    ),
    "team-port": "lacp-key=-1 lacp-prio=-1 prio=0 queue-id=-1 sticky=false",
    "tun": "mode=1 multi-queue=false pi=false vnet-hdr=false",
    "vlan": "flags=1 id=0",
    "vpn": "persistent=false timeout=0",
    "vrf": "table=0",
    "vxlan": (
        "ageing=300 destination-port=8472 id=0 l2-miss=false l3-miss=false learning=true limit=0 proxy=false rsc=false "
        "source-port-max=0 source-port-min=0 tos=0 ttl=0"
    ),
    "wifi": (
        "ap-isolation=-1 channel=0 channel-width=0 hidden=false mac-address-randomization=0 mtu=0 powersave=0 rate=0 tx-power=0 "
        "wake-on-wlan=1"
    ),
    "wifi-p2p": "wps-method=0",
    "wifi-security": "fils=0 leap-password-flags=0 pmf=0 psk-flags=0 wep-key-flags=0 wep-key-type=0 wep-tx-keyidx=0 wps-method=0",
    "wireguard-peer.": "persistent-keepalive=0 preshared-key-flags=0",
    "wireguard": (
        "fwmark=0 ip4-auto-default-route=-1 ip6-auto-default-route=-1 listen-port=0 mtu=0 peer-routes=true private-key-flags=0"
    ),
    "wpan": "channel=-1 page=-1 pan-id=65535 short-address=65535",
}


def defaults_of(section: str, key: str) -> list[str]:
    """The default of a number or a boolean, of a key that was both; nothing for what is neither, or is not known here."""
    return [value for name, value in numbers_and_booleans(section) if name == key]


def numbers_and_booleans(section: str) -> list[tuple[str, str]]:
    """Those of a section, each with its default."""
    pairs = (pair.partition("=") for pair in _DEFAULTS.get(section, "").split())
    return [(name, value) for name, _sign, value in pairs]
