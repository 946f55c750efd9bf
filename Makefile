# Two commands do all the set-up: `make flow` and `make test`.
# They need Python 3.11 or newer, git and make; everything else is installed into .venv.

PYTHON ?= python3
UV_VERSION := 0.13.8
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
# Stands for "what uv.lock says is installed".
STAMP := $(VENV)/.installed

# Python keeps what it has compiled, also where the machine says otherwise: each command that is
# started would compile dbt again, which takes as long as all else it does to start.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help flow test lint types test-matrix test-old-projects bench clean

help:
	@echo "make flow         set up, then run the reference project on DuckDB"
	@echo "make test         set up, then lint, type-check and run all tests"
	@echo "make test-matrix  run the tests on each supported dbt-core version"
	@echo "make test-old-projects  run projects of the archived tool on each of them"
	@echo "make bench        time the engine against plain dbt and raw DuckDB"
	@echo "make clean        remove .venv and everything that runs produce"

$(UV):
	@command -v $(PYTHON) >/dev/null || \
		{ echo "fal needs Python 3.11 or newer, and there is no $(PYTHON); try make PYTHON=/path/to/python3" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "fal needs Python 3.11 or newer, and $(PYTHON) is older; try make PYTHON=python3.12" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "no virtual environment could be made; on Debian, install python3-venv" >&2; exit 2; }
	$(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(STAMP): pyproject.toml uv.lock | $(UV)
	@echo "Installing the locked dependencies into $(VENV) ..."
	UV_PROJECT_ENVIRONMENT=$(VENV) $(UV) sync --quiet --frozen --inexact --all-extras --python $(BIN)/python
	@touch $@

flow: $(STAMP)
	@$(BIN)/fal flow run
	@echo
	@echo "The tables are in fal_reference.duckdb. Where to look next:"
	@echo "  $(BIN)/fal-dbt show --select best_customers        the most valuable customers"
	@echo "  fal_scripts/jaffle_shop/customers_predicted_ltvs.py   the script that predicts"
	@echo "  models/jaffle_shop/ml/customers_predicted_ltvs.sql    its place in the DAG"
	@echo "  $(BIN)/fal models show driver_position             the model that another script trained"
	@echo "  target/fal_report.html                                what ran when, with plots and metrics"
	@echo "  $(BIN)/fal flow build                              the same with all data tests"

test: lint types
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

lint: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(STAMP)
	$(BIN)/mypy

test-matrix: $(STAMP)
	tests/matrix.sh 1.10
	tests/matrix.sh 1.11
	tests/matrix.sh 1.12

test-old-projects: $(STAMP)
	tests/matrix.sh 1.10 tests/e2e/test_old_projects.py
	tests/matrix.sh 1.11 tests/e2e/test_old_projects.py
	tests/matrix.sh 1.12 tests/e2e/test_old_projects.py

bench: $(STAMP)
	$(BIN)/python -m bench

clean:
	rm -rf $(VENV) target logs dbt_packages .mypy_cache .pytest_cache .ruff_cache .hypothesis
	rm -rf fal_reference.duckdb fal_reference.duckdb.wal fal_reference.duckdb.tmp fal_reference.duckdb.models dist .user.yml
