# Needs python3 (3.11 or later) and make; everything else comes from PyPI into .venv.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PROGRAMS := base v1 v2 v3 v3-balanced

.PHONY: setup prove test bench clean

setup: $(READY)

# Runs again only when what it installs has changed.
$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is older than 3.11; try make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	$(BIN)/python -m compileall -q verify
	$(BIN)/python -c 'from verify.syntax.parse import keep_tables; keep_tables()'
	@touch $@

# Some of these programs are wrong on purpose: status 1, "refuted", is the right answer.
prove: $(READY)
	@$(BIN)/verify prove $(PROGRAMS:%=programs/%.bfp) || [ $$? -eq 1 ]

test: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q

bench: $(READY)
	$(BIN)/python benchmarks/bench.py

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
