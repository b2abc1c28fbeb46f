# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later

.DEFAULT_GOAL := help
.PHONY: help demo docs-site test test-online test-cold bench-nodes bench-claims bench-memory bench-pools bench-report bench-lookups bench-scale nodes-up nodes-down cluster-up cluster-down molecule-down build release-check clean prepare requirements
N ?= 3
SUITE ?= bookworm
ROUNDS ?= 3
LOOP ?= 20
PROVIDER ?= 1.1
IPAM ?= embedded
BACKEND ?= embedded
TASK ?= raw
export TESTBED_SUITE = $(SUITE)
export IPAM
NODES := python3 -m tests.testbed.nodes

help: ## list the targets
	@grep -hE '^[a-z.%-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-16s %s\n", $$1, $$2}'

demo: ## claim, configure, report and reset on three real NetworkManager nodes (needs root; IPAM=cluster: from a real control plane)
	@python3 -m tests.testbed.demo

docs-site: ## build the documentation site, strict and offline: plugins, roles, guides and changelog as HTML
	@python3 -m tests.stages docs-site

test: ## run every check, one line per stage (needs root for the nodes and the virtual machines)
	@python3 -m tests.stages

test-%: ## run one stage alone (nodes, keyfiles, faults, reboot and renumber with SUITE=bookworm or trixie): test-unit test-older-python test-unit-2.16 test-unit-2.21 test-nodes test-keyfiles (FUZZ=1000) test-faults test-reboot test-renumber (NODES=20 KILLS=20) test-cluster test-cluster-1.0 test-cluster-faults (RUNS=5) test-awx test-postgresql (SEED=1) test-molecule (IPAM=cluster ANSIBLE_CORE=2.16) test-fuzz (FUZZ=10000) test-zizmor test-sanity (ANSIBLE_CORE=2.16) test-lint test-galaxy-importer test-ruff test-format test-mypy test-docs test-reuse test-changelog
	@python3 -m tests.stages $*

test-online: ## prove what needs the internet: checksums of the releases that the roles install, and nmc against its stand-in
	@$$(python3 -c 'from tests.stages import machine; print(machine.environment("test") / "bin/python")') -m tests.online

test-cold: ## run the demo on both backends, make prepare and one test of each stage with empty caches (needs root, Go and Rust; 40 minutes)
	@python3 -m tests.stages.cold

requirements: ## lock the Python requirements of the tests, with their checksums, from tests/requirements/*.in (UPGRADE=1: take the newest)
	@python3 -m tests.stages.requirements $(if $(UPGRADE),--upgrade)

prepare: ## only install what the tests need
	@python3 -m tests.stages --prepare

bench-nodes: ## compare a push with a ping, with bare ssh and with other modules (needs root; ROUNDS=3 NAT=1)
	@python3 -m tests.benchmark.nodes --rounds $(ROUNDS) --suite $(SUITE) $(if $(NAT),--nat)

bench-claims: ## compare claims with the floor of the API and with kubernetes.core (needs root and Go; ROUNDS=3 LOOP=20)
	@python3 -m tests.stages.bench_claims --rounds $(ROUNDS) --loop $(LOOP) --provider $(PROVIDER)

bench-memory: ## measure the module process at 5,000 claims (needs root and Go; takes some minutes)
	@python3 -m tests.stages.bench_claims --memory 5000

bench-report: ## measure a report for 500 and 5,000 machines (ROUNDS=3 BACKEND=embedded; kubernetes needs root and Go)
	@python3 -m tests.stages.bench_many report --rounds $(ROUNDS) --backend $(BACKEND)

bench-lookups: ## compare a play with lookups with one that has literal addresses (ROUNDS=3 BACKEND=embedded TASK=raw; some minutes)
	@python3 -m tests.stages.bench_many lookups --rounds $(ROUNDS) --backend $(BACKEND) --task $(TASK)

bench-scale: ## measure how all parts grow with the number of hosts (PART="report check" HOSTS="500 5000" REAL="20 100" BACKEND=postgresql)
	@python3 -m tests.stages.bench_many scale --backend $(BACKEND) $(if $(PART),--part $(PART)) $(if $(HOSTS),--hosts $(HOSTS)) $(if $(REAL),--nodes $(REAL))

bench-pools: ## measure large and hostile pools, configurations and files: processor time and memory, for one and for twice the size
	@python3 -m tests.benchmark.pools

nodes-up: ## boot N=3 test nodes, SUITE=bookworm or trixie (needs root)
	@python3 -c 'from tests.stages import machine; machine.install(machine.NODE_PACKAGES)'
	@$(NODES) up $(N) --suite $(SUITE)

nodes-down: ## end the test nodes and remove all that is theirs
	@$(NODES) down

cluster-up: ## start a real control plane with Cluster API's IPAM (needs root and Go; PROVIDER=1.1 or 1.0)
	@python3 -c 'from tests.stages import machine; machine.install(machine.CLUSTER_PACKAGES)'
	@python3 -m tests.testbed.controlplane up --provider $(PROVIDER)

cluster-down: ## end the control plane and remove all that is its
	@python3 -m tests.testbed.controlplane down

molecule-down: ## end the virtual machines of molecule and remove all that is theirs
	@cd extensions/molecule && python3 -m testbed down

build: ## build the collection's tarball
	@galaxy=$$(python3 -c 'from tests.stages import machine; print(machine.environment("test") / "bin/ansible-galaxy")' | tail -n 1) \
	  && $$galaxy collection build --force

release-check: ## compare TAG=0.1.0 with the version in galaxy.yml and with the changelog
	@$$(python3 -c 'from tests.stages import machine; print(machine.environment("test") / "bin/python")' | tail -n 1) -m tests.stages.release $(TAG)

clean: ## remove what the tests and the demo keep in the cache
	@rm -rf "$${XDG_CACHE_HOME:-$$HOME/.cache}/elemental-networking"
