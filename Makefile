# The commands of the house. `make` alone lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PORT ?= 8000
WORKERS ?= 2
PYTHON := .venv/bin/python
PYTEST := $(PYTHON) -m pytest

.PHONY: help setup run test test-services test-browser check bench lock assets format

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## (.*)/\1\t\2/' | expand -t 16

setup: ## Make .venv from the lock file and check the libraries PDFs need
	@.ci/setup

run: setup ## Set up, load the demo council, and serve it on http://127.0.0.1:8000 (PORT= for another)
	@exec $(PYTHON) manage.py serve --port $(PORT)

test: setup ## The whole suite that needs no outside server
	@env -u DATABASE_URL -u REDIS_URL $(PYTEST) -q -n $(WORKERS) --dist loadgroup $(ARGS)

test-services: setup ## The suite on PostgreSQL and Redis (DATABASE_URL, REDIS_URL), with real workers
	@.ci/test-services $(WORKERS) $(ARGS)

test-browser: setup ## Journeys and accessibility in headless Chromium
	@env -u DATABASE_URL -u REDIS_URL $(PYTEST) -q -m browser -n $(WORKERS) tests/browser $(ARGS)

check: setup ## Format, lint, types, import contracts, templates, migrations, deployment check
	@$(PYTHON) .ci/check.py

bench: setup ## The benchmarks, with ratios printed
	@$(PYTHON) -m benchmarks $(ARGS)

format: setup ## Put the code into shape (templates are linted by make check, not rewritten)
	@$(PYTHON) -m ruff check --fix-only --quiet . ; $(PYTHON) -m ruff format .

UV_COMPILE := .venv/bin/uv pip compile pyproject.toml --python-version 3.11 --universal \
	--generate-hashes --no-emit-index-url --no-annotate --no-header --quiet
lock: setup ## Write the lock files again from pyproject.toml (ARGS=--upgrade for newer versions)
	@$(UV_COMPILE) $(ARGS) -o requirements.lock
	@$(UV_COMPILE) $(ARGS) --group dev --group bench -o requirements-dev.lock

assets: ## Build the style sheet and scripts again (needs node; the results are committed)
	@npm install --no-package-lock --no-audit --no-fund --silent && npm run --silent build
