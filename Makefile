# Two commands do everything: `make run` opens the desk, `make test` proves it.
SHELL := /bin/sh
.DEFAULT_GOAL := help
BIN := .venv/bin
PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
export UV_PYTHON_DOWNLOADS := never
export UV_LINK_MODE := copy
export UV_COMPILE_BYTECODE := true
export UV_SYSTEM_CERTS := true
export UV_NATIVE_TLS := true
unexport PYTHONDONTWRITEBYTECODE
export PIP_DISABLE_PIP_VERSION_CHECK := 1

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | sort

run: .venv/.run-ready  ## open the desk with demo content at http://127.0.0.1:8501
	@$(BIN)/triage serve --demo

serve: .venv/.run-ready  ## open the desk without demo content
	@$(BIN)/triage serve

test: .venv/.test-ready  ## install what the tests need and run them all
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy > .venv/types.txt 2>&1 & types=$$!; \
	$(BIN)/python -m slipcover -m pytest -p tests -n 2 --dist loadfile --no-loadscope-reorder; tests=$$?; \
	wait $$types; types=$$?; cat .venv/types.txt; exit $$(( tests | types ))

chaos: .venv/.test-ready  ## kill the desk at random points and count what was lost or sent twice
	@$(BIN)/python -m pytest -m chaos --timeout=3600 -o faulthandler_timeout=3700 tests/chaos -s

otlp: .venv/.test-ready .venv/.phoenix-ready  ## send a ticket's spans to a real trace server (Arize Phoenix) and compare
	@TRIAGE_PHOENIX=$(CURDIR)/.venv/phoenix/bin/python $(BIN)/python -m pytest -m collector tests/collector

bench: .venv/.test-ready  ## the whole flow beside a bare model loop
	@$(BIN)/python -m benchmarks.flow

bench-search: .venv/.test-ready  ## how well searches find, on the evaluation sets in TRIAGE_DATA, and how fast among 100,000 passages
	@$(BIN)/python -m benchmarks.search
	@$(BIN)/python -m benchmarks.search_scale

bench-search-scale: .venv/.test-ready  ## the second half of bench-search: time by stage, memory, size, a rebuild meanwhile
	@$(BIN)/python -m benchmarks.search_scale

bench-answerable: .venv/.test-ready  ## how well the desk knows what it cannot answer, on the sets in TRIAGE_DATA
	@$(BIN)/python -m benchmarks.answerability

bench-import: .venv/.test-ready  ## 10,000 articles imported at once: time, memory, and searches meanwhile
	@$(BIN)/python -m benchmarks.import_scale

bench-desk: .venv/.test-ready  ## the review desk with 100,000 and 1,000,000 tickets, and 25 reviewers at once
	@$(BIN)/python -m benchmarks.review_desk

bench-traces: .venv/.test-ready  ## what tracing costs: CPU a ticket with spans and without
	@$(BIN)/python -m benchmarks.tracing

bench-trust: .venv/.test-ready  ## guards, grounding and triage in figures, on the evaluation sets in TRIAGE_DATA
	@$(BIN)/python -m benchmarks.trust

bench-metrics: .venv/.test-ready  ## every metric against a generated year of 200,000 tickets, and how fast their screen opens
	@$(BIN)/python -m benchmarks.year

screenshots: .venv/.test-ready  ## draw the screenshots of README and docs anew
	@$(BIN)/python -m tests.browser.screenshots

clean:  ## remove the environment and the demo's data
	rm -rf .venv .uv .browser var

.uv/bin/uv:
	@$(PYTHON) -m venv .uv
	@.uv/bin/pip install --quiet uv

.venv/.run-ready: pyproject.toml uv.lock | $(if $(findstring .uv/,$(UV)),.uv/bin/uv)
	@$(UV) sync --frozen --inexact --no-dev --quiet --python $(PYTHON)
	@touch $@

.venv/.phoenix-ready: Makefile | .venv/.test-ready
	@$(UV) venv --quiet --clear --python $(PYTHON) .venv/phoenix
	@$(UV) pip install --quiet --python .venv/phoenix/bin/python "arize-phoenix>=20,<21"
	@touch $@

.venv/.test-ready: pyproject.toml uv.lock tests/browser/chromium.py | $(if $(findstring .uv/,$(UV)),.uv/bin/uv)
	@$(UV) sync --frozen --quiet --python $(PYTHON)
	@touch .venv/.run-ready
	@$(BIN)/python -m tests.browser.chromium
	@touch $@

.PHONY: help run serve test chaos otlp bench bench-search bench-search-scale bench-answerable bench-desk bench-import bench-metrics bench-traces bench-trust screenshots clean
