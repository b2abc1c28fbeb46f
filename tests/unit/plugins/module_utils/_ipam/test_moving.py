# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines that are renumbered or renamed, on both backends: killed after each step in turn, and then run again.

What the role does with a host is played here in its order; the host is what it was pushed last.
"""

from __future__ import annotations

import abc
import itertools
import types
import typing as t
from pathlib import Path

import pytest
from ansible_collections.elemental.networking.plugins.module_utils import _ipam_module
from ansible_collections.elemental.networking.plugins.module_utils._ipam.backend import IpamBackend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.database.backend import EmbeddedBackend
from ansible_collections.elemental.networking.plugins.module_utils._ipam.model import IpamError
from ansible_collections.elemental.networking.tests.unit.borders.api_server import (
    GROUP,
    MANIFEST,
    Server,
    impatient,
    kubernetes,
)

pytest.importorskip("urllib3")

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKsR1vhN5HTnbVBJbCwJgS6TTLwRMRrSbnHOjzWDJBq4"
Result = t.Dict[str, t.Any]


class Killed(BaseException):
    """The controller is gone: nothing catches it."""


class Clock:
    """Counts the steps of a run and ends it after one of them."""

    def __init__(self) -> None:
        self.last: int | None = None
        self.steps = 0

    def tick(self) -> None:
        """A step was done."""
        self.steps += 1
        if self.last is not None and self.steps > self.last:
            self.last = None
            raise Killed


class Site(abc.ABC):
    """A backend, and hosts that have an address each."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.hosts: dict[str, str] = {}
        self._others = itertools.count()

    @abc.abstractmethod
    def opened(self) -> t.ContextManager[IpamBackend]:
        """The backend."""

    def module(self, serve: t.Callable[..., Result], *arguments: t.Any, check: bool = False, **params: t.Any) -> Result:
        """Run what a module does."""
        given = {"namespace": "ns", "state": "present", "pools": [], "backend": "any", **params}
        warn = given.pop("warn", lambda _line: None)
        module = types.SimpleNamespace(params=given, check_mode=check, warn=warn)
        with self.opened() as backend:
            return serve(module, backend, *arguments)

    def claim(
        self, machine: str, pool: str, check: bool = False, pools: t.Sequence[t.Any] = (), **more: t.Any
    ) -> Result:
        """Claim for key ip."""
        heard = {"warn": more.pop("warn")} if "warn" in more else {}
        machines = [{"machine": machine, "host": machine, **more}]
        wanted = {**asked(machine, pool), **{name: more[name] for name in ("site",) if name in more}}
        return self.module(_ipam_module.serve_claims, [wanted], machines=machines, pools=pools, check=check, **heard)

    def configure(self, host: str, machine: str, pool: str, pools: t.Sequence[t.Any] = (), **more: t.Any) -> None:
        """The steps of the role for one host."""
        claimed = self.claim(machine, pool, pools=pools, **more)
        address = claimed["addresses"][machine]["ip"]["address"]
        assert self.hosts.get(host) in (None, address, *claimed["held"][machine]), "the host is not found any more"
        self.hosts[host] = address
        self.clock.tick()
        known = {"machine": machine, "host": machine, "host_keys": [KEY], "confirmed_addresses": [address]}
        self.module(_ipam_module.serve_record, machines=[known])
        if claimed["renumbering"]:
            asking = [asked(machine, pool)]
            self.module(_ipam_module.serve_claims, asking, state="renumbered", pools=pools)
        self.release(claimed["unused"])

    def release(self, claims: t.Sequence[Result]) -> None:
        """Release claims."""
        named = [{"name": each["name"]} for each in claims]
        self.module(_ipam_module.serve_claims, named, state="absent")

    def held(self) -> dict[str, str]:
        """Addresses by claim."""
        with self.opened() as backend:
            return {
                bound.claim.name: bound.address.address
                for bound in backend.list_claims("ns")
                if bound.address is not None
            }

    def somebody_claims(self) -> None:
        """Nobody else gets an address that a host uses."""
        for pool in ("p", "q"):
            machine = f"other{next(self._others)}"
            found = self.claim(machine, pool)["addresses"][machine]["ip"]["address"]
            assert found not in self.hosts.values()
            self.release([{"name": f"{machine}-ip"}])

    def killed(self, step: int, run: t.Callable[[Site], None]) -> bool:
        """Run, and be killed after that step; whether it came so far."""
        self.clock.steps, self.clock.last = 0, step
        try:
            run(self)
        except Killed:
            return True
        finally:
            self.clock.last = None
        return False


class EmbeddedSite(Site):
    """One file; a step is a transaction."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.path = str(folder / "claims.sqlite")
        write = EmbeddedBackend._write

        def ticking(backend: EmbeddedBackend, work: t.Any, dry_run: bool) -> t.Any:
            result = write(backend, work, dry_run)
            self.clock.tick()
            return result

        monkeypatch.setattr(EmbeddedBackend, "_write", ticking)
        with self.opened() as backend:
            for name in ("p", "q"):
                backend.apply_pool(_ipam_module.pool_from_manifest(manifest(name), "ns"), False)

    def opened(self) -> t.ContextManager[IpamBackend]:
        return EmbeddedBackend(self.path)


class ClusterSite(Site):
    """An API server; a step is a request, which it has served when the controller goes."""

    def __init__(self, _folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        impatient(monkeypatch)

        def change(_number: int, status: int, content: t.Any) -> tuple[int, t.Any]:
            if not isinstance(content, list):  # a watch, which has a thread of its own
                self.clock.tick()
            return status, content

        self.server = Server(change)
        for name in ("p", "q"):
            self.server.objects["inclusterippools"][name] = manifest(name)

    def opened(self) -> t.ContextManager[IpamBackend]:
        return kubernetes(self.server)


def manifest(name: str, addresses: str = "") -> dict[str, t.Any]:
    """Pool p is 10.0.0.0/24, any other one 10.0.1.0/24."""
    subnet = f"10.0.{0 if name == 'p' else 1}"
    spec = {"addresses": [addresses or f"{subnet}.10-{subnet}.99"], "prefix": 24, "gateway": f"{subnet}.1"}
    return {**MANIFEST, "metadata": {"name": name, "namespace": "ns"}, "spec": spec}


def asked(machine: str, pool: str) -> dict[str, t.Any]:
    """The options of a claim."""
    reference = {"apiGroup": GROUP, "kind": "InClusterIPPool", "name": pool}
    return {"machine": machine, "host": machine, "key": "ip", "pool": reference}


@pytest.fixture(params=[EmbeddedSite, ClusterSite], ids=["embedded", "cluster"])
def make(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> t.Callable[[], Site]:
    """Make a site, a new one each time."""
    numbers = itertools.count()

    def site() -> Site:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        return t.cast(Site, request.param(folder, monkeypatch))

    return site


def kill_at_every_step(
    make: t.Callable[[], Site],
    prepare: t.Callable[[Site], None],
    run: t.Callable[[Site], None],
    end: t.Callable[[Site], None],
) -> int:
    """Kill after each step in turn, let somebody claim, and run again; returns how many steps there were."""
    for step in itertools.count():
        site = make()
        prepare(site)
        came_so_far = site.killed(step, run)
        site.somebody_claims()
        held = site.held()
        assert set(site.hosts.values()) <= set(held.values())
        run(site)
        end(site)
        before = site.clock.steps
        run(site)  # nothing is left to do
        end(site)
        if not came_so_far:
            return before
    raise AssertionError


def test_a_machine_is_renumbered_to_another_pool_whatever_kills_it(make: t.Callable[[], Site]) -> None:
    def run(site: Site) -> None:
        site.configure("node1", "node1", "q", renumber=True)

    def end(site: Site) -> None:
        assert site.held() == {"node1-ip": "10.0.1.10"}
        assert site.hosts == {"node1": "10.0.1.10"}

    assert kill_at_every_step(make, lambda site: site.configure("node1", "node1", "p"), run, end) > 3


def test_a_machine_is_renamed_whatever_kills_it(make: t.Callable[[], Site]) -> None:
    def prepare(site: Site) -> None:
        site.claim("other", "p")
        site.configure("host", "node1", "p")

    def run(site: Site) -> None:
        site.configure("host", "node2", "p", former_host="node1")

    def end(site: Site) -> None:
        assert site.held() == {"node2-ip": "10.0.0.11", "other-ip": "10.0.0.10"}
        assert site.hosts == {"host": "10.0.0.11"}

    assert kill_at_every_step(make, prepare, run, end) > 1


def test_what_was_recorded_goes_with_the_name(make: t.Callable[[], Site]) -> None:
    site = make()
    site.configure("host", "node1", "p")
    before = site.claim("node1", "p")["claims"][0]
    site.configure("host", "node2", "p", former_host="node1")
    after = site.claim("node2", "p")["claims"][0]
    assert before["confirmed"]
    assert (after["confirmed"], after["host_keys"], after["host"]) == (before["confirmed"], [KEY], "node2")


def test_a_rename_is_shown_in_check_mode_and_changes_nothing(make: t.Callable[[], Site]) -> None:
    site = make()
    site.configure("host", "node1", "p")
    result = site.claim("node2", "p", former_host="node1", check=True)
    assert result["changed"]
    assert result["msg"] == "would rename claim node1-ip to node2-ip"
    assert (list(result["diff"]["before"]), list(result["diff"]["after"])) == (["ns/node1-ip"], ["ns/node2-ip"])
    assert result["addresses"]["node2"]["ip"]["address"] == "10.0.0.10"
    assert site.held() == {"node1-ip": "10.0.0.10"}


def test_an_address_that_was_promised_to_the_new_name_gives_way(make: t.Callable[[], Site]) -> None:
    """A run without the former name has claimed it, and the host has refused that."""
    site = make()
    site.configure("host", "node1", "p")
    site.claim("node2", "p")
    site.configure("host", "node2", "p", former_host="node1")
    assert site.held() == {"node2-ip": "10.0.0.10"}
    assert site.hosts == {"host": "10.0.0.10"}


def test_two_machines_that_are_in_use_never_become_one(make: t.Callable[[], Site]) -> None:
    site = make()
    site.configure("node1", "node1", "p")
    site.configure("node2", "node2", "p")
    with pytest.raises(
        IpamError, match="claim node1-ip cannot become node2-ip, which exists with an address that is in use"
    ):
        site.claim("node2", "p", former_host="node1")
    assert len(site.held()) == 2


def test_a_host_that_has_another_name_for_the_same_machine_is_said_to_be_renamed(make: t.Callable[[], Site]) -> None:
    site = make()
    site.module(_ipam_module.serve_claims, [{**asked("m", "p"), "host": "node1"}])
    words = "set machine_network_former_name: node1 for node2 where it was renamed"
    wanted = {**asked("m", "p"), "host": "node2"}
    with pytest.raises(IpamError, match=words):
        site.module(_ipam_module.serve_claims, [wanted])
    machines = [{"machine": "m", "host": "node2", "former_host": "node1"}]
    assert site.module(_ipam_module.serve_claims, [wanted], machines=machines)["claims"][0]["address"] == "10.0.0.10"
    assert site.module(_ipam_module.serve_claims, [wanted])["claims"][0]["host"] == "node2"


def test_another_pool_is_an_error_that_says_how_to_renumber(make: t.Callable[[], Site]) -> None:
    site = make()
    site.configure("node1", "node1", "p")
    words = (
        "claim node1-ip exists with an address from pool .*/p, but pool .*/q is requested: release it first .*"
        "or set machine_network_renumber: true"
    )
    with pytest.raises(IpamError, match=words):
        site.claim("node1", "q")
    result = site.claim("node1", "q", renumber=True, check=True)
    assert (result["changed"], result["msg"]) == (True, "would claim node1-ip.renumbering")
    assert site.held() == {"node1-ip": "10.0.0.10"}


def test_who_goes_back_in_the_middle_keeps_the_old_address(make: t.Callable[[], Site]) -> None:
    site = make()
    site.configure("node1", "node1", "p")
    claimed = site.claim("node1", "q", renumber=True)
    assert claimed["addresses"]["node1"]["ip"]["address"] == "10.0.1.10"
    assert claimed["held"]["node1"] == ["10.0.0.10", "10.0.1.10"]
    assert claimed["unused"] == []
    site.configure("node1", "node1", "p")
    assert site.held() == {"node1-ip": "10.0.0.10"}
    assert site.hosts == {"node1": "10.0.0.10"}


def test_the_old_address_stays_until_the_new_one_is_proved(make: t.Callable[[], Site]) -> None:
    site = make()
    site.configure("node1", "node1", "p")
    site.claim("node1", "q", renumber=True)
    result = site.module(_ipam_module.serve_claims, [asked("node1", "q")], state="renumbered")
    assert not result["changed"]
    assert site.held() == {"node1-ip": "10.0.0.10", "node1-ip.renumbering": "10.0.1.10"}


def test_a_third_pool_waits_until_the_second_is_reached(make: t.Callable[[], Site]) -> None:
    site = make()
    site.configure("node1", "node1", "p")
    site.claim("node1", "q", renumber=True)
    with pytest.raises(IpamError, match=r"is being renumbered to pool .*/q for key ip, but pool .*/r is requested"):
        site.claim("node1", "r", renumber=True)


def test_what_a_machine_does_not_ask_for_any_more_is_unused(make: t.Callable[[], Site]) -> None:
    """But for what another host, or no host, has under the same machine's name."""
    site = make()
    site.configure("node1", "node1", "p")
    more = [{**asked("node1", "p"), "key": "old"}, {**asked("node1", "q"), "key": "hand", "host": None}]
    site.module(_ipam_module.serve_claims, more)
    claimed = site.claim("node1", "p")
    assert [each["name"] for each in claimed["unused"]] == ["node1-old"]
    assert sorted(claimed["held"]["node1"]) == ["10.0.0.10", "10.0.0.11", "10.0.1.10"]
    site.configure("node1", "node1", "p")
    assert site.held() == {"node1-hand": "10.0.1.10", "node1-ip": "10.0.0.10"}


def test_a_key_that_ends_as_renumberings_do_is_refused(make: t.Callable[[], Site]) -> None:
    with pytest.raises(IpamError, match=r"the key ip\.renumbering ends with \.renumbering, which marks claims"):
        make().module(_ipam_module.serve_claims, [{**asked("node1", "p"), "key": "ip.renumbering"}])


def test_a_pool_whose_range_changes_gives_its_machines_new_addresses_whatever_kills_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pool keeps the old addresses until the last machine has left."""
    new = manifest("p", "10.0.0.50-10.0.0.99")
    numbers = itertools.count()

    def make() -> Site:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        return EmbeddedSite(folder, monkeypatch)

    def prepare(site: Site) -> None:
        site.configure("node1", "node1", "p")
        site.configure("node2", "node2", "p")
        with pytest.raises(
            IpamError, match="has the address 10.0.0.10, which pool .*/p does not have any more: .*renumber"
        ):
            site.claim("node1", "p", pools=[new])

    def run(site: Site) -> None:
        site.configure("node1", "node1", "p", pools=[new], renumber=True)
        assert site.held()["node2-ip"] == "10.0.0.11"

    def end(site: Site) -> None:
        assert site.held() == {"node1-ip": "10.0.0.50", "node2-ip": "10.0.0.11"}

    kill_at_every_step(make, prepare, run, end)
    site = make()
    prepare(site)
    for machine in ("node1", "node2"):
        site.configure(machine, machine, "p", pools=[new], renumber=True)
    assert site.held() == {"node1-ip": "10.0.0.50", "node2-ip": "10.0.0.51"}
    with site.opened() as backend:
        (stored,) = [state.pool for state in backend.list_pools("ns") if state.pool.reference.name == "p"]
    assert stored.addresses == ("10.0.0.50-10.0.0.99",)


def test_an_address_outside_of_a_pool_that_stays_as_it_is_stays_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A provider whose webhook was off took the smaller range."""
    site = ClusterSite(tmp_path, monkeypatch)
    site.configure("node1", "node1", "p")
    smaller = manifest("p", "10.0.0.50-10.0.0.99")
    with pytest.raises(IpamError, match=r"has the address 10\.0\.0\.10, which pool .*/p does not have any more"):
        site.claim("node1", "p", pools=[smaller])
    site.server.objects["inclusterippools"]["p"] = smaller
    assert not site.claim("node1", "p", pools=[smaller])["changed"]
    assert site.claim("node1", "p", pools=[smaller], renumber=True)["renumbering"]
