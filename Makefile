# `make demo` and `make test` do all of their own set-up.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed
INSTALLED_DOCS := $(VENV)/.installed-docs

.PHONY: help setup demo demo-train packaged-model test test-slow lint docs clean

help:
	@echo "make demo       draw lanes on a generated dashcam clip"
	@echo "make demo-train the same with a model trained for it: the whole way (minutes)"
	@echo "make packaged-model  export the package's weights anew, after they changed"
	@echo "make test       run the tests"
	@echo "make test-slow  run the tests that take minutes"
	@echo "make lint       ruff, mypy, import-linter, codespell"
	@echo "make docs       build the documentation site, docs/_build/index.html"
	@echo "make setup      only install, into $(VENV)"
	@echo "make clean      remove what the demos made (out/), nothing of your own runs"

setup: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; assert (3, 11) <= sys.version_info < (3, 14), "lanedet needs Python 3.11 to 3.13, got " + sys.version.split()[0] + ". Choose one: make PYTHON=python3.12 ..."'
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@# opencv-python, and opencv-python-headless that albumentations asks for, install
	@# over one another. The first needs libGL, which a server does not have.
	$(RUN) -c 'import cv2' 2>/dev/null || $(RUN) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --force-reinstall --no-deps opencv-python-headless
	touch $@

demo: setup
	$(RUN) -m lanedet demo

demo-train: setup
	$(RUN) -m lanedet demo --train

packaged-model: setup
	$(RUN) -m lanedet export --format onnx --half --out lanedet/weights/enet_sad.onnx

test: setup
	$(RUN) -m pytest -n auto --dist worksteal

test-slow: setup
	$(RUN) -m pytest -m slow

lint: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/codespell

docs: $(INSTALLED_DOCS)
	$(RUN) -m sphinx --fail-on-warning --keep-going --jobs auto --quiet docs docs/_build

$(INSTALLED_DOCS): $(INSTALLED)
	$(RUN) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[docs]'
	touch $@

clean:
	rm -rf out docs/_build
