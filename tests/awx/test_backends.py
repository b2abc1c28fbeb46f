# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs with the credential of each backend: slices at once, one that is cancelled, and the same addresses everywhere."""

from __future__ import annotations

import os
import time
import typing as t

import pytest

from tests.stages.part import Part

from .backends import BACKENDS, Maker, Store, started
from .test_jobs import HOSTS, World

if t.TYPE_CHECKING:
    from .job import Ended, Inventory, Site

# of several parts, each has one of the backends
_PART = Part.of(os.environ.get("PART") or "1/1")
_IN_TURN = [name for name, is_in in zip(BACKENDS, _PART.chooses([(name, True) for name in BACKENDS])) if is_in]
# seconds
_FIRST_CLAIM = 60.0


@pytest.fixture(scope="module", params=_IN_TURN)
def maker(request: pytest.FixtureRequest) -> t.Iterator[Maker]:
    """One of the backends, up."""
    if os.geteuid() != 0:
        pytest.skip("a job runs in namespaces of its own: run this as root")
    with started(request.param) as make:
        yield make


class Jobs(World):
    """Jobs with a credential for their claims."""

    def __init__(self, site: Site, store: Store) -> None:
        super().__init__(site)
        credential, self._store = store.credential, store
        self.options: dict[str, t.Any] = {
            "files": {f"tmp{name}": text for name, text in credential.files.items()},
            "environment": credential.environment,
            "injected": credential.variables,
            "volumes": store.volumes,
        }

    def inventory(self, *names: str, **variables: t.Any) -> Inventory:
        """The inventory in AWX, which names no backend."""
        return super().inventory(*names, machine_network_ipam_database=None, **variables)

    def claims(self) -> dict[str, str]:
        """Who holds what, where the jobs keep it."""
        return self._store.claims()

    def configure(self, *names: str) -> Ended:
        """One job, for all hosts or for some."""
        return self.run(inventory=self.inventory(*names), **self.options)


@pytest.fixture
def jobs(maker: Maker, site: Site) -> Jobs:
    return Jobs(site, maker(site))


def test_two_slices_at_once_claim_no_address_twice(jobs: Jobs) -> None:
    slices = jobs.site.slices(jobs.inventory(), jobs.template(**jobs.options), 2)
    assert [each.status for each in slices] == ["successful"] * 2, slices[0].output + slices[1].output
    claims = jobs.claims()
    assert sorted(claims) == list(HOSTS)
    assert len(set(claims.values())) == len(HOSTS)
    merged = {**slices[0].artifacts, **slices[1].artifacts}
    assert {each["host"]: each["addresses"]["ip"] for each in merged.values()} == claims
    again = jobs.configure()
    assert (again.status, any(again.changed.values()), jobs.claims()) == ("successful", False, claims), again.output


def test_a_job_that_is_cancelled_while_it_claims_and_launched_again_claims_nothing_twice(jobs: Jobs) -> None:
    first = jobs.site.job(jobs.inventory(), jobs.template(**jobs.options)).start()
    deadline = time.monotonic() + _FIRST_CLAIM
    while not jobs.claims():
        assert time.monotonic() < deadline, first.wait().output
        time.sleep(0.01)
    first.cancel()
    first.wait()
    before = jobs.claims()
    again = jobs.configure()
    assert again.status == "successful", again.output
    claims = jobs.claims()
    assert sorted(claims) == list(HOSTS)
    assert len(set(claims.values())) == len(HOSTS)
    assert claims.items() >= before.items()


def test_the_same_jobs_get_the_same_addresses_everywhere(jobs: Jobs) -> None:
    """With each backend the lowest address that is free, in the order of the jobs."""
    for number, name in enumerate(("node2", "node0", "node1")):
        ended = jobs.configure(name)
        assert ended.status == "successful", ended.output
        assert ended.artifacts[f"machine_network_of_{name}"]["addresses"] == {"ip": f"192.0.2.{200 + number}"}
    assert jobs.claims() == {"node2": "192.0.2.200", "node0": "192.0.2.201", "node1": "192.0.2.202"}
