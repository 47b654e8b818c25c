# The commands of the project: set up, build, test, check, measure. Each can be repeated at any time.

# Everything runs from the repository's root.
ROOT := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))
PYTHON := $(ROOT).venv/bin/python
ifeq ($(origin CXX),default)
CXX := g++-12
endif
PREFIX ?= /usr/local

configure = cmake -S . -B $(1) -G Ninja --log-level=WARNING -DCMAKE_CXX_COMPILER=$(CXX) -DPython_EXECUTABLE=$(PYTHON) $(2)
# Ninja configures again by itself when a build file changes; only the first time is ours.
build_in = @test -f $(1)/build.ninja || $(call configure,$(1),$(2))
ninja = @ninja -C $(1)

.PHONY: help setup build demo test fuzz check asan tsan peers bench wheel install clean

help:
	@echo "make demo     train a network on real images, with all that it shows"
	@echo "make test     build and run all tests"
	@echo "make fuzz     random graphs, five minutes of them (SECONDS=1800 SEED=7)"
	@echo "make build    set up and build into build/"
	@echo "make check    formatting, layers, headers, files, documentation"
	@echo "make asan     the tests with the address and undefined-behaviour sanitizers"
	@echo "make tsan     the C++ tests with the thread sanitizer"
	@echo "make peers    install the peers of the scoreboard from PyPI (PyTorch brings several gigabytes)"
	@echo "make bench    measure, and compare with the peers"
	@echo "make wheel    build a wheel with all libraries inside, and try it in a fresh environment"
	@echo "make install  install the C++ library into PREFIX ($(PREFIX))"

setup:
	@tools/setup.sh

build: setup
	$(call build_in,build,)
	$(call ninja,build)

demo: build
	@PYTHONPATH=build/python $(PYTHON) examples/digits.py

test: build
	@$(PYTHON) tools/run_tests.py build

fuzz: build
	@PYTHONPATH=build/python:tools $(PYTHON) -m fuzz $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED))

asan: setup
	$(call build_in,build-asan,-DCROTON_SANITIZE=address)
	$(call ninja,build-asan)
	@$(PYTHON) tools/run_tests.py build-asan --sanitizer address

tsan: setup
	$(call build_in,build-tsan,-DCROTON_SANITIZE=thread)
	$(call ninja,build-tsan)
	@$(PYTHON) tools/run_tests.py build-tsan --sanitizer thread

check: build
	@tools/check_format.sh
	@$(PYTHON) tools/check_files.py
	@$(PYTHON) tools/check_layers.py
	@CXX=$(CXX) $(PYTHON) tools/check_headers.py
	@CXX=$(CXX) $(PYTHON) tools/check_docs.py build

peers:
	@bench/setup_peers.sh

bench: build
	@PYTHONPATH=build/python $(PYTHON) bench/run.py

wheel: setup
	@CXX=$(CXX) $(PYTHON) tools/wheel.py

install: build
	@cmake --install build --prefix $(PREFIX)

clean:
	rm -rf build build-asan build-tsan build-wheel dist
