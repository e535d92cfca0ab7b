# Each target sets up what it needs in .venv, from nothing.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test check bench soak conformance clean

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(STAMP): pyproject.toml
	@echo "==> setting up $(VENV) with streamcore and its development tools"
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,images]'
	@touch $@

demo: $(STAMP) ## a tour: real flights through a stream, then the labs of AWS's tutorials
	@echo "==> demo: a month of flights through a four-shard stream, then the labs"
	@$(BIN)/python -m examples

test: $(STAMP) ## the whole test suite
	@echo "==> tests"
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m 'not soak and not conformance'

check: $(STAMP) ## lint, format, strict types, import rules
	@echo "==> ruff"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@echo "==> mypy --strict"
	@$(BIN)/mypy
	@echo "==> import-linter"
	@$(BIN)/lint-imports

bench: $(STAMP) ## every named workload, medians of interleaved runs
	@echo "==> bench"
	@$(BIN)/python -m bench all

soak: $(STAMP) ## long, bounded runs: kill -9 in a loop, memory, fuzzing
	@echo "==> soak"
	@$(BIN)/python -m pytest -m soak --timeout 3600

conformance: $(STAMP) ## real clients of other ecosystems, as far as the machine has them
	@echo "==> conformance"
	@$(BIN)/python -m pytest -m conformance --timeout 1800

clean: ## remove .venv and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
