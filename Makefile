# Everything a newcomer types. `make` alone lists it. Needs make and Python 3.11 or newer; nothing else has to be installed.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$name >/dev/null 2>&1 && $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v $$name; break; }; done)
VENV := .venv
STAMP := $(VENV)/.installed
BIN := $(VENV)/bin
WORKERS ?= 2
ARGS ?=

.PHONY: help setup up test lint format fuzz audit storm chaos bench screenshots lock browser clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /  make \1\t/' | expand -t 20

setup: $(STAMP) ## the .venv with everything in it; nothing is started

$(STAMP): requirements.lock
	@.ci/install "$(PYTHON)" $(VENV) requirements.lock
	@touch $@

up: setup ## the whole app on http://127.0.0.1:8000, with a sandbox portal on http://localhost:8900
	@exec $(BIN)/python manage.py up $(ARGS)

test: setup browser ## every test, browser tests included (ARGS="-k name" narrows it)
	$(BIN)/pytest -n $(WORKERS) $(ARGS)

lint: setup ## style, types, directions between packages, migrations, system checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --config importlinter.toml --no-cache
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check

format: setup ## put imports and layout in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

storm: setup ## the long storm over documents: STORM="documents edits kills seed"
	STORM="$(or $(STORM),500 5000 20)" $(BIN)/pytest -n 0 -s tests/journeys/test_storm.py $(ARGS)

CHAOS ?= all
chaos: setup ## every step of both directions with everything that may go wrong: CHAOS="part of a fault × step", CHAOS_SEED, CHAOS_STRIKES
	CHAOS="$(CHAOS)" $(BIN)/pytest -n 0 -s tests/chaos/test_matrix.py $(if $(filter all,$(CHAOS)),tests/chaos/killing.py) $(ARGS)

FUZZ_SECONDS ?= 600
fuzz: setup ## try arbitrary files, archives and records for FUZZ_SECONDS (ten minutes)
	FUZZ_SECONDS=$(FUZZ_SECONDS) $(BIN)/pytest -n 0 -p no:cacheprovider tests/security/test_fuzz.py tests/security/test_fuzz_views.py $(ARGS)

audit: setup ## ask for known vulnerabilities of our dependencies (needs the network and uv)
	uvx pip-audit --requirement requirements.lock --disable-pip --require-hashes $(ARGS)

ONLY ?= latency $(filter-out latency _%,$(basename $(notdir $(wildcard benchmarks/*.py))))
bench: setup ## measure everything against its limit (ONLY=latency: one of benchmarks/; ARGS are for it)
	@missed=; for name in $(ONLY); do echo "== $$name"; $(BIN)/python -m benchmarks.$$name $(ARGS) || missed="$$missed $$name"; done; \
		if [ -n "$$missed" ]; then echo "a mark was missed:$$missed"; exit 1; fi

screenshots: setup browser ## take the pictures of docs/screenshots anew
	$(BIN)/pytest -n 0 -m screenshots $(ARGS)

browser: setup
	@.ci/browser $(BIN)

lock: ## pin every dependency anew, with hashes (needs uv)
	uv pip compile pyproject.toml --all-extras --generate-hashes --python-version 3.11 --universal --upgrade --custom-compile-command "make lock" -o requirements.lock $(ARGS)
	uv pip compile pyproject.toml --extra sentry --generate-hashes --python-version 3.11 --universal -c requirements.lock --custom-compile-command "make lock" -o requirements-production.lock $(ARGS)

clean: ## forget the .venv and the caches; data under .data stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis staticfiles
