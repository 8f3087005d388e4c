.DEFAULT_GOAL := help
.PHONY: help run test demo load check lock messages lab drill bench bench-compare screenshots lighthouse test-faults audit

PYTHON ?= python3
PIPENV_VERSION := 2026.10.3
WAPITI_VERSION := 3.2.3
PIP_AUDIT_VERSION := 2.10.1
PIPENV := PIPENV_VENV_IN_PROJECT=1 PIPENV_IGNORE_VIRTUALENVS=1 PIPENV_VERBOSITY=-1 .pipenv/bin/pipenv
BIN := .venv/bin
FAULTS ?= long
IS_LONG := $(filter long,$(FAULTS))
COV ?= --cov
# Their short forms are tests of `make test`.
API_FAULTS := tests/web/api/v1/test_hostile_json.py tests/web/api/v1/test_schemathesis.py
# Run on all processors, one test file on one of them, in the order of the tree: slow files come first.
TEST := $(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/ready-to-run ## serve MovR on http://127.0.0.1:8000, with a database and demo data; PORT=… for another port
	@DEBUG=$${DEBUG:-1} PAYMENTS=$${PAYMENTS-$$([ $${DEBUG:-1} = 1 ] && echo fake)} exec $(BIN)/python server.py

test: .venv/ready-to-test ## run all tests; TEST_DB_URI=… for another server; ONLY="tests/movr tests/web" for a part
	@$(BIN)/python -m tests.browser.chromium
	@$(TEST) $(ONLY)

test-faults: .venv/ready-to-test $(if $(IS_LONG),.wapiti/$(WAPITI_VERSION)) ## inject faults and send hostile input; FAULTS=short for minutes instead of an hour
	@FAULTS=$(FAULTS) $(BIN)/pytest -s tests/faults
	@FAULTS=$(FAULTS) $(BIN)/pytest -v -n auto tests/web/pages/test_hostile_input.py $(if $(IS_LONG),$(API_FAULTS))
	@$(if $(IS_LONG),$(BIN)/python -m tests.web.pages.scan)

demo: .venv/ready-to-run ## run nine CockroachDB nodes in three regions; PLACEMENT=multi-region or none for another placement
	@exec $(BIN)/python -m cluster

load: .venv/ready-to-test ## run simulated riders on a separate MovR; HEADLESS=1 RIDERS=200 SECONDS=120 without the web view
	@exec $(BIN)/python -m loadtest

lab: .venv/ready-to-run ## measure each page by distance to its database: docs/lab.html
	@exec $(BIN)/python -m bench.lab

drill: .venv/ready-to-test ## kill a region's app, then the database (a node, with COCKROACH=…), under simulated riders: docs/drill.svg
	@exec $(BIN)/python -m bench.drill

bench: .venv/ready-to-run ## measure each page and its floor; QUICK=1 for a trial; ROWS="1000 100000 1000000" for growing databases
	@exec $(BIN)/python -m bench $(if $(QUICK),--quick) $(if $(ROWS),--rows $(ROWS))

bench-compare: .venv/ready-to-run ## compare the newest benchmark with docs/bench.json; OLD=… NEW=… for others
	@exec $(BIN)/python -m bench.compare $(if $(OLD),--old $(OLD)) $(if $(NEW),--new $(NEW))

screenshots: .venv/ready-to-test ## make the screenshots in docs/screenshots and the pictures in static/
	@$(BIN)/python -m tests.browser.screenshots

lighthouse: .venv/ready-to-test ## measure the pages with Lighthouse, from npm: docs/lighthouse.md
	@$(BIN)/python -m tests.browser.lighthouse

check: .venv/ready-to-test ## check format, lint, types, layers and tests; COV= without their coverage
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.browser.chromium
	$(TEST) $(COV)
	@$(if $(COV),$(BIN)/coverage report --format=total >/dev/null || { echo "Coverage is below its floor."; exit 1; })

# --strict: a package that cannot be looked up is an error, and not one without vulnerabilities.
audit: .pipenv/bin/pipenv .audit/$(PIP_AUDIT_VERSION) ## look up the image's packages in the database of known vulnerabilities, osv.dev
	@$(PIPENV) requirements --hash --categories "packages tracing" > .audit/requirements.txt
	@.audit/bin/pip-audit --strict --vulnerability-service osv --disable-pip --require-hashes -r .audit/requirements.txt

# Sentences that no code uses any more leave the catalogues; new ones come in untranslated.
messages: .venv/ready-to-run ## write new sentences to the catalogues in translations/, and compile these
	@$(BIN)/pybabel --quiet extract --mapping-file=pyproject.toml --keywords="gettext_noop ngettext_noop:1,2" \
		--add-location=file --sort-by-file --no-wrap --project=MovR --version="" --copyright-holder=MovR \
		--output-file=translations/messages.pot movr web templates
	@$(BIN)/pybabel --quiet update --input-file=translations/messages.pot --output-dir=translations \
		--no-fuzzy-matching --ignore-obsolete --no-wrap --ignore-pot-creation-date
	@$(BIN)/pybabel --quiet compile --directory=translations --statistics
	@rm translations/messages.pot

# Without pip's configuration files: Pipenv's hash contains their indexes, and a `pipenv install`
# elsewhere would take the lock for outdated.
lock: .pipenv/bin/pipenv ## write the newest versions that the Pipfile allows to Pipfile.lock
	PIP_CONFIG_FILE=/dev/null $(PIPENV) lock --categories "packages laptop tracing dev-packages"
	$(PYTHON) -c "import json, pathlib; path = pathlib.Path('Pipfile.lock'); \
	lock = json.loads(path.read_text()); lock['_meta']['sources'] = []; \
	path.write_text(json.dumps(lock, indent=4) + '\n')"

.pipenv/bin/pipenv:
	@echo "Preparing Python packages; this happens once and takes about a minute."
	@$(PYTHON) -m venv .pipenv
	@.pipenv/bin/pip install --quiet --disable-pip-version-check pipenv==$(PIPENV_VERSION)

# Separate from .venv, because wapiti pins other versions of packages that MovR uses.
.wapiti/$(WAPITI_VERSION):
	@echo "Preparing wapiti $(WAPITI_VERSION), which runs on Python 3.10 to 3.12."
	@$(PYTHON) -m venv --clear .wapiti
	@.wapiti/bin/pip install --quiet --disable-pip-version-check wapiti3==$(WAPITI_VERSION)
	@touch $@

.audit/$(PIP_AUDIT_VERSION):
	@$(PYTHON) -m venv --clear .audit
	@.audit/bin/pip install --quiet --disable-pip-version-check pip-audit==$(PIP_AUDIT_VERSION)
	@touch $@

.venv/ready-to-run: Pipfile.lock | .pipenv/bin/pipenv
	@$(PIPENV) sync --categories "packages laptop"
	@touch $@

.venv/ready-to-test: .venv/ready-to-run
	@$(PIPENV) sync --categories "tracing dev-packages"
	@touch $@
