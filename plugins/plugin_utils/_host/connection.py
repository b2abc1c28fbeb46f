# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One node, as the controller's half of a transaction sees it: run a request there, and follow it to another address."""

from __future__ import annotations

import contextlib
import functools
import math
import re
import shlex
import subprocess
import threading
import typing as t
from dataclasses import dataclass, replace

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.module_utils.common.text.converters import to_text
from ansible.plugins.action import ActionBase
from ansible.utils.path import makedirs_safe, unfrackpath
from ansible_collections.elemental.networking.plugins.module_utils._node.paths import ANSWER_MARK, ANSWER_PIPE
from ansible_collections.elemental.networking.plugins.module_utils._node.protocol import Answer, AnyRequest, Confirm
from ansible_collections.elemental.networking.plugins.module_utils._printable import one_line
from ansible_collections.elemental.networking.plugins.plugin_utils._failures import (
    Failure,
    Forbidden,
    InvalidInput,
    MissingRequirement,
    WrongHost,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._host.answer import is_address, read_answer
from ansible_collections.elemental.networking.plugins.plugin_utils._host.key_exchange import cheaper_key_exchange
from ansible_collections.elemental.networking.plugins.plugin_utils._host.play import refuse_unsupported
from ansible_collections.elemental.networking.plugins.plugin_utils._host.program import (
    keeper,
    kept_reader,
    place_in_memory,
    reader,
    script,
    shell_command,
    short_script,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._host.shared_connection import (
    control_path,
    is_listened_at,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._host.ssh_call import (
    SshCall,
    destinations,
    goes_elsewhere,
    key_name,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._host.ssh_failure import (
    refuses_key,
    was_before_the_session,
    was_too_slow,
)
from ansible_collections.elemental.networking.plugins.plugin_utils._host.ssh_identity import (
    HostIdentity,
    checking,
    demanding,
)

# in the order in which ssh gets them
_SSH_OPTIONS = ("ssh_args", "ssh_common_args", "ssh_extra_args")
# seconds for a new connection while the address under it may go at any time
_PATIENCE = 4
# of a node that does not have the program of this very trial
_NOT_KEPT = "null"
_ANY_PYTHON = '"$(command -v python3 || echo /usr/libexec/platform-python)"'
# sudo's words for a user who may not use it
_NOT_ALLOWED = ("sudoers", "may not run sudo", "not allowed to execute", "not allowed to run")
# Ansible's words for a password of become
_PASSWORD = re.compile(r"(?P<fault>Missing|Incorrect) (?P<method>\w+) password")


@dataclass(frozen=True)
class NodeAnswer:
    """What a node answered; ``content`` is None when it could not be reached, and ``complaint`` is what ssh printed then.

    ``was_sent``: the node may have got the request all the same.
    """

    content: Answer | None
    complaint: str = ""
    was_sent: bool = True

    @property
    def reached(self) -> bool:
        """Whether it answered at all."""
        return self.content is not None

    @property
    def refuses_key(self) -> bool:
        """Whether the controller's ssh does not take who answered for the node."""
        return refuses_key(self.complaint)

    @property
    def was_too_slow(self) -> bool:
        """Whether ssh gave up waiting for an answer."""
        return was_too_slow(self.complaint)


class Node:
    """The host of an action plugin, over its ssh connection."""

    def __init__(
        self, action: ActionBase, task_vars: t.Mapping[str, t.Any], identity: HostIdentity | None = None
    ) -> None:
        self._action = action
        self._connection = action._connection
        interpreter = _interpreter(action, task_vars)
        # any other address may belong to another machine
        self.inventory_address = self.address
        self._inventory_call = self._ssh_call()
        self._asks_by_name = ""
        self._identity = identity or HostIdentity()
        self._host_keys = self._identity.host_keys
        self._users_ssh_arguments = str(self._connection.get_option("ssh_args") or "")
        # by address: what goes in front of them there
        self._proofs: dict[str, str | None] = {}
        self._demand(self.inventory_address)
        self._most_patience = _PATIENCE
        self._python = _ANY_PYTHON if interpreter.startswith("auto") else shlex.quote(interpreter)

    @classmethod
    def of(cls, action: ActionBase, task_vars: t.Mapping[str, t.Any], identity: HostIdentity | None = None) -> Node:
        """The node of an action. Raises InvalidInput for a connection that cannot follow a node to a new address."""
        refuse_unsupported(action._connection.transport)
        node = cls(action, task_vars, identity)
        if node.inventory_address.startswith("-"):
            raise InvalidInput(
                f"ansible_host of this host, {one_line(node.inventory_address, 60)}, is not an address: ssh would take it for an option; "
                "nothing was changed"
            )
        return node

    @property
    def address(self) -> str:
        """The address or name that the connection uses now."""
        return str(self._connection.get_option("host") or self._action._play_context.remote_addr)

    @property
    def port(self) -> int:
        """The ssh port."""
        return int(self._connection.get_option("port") or 22)

    @functools.cached_property
    def is_direct(self) -> bool:
        """Whether the controller opens TCP connections to the node itself (no jump host), as for the address of the inventory."""
        return not goes_elsewhere(self._inventory_call)

    @property
    def new_ssh_args(self) -> str:
        """What must be put in front of the option ``ssh_args``, whose own words may hold a password for a proxy; mostly nothing."""
        return " ".join(filter(None, [self._proof(self.address), self._asks_by_name]))

    # --- who answers ------------------------------------------------------------------------------------------

    @property
    def knows_keys(self) -> bool:
        """Whether host keys of this node are known, so that it can prove who it is wherever it answers."""
        return bool(self._host_keys)

    @property
    def is_believed(self) -> bool:
        """Whether the host that answers at a claimed address is taken for this node without a proof."""
        return self._identity.is_believed

    @property
    def machine_ids(self) -> tuple[str, ...]:
        """Digests of the machine-id of the machine that has the addresses of this node, as far as it is recorded."""
        return self._identity.machine_ids

    def know(self, host_keys: tuple[str, ...]) -> None:
        """Take the host keys that the node has named for its own from now on; none: what was known stays."""
        if host_keys:
            self._host_keys = host_keys
            self._proofs.clear()

    def can_prove(self, address: str) -> bool:
        """Whether ssh can distinguish this node from another host at an address, or need not: the user vouches for the inventory's own."""
        return self._proof(address) is not None

    def refuses_others_at(self, address: str) -> bool:
        """Whether ssh talks to no other host that answers at an address."""
        return bool(self._proof(address)) or (address == self.inventory_address and bool(self._key_name))

    def _proof(self, address: str) -> str | None:
        """The first options of ssh, so that it talks only to this node there; None if nothing distinguishes it from another host."""
        if address not in self._proofs:
            self._proofs[address] = self._made_proof(address)
        return self._proofs[address]

    def _made_proof(self, address: str) -> str | None:
        if address == self.inventory_address:
            is_open = self._host_keys and not self._key_name
            has_to = is_open and self._identity.has_claimed(destinations(self._inventory_call))
            return self._pinned(address) if has_to else ""
        if self._key_name:
            return self._checked(address, self._key_name)
        if self._host_keys:
            return self._pinned(address)
        if self.is_believed:
            return ""
        name = self._name_of_key(replace(self._inventory_call, host=address))
        return self._checked(address, name) if name else None

    def _pinned(self, address: str) -> str:
        return demanding(self._host_keys, self._place(address), self._control_folder())

    def _checked(self, address: str, name: str) -> str:
        """With a shared connection of its own: one from before may lead to another host, without a check."""
        return checking(f"{name} {self._place(address)}", self._control_folder())

    def _place(self, address: str) -> str:
        call = self._inventory_call
        return f"{address} {call.port} {call.user}"

    def _control_folder(self) -> str:
        folder = unfrackpath(str(self._connection.get_option("control_path_dir")))
        makedirs_safe(folder, 0o700)
        return str(folder)

    def _demand(self, address: str, first: str = "") -> None:
        """Let ssh demand at an address what proves this node there; ``first`` are arguments that come before that."""
        words = (first, self._proof(address), self._users_ssh_arguments)
        self._connection.set_option("ssh_args", " ".join(filter(None, words)).strip())

    def _cheaper_key_exchange(self, address: str) -> str:
        """The argument for a login that costs little; empty where a password goes over it."""
        become = self._connection.become
        has_password = become is not None and become.get_option("become_pass", playcontext=self._action._play_context)
        if has_password or self._connection.get_option("password"):
            return ""
        return cheaper_key_exchange(replace(self._inventory_call, host=address))

    @functools.cached_property
    def _key_name(self) -> str:
        return self._name_of_key(self._inventory_call)

    def _name_of_key(self, call: SshCall) -> str:
        """As ``key_name``; where Ansible itself switches the check off, nothing but its first arguments can switch it on again."""
        is_off = self._connection.get_option("host_key_checking") is False
        return "" if is_off and "stricthostkeychecking" not in self._users_ssh_arguments.lower() else key_name(call)

    def _ssh_call(self) -> SshCall:
        given = [str(self._connection.get_option(name) or "") for name in _SSH_OPTIONS]
        if self._connection.get_option("host_key_checking") is False:
            given.insert(1, "-o StrictHostKeyChecking=no")  # where Ansible puts it
        return SshCall(
            executable=str(self._connection.get_option("ssh_executable") or "ssh"),
            host=self.address,
            port=int(self._connection.get_option("port") or 0) or None,
            user=str(self._connection.get_option("remote_user") or ""),
            arguments=" ".join(given),
        )

    def move_to(self, address: str, keeps_connection: bool = False, is_cheap: bool = False) -> None:
        """Use a fresh connection to ``address`` from now on; a master process to the old one is left to end by itself.

        With ``keeps_connection`` it is the one that an earlier task has left there; one that ``is_cheap`` begins with a key exchange that
        costs little.

        Raises Failure for anything but an IP address or what the inventory has: it becomes an argument of ssh. Raises WrongHost if
        nothing distinguishes this node from another host.
        """
        if address != self.inventory_address and not is_address(address):
            raise Failure(f"{one_line(address, 60)} is not an IP address to connect to")
        if not self.can_prove(address):
            raise WrongHost(unproven(address), address=address)
        self._leave_master()
        self._ask_by_name()
        self._demand(address, self._cheaper_key_exchange(address) if is_cheap else "")
        self._connection.set_option("host", address)
        self._action._play_context.remote_addr = address
        self._connection._play_context.remote_addr = address
        self._connection.host = address
        self._connection.control_path = None
        self._connection._connected = False
        if not keeps_connection:
            self._leave_master()  # one from before may be there, too, and nothing else shows it

    def shares_connection_to(self, address: str) -> bool:
        """Whether an earlier task has left a connection there, over which this node has proved who it is."""
        proof = self._proof(address)
        return bool(proof) and is_listened_at(control_path(shlex.split(str(proof))))

    def _leave_master(self) -> None:
        """Let a shared connection take nothing more, if there is one; what runs over it goes on."""
        command = self._master_command("stop")
        words = [to_text(word) for word in command]
        # sshpass may be in front
        path = control_path(words[words.index(self._inventory_call.executable) + 1 :])
        if not path or is_listened_at(path):
            _tell_master(command)

    def _master_command(self, order: str) -> list[t.Any]:
        executable = self._connection.get_option("ssh_executable")
        return list(self._connection._build_command(executable, "ssh", "-O", order, self.address))

    def _ask_by_name(self) -> None:
        """An address that the node moves to is new to ssh, or was another machine's: the key to expect is that of the inventory's name."""
        if self._key_name and not self._asks_by_name:
            self._asks_by_name = f"-o {shlex.quote(f'HostKeyAlias={self._key_name}')}"
            self._add_arguments("ssh_common_args", self._asks_by_name)

    @contextlib.contextmanager
    def cut_after(self, seconds: float) -> t.Iterator[None]:
        """End the connection when what runs over it takes longer: a master of an earlier task never notices a dead address."""
        # made now: that changes the connection, which is in use later
        timer = threading.Timer(seconds, _tell_master, [self._master_command("exit")])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    @contextlib.contextmanager
    def unseen(self) -> t.Iterator[None]:
        """Keep what the node answers out of the output: from -vvv on Ansible's ssh connection shows it."""
        context = self._connection._play_context
        before, context.no_log = context.no_log, True
        try:
            yield
        finally:
            context.no_log = before

    def notice_cuts(self) -> None:
        """From now on notice within seconds that a connection is dead: the address under it may go at any time."""
        self._add_arguments("ssh_extra_args", "-o ServerAliveInterval=1 -o ServerAliveCountMax=4")

    def _add_arguments(self, option: str, arguments: str) -> None:
        given = str(self._connection.get_option(option) or "")
        self._connection.set_option(option, f"{given} {arguments}".strip())

    def give_up_soon(self, most_patience: float) -> None:
        """From now on wait only a moment for a new connection: another address may be the right one.

        ``be_more_patient`` makes that ``most_patience`` seconds at most.
        """
        given = int(self._connection.get_option("timeout") or _PATIENCE)
        self._most_patience = max(_PATIENCE, min(given, int(most_patience)))
        self._connection.set_option("timeout", _PATIENCE)

    def be_more_patient(self) -> None:
        """Wait twice as long for the next new connection, up to what the connection was given: a busy host proves its identity late."""
        self._connection.set_option(
            "timeout", min(self._most_patience, 2 * int(self._connection.get_option("timeout")))
        )

    def run(self, request: AnyRequest) -> NodeAnswer:
        """Run one request on the node: one remote execution.

        Raises MissingRequirement when it breaks there, InvalidAnswer for an answer that is not valid.
        """
        try:
            text = self._answer_to(script(request))
        except AnsibleConnectionFailure as error:
            return self._unanswered(error)
        return NodeAnswer(read_answer(text, request))

    def run_again(self, request: AnyRequest) -> NodeAnswer:
        """Run a request of a trial that was staged: the node keeps the program since then."""
        try:
            text = self._answer_to(short_script(request))
        except AnsibleConnectionFailure as error:
            return self._unanswered(error)
        return self.run(request) if text == _NOT_KEPT else NodeAnswer(read_answer(text, request))

    def collect(self, request: Confirm, seconds: float) -> NodeAnswer:
        """What a host answers that judges a trial by itself, as it would to this request, within so many seconds.

        No Python starts there. The answer has no content where the host came to none.
        """
        pipe = shlex.quote(ANSWER_PIPE + request.token)
        try:
            result = self._action._low_level_execute_command(f"timeout {math.ceil(seconds)} cat {pipe}", sudoable=True)
        except AnsibleConnectionFailure as error:
            return self._unanswered(error)
        text = _marked(result)
        return NodeAnswer(None) if text is None else NodeAnswer(read_answer(text, request))

    def _unanswered(self, error: AnsibleConnectionFailure) -> NodeAnswer:
        """What ssh prints is of its last try: Ansible's option ``retries`` makes several."""
        is_only_try = not int(self._connection.get_option("reconnection_retries") or 0)
        return NodeAnswer(None, str(error), was_sent=not (is_only_try and was_before_the_session(str(error))))

    @property
    def takes_input(self) -> bool:
        """Whether a program can be fed through standard input: a become method that asks on the terminal (su) takes it away."""
        become = self._connection.become
        return become is None or bool(getattr(become, "pipelining", True))

    def _answer_to(self, text: bytes) -> str:
        if self.takes_input:
            return self._through_input(reader(), text)
        return self._through_memory(place_in_memory(), text)

    def _through_memory(self, file: str, text: bytes) -> str:
        """Leave the text in the node's memory first. A module would be in a file on the disk, in syslog and in the output of ``-v``."""
        left = self._action._low_level_execute_command(self._python_command(keeper(file)), in_data=text, sudoable=False)
        if left["rc"]:
            raise _broken(left)
        try:
            return self._through_input(kept_reader(file, text), None)
        except AnsibleConnectionFailure:
            raise  # the address went, and nothing can be asked of it; the next text clears up
        except AnsibleError:  # for example a wrong password: the text was not read
            with contextlib.suppress(AnsibleError):
                self._action._low_level_execute_command(f"rm -f {shlex.quote(file)}", sudoable=False)
            raise

    def _python_command(self, code: str) -> str:
        return shell_command(self._python, code)

    def _through_input(self, code: str, text: bytes | None) -> str:
        try:
            result = self._action._low_level_execute_command(self._python_command(code), in_data=text, sudoable=True)
        except AnsibleConnectionFailure:
            raise
        except AnsibleError as error:
            raise _without_password(error) from None  # ansible-core since 2.19 appends the words of a cause
        answer = _marked(result)
        if answer is None:
            raise _broken(result)
        return answer


def _interpreter(action: ActionBase, task_vars: t.Mapping[str, t.Any]) -> str:
    """The Python that is set for the host: for that which a task is delegated to, as the rest of its connection."""
    delegate, of_delegates = action._task.delegate_to, task_vars.get("ansible_delegated_vars") or {}
    variables = of_delegates.get(delegate, {}) if delegate else task_vars
    return str(action._templar.template(variables.get("ansible_python_interpreter")) or "auto")


def _marked(result: t.Mapping[str, t.Any]) -> str | None:
    """The answer in the output of a command; None where there is none."""
    found = [line for line in str(result["stdout"]).splitlines() if line.startswith(ANSWER_MARK)]
    return found[-1][len(ANSWER_MARK) :] if found else None


def unproven(address: str) -> str:
    """Why a host at an address is not talked to."""
    return (
        f"nothing shows whether the host at {address} is this one: no ssh host keys of it are recorded, and ssh does not check the keys of "
        "hosts; nothing was sent to it: correct ansible_host, or, if you know that it is this one, set accept_host_keys (in the role "
        "machine_network_accept_host_keys) for one run"
    )


def _tell_master(command: t.Sequence[t.Any]) -> None:
    """Stop a shared connection, or end it with all that runs over it (``ssh -O``)."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False)


def _broken(result: t.Mapping[str, t.Any]) -> Failure:
    lines = [line for line in str(result.get("stderr", "")).splitlines() if line.strip()]
    reason = one_line(lines[-1]) if lines else f"exit code {one_line(result.get('rc'), 20)} and no answer"
    if any(words in reason for words in _NOT_ALLOWED):
        return Forbidden(
            f"this user may not become root on this host ({reason.rstrip('.')}); allow it there, or connect as root"
        )
    return MissingRequirement(f"python3 (3.6 or later) could not run the network program on this host: {reason}")


def _without_password(error: AnsibleError) -> AnsibleError:
    """What Ansible states of the password of become, with what to do."""
    fault = _PASSWORD.search(str(error))
    if not fault:
        return error
    what = (
        "asks for a password on this host"
        if fault["fault"] == "Missing"
        else "does not accept the password on this host"
    )
    return Forbidden(
        f"{fault['method']} {what}; give the right one with --ask-become-pass (-K) or ansible_become_password"
    )
