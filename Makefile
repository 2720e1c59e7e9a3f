# HSM Portal. `make help` lists what can be done; Python 3.11 or newer, git and make are all that is needed.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PORT ?= 8000
SIMULATOR_PORT ?= 8800
SEEDS ?= 4
JOBS ?= 1
RECIPIENTS ?= 5000
FIRST ?= 1
PATIENCE ?= 1
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; done)

# Type checkers and system checks read the settings, which name what they need; nothing here is ever connected to.
CHECK_ENV := DATABASE_URL=postgres://nobody@127.0.0.1:1/none REDIS_URL=redis://127.0.0.1:1/0 \
	SECRET_KEY=nothing-is-ever-signed-with-this-key-it-is-only-long-enough-0123456789 \
	CREDENTIALS_KEYS=dGVzdHMtb25seS1rZXktdGVzdHMtb25seS1rZXktMzI= ALLOWED_HOSTS=portal.example DEBUG=false SECURE=true

.DEFAULT_GOAL := help
.PHONY: help venv demo test bench chaos chaos-history check format messages lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv: $(READY) ## Make .venv with everything the other targets need

$(READY): requirements/dev.txt
	@test -n "$(PYTHON)" || { echo "HSM Portal needs Python 3.11 or newer, and there is none here (PYTHON=... names one)." >&2; exit 1; }
	"$(PYTHON)" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet "$$(sed -n 's/^\(uv==[^ ;]*\).*/\1/p' requirements/dev.txt)"
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip sync --quiet --require-hashes --compile-bytecode requirements/dev.txt
	@touch $(READY)

demo: $(READY) ## Run the whole portal with sample data (PORT=8000); Ctrl-C stops it, the data stays
	@exec $(BIN)/python -m hsm_portal.demo --port $(PORT) --simulator-port $(SIMULATOR_PORT)

test: $(READY) ## Run all tests, browser tests included
	@$(BIN)/python -m tests.chromium
	@# Four at once, because they mostly wait. What failed is run once more by itself: some tests watch clocks and real processes,
	@# and the others beside them may have had the machine.
	$(BIN)/python -m pytest -n 4 --dist worksteal $(PYTEST) || \
		$(BIN)/python -m pytest --last-failed --last-failed-no-failures none $(PYTEST)

bench: $(READY) ## Measure what the portal can do, one JSON line a figure (SCALE=0.02 is a short run, ONLY=dispatch one part, INBOX_DATA=folder keeps the rows of inbox)
	@$(BIN)/python -m bench

chaos: $(READY) ## Campaigns under random faults, proven (SEED=17, or SEEDS=200 FIRST=1 JOBS=4; RECIPIENTS=5000)
	@$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED),--first $(FIRST) --seeds $(SEEDS)) \
		--jobs $(JOBS) --recipients $(RECIPIENTS) --patience $(PATIENCE)

chaos-history: $(READY) ## All seeds that were run here, added up by commit, one JSON line each
	@$(BIN)/python -m tests.chaos.history

check: $(READY) ## Formatting, lint, types, import rules, migrations, deployment, containers, translations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(CHECK_ENV) $(BIN)/mypy .
	$(BIN)/lint-imports
	$(CHECK_ENV) $(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(CHECK_ENV) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(CHECK_ENV) $(BIN)/python manage.py check_translations
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(BIN)/hadolint Dockerfile

format: $(READY) ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

messages: $(READY) ## Collect the texts into locale/*.po (needs gettext) and compile them
	$(CHECK_ENV) $(BIN)/python manage.py makemessages --locale es --no-obsolete --add-location file \
		--ignore '$(VENV)/*' --ignore 'tests/*' --ignore 'var/*' --ignore 'staticfiles/*'
	$(CHECK_ENV) $(BIN)/python manage.py check_translations --compile

lock: $(READY) ## Resolve requirements/*.in anew into requirements/*.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--upgrade --output-file requirements/base.txt requirements/base.in
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--upgrade --constraints requirements/base.txt --output-file requirements/dev.txt requirements/dev.in

clean: ## Remove .venv and caches (the demo's data in var/ stays)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache staticfiles
