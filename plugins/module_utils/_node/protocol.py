# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The conversation between a controller and a node: requests, answers, failures, and the phases of a trial (pure).

Each message is a named tuple; only ``to_json`` writes it. Two functions read and validate them: ``admission.check_request`` on
the node and ``read_answer`` on the controller. Named tuples, not dataclasses: every request starts the node's program, and dataclasses
are a third of such a start (measured: 10 ms for their import, 1 ms for each class; a named tuple costs 0.1 ms).
"""

from __future__ import annotations

import typing as t

# of all messages; it counts the changes that the other side cannot read
VERSION = 1

# --- why a request fails ------------------------------------------------------------------------------------------

# those of plugins/module_utils/_errors.py that a node has
ADDRESS_IN_USE = "address_in_use"
BUSY = "busy"
CONFLICT = "conflict"
FAILED = "failed"
FORBIDDEN = "forbidden"
INVALID_INPUT = "invalid_input"
MISSING_REQUIREMENT = "missing_requirement"
TIMED_OUT = "timed_out"
WRONG_HOST = "wrong_host"
CODES = (
    ADDRESS_IN_USE,
    BUSY,
    CONFLICT,
    FAILED,
    FORBIDDEN,
    INVALID_INPUT,
    MISSING_REQUIREMENT,
    TIMED_OUT,
    WRONG_HOST,
)

# what a failure is about: the name of a thing, a number, or several of them
Detail = t.Union[str, float, t.Tuple[str, ...], t.Mapping[str, str]]


class NodeError(Exception):
    """A request that fails on a node; the text is one sentence for the user, ``details`` are the objects and numbers in it, by name."""

    code = FAILED

    def __init__(self, sentence: str, **details: Detail) -> None:
        super().__init__(sentence)
        self.details = details


class AddressInUse(NodeError):
    """Another host on the segment answers for an address that was to be taken."""

    code = ADDRESS_IN_USE


class HostBusy(NodeError):
    """Another change of this host has no end that can be waited for."""

    code = BUSY


class Conflict(NodeError):
    """Something on this host is not ours, and is in the way."""

    code = CONFLICT


class InvalidInput(NodeError):
    """A request, or a profile in it, is wrong."""

    code = INVALID_INPUT


class MissingRequirement(NodeError):
    """A program, or a version of one, that is needed is not there."""

    code = MISSING_REQUIREMENT


class WrongHost(NodeError):
    """This host is not the machine that is meant."""

    code = WRONG_HOST


class OtherVersion(Exception):
    """A message of a version of the protocol that this release does not read."""

    def __init__(self, version: object) -> None:
        is_number = isinstance(version, int) and not isinstance(version, bool) and abs(version) < 10**6
        super().__init__(f"version {version}" if is_number else "an unknown version")


# --- the phases of a trial ----------------------------------------------------------------------------------------

OPENING = "opening"
STAGED = "staged"
ACTIVATED = "activated"
PERSISTING = "persisting"
# it was rolled back, but for an interface that does not come up again yet
WITHDRAWN = "withdrawn"
# its file was damaged: what it was when it began is known (DAMAGED), or nothing is (LOST)
DAMAGED = "damaged"
LOST = "lost"
# how it ended
CONFIRMED = "confirmed"
ROLLED_BACK = "rolled_back"

# from each phase to those that may follow: every open one may be rolled back, and only one leads to the new network
TRANSITIONS: t.Mapping[str, t.Tuple[str, ...]] = {
    OPENING: (STAGED, WITHDRAWN, ROLLED_BACK),
    STAGED: (ACTIVATED, WITHDRAWN, ROLLED_BACK),
    ACTIVATED: (PERSISTING, WITHDRAWN, ROLLED_BACK),
    PERSISTING: (CONFIRMED, WITHDRAWN, ROLLED_BACK),
    WITHDRAWN: (WITHDRAWN, ROLLED_BACK),
    DAMAGED: (WITHDRAWN, ROLLED_BACK),
    LOST: (WITHDRAWN, ROLLED_BACK),
    CONFIRMED: (),
    ROLLED_BACK: (),
}
OPEN_PHASES = tuple(phase for phase, following in TRANSITIONS.items() if following)


class WrongPhase(NodeError):
    """A step that a trial in its phase cannot take; a mistake of this program."""


def advance(phase: str, following: str) -> str:
    """The phase that follows. Raises WrongPhase for one that must not."""
    if following not in TRANSITIONS.get(phase, ()):
        raise WrongPhase(
            f"a trial cannot go from phase {phase} to {following}; please report it", phase=phase, following=following
        )
    return following


# the states of a trial as a controller gets them, besides CONFIRMED and ROLLED_BACK
PENDING = "pending"
ELSEWHERE = "elsewhere"
UNKNOWN = "unknown"
REFUSED = "refused"
STATES = (PENDING, ELSEWHERE, CONFIRMED, ROLLED_BACK, UNKNOWN, REFUSED)

# --- requests -----------------------------------------------------------------------------------------------------

FAMILIES = ("ipv4", "ipv6")
PROBE_KINDS = ("gateway", "dns", "ping", "tcp", "command")


class WantedProfile(t.NamedTuple):
    """A profile that must be installed and active; ``text`` is the keyfile and may hold secrets."""

    file_name: str
    uuid: str
    type: str
    interface: t.Optional[str]
    text: str

    def __repr__(self) -> str:
        """Without the text."""
        return f"WantedProfile({self.file_name!r})"


class Probe(t.NamedTuple):
    """Something that must work after a change if it worked before; ``timeout`` is in seconds.

    ``kind`` is ``gateway``, ``dns``, ``ping`` (of ``target``), ``tcp`` (to ``target`` and ``port``) or ``command`` (by the shell).
    """

    name: str
    kind: str
    target: str = ""
    port: int = 0
    command: str = ""
    timeout: float = 1.0

    def __repr__(self) -> str:
        """Without the command, which may hold a secret."""
        return f"Probe({self.name!r})"


# after the word of a signal: packets leave the host as they did before the change, so that a way for long ones is known
SAME_WAY = "="


class Knock(t.NamedTuple):
    """How the controller will come: from ``address`` and one of ``ports``, to the port ``target`` of this host.

    It comes at once when a datagram with ``word`` arrives at its port ``bell``, else after a while.
    """

    address: str
    ports: t.Tuple[int, ...]
    target: int
    bell: int
    word: str


class Request(t.NamedTuple):
    """What every change needs to know; the host rolls back after ``deadline`` seconds unless a controller confirms.

    ``connected_address`` is the address that the controller connected over; with ``only_known`` it is one that another host may have taken,
    and only a host that is known as this machine already will do. ``controller`` names the one that asks. ``take_over`` is the token of a
    trial whose controller is known to be dead. ``more_files`` are files outside of NetworkManager's that change with the profiles
    (None: no such file). ``knock`` states how the controller will reconnect while it waits for the answer. ``required`` are the files of
    profiles that must not wait. ``identities`` are digests of the machine-ids of the machine whose addresses are to be given up.
    ``is_proven``: this host has shown the ssh host key that is recorded of the machine.
    With ``takes_over_files`` a file that is not ours among ``more_files`` is replaced, or removed by a reset.
    ``former`` is the name of the machine before it was renamed, empty as a rule.
    """

    machine: str
    deadline: int
    connected_address: str = ""
    only_known: bool = False
    check: bool = False
    controller: str = ""
    token: str = ""
    take_over: str = ""
    probes: t.Tuple[Probe, ...] = ()
    more_files: t.Mapping[str, t.Optional[str]] = {}
    knock: t.Optional[Knock] = None
    required: t.Tuple[str, ...] = ()
    identities: t.Tuple[str, ...] = ()
    takes_over_files: bool = False
    is_proven: bool = False
    former: str = ""

    def __repr__(self) -> str:
        """Without files and probes, which may hold secrets."""
        return f"Request({self.machine!r})"


class Stage(t.NamedTuple):
    """Try these profiles."""

    common: Request
    profiles: t.Tuple[WantedProfile, ...] = ()


class StageReset(t.NamedTuple):
    """Try DHCP instead of what is ours; ``addresses`` are claimed ones, which must be gone then."""

    common: Request
    addresses: t.Tuple[str, ...] = ()


class Confirm(t.NamedTuple):
    """Judge the trial with this token.

    The controller connected at ``arrived_at``, with a connection that it began after the trial (``fresh``) or not.
    """

    token: str
    arrived_at: str
    fresh: bool
    knock: t.Optional[Knock]


class Render(t.NamedTuple):
    """Render a document with the tool of a configurator; ``only_known``, ``is_proven`` and ``former`` are as in Request."""

    configurator: str
    document: str
    machine: str
    only_known: bool = False
    is_proven: bool = False
    former: str = ""

    def __repr__(self) -> str:
        """Without the document, which may hold secrets."""
        return f"Render({self.machine!r})"


AnyRequest = t.Union[Stage, StageReset, Confirm, Render]
OPERATIONS: t.Mapping[str, t.Type[AnyRequest]] = {
    "stage": Stage,
    "stage_reset": StageReset,
    "confirm": Confirm,
    "render": Render,
}

# --- answers ------------------------------------------------------------------------------------------------------


class Refusal(t.NamedTuple):
    """To any request: the host cannot or will not carry it out; ``msg`` is one sentence."""

    msg: str = "it gave no reason"
    code: str = FAILED
    details: t.Mapping[str, Detail] = {}


class OtherHost(t.NamedTuple):
    """To a request over a claimed address: the host is not the machine (by its name) that the address was claimed for."""

    machine: str = ""


class Busy(t.NamedTuple):
    """To a request to stage: another controller (``holder``, as `controller_id` writes it) holds the host for so many seconds."""

    holder: str = ""
    token: str = ""
    seconds: float = 0.0


class Judgement(t.NamedTuple):
    """To a request to confirm: the state of the trial; ``host`` identifies the host, ``addresses`` are where to connect to.

    PENDING: ask again. ELSEWHERE: reconnect over one of ``addresses``. UNKNOWN: there was no such trial since the host booted.
    REFUSED: it was never opened, for ``reason`` and ``code``. ``waiting`` are the profiles of the change that are not up, with what each
    waits for, by file name.
    """

    state: str = PENDING
    reason: str = ""
    host: str = ""
    addresses: t.Tuple[str, ...] = ()
    host_keys: t.Tuple[str, ...] = ()
    failed_after: t.Optional[t.Mapping[str, str]] = None
    waiting: t.Optional[t.Mapping[str, str]] = None
    code: str = FAILED


class Staged(t.NamedTuple):
    """To a request to stage: what changes, and where the host will be; ``outcome`` is there where it is known already.

    ``is_watched``: the trial is up, and a process of the host waits for a new connection and has the outcome then. ``signals``: it is not
    up yet, and such a process signals once it is.
    """

    changed: bool = False
    reasons: t.Mapping[str, str] = {}
    stale: t.Tuple[str, ...] = ()
    diff: t.Tuple[t.Mapping[str, str], ...] = ()
    warnings: t.Tuple[str, ...] = ()
    host: str = ""
    addresses: t.Tuple[str, ...] = ()
    new_addresses: t.Tuple[str, ...] = ()
    failed_before: t.Mapping[str, str] = {}
    host_keys: t.Tuple[str, ...] = ()
    waiting: t.Mapping[str, str] = {}
    renamed: bool = False
    outcome: t.Optional[Judgement] = None
    is_watched: bool = False
    signals: bool = False


class Rendered(t.NamedTuple):
    """To a request to render: what the tool on the host made of the document, as in ``ToolRun``."""

    output: str = ""
    files: t.Mapping[str, str] = {}
    warnings: t.Tuple[str, ...] = ()
    error: str = ""
    path: t.Tuple[t.Union[str, int], ...] = ()

    def __repr__(self) -> str:
        """Without what may hold secrets."""
        return f"Rendered(error={self.error!r})"


Answer = t.Union[Refusal, OtherHost, Busy, Judgement, Staged, Rendered]
ANSWERS: t.Mapping[str, t.Type[Answer]] = {
    "refusal": Refusal,
    "other_host": OtherHost,
    "busy": Busy,
    "judgement": Judgement,
    "staged": Staged,
    "rendered": Rendered,
}
_TO_STAGE = ("refusal", "other_host", "busy", "staged")
# the answers that each request can have
POSSIBLE_ANSWERS: t.Mapping[t.Type[AnyRequest], t.Tuple[str, ...]] = {
    Stage: _TO_STAGE,
    StageReset: _TO_STAGE,
    Confirm: ("refusal", "judgement"),
    Render: ("refusal", "other_host", "rendered"),
}

# --- to and from JSON ---------------------------------------------------------------------------------------------

_KINDS: t.Mapping[t.Type[object], t.Tuple[str, str]] = {
    **{each: ("operation", name) for name, each in OPERATIONS.items()},
    **{each: ("answer", name) for name, each in ANSWERS.items()},
}


def to_json(message: t.Union[AnyRequest, Answer]) -> t.Dict[str, object]:
    """A JSON-able form of a message: its version, what it is, and its fields by name."""
    key, kind = _KINDS[type(message)]
    return {"version": VERSION, key: kind, **{name: plain(value) for name, value in message._asdict().items()}}


def plain(value: object) -> object:
    """A JSON-able form of a field: named tuples become objects, tuples become lists."""
    if isinstance(value, tuple):
        names = getattr(value, "_fields", None)
        return [plain(each) for each in value] if names is None else dict(zip(names, map(plain, value)))
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return value


def check_version(content: t.Mapping[str, object]) -> None:
    """Raise OtherVersion for a message of another version of the protocol, or without one."""
    version = content.get("version")
    if version != VERSION or isinstance(version, bool):
        raise OtherVersion(version)


def fields_of(content: t.Mapping[str, object], key: str) -> t.Dict[str, object]:
    """The fields of a message, without its version and its kind, which is under ``key``; not validated."""
    return {name: value for name, value in content.items() if name not in ("version", key)}
