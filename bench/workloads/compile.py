"""From a graph to the first result: building, rewriting, code and one run. Kernels are compiled, or all found on disk."""
import importlib
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from . import perceptron

NAME = "compile"
WORKER = pathlib.Path(__file__).parent.parent / "worker.py"
OF = {
    "map": {"label": "", "function": "tanh", "size": 10, "dtype": "float64", "layout": "plain"},
    "perceptron": {"label": "", "batch": 60, "dtype": "float32"},
    "radon": {"label": ""},
}


def variants(quick):
    names = {"map": "elementwise, six operations", "perceptron": "perceptron step 784-500-10", "radon": "radon-like model"}
    # Warm: in a process that has compiled others before. First: in a fresh one. Cached: in a fresh one, kernels on disk.
    goals = {("map", "warm"): 10, ("map", "cached"): 10, ("perceptron", "warm"): 50, ("perceptron", "first"): 90,
             ("perceptron", "cached"): 10, ("radon", "first"): 60, ("radon", "cached"): 10}
    return [{"label": f"{names[of]}, {state}", "of": of, "state": state, "quick": quick, "goals": {"seconds": limit / 1e3},
             "rounds": 3}
            for (of, state), limit in goals.items()]


def inputs(variant, rng):
    return []


def croton(variant, arrays):
    return in_fresh_processes("croton", variant) if variant["state"] != "warm" else warm(variant)


def jax(variant, arrays):
    return None if variant["quick"] or variant["state"] == "warm" else in_fresh_processes("jax", variant)


def in_fresh_processes(implementation, variant):
    environment, folder = dict(os.environ), tempfile.TemporaryDirectory()
    cached = variant["state"] == "cached"
    environment.update(CROTON_CACHE_MB="512" if cached else "0", CROTON_CACHE_DIR=os.path.join(folder.name, "croton"))
    if cached:
        environment.update(JAX_COMPILATION_CACHE_DIR=os.path.join(folder.name, "jax"),
                           JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS="0", JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES="-1")
    command = [sys.executable, str(WORKER), implementation, variant["of"], json.dumps(OF[variant["of"]])]

    def times():
        run.folder = folder  # lives as long as this function
        output = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
        return [float(output)]

    def run():
        if cached:
            times()  # fills the cache
        return []
    run.times = times
    return run


def warm(variant):
    """A constant of its own makes each function new: without the cache on disk, most kernels of a step being the same."""
    import croton
    import croton.tensor as T
    os.environ["CROTON_CACHE_MB"] = "0"
    croton._core.set_cache_folder("")  # has the variables read again
    numbers = itertools.count(1)
    of = OF[variant["of"]]
    arrays = importlib.import_module("workloads." + variant["of"]).inputs(of, np.random.default_rng(1))

    def run_map():
        x, y = T.dvectors("x", "y")
        function = croton.function([x, y], T.tanh(x * y + (1 + next(numbers) / 4096)) * (x - y) * 0.5)
        function(*arrays)
        return []

    def run_perceptron():
        arguments, cost, updates, _ = perceptron.graph(of, arrays)
        factor = np.asarray(1 + next(numbers) / 4096, dtype=of["dtype"])
        function = croton.function(arguments, cost, updates=[(shared, T.tanh(value * factor)) for shared, value in updates])
        function(arrays[0], arrays[5])
        return []

    return run_map if variant["of"] == "map" else run_perceptron


def cost(variant):
    return {}
