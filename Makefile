.DEFAULT_GOAL := help
.PHONY: help run test demo load check lock lab bench bench-compare screenshots lighthouse test-faults

PYTHON ?= python3
PIPENV_VERSION := 2026.10.3
WAPITI_VERSION := 3.2.3
PIPENV := PIPENV_VENV_IN_PROJECT=1 PIPENV_IGNORE_VIRTUALENVS=1 PIPENV_VERBOSITY=-1 .pipenv/bin/pipenv
BIN := .venv/bin
FAULTS ?= long
IS_LONG := $(filter long,$(FAULTS))
# Both processors, a file on one of them; in the order of the tree, which has the slow ones first.
TEST := $(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/ready-to-run ## serve MovR on http://127.0.0.1:8000, with everything it needs; PORT=… elsewhere
	@DEBUG=$${DEBUG:-1} exec $(BIN)/python server.py

test: .venv/ready-to-test ## run all tests; TEST_DB_URI=… on that server; ONLY="tests/movr tests/web" some
	@$(BIN)/python -m tests.browser.chromium
	@$(TEST) $(ONLY)

test-faults: .venv/ready-to-test $(if $(IS_LONG),.wapiti/$(WAPITI_VERSION)) ## break what MovR stands on, and send it nonsense; FAULTS=short for minutes instead of an hour
	@FAULTS=$(FAULTS) $(BIN)/pytest -s tests/faults
	@FAULTS=$(FAULTS) $(BIN)/pytest -v -n auto tests/web/pages/test_hostile_input.py
	@$(if $(IS_LONG),$(BIN)/python -m tests.web.pages.scan)

demo: .venv/ready-to-run ## nine CockroachDB nodes, three regions; PLACEMENT=multi-region for the other way, or none
	@exec $(BIN)/python -m cluster

load: .venv/ready-to-test ## a crowd of riders on a MovR of its own; HEADLESS=1 RIDERS=200 SECONDS=120 without the web view
	@exec $(BIN)/python -m loadtest

lab: .venv/ready-to-run ## what distance does to each page, measured and drawn: docs/lab.html
	@exec $(BIN)/python -m bench.lab

bench: .venv/ready-to-run ## what each page costs, beside a floor; QUICK=1 to try it; ROWS="1000 100000 1000000" to see it grow
	@exec $(BIN)/python -m bench $(if $(QUICK),--quick) $(if $(ROWS),--rows $(ROWS))

bench-compare: .venv/ready-to-run ## the newest benchmark beside docs/bench.json; OLD=… NEW=… others
	@exec $(BIN)/python -m bench.compare $(if $(OLD),--old $(OLD)) $(if $(NEW),--new $(NEW))

screenshots: .venv/ready-to-test ## the pages as docs/screenshots shows them, and the pictures in static/
	@$(BIN)/python -m tests.browser.screenshots

lighthouse: .venv/ready-to-test ## Lighthouse's scores of the pages, from npm: docs/lighthouse.md
	@$(BIN)/python -m tests.browser.lighthouse

check: .venv/ready-to-test ## format, lint, types, layers, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.browser.chromium
	$(TEST) --cov
	@$(BIN)/coverage report --format=total >/dev/null || { echo "Coverage is below its floor."; exit 1; }

lock: .pipenv/bin/pipenv ## pin the newest versions that the Pipfile allows
	$(PIPENV) lock --categories "packages laptop tracing dev-packages"
	$(PYTHON) -c "import json, pathlib; path = pathlib.Path('Pipfile.lock'); \
	lock = json.loads(path.read_text()); lock['_meta']['sources'] = []; \
	path.write_text(json.dumps(lock, indent=4) + '\n')"

.pipenv/bin/pipenv:
	@echo "Preparing Python packages; this happens once and takes about a minute."
	@$(PYTHON) -m venv .pipenv
	@.pipenv/bin/pip install --quiet --disable-pip-version-check pipenv==$(PIPENV_VERSION)

# Apart from .venv, because it pins other versions of much that is there; all of its own it pins.
.wapiti/$(WAPITI_VERSION):
	@echo "Preparing wapiti $(WAPITI_VERSION), which runs on Python 3.10 to 3.12."
	@$(PYTHON) -m venv --clear .wapiti
	@.wapiti/bin/pip install --quiet --disable-pip-version-check wapiti3==$(WAPITI_VERSION)
	@touch $@

.venv/ready-to-run: Pipfile.lock | .pipenv/bin/pipenv
	@$(PIPENV) sync --categories "packages laptop"
	@touch $@

.venv/ready-to-test: .venv/ready-to-run
	@$(PIPENV) sync --categories "tracing dev-packages"
	@touch $@
