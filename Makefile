# Every target sets up what it needs by itself; `make` alone lists them.
# ARGS passes options on: make demo ARGS="--seconds 30 --lots 100000", make test ARGS="-k deploy".

PYTHON_ENV := .venv/bin
SETUP_DONE := .venv/.setup-done
PACKAGES := $(foreach package,emulator harness loadtests,$(if $(wildcard $(package)/__init__.py),-p $(package)))
ARGS ?=
VARIANTS ?= float versioned level100
NO_VARIANTS := migrations old_way variants

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-variants test-clients stress test-float test-locks test-rows fuzz lint format docs bench serve lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(SETUP_DONE) ## Install everything needed (the other targets do it themselves)

$(SETUP_DONE): scripts/setup.sh requirements.lock pyproject.toml
	@scripts/setup.sh

demo: $(SETUP_DONE) ## Concurrent picks and putaways on an emulated SQL Server (or LOCKSTEP_DSN), with a verdict
	@$(PYTHON_ENV)/lockstep demo $(ARGS)

test: $(SETUP_DONE) ## Run the tests in parallel
	@$(PYTHON_ENV)/python -m pytest -n auto $(ARGS)

test-variants: $(SETUP_DONE) ## Run the database's tests on float quantities, at compatibility level 100, and other variants
	@set -e; for variant in $(VARIANTS); do \
	    echo "== $$variant"; \
	    LOCKSTEP_VARIANT=$$variant $(PYTHON_ENV)/python -m pytest -n auto tests/database \
	        $(NO_VARIANTS:%=--ignore tests/database/%) $(ARGS); \
	done

test-clients: $(SETUP_DONE) ## Install FreeTDS, jTDS, Node.js and its clients, and test with every client
	@scripts/setup.sh test-clients
	@LOCKSTEP_REQUIRE_CLIENTS=1 $(PYTHON_ENV)/python -m pytest -n auto tests/clients tests/harness/deploy/test_bundle.py $(ARGS)

test-float: $(SETUP_DONE) ## 100,000 random calls on float quantities leave exactly what decimal arithmetic gives
	@LOCKSTEP_FLOAT_CALLS=100000 $(PYTHON_ENV)/python -m pytest -n0 --timeout 0 tests/database/variants $(ARGS)

test-locks: $(SETUP_DONE) ## 10,000 calls in each of the rushes on one lot, line, run or bin: not one deadlock on the server
	@LOCKSTEP_LOCK_CALLS=10000 $(PYTHON_ENV)/python -m pytest -n auto --timeout 0 -rP --tb short \
	    tests/database/concurrency/test_rushes.py $(ARGS)

fuzz: $(SETUP_DONE) ## Look for inputs that break the emulator, FUZZ_SECONDS each way; finds stay in build/fuzz
	@scripts/fuzz.sh $(ARGS)

test-rows: $(SETUP_DONE) ## The rows that each procedure examines, with 1,000, 20,000 and 1,000,000 lots
	@LOCKSTEP_LOTS=1000000 $(PYTHON_ENV)/python -m pytest -n0 --timeout 0 -rP --tb short tests/database/test_rows_examined.py $(ARGS)

stress: $(SETUP_DONE) ## Random transactions at all isolation levels, in process and over the wire, and the checks of their histories
	@$(PYTHON_ENV)/python -m tests.emulator.histories.stress $(ARGS)

lint: $(SETUP_DONE) ## Check style, types and T-SQL
	@$(PYTHON_ENV)/ruff check .
	@$(PYTHON_ENV)/ruff format --check .
	@$(PYTHON_ENV)/mypy $(PACKAGES)
	@$(if $(wildcard database),$(PYTHON_ENV)/sqlfluff lint --processes 0 database,true)

format: $(SETUP_DONE) ## Format the Python code
	@$(PYTHON_ENV)/ruff check --fix-only --quiet .
	@$(PYTHON_ENV)/ruff format .

docs: $(SETUP_DONE) ## Write the reference pages: procedures and errors from the headers, the emulator's from its tests
	@$(PYTHON_ENV)/python -m harness.reference

bench: $(SETUP_DONE) ## Measure call rates and growth; writes build/bench.json
	@$(PYTHON_ENV)/python -m harness.bench $(ARGS)

serve: $(SETUP_DONE) ## Run the SQL Server emulator in the foreground
	@$(PYTHON_ENV)/lockstep serve $(ARGS)

lock: ## Write requirements.lock anew from pyproject.toml (ARGS=--upgrade moves versions)
	@scripts/lock.sh $(ARGS)

clean: ## Remove the environment, caches and build results
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
