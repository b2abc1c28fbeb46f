# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What NetworkManager has understood of a keyfile, compared with what is written there.

Its reader drops a value that it cannot read with no more than a line in its log, and a key that it does not know without a word. What it
understood is known as the keyfile that it writes then: other spellings, names and places, and without what is the default.
"""

from __future__ import annotations

import re
import typing as t

from .address_lines import ADDRESS_KEY, DEFAULT_PREFIXES, address_line, fields
from .defaults import defaults_of
from .keyfile import Entry, Keyfile, entries, parse
from .spellings import as_number, element, ip_address, items, same, same_value

# one setting has two names (nm_keyfile_plugin_get_alias_for_setting_name)
_SECTIONS = {
    "802-3-ethernet": "ethernet",
    "802-11-wireless": "wifi",
    "802-11-wireless-security": "wifi-security",
}
# and so have some keys since NetworkManager 1.46: it reads both, and writes either
_KEYS = {
    "master": "controller",
    "slave-type": "port-type",
    "autoconnect-slaves": "autoconnect-ports",
    "mac-address-blacklist": "mac-address-denylist",
}
# the name of the interface stood in the settings of its kind (until NetworkManager 0.9.10)
_KINDS_WITH_A_NAME = ("bond", "bridge", "team", "vlan", "infiniband")
_BOND_MODES = ("balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb")
# NMSettingIP6ConfigAddrGenMode
_ADDRESS_MODES = ("eui64", "stable-privacy", "default-or-eui64", "default")
_ROUTE = re.compile(r"routes?[0-9]*\Z")
_ROUTE_OPTIONS = re.compile(r"(routes?[0-9]*)_options\Z")
_RULE = re.compile(r"routing-rule[0-9]*\Z")
_PRIORITY = re.compile(r"\b(?:priority|order|pref|preference)\s+(\S+)")
# of a rule; NetworkManager writes the second one of each
_WORDS = {
    "order": "priority",
    "pref": "priority",
    "preference": "priority",
    "lookup": "table",
    "dsfield": "tos",
    "dev": "iif",
}
_CERTIFICATE = re.compile(r"(?:^|-)(?:cert|private-key)\Z")
_PEER = "wireguard-peer."
_WHOLE_ADDRESS = {"ipv4": "32", "ipv6": "128"}
_UNSPECIFIED = ("0.0.0.0", "::")
_PEER_KEYS = frozenset(("allowed-ips", "endpoint", "persistent-keepalive", "preshared-key", "preshared-key-flags"))
# any key is one
_FREE_SECTIONS = frozenset(("ovs-external-ids", "ovs-other-config", "user", "vpn", "vpn-secrets"))
# all that NetworkManager 1.42 knows
_BOND_KEYS = frozenset(
    "active_slave ad_actor_sys_prio ad_actor_system ad_select ad_user_port_key all_slaves_active arp_all_targets arp_interval"
    " arp_ip_target arp_validate downdelay fail_over_mac lacp_rate lp_interval miimon min_links mode num_grat_arp num_unsol_na"
    " packets_per_slave peer_notif_delay primary primary_reselect resend_igmp tlb_dynamic_lb updelay use_carrier"
    " xmit_hash_policy".split()
)
_NOT_OF_A_PORT = ("ipv4", "ipv6", "proxy")
# what a port cannot have is worth a word; that it has no method of its own is not
_LOST_BY_A_PORT = re.compile(r"address|route|gateway|dns\Z|routing-rule")
# of a key that is not known here: it may be what a newer NetworkManager assumes
_MAY_BE_A_DEFAULT = re.compile(r"-?[0-9]+\Z|true\Z|false\Z|default\Z")


class Loss(t.NamedTuple):
    """A line that was read as something else, ``read_as``; empty for nothing. ``may_be_default``: it may show what holds anyway."""

    entry: Entry
    read_as: str = ""
    may_be_default: bool = False


class Verdict(t.NamedTuple):
    """What was lost: lines that are wrong, and those whose key NetworkManager may not know, or that show what holds anyway."""

    wrong: tuple[Loss, ...]
    unknown: tuple[Loss, ...]


def losses(written: str, understood: str) -> list[Loss]:
    """The lines of a keyfile that NetworkManager did not understand, which wrote ``understood``.

    Raises KeyfileError for text that cannot be read.
    """
    # of a repeated key the last value counts
    last = {(entry.section, entry.key): entry for entry in entries(written) if entry.key}.values()
    lines = {(_section(entry), _key(entry)): entry for entry in last}
    both = _Both(lines, _by_present_names(parse(understood)), {})
    found = (_loss(both, entry, _section(entry), _key(entry)) for entry in last if entry.value.strip("; "))
    return sorted((loss for loss in found if loss is not None), key=lambda loss: loss.entry.line)


class _Both(t.NamedTuple):
    """What is written, by the present names of section and key, and what was read; ``lists`` of it by section, made when needed."""

    lines: t.Mapping[t.Tuple[str, str], Entry]
    read: Keyfile
    lists: t.Dict[str, _Lists]

    def written(self, section: str, key: str) -> str:
        """A value as it is written; empty where there is none."""
        entry = self.lines.get((section, key))
        return entry.value if entry else ""


def _section(entry: Entry) -> str:
    return _SECTIONS.get(entry.section, entry.section)


def _key(entry: Entry) -> str:
    return _KEYS.get(entry.key, entry.key)


def _by_present_names(understood: Keyfile) -> Keyfile:
    return Keyfile(
        {
            _SECTIONS.get(section, section): {_KEYS.get(key, key): value for key, value in values.items()}
            for section, values in understood.sections.items()
        }
    )


def _loss(both: _Both, entry: Entry, section: str, key: str) -> Loss | None:
    """What was lost of a line, or None."""
    if section in _NOT_OF_A_PORT and both.read.get("connection", "controller") and not _LOST_BY_A_PORT.match(key):
        return None
    is_understood = _list_check(section, key)
    if is_understood is not None:  # the lines of a list are numbered again: what has this key now is another line
        return None if is_understood(both, section, key, entry.value) else Loss(entry)
    read = both.read.get(section, key)
    if read is None:
        return None if _is_elsewhere(both, section, key, entry.value) else _missing(entry, section, key)
    return None if same(entry.value, read) or _is_respelled(section, key, entry.value, read) else Loss(entry, read)


def _missing(entry: Entry, section: str, key: str) -> Loss | None:
    if (section, key) == ("connection", "read-only"):  # means nothing since NetworkManager 1.42
        return None
    defaults = defaults_of(_PEER if section.startswith(_PEER) else section, key)
    if defaults:
        return None if any(same_value(entry.value, default) for default in defaults) else Loss(entry)
    return Loss(entry, may_be_default=bool(_MAY_BE_A_DEFAULT.match(entry.value)))


# --- lists of lines: addresses, routes, rules ----------------------------------------------------------------------

_ListCheck = t.Callable[[_Both, str, str, str], bool]


def _list_check(section: str, key: str) -> _ListCheck | None:
    """How to find the line of a list again, no matter what its number is now; None for a key that is not such a list."""
    if section == "tc":
        return _is_among_as_many
    if section not in DEFAULT_PREFIXES:
        return None
    if key == "gateway":
        return _is_read_gateway
    checks = ((ADDRESS_KEY, _is_read_address), (_ROUTE, _is_read_route), (_RULE, _is_read_rule))
    options = ((_ROUTE_OPTIONS, _are_read_options),)
    return next((check for pattern, check in (*checks, *options) if pattern.match(key)), None)


class _Lists(t.NamedTuple):
    """What was read of the lists in the section of a family, each in a form in which a line is found at once: there may be thousands.

    ``addresses`` are with their prefixes; the names of ``routes`` by all but the prefix, each with its prefix; ``rules`` by priority.
    """

    addresses: t.AbstractSet[t.Tuple[str, str]]
    gateways: t.AbstractSet[str]
    routes: t.Mapping[_Route, t.Sequence[t.Tuple[str, str]]]
    rules: t.Mapping[t.Union[int, str], t.Sequence[str]]
    rules_written: t.Mapping[t.Union[int, str], t.AbstractSet[str]]


def _lists(both: _Both, section: str) -> _Lists:
    if section not in both.lists:
        both.lists[section] = _made_lists(both, section)
    return both.lists[section]


def _made_lists(both: _Both, section: str) -> _Lists:
    values = both.read.sections.get(section, {})
    read = [address_line(value) for key, value in values.items() if ADDRESS_KEY.match(key)]
    gateways = {ip_address(each) for each in (*(line.gateway for line in read), values.get("gateway")) if each}
    routes: dict[_Route, list[tuple[str, str]]] = {}
    for name, route in ((key, _route(section, value)) for key, value in values.items() if _ROUTE.match(key)):
        if route:
            routes.setdefault(route._replace(prefix=""), []).append((name, route.prefix))
    rules: dict[int | str, list[str]] = {}
    for value in (value for key, value in values.items() if _RULE.match(key)):
        rules.setdefault(_priority(value), []).append(value)
    written: dict[int | str, set[str]] = {}
    for value in (line.value for (each, key), line in both.lines.items() if each == section and _RULE.match(key)):
        written.setdefault(_priority(value), set()).add(" ".join(value.split()))
    return _Lists({(ip_address(line.address), line.prefix or "") for line in read}, gateways, routes, rules, written)


def _is_read_address(both: _Both, section: str, _key_of_line: str, value: str) -> bool:
    line = address_line(value)
    pair = (ip_address(line.address), line.prefix or str(DEFAULT_PREFIXES[section]))
    is_there = pair in _lists(both, section).addresses
    return is_there and not line.surplus and (not line.gateway or _is_read_gateway(both, section, "", line.gateway))


def _is_read_gateway(both: _Both, section: str, _key_of_line: str, value: str) -> bool:
    """NetworkManager has one gateway for a family: that of its own line, else the first one that an address line names."""
    address = ip_address(value)
    return address in _UNSPECIFIED or (bool(address) and address in _lists(both, section).gateways)


class _Route(t.NamedTuple):
    destination: str
    prefix: str
    next_hop: str
    metric: t.Optional[int]


def _route(section: str, value: str) -> _Route | None:
    destination, *rest = fields(value)
    prefix = rest.pop(0) if rest and re.match(r"[0-9]+\Z", rest[0]) else ""
    next_hop, metric, *surplus = [*rest, "", ""]
    hop = ip_address(next_hop)
    if not ip_address(destination) or any(surplus) or (next_hop and not hop) or (metric and as_number(metric) is None):
        return None
    return _Route(ip_address(destination), prefix, "" if hop in _UNSPECIFIED else hop, as_number(metric))


def _is_read_route(both: _Both, section: str, _key_of_line: str, value: str) -> bool:
    return bool(_numbers_of(both, section, _route(section, value)))


def _numbers_of(both: _Both, section: str, route: _Route | None) -> list[str]:
    """The present names of the lines of a route; a prefix that is missing is derived, and not in the same way by each release."""
    read = _lists(both, section).routes.get(route._replace(prefix=""), ()) if route else ()
    return [name for name, prefix in read if route and route.prefix in ("", prefix)]


def _are_read_options(both: _Both, section: str, key: str, value: str) -> bool:
    route = _route(section, both.written(section, key.rpartition("_")[0]))
    read = [both.read.get(section, f"{name}_options") or "" for name in _numbers_of(both, section, route)]
    return any(all(_is_one_of(word, each.split(",")) for word in value.split(",") if word) for each in read)


def _is_one_of(word: str, others: t.Iterable[str]) -> bool:
    """Whether an attribute, ``name=value``, is among others."""
    name, _sign, value = word.strip().partition("=")
    pairs = [other.strip().partition("=") for other in others]
    return any(name == other_name and same(value, other) for other_name, _other_sign, other in pairs)


def _priority(rule: str) -> int | str:
    """The priority of a rule; empty where it has none."""
    found = _PRIORITY.search(rule)
    number = as_number(found.group(1)) if found else None
    return number if number is not None else found.group(1) if found else ""


def _words(rule: str) -> list[str]:
    return sorted(_WORDS.get(word, word) for word in rule.split())


def _is_read_rule(both: _Both, section: str, _key_of_line: str, value: str) -> bool:
    """A rule is read as a whole or not at all, and must have a priority; of some with the same one their words show which were read."""
    lists, priority = _lists(both, section), _priority(value)
    read, written = lists.rules.get(priority, ()), lists.rules_written[priority]
    is_whole = len(read) >= len(written) or _words(value) in [_words(rule) for rule in read]
    return priority != "" and bool(read) and is_whole


def _is_among_as_many(both: _Both, section: str, key: str, _value: str) -> bool:
    """What tc has is written in other words, and under other names: no fewer must come out than went in."""
    kind = key.partition(".")[0] + "."
    written = [name for each, name in both.lines if each == section and name.startswith(kind)]
    return len([name for name in both.read.sections.get(section, {}) if name.startswith(kind)]) >= len(written)


# --- single values --------------------------------------------------------------------------------------------------


def _is_elsewhere(both: _Both, section: str, key: str, value: str) -> bool:
    """Whether what a line sets is known by another key, or is not for the file."""
    if section in _KINDS_WITH_A_NAME and key == "interface-name":
        return same(value, both.read.get("connection", key) or "")
    if (section, key) == ("wifi", "security"):  # states what the section below it states
        return True
    # a secret that belongs to a user's agent, or is asked for each time, is not written
    flags = both.written("vpn" if section == "vpn-secrets" else section, f"{key}-flags")
    return bool(as_number(flags))


def _is_respelled(section: str, key: str, value: str, read: str) -> bool:
    if (section, key) == ("connection", "type"):
        return _SECTIONS.get(value, value) == read
    if (section, key) == ("connection", "uuid"):
        return value.lower() == read
    if (section, key) == ("connection", "permissions"):
        return {each.rstrip(":") for each in items(value)} == {each.rstrip(":") for each in items(read)}
    if (section, key) == ("bond", "mode"):
        return _nick(value, _BOND_MODES) == read
    if (section, key) == ("ipv6", "addr-gen-mode"):
        return _nick(value, _ADDRESS_MODES) == read
    if key in ("vlans", "allowed-ips") or section == "sriov":
        return _in_words(value) == _in_words(read)
    if section in ("team", "team-port") and key == "config":
        return True  # an object in other white space
    # it became a path, or data; the file need not be there
    return section == "802-1x" and bool(_CERTIFICATE.search(key))


def _nick(value: str, nicks: t.Sequence[str]) -> str:
    number = as_number(value)
    return nicks[number] if number is not None and 0 <= number < len(nicks) else value


def _in_words(value: str) -> set[tuple[str, ...]]:
    """The elements of a list, each of some words whose order means nothing."""
    return {
        tuple(sorted(_in_one_form(word) for word in each.split())) for each in re.split("[,;]", value) if each.strip()
    }


def _in_one_form(word: str) -> str:
    name, sign, value = word.rpartition("=")
    host = ip_address(value)
    form = f"{host}/{_WHOLE_ADDRESS['ipv6' if ':' in host else 'ipv4']}" if host else element(value)
    return f"{name}{sign}{form}"


# --- keys ------------------------------------------------------------------------------------------------------------


def verdict(lost: t.Iterable[Loss], known: t.Mapping[str, t.Collection[str]]) -> Verdict:
    """Separate wrong lines from unknown ones. ``known`` are the keys of each section that are properties: some have other keys."""
    lost = tuple(lost)
    unknown = tuple(loss for loss in lost if loss.may_be_default or not _is_surely_known(loss.entry, known))
    return Verdict(tuple(loss for loss in lost if loss not in unknown), unknown)


def _is_surely_known(entry: Entry, known: t.Mapping[str, t.Collection[str]]) -> bool:
    """Whether NetworkManager knows the key of a line, so that its value is what is wrong."""
    section, key = _section(entry), _key(entry)
    if section.startswith(_PEER):
        return key in _PEER_KEYS
    if section in _FREE_SECTIONS or _list_check(section, key) is not None:
        return True
    if section == "bond":
        return key in _BOND_KEYS
    keys = known.get(entry.section, ())
    return key in keys or entry.key in keys or (section == "sriov" and key.startswith("vf."))
