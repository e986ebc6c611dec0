.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.clvmodels
PEERS := .venv-bench

# Pictures are drawn without a screen.
export MPLBACKEND := Agg

.PHONY: help setup demo test slow lint types arch docs site bench notebooks clean

help: ## list these targets
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):[^#]*## /\1|/' | awk -F'|' '{ printf "  make %-10s %s\n", $$1, $$2 }'

setup: $(STAMP) ## build .venv from pyproject.toml and constraints.txt

demo: $(STAMP) ## run the whole job on CDNOW and leave its report in clv-demo/
	$(BIN)/clv demo --out clv-demo

test: $(STAMP) ## run the tests that take less than a few seconds each
	$(BIN)/pytest -n 2 -m "not slow and not bayes and not spark"

slow: $(STAMP) ## run the other tests: slow ones, samplers, Spark
	$(BIN)/pytest -n 2 -m "slow or bayes or spark"

lint: $(STAMP) ## check style, format and spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell

types: $(STAMP) ## check types
	$(BIN)/mypy

arch: $(STAMP) ## check who imports whom, and the rules of the house
	$(BIN)/lint-imports
	$(BIN)/pytest tests/architecture

docs: $(STAMP) ## run the examples of the docstrings and of the README
	$(BIN)/pytest --doctest-modules clvmodels tests/architecture/test_readme.py
	$(BIN)/python docs/make_tables.py --check

site: $(STAMP) ## build the documentation site into build/site; every warning is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

# The peers hold NumPy and PyMC back, so they share an environment of their own with clvmodels.
bench: $(STAMP) ## time clvmodels against other libraries (about half an hour)
	[ -d $(PEERS) ] || $(BIN)/python -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	$(PEERS)/bin/python -m pip install --quiet --editable ".[bayes]" --group bench
	$(PEERS)/bin/python -m benchmarks

notebooks: $(STAMP) ## run every notebook from top to bottom
	$(BIN)/pytest --nbmake --nbmake-timeout=600 notebooks

clean: ## remove .venv, caches and what was built or written
	rm -rf $(VENV) $(PEERS) build dist out clv-demo clv-run .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The first Python that runs and is new enough: a name on the PATH may be a shim with nothing behind it.
# An environment that still runs is brought up to date, not built anew.
WHERE_IF_NEW_ENOUGH := import sys; print(sys.executable if sys.version_info >= (3, 12) else sys.exit(1))

$(STAMP): pyproject.toml constraints.txt
	@set -e; \
	python=; \
	for name in python3.13 python3.14 python3.12 python3 python; do \
	    python=$$("$$name" -c "$(WHERE_IF_NEW_ENOUGH)" 2>/dev/null) && break || true; \
	done; \
	if [ -z "$$python" ]; then \
	    echo "clvmodels needs Python 3.12 or newer, and none was found on the PATH: install one, then run this again." >&2; \
	    exit 1; \
	fi; \
	$(BIN)/python -c "$(WHERE_IF_NEW_ENOUGH)" >/dev/null 2>&1 || rm -rf $(VENV); \
	echo "Filling $(VENV); it takes a minute or two the first time."; \
	if uv --version >/dev/null 2>&1; then \
	    [ -d $(VENV) ] || uv venv --quiet --python "$$python" $(VENV); \
	    uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable ".[bayes]" --group dev; \
	else \
	    "$$python" -m venv $(VENV); \
	    $(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"; \
	    $(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[bayes]" --group dev; \
	fi; \
	touch $@
