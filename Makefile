# Each target makes its own .venv and installs what it needs into it.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint peers extension benchmark clean

demo: $(VENV)/.report  ## the main job on a synthetic subject
	$(BIN)/spinemodel demo --out demo

test: lint peers  ## everything that CI runs
	$(BIN)/python -m pytest -n 2

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

peers: .venv-blender/.made .venv-ossdbs/.made  ## Blender and OSS-DBS, each in its own environment: tests drive them

extension: $(BIN)/python  ## dist/spine_model-VERSION.zip, for Blender's Preferences > Get Extensions > Install from Disk
	$(BIN)/python blender_scripts/package.py --out dist

benchmark: $(VENV)/.report  ## ours beside the peers
	$(BIN)/python benchmarks/markers_to_model.py

clean:
	rm -rf $(VENV) .venv-blender .venv-ossdbs demo dist

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "spinemodel needs Python 3.11 or later")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.%: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	touch $@

# bpy wants numpy 1 and Python 3.11, OSS-DBS an older nibabel. Where one cannot be had, or does not load since the system
# lacks a library, its tests are skipped and say so.
.venv-blender/.made: PEER = 'bpy>=4.2' 'numpy<2'
.venv-blender/.made: MODULE = bpy
.venv-ossdbs/.made: PEER = 'ossdbs>=0.5.9'
.venv-ossdbs/.made: MODULE = ossdbs
.venv-%/.made:
	$(PYTHON) -m venv .venv-$*
	{ .venv-$*/bin/python -m pip install --quiet --disable-pip-version-check $(PEER) \
	  && .venv-$*/bin/python -c 'import $(MODULE)'; } \
	  || { echo "no $*: its tests will be skipped"; rm -r .venv-$*/bin; }
	touch $@
