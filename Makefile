# make run    set everything up and open the app
# make test   set everything up, the browser included, and run lint, types, import contracts and the test suite
# make vllm   serve Nemotron-Orchestrator-8B on a GPU of this machine
# make train  train the bundled orchestrator anew, from a seed, on two CPU cores or a GPU
# make test-jobs, test-vllm, test-local, test-train, test-verl, test-faults, test-load   the slower suites: each audience's whole
#             job in a browser, a real vLLM server, a model in process, miniature trainings and TRL's trainers on exported files,
#             verl's reader on them, 500 bad calls, kills, full disks and frozen processes, and hundreds of people at once;
#             `make test-faults KILLS=200` and `make test-load LONG=1` are the long forms
# make test-image  build the Dockerfile with buildah and start it with podman, as root, on Debian
# make test-fuzz   a million damaged records and files, which takes hours
# The other targets are steps of these.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
# Open the page where there is a screen to open it on.
OPEN := $(if $(or $(DISPLAY),$(WAYLAND_DISPLAY),$(filter Darwin,$(shell uname))),--open)

# Separate environments: neither vLLM's packages nor torch belong beside the app's.
VLLM := .venv-vllm
LOCAL := .venv-local

.PHONY: run setup test test-jobs test-vllm test-local test-train test-verl test-faults test-load test-fuzz test-image vllm train check browser lint types contracts pytest screenshot bench clean

run: setup
	$(BIN)/podium serve --port $(PORT) $(OPEN) $(ARGS)

setup: $(VENV)/.base

test: $(VENV)/.dev browser lint types contracts pytest

vllm:
	$(PYTHON) deploy/vllm/serve.py $(ARGS)

# Installs a CPU build of vLLM where one can be had, and skips, saying why, where not.
test-vllm: $(VENV)/.dev
	$(BIN)/python -m tests.vllm.environment
	$(BIN)/pytest -q --timeout 1200 tests/vllm $(ARGS)

test-local: $(LOCAL)/.train
	@if test -s $<; then $(LOCAL)/bin/python -m pytest -q --timeout 1200 tests/local $(ARGS); else cat $(LOCAL)/why; fi

test-train: $(LOCAL)/.train
	@if test -s $<; then $(LOCAL)/bin/python -m pytest -q -s --timeout 1200 tests/train $(ARGS); else cat $(LOCAL)/why; fi

# verl cannot share an environment with the rest: it needs another transformers.
test-verl: $(VENV)/.dev
	$(BIN)/python -m tests.verl.environment
	$(BIN)/pytest -q --timeout 1200 tests/verl $(ARGS)

train: $(LOCAL)/.train
	@test -s $< || { cat $(LOCAL)/why; exit 2; }
	$(LOCAL)/bin/python -m orchestrator.training --out trained $(ARGS)

# An environment with PyTorch's CPU build, or the reason why there is none.
$(LOCAL)/.train: $(VENV)/.dev
	@test -x $(LOCAL)/bin/python || $(PYTHON) -m venv $(LOCAL)
	@if $(LOCAL)/bin/python -m pip install --quiet --disable-pip-version-check "torch==2.13.0+cpu"; then \
		$(LOCAL)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[dev,local,train]' && \
		echo ready > $@; \
	else echo "Skipped: PyTorch's CPU build cannot be installed here; make its wheels known to pip" > $(LOCAL)/why; : > $@; fi

# KILLS of a server under fifty writers, on each database.
test-faults: $(VENV)/.dev
	PODIUM_FAULT_TRAJECTORIES=500 $(BIN)/pytest -q -s --timeout 1200 tests/test_fault_trajectories.py
	PODIUM_BOMBS=1 $(BIN)/pytest -q --timeout 900 tests/safety/test_bombs.py
	PODIUM_KILLS=$(or $(KILLS),20) $(BIN)/pytest -q -n 2 --dist loadfile --timeout 3600 tests/faults tests/kills tests/processes tests/storage/test_kill.py $(ARGS)

# Two hundred annotators and a hundred followers of live runs; LONG=1 for two minutes each and a soak of thirty.
test-load: $(VENV)/.dev
	PODIUM_LOAD_LONG=$(LONG) $(BIN)/pytest -q -s --timeout 3600 tests/load $(ARGS)

# EXAMPLES inputs for each parser, a half of that for two of them, a tenth for imports into a database.
test-fuzz: $(VENV)/.dev
	PODIUM_FUZZ_EXAMPLES=$(or $(EXAMPLES),140000) $(BIN)/pytest -q -s --timeout 0 tests/fuzz $(ARGS)

# Skips, saying why, where root or a program is missing. PODIUM_IMAGE_MIRROR names a mirror of Debian.
test-image: $(VENV)/.dev
	PODIUM_IMAGE=1 $(BIN)/pytest -q --durations 5 --timeout 1800 tests/deploy/image $(ARGS)

check: lint types contracts

# The virtual environment, made once and again whenever the dependencies change.
$(VENV)/.base: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Podium needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "On Debian or Ubuntu: apt install python3-venv"; exit 2; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.base
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

# The tests drive a real Chromium: the one that is installed, or the package manager's.
browser: $(VENV)/.dev
	@$(BIN)/python tests/browser.py

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

contracts: $(VENV)/.dev
	$(BIN)/lint-imports

pytest: $(VENV)/.dev
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder --ignore=tests/page/jobs --ignore=tests/faults --ignore=tests/kills \
		--ignore=tests/processes --ignore=tests/load $(ARGS)

# The whole job of annotators, speakers and product teams in a real browser: by keyboard, by touch, on a phone, in the dark.
test-jobs: $(VENV)/.dev browser
	$(BIN)/pytest -q -n 2 --dist loadfile tests/page/jobs $(ARGS)

# The picture in the README, taken by the test suite.
screenshot: $(VENV)/.dev browser
	$(BIN)/pytest -q tests/page/test_pages.py -k "shows_the_run and desktop and light"
	cp test-artifacts/pages/readme.png docs/screenshot.png

bench: setup
	$(BIN)/python -m bench.loop

clean:
	rm -rf $(VENV) $(VLLM) $(LOCAL) build test-artifacts .mypy_cache .ruff_cache .pytest_cache .hypothesis
