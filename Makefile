# Needs Python 3.12 or newer and make. `make help` lists the targets.
PORT ?= 8000
SIMULATOR_PORT ?= 8788
ENGINE_PORT ?= 8787
PYTHON ?= $(shell for p in python3.13 python3.14 python3.12 python3 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && { echo "$$p"; break; }; done)
BIN := .venv/bin
# where the console and its demo account are on this machine
LOCAL = CONSOLE_URL=http://127.0.0.1:$(PORT) SIMULATOR_PORT=$(SIMULATOR_PORT) \
	CONSOLE_SIMULATOR_URL=http://127.0.0.1:$(SIMULATOR_PORT)/client/v4
# compiling the console anew at each start takes longer than the rest of it
unexport PYTHONDONTWRITEBYTECODE
# what uses no database, or sees of it what tests of views see, says the same on every one
NO_DATABASE := browser cloudflare engine forms presenters simulator
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help key install install-dev run test test-postgresql bench lint format simulator engine node-tools clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' Makefile

install: .venv/.run ## Make .venv with what the console needs to run
install-dev: .venv/.dev ## The same, and what the tests and checks need

run: .venv/.run .env ## Set everything up and serve the console on 127.0.0.1:PORT (8000)
	@$(LOCAL) $(BIN)/python manage.py prepare --demo
	@$(LOCAL) exec $(BIN)/honcho start --port $(PORT)

test: .venv/.dev ## Run the tests (parts that need Node or a browser skip when it is missing)
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

test-postgresql: .venv/.dev ## The same on a PostgreSQL server of its own (Debian: postgresql)
	bash tests/with_postgresql.sh $(BIN)/python -m pytest -n auto --dist worksteal \
		$(NO_DATABASE:%=--ignore=tests/%) $(ARGS)

bench: .venv/.dev ## Measure how fast things are (ARGS="pages viewers" for some; README, Speed)
	@$(BIN)/python -m tests.bench $(ARGS)

lint: .venv/.dev ## Check style, templates and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djade --target-version 6.0 --check $$(git ls-files 'templates/*.html')
	$(BIN)/mypy

format: .venv/.dev ## Format code and templates
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format .
	$(BIN)/djade --target-version 6.0 $$(git ls-files 'templates/*.html') || true

simulator: .venv/.run .env ## Serve the Workflows API simulator on 127.0.0.1:SIMULATOR_PORT (8788)
	$(BIN)/python manage.py simulator --port $(SIMULATOR_PORT) $(ARGS)

node-tools: ## Install Node 22 and wrangler under var/node (about 350 MB)
	sh tests/engine/install_node.sh

engine: .venv/.dev node-tools ## Serve a real Workflows engine on 127.0.0.1:ENGINE_PORT (8787)
	$(BIN)/python -m tests.engine --port $(ENGINE_PORT)

key: .venv/.run ## Print a new key for CONSOLE_TOKEN_KEYS
	@$(BIN)/python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"

clean: ## Remove the environment and local data (not .env)
	rm -rf .venv var/static var/console.sqlite3*

.venv/bin/python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Python 3.12 or newer is needed; this machine's python3 is $$(python3 --version 2>&1)."; \
		echo "Install one and run: make run PYTHON=/path/to/python3.13"; exit 1; fi
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 12))' || { \
		echo "Python 3.12 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1)."; exit 1; }
	@echo "Making .venv with $$($(PYTHON) --version)"
	@"$(PYTHON)" -m venv .venv

.venv/.run: requirements.txt | .venv/bin/python
	$(PIP) -r requirements.txt
	@touch $@

.venv/.dev: requirements-dev.txt requirements.txt | .venv/bin/python
	$(PIP) -r requirements-dev.txt
	@touch $@ .venv/.run

.env: | .venv/.run
	@$(BIN)/python -m console.local_env > .env.new && mv .env.new .env
	@echo "Wrote .env with keys of its own: keep it, the stored tokens open with it only."
