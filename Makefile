# Everything is done through these targets; each does the set-up it needs. `python3` (3.11 or later) and `make` are all they assume.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.set-up

.PHONY: setup demo run test test-contracts test-acceptance check format lint types imports rules generated crash test-machines nightly test-postgres test-networks test-real test-editor bench wheel lock clean

setup: $(STAMP)  ## the environment in .venv, exactly as locked

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Earnest needs Python 3.11 or later; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv module is missing; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "No environment could be made in .venv; why stands above. Move what is there out of the way, and try again."; exit 1; }
	@echo "Setting up .venv, once, exactly as locked; this takes a minute or two."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q listener responders  # a first command, and one where Python may write nothing, starts as fast as any
	@touch $(STAMP)

demo: setup  ## the whole street at work, with no account
	$(BIN)/earnest demo

run: setup  ## the daemon, by rules.yaml
	$(BIN)/earnest run

# The tests that need nothing but this machine, on all its cores. What every source and channel must do is test-contracts, the whole program
# test-acceptance, a store on a server test-postgres.
test: setup  ## what it promises, checked
	$(BIN)/python -m pytest -n auto -m "not on_a_server" --ignore=tests/acceptance --ignore=tests/contracts

test-contracts: setup  ## what every source and channel must do, each against a server on loopback that misbehaves on command; and a store in a file
	$(BIN)/python -m pytest -n auto -m "not on_a_server" tests/contracts

test-acceptance: setup  ## the whole program in processes and terminals of its own, as people run it: the first hour, two daemons, restarts
	$(BIN)/python -m pytest -n auto tests/acceptance

check: setup format lint types imports test rules generated  ## the quick part of what must hold for every change; all of it is .ci/run

format: setup
	$(BIN)/ruff format --check

lint: setup
	$(BIN)/ruff check

types: setup
	$(BIN)/mypy

imports: setup
	$(BIN)/lint-imports

rules: setup
	$(BIN)/earnest rules check rules.yaml
	$(BIN)/earnest rules test rules.yaml

generated: setup  ## files made from the code are as the code would make them now
	$(BIN)/earnest rules schema | diff -u data/rules.schema.json -
	$(BIN)/python docs/commands.py | diff -u docs/commands.md -

crash: setup  ## at most once: the sender ended at every step, on networks that lie in every way we know of
	$(BIN)/python -m tests.crash

test-machines: setup  ## several daemons on one PostgreSQL store, while machines, the database and the network fail; it brings its own server
	$(BIN)/python -m tests.machines

# For a machine that has two hours at night: three deaths in one history, 1,000 processes killed at random moments, 5,000 rules with slips,
# 5,000 replies under way while 20 machines are killed.
nightly: setup
	$(BIN)/python -m tests.crash --nightly
	$(BIN)/python -m tests.machines --replies 5000 --kills 20
	HISTORIES=10000 $(BIN)/python -m pytest tests/unit/test_promises_machine.py
	MUTANTS=5000 $(BIN)/python -m pytest tests/unit/test_rules_mutated.py

# What is asked of a store in every corner of the program; the server is one that a wheel brings along, or with
# EARNEST_TEST_POSTGRES=/usr/lib/postgresql/15/bin that of a folder of programs.
ON_A_SERVER = $(wildcard tests/contracts/test_store_*.py) tests/contracts/test_deciding_together.py tests/unit/test_moving.py
ON_POSTGRES = $(patsubst %,tests/unit/test_%.py,aftermath brakes cli_deciding cli_looking clocks competitors correcting deadlines dispatch \
	erased erased_over_time following incidents_told kept_clock lately lowering new_terms outbox rejudging several_sources shadows storms \
	telling terms_gone)

test-postgres: setup  ## the contract of stores, and every ledger, on a real PostgreSQL server
	$(BIN)/python -m pytest -n auto -m on_a_server $(ON_A_SERVER)
	EARNEST_TEST_STORE=postgres $(BIN)/python -m pytest -n auto -m "not in_a_file" $(ON_POSTGRES)

# Bluesky's own server code with its rate limiter on, and what Mastodon, Reddit and X (with X_TRAFFIC) once answered. Whoever has run
# test-contracts may leave the contracts out: make test-networks CONTRACTS=
CONTRACTS = tests/contracts
X_TRAFFIC ?=

test-networks: setup  ## every source and channel: its contract, the network's recorded traffic, Bluesky's own server code
	tests/real/bluesky/install.sh
	@$(if $(X_TRAFFIC),,echo "X is not held against its own description and recorded traffic; to do so: make test-networks X_TRAFFIC=/path/to/folder")
	X_TRAFFIC=$(X_TRAFFIC) $(BIN)/python -m pytest -vv $(CONTRACTS) tests/real --ignore=tests/real/editor $(if $(X_TRAFFIC),,--ignore=tests/real/x)

test-real: setup  ## the same without the contracts: against real servers and recorded traffic only
	$(MAKE) test-networks CONTRACTS=

test-editor: setup  ## rules.yaml in the YAML language server that editors use: what it completes, explains and marks
	tests/real/editor/install.sh
	$(BIN)/python -m pytest -vv tests/real/editor

# All of it takes some 25 minutes; parts of it, or small sizes: make bench PARTS="street latency"    make bench PARTS=--quick
PARTS ?=

bench: setup  ## the figures, one JSON line each, and on a terminal a table of them
	$(BIN)/python bench/run.py $(PARTS)

wheel: setup
	$(BIN)/python -m hatchling build -t wheel

lock: setup  ## write requirements.lock anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 --all-extras --group dev pyproject.toml --output-file requirements.lock

clean:
	rm -rf .venv .devnet dist build .mypy_cache .ruff_cache .hypothesis .import_linter_cache
