# Everything that people and CI run. On a machine with only Python 3.11+ and make, `make demo` is enough.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTEST_OPTIONS ?= -n auto --dist loadgroup

# Where the system has certificates of its own, they count: a company's proxy may have signed what uv is shown.
export UV_SYSTEM_CERTS ?= $(if $(wildcard /etc/ssl/cert.pem /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/cert.pem),1,0)

# In an empty environment too.
ifndef PATH
export PATH := /usr/local/bin:/usr/bin:/bin
endif

.DEFAULT_GOAL := help
.PHONY: help demo setup test up down clean status people check lint audit bench peers

help:
	@echo "make demo    first bill on this machine: starts everything, drops sample invoices, shows the bills"
	@echo "make up      local cloud, ERP emulator and the deployed stack, without samples"
	@echo "make down    stop them; their state stays          make clean   remove all local state"
	@echo "make status  what runs, and where                  make people  who can sign in"
	@echo "make test    all tests                             make check   all that CI checks"
	@echo "make bench   the benchmarks                        make setup   only the set-up"
	@echo "make peers   other readers, to measure ours beside them (build/peers)"

setup: $(READY)

$(READY): requirements/uv.txt requirements/dev.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing: install Python 3.11 or newer, or say which to use: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$$($(PYTHON) --version) is too old: Python 3.11 or newer is needed; say which to use: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@test -x $(BIN)/python || { echo "set-up: making $(VENV)"; $(PYTHON) -m venv $(VENV); } || { rm -rf $(VENV); echo "no virtual environment could be made by $(PYTHON): on Debian and Ubuntu, 'apt-get install python3-venv' brings what is missing; or say which Python to use: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "set-up: installing what requirements/dev.txt locks"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/uv.txt
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup
	@$(BIN)/python -m local demo

up: setup
	@$(BIN)/python -m local up

down: setup
	@$(BIN)/python -m local down

clean: setup
	@$(BIN)/python -m local clean

status: setup
	@$(BIN)/python -m local status

people: setup
	@$(BIN)/python -m local people

test: setup
	$(BIN)/python -m pytest $(PYTEST_OPTIONS)

check: lint test

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/cfn-lint template.yaml
	SAM_CLI_TELEMETRY=0 $(BIN)/sam validate --lint --region us-east-1

# Asks the index of known vulnerabilities, and so needs the network.
audit: setup
	$(BIN)/pip-audit --require-hashes --requirement requirements/dev.txt

bench: setup
	$(BIN)/python -m tests.bench

# Other readers and matchers, for `make bench` and `counterfoil accuracy --beside`.
peers: setup
	$(BIN)/python -m tests.bench.environments
