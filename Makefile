# make run    set up and solve the examples
# make quick  set up and run what takes less than two minutes: lint, types, layers, fast tests
# make test   set up and run everything that CI runs
# make trials set up and walk for minutes: the tutorial, and what takes several machines, made of namespaces
# make bench  set up and measure (bench/README.md says what and how)
# make matrix set up and run what is missing of the fault matrices, then write their tables
# make container-test  set up and run the images' steps in bare Debian roots (as root; minutes)
# make gpu    add what state vectors on a GPU need (734 MB)
# make docs   set up and build the documentation as a site, in docs/site/html
# make lock   resolve the dependencies anew
# On a cluster, `make MPI=site …` leaves the MPI runtime to the site's module.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell command -v python3.11 || command -v python3)
MPI ?= wheel
NEXT := done, $(VENV) is ready; next: make run, or $(BIN)/tierwise --help
EXAMPLES := breast_cancer heart_failure clinic quantum_handoff quantum_refused

# Most of the time of a short command is imports: let them be compiled once.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: docs run quick test check types rest unit trials bench matrix container-test gpu lock clean setup

# What was found is printed again by make when a command fails; 3 (abstained) is a good end here.
run: setup
	@$(BIN)/tierwise solve --engine prefect $(EXAMPLES:%=examples/%.yaml); code=$$?; \
	if [ $$code -eq 3 ]; then exit 0; else exit $$code; fi

test: check unit

# Types take as long as all the rest, on one processor.
check: setup
	@$(MAKE) --no-print-directory --jobs=2 types rest

types: setup
	$(BIN)/mypy .

rest: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/tierwise policy check default

quick: check
	$(BIN)/pytest --quiet --numprocesses 2 -m "not slow and not trial"

# Many tests wait for servers, schedules and time limits: four share two cores.
unit: setup
	$(BIN)/pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder -m "not trial"

trials: setup
	$(BIN)/pytest -m trial

bench: setup
	$(BIN)/python -m bench

matrix: setup
	$(BIN)/python -m bench.fault_matrix
	$(BIN)/python -m bench.batch_faults
	unshare --mount $(BIN)/python -m bench.record_faults

container-test: setup
	$(BIN)/python -m tests.deployments.bare_root

docs: setup
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going -c docs/site . docs/site/html
	@echo "docs/site/html/docs/site/index.html"

gpu: setup
	$(BIN)/uv pip install --group gpu

setup: $(VENV)/.ready-$(MPI) $(VENV)/.linked
	@$(if $(filter setup,$(MAKECMDGOALS)),echo "$(NEXT)",:)

# The lock holds names, versions and hashes; pip installs uv from it, uv installs the rest. A changed lock is
# synced into the environment that is there.
$(VENV)/.ready-$(MPI): requirements.lock
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v[:2] != (3, 11) and f"expected Python 3.11, got {v[0]}.{v[1]} ($(PYTHON)): make PYTHON=/path/to/python3.11")'
	@echo "setting up $(VENV): an environment, then 2.4 GB of packages (some minutes, once)"
	@[ -f $(VENV)/uv.txt ] || $(PYTHON) -m venv --clear $(VENV)
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > $(VENV)/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.txt
	@$(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes requirements.lock
	@if [ $(MPI) != wheel ]; then $(BIN)/uv pip uninstall --quiet mpich; fi
	@touch $@

# The checkout itself, linked in: a change of pyproject.toml alone needs no new environment.
$(VENV)/.linked: pyproject.toml $(VENV)/.ready-$(MPI)
	@echo "linking this checkout into $(VENV)"
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --offline --editable .
	@touch $@

lock:
	$(BIN)/uv pip compile pyproject.toml --group mpi --group dev --group docs --group setup \
	  --group images --group omics --group table --group events --group scenes --group molecules \
	  --python-version 3.11 --universal --generate-hashes --no-header --no-emit-index-url --quiet -o requirements.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
