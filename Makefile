# lazulite: `make run` shows it working, `make test` checks it. Needs Python 3.11+, git and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SEED ?= $(shell date +%s)

.PHONY: help install run lint format test test-all soak bench clean

help: ## What can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

install: $(VENV)/.installed ## Make .venv ready to run and to test

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=..."; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group dev --editable .
	@touch $@

run: install ## Start `lazulite demo` and print the address and a first answer
	$(BIN)/lazulite demo

lint: install ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: install ## Let ruff format and fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: install ## Unit and end to end, under 8 minutes; skips are counted and named
	$(BIN)/pytest -n 2 -m "not long"

test-all: install ## Everything, fewer rounds of the long suites, a new seed; a missing server fails
	LAZULITE_SERVERS=required LAZULITE_SEED=$(SEED) $(BIN)/pytest
	LAZULITE_SEED=$(SEED) $(BIN)/lazulite demo --once

soak: install ## The full counts of the long suites
	LAZULITE_SERVERS=required LAZULITE_SOAK=1 LAZULITE_SEED=$(SEED) $(BIN)/pytest -m "long or not long"

bench: install ## Figures side by side; each prints one table and a ratio
	$(BIN)/python -m bench

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache build dist
