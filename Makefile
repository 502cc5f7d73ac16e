# Needs python3 (3.11 or later) and make; everything else comes from PyPI into .venv.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PROGRAMS := base v1 v2 v3 v3-balanced

.PHONY: setup prove evidence quick test nightly bench clean

setup: $(READY)

# Runs again only when what it installs has changed.
$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is older than 3.11; try make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	$(BIN)/python -m compileall -q verify
	$(BIN)/python -c 'from verify.syntax.grammar import keep_tables; keep_tables()'
	@touch $@

# Some of these programs are wrong on purpose: status 1, "refuted", is the right answer.
prove: $(READY)
	@$(BIN)/verify prove $(PROGRAMS:%=programs/%.bfp) --scenario reuse --proofs proofs || \
		[ $$? -eq 1 ]

# What is committed: a certificate for each program in each of its scenarios.
# Programs that are wrong on purpose have status 1 or 3; 2 and 4 stop it.
MAIN := $(wildcard programs/*.bfp)
HISTORY := $(wildcard programs/history/*.bfp)
MODELS := history/5.1@4.14 history/5.2@4.14 history/5.8@4.14 v3-balanced@6.14-whole \
	v3-balanced@6.14-count v3-identity@6.14-count base@6.14-remap

evidence: $(READY)
	rm -rf proofs/*
	@prove() { \
		echo "verify prove $$*"; \
		$(BIN)/verify prove "$$@" --proofs proofs --brief >/dev/null; status=$$?; \
		case $$status in 0|1|3) ;; *) exit $$status ;; esac; \
	}; \
	for file in $(MAIN) $(HISTORY); do prove $$file; done; \
	for pair in $(MODELS); do \
		prove programs/$${pair%@*}.bfp --model programs/model/$${pair#*@}.bfh; \
	done
	$(BIN)/verify dashboard --out programs/README.md

# For every save: each part by itself, no whole program.
quick: $(READY)
	$(BIN)/pytest -q --quick -n auto --dist worksteal

test: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q -n auto --dist worksteal

# An hour of other seeds; `make nightly MORE='--seed 7 --minutes 5'` repeats one.
nightly: $(READY)
	$(BIN)/python -m tests.nightly $(MORE)

bench: $(READY)
	$(BIN)/python benchmarks/bench.py

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
