# `make` alone lists the targets.
# A distribution's Python is optimised by profile; one that was built by hand or by pyenv mostly is not, and a fifth slower.
PYTHON ?= $(shell for one in /usr/bin/python3 python3; do \
	$$one -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$one; exit; }; done; echo python3)
VENV := .venv
BIN := $(VENV)/bin
SHELL := /bin/bash

.DEFAULT_GOAL := help
.PHONY: help ready test storm torture check bench up down fmt clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The stamp is newer than what it was made from, so nothing is installed twice.
$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "payaid needs Python 3.11 or newer: make PYTHON=/path/to/python3.11"; exit 2; }
	@echo "installing into $(VENV) (once; a minute or two)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@

ready: $(VENV)/.installed ## Set everything up and score the embedded stack: is it ready?
	@$(BIN)/payaidctl gate --profile ci; status=$$?; \
	case $$status in \
	  0) echo "make ready: READY" ;; \
	  3) echo "make ready: INCONCLUSIVE: nothing failed, and something could not be looked at (see above)" ;; \
	  *) exit $$status ;; \
	esac

test: $(VENV)/.installed ## Run the tests, on a real PostgreSQL, PgBouncer and Valkey of their own
	@$(BIN)/python -m pytest -n 2 --dist loadfile

storm: $(VENV)/.installed ## Kill workers, queue and API at random for two minutes, under 200 jobs a second
	@STORM_SECONDS=120 STORM_RATE=200 STORM_AWAY_S=30 $(BIN)/python -m pytest tests/jobs/test_storm.py -s -q

torture: $(VENV)/.installed ## Half an hour of load and faults, and a judge (MINUTES=30 SEED=...)
	@$(BIN)/python -m tests.torture --minutes $(or $(MINUTES),30) $(if $(SEED),--seed $(SEED))

check: $(VENV)/.installed ## Lint, types, import contracts, and the documents' parity with the code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/cli/test_reference.py

bench: $(VENV)/.installed ## Measure the request path against a bare server, side by side (needs wrk)
	@$(BIN)/python -m bench

up: $(VENV)/.installed ## Start the embedded stack
	@$(BIN)/payaidctl up

down: ## Stop the embedded stack; its data stay
	@$(BIN)/payaidctl down

fmt: $(VENV)/.installed ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Stop the stack, and remove it, the environment and all caches
	@test ! -x $(BIN)/payaidctl || $(BIN)/payaidctl down
	rm -rf $(VENV) .payaid .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
