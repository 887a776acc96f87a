# Everything a developer or a reader runs. `make demo` and `make test` work on a machine that has only Python 3.11+ and make.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_DAY := 2025-06-01
STAMP := $(VENV)/.ready
REFEREE := tests/cql/engine

help: ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

$(STAMP): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Linewise needs Python 3.11 or newer; name it with make PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

setup: $(STAMP) ## make .venv with everything

demo: setup ## print the plan of an example person, and write it as a page
	@mkdir -p demo
	@$(BIN)/linewise plan examples/anna.json --region EU --as-of $(DEMO_DAY)
	@$(BIN)/linewise plan examples/anna.json --region EU --as-of $(DEMO_DAY) --format html > demo/anna.html
	@echo; echo "The same plan as a page: demo/anna.html"

test verify guards bench: export PYTHONDONTWRITEBYTECODE = # many tests start the program anew: what is compiled once is kept, whatever the machine says

test: setup ## style, types, knowledge, tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/linewise knowledge check --quiet
	$(BIN)/python -m pytest -n auto --dist worksteal

verify: setup ## the long suites: every clause and every mutant of the knowledge, large generated cohorts, properties on examples of their own
	$(BIN)/python -m pytest -n auto -m "slow or hypothesis" --hypothesis-profile=verify --override-ini addopts="-q --strict-markers"

$(REFEREE)/node_modules/.package-lock.json: $(REFEREE)/package-lock.json
	cd $(REFEREE) && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
	@touch $@

referee: $(REFEREE)/node_modules/.package-lock.json ## the CQL engines that some tests compare with; needs node and npm

pairs: setup ## after a change of the medicine: the records that prove every clause, and docs/mutation.md
	PYTHONPATH=tests/knowledge $(BIN)/python -m make_pairs

guards: setup ## break each guard of docs/hazards.md in a copy of the code: its tests must notice
	$(BIN)/python scripts/guards.py

bench: setup ## measure, as medians with spread; docs/performance.md explains
	$(BIN)/python -m benchmarks

lock: ## write requirements.lock anew from pyproject.toml, with the hash of every file
	$(BIN)/python -m uv pip compile --quiet --generate-hashes --group dev --extra cohort --extra omop --extra spark --extra survival --extra web --extra read --extra clinic --extra telemetry --extra pdf --python-version 3.11 --universal --no-header --output-file requirements.lock pyproject.toml

clean: ## remove what can be made again
	rm -rf $(VENV) build dist demo .mypy_cache .ruff_cache .pytest_cache .hypothesis

.PHONY: help setup demo test verify referee pairs guards bench lock clean
