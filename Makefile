# Every target prepares .venv by itself; nothing is needed but make and Python 3.11 or later.
# Paths are relative throughout, so that the folder may be called anything, spaces included.
.DEFAULT_GOAL := help
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory

# Another environment, activated in this shell, is none of our business.
unexport VIRTUAL_ENV
unexport PYTHONHOME
export UV_PROJECT_ENVIRONMENT := .venv

PY := .venv/bin/python
READY := .venv/.fluxa-ready
HOME_OF_VENV := .venv/.fluxa-home

# An environment knows its own path: after the folder was moved or copied it is made anew.
$(shell [ "$$(cat $(READY) 2>/dev/null)" = "$$(pwd -P)" ] || rm -f $(READY))

.PHONY: help setup dev demo test unit proofs integration e2e scale lint types fmt reference bundle bench clean

help: ## Show this list
	@sed -n 's/^\([a-z0-9]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'

setup: $(READY) ## Prepare .venv and the emulator's environment (every other target does so too)
	@echo "Ready: .venv holds $$($(PY) --version) and the locked dependencies."

dev: $(READY) ## Run all of Fluxa on this machine until Ctrl-C
	@exec .venv/bin/fluxa dev

demo: $(READY) ## Run it, send sample events, show where each ended, stop
	@exec .venv/bin/fluxa demo

test: $(READY) ## Everything that needs no cloud: lint, types, unit, proofs, integration, e2e
	@exec $(PY) -m tests.tiers

unit: $(READY) ## Unit and contract tests
	@exec $(PY) -m tests.tiers unit

proofs: $(READY) ## Every combination of toggles against every rule, without a cloud
	@exec $(PY) -m tests.tiers proofs

integration: $(READY) ## Tests against a real PostgreSQL and the emulator
	@exec $(PY) -m tests.tiers integration

e2e: $(READY) ## Tests through HTTP on a whole local platform
	@exec $(PY) -m tests.tiers e2e

scale: $(READY) ## Promises kept with millions of rows and a hundred thousand events; takes minutes, not part of test
	@exec $(PY) -m tests.tiers scale

lint: $(READY) ## Style, spelling and import borders
	@exec $(PY) -m tests.tiers lint

types: $(READY) ## mypy --strict
	@exec $(PY) -m tests.tiers types

fmt: $(READY) ## Format the code and repair what can be repaired
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

reference: $(READY) ## Write the generated pages in docs/reference anew
	@exec $(PY) -m fluxa.reference

bundle: $(READY) ## Build the Lambda zips into .fluxa/bundles
	@exec .venv/bin/fluxa bundle

bench: $(READY) ## Measure, and print one JSON object of ratios
	@exec $(PY) -m tests.benchmarks

clean: ## Remove .venv, caches and local state
	rm -rf .venv .fluxa .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .schemathesis dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The first suitable interpreter: $PYTHON, python3, then by version. Versions we test come first.
define FIND_PYTHON
works() { \
	"$$1" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= ('"$$2"'))' 2>/dev/null; \
}; \
python=; \
for newest in 3,14 3,99; do \
	for name in "$${PYTHON:-python3}" python3 python3.14 python3.13 python3.12 python3.11; do \
		if [ -z "$$python" ] && works "$$name" "$$newest"; then python=$$name; fi; \
	done; \
done; \
if [ -z "$$python" ]; then \
	found=$$(python3 --version 2>/dev/null || echo "no python3"); \
	echo "Fluxa needs Python 3.11 or later with the venv module, and found $$found: install one (on Debian and Ubuntu: python3 and python3-venv) or name it with 'make PYTHON=/path/to/python3'." >&2; \
	exit 1; \
fi
endef

# uv comes at the version of the lock file, from the package index that pip is configured for.
$(READY): pyproject.toml uv.lock
	@$(FIND_PYTHON); \
	home=$$(pwd -P); \
	if ! $(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| [ "$$(cat $(HOME_OF_VENV) 2>/dev/null || echo "$$home")" != "$$home" ]; then \
		echo "Preparing .venv with $$("$$python" --version) …"; \
		"$$python" -m venv --clear .venv; \
	fi; \
	wanted=$$(awk '/^name = "uv"$$/ { getline; gsub(/version = |"/, ""); print; exit }' uv.lock); \
	if [ "$$($(PY) -m uv --version 2>/dev/null | cut -d' ' -f2)" != "$$wanted" ]; then \
		$(PY) -m pip install --quiet --disable-pip-version-check "uv==$$wanted" \
			|| { echo "uv could not be installed: see pip's message above; is the package index reachable?" >&2; exit 1; }; \
	fi; \
	printf '%s' "$$home" > $(HOME_OF_VENV); \
	$(PY) -m uv sync --frozen --quiet --python .venv/bin/python \
		|| { echo "The locked dependencies could not be installed: see uv's message above." >&2; exit 1; }; \
	env -u PYTHONDONTWRITEBYTECODE $(PY) -m fluxa.local.preparation || exit 1; \
	printf '%s' "$$home" > $@
