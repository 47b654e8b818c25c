"""From a graph to the first result: building, rewriting, code and one run. Kernels are compiled, or all found on disk."""
import itertools
import os

import numpy as np

from . import perceptron

NAME = "compile"


def variants(quick):
    graphs = [{"label": "elementwise, six operations", "graph": "map"},
              {"label": "perceptron step 784-500-10", "graph": "perceptron", "batch": 60, "dtype": "float32"}]
    return graphs + [dict(graph, label=graph["label"] + ", cached", cached=True) for graph in graphs]


def inputs(variant, rng):
    if variant["graph"] == "perceptron":
        return perceptron.inputs(variant, rng)
    return [rng.standard_normal(10), rng.standard_normal(10)]


def croton(variant, arrays):
    import croton
    import croton.tensor as T
    # Without the cache on disk, since most kernels of a step have nothing to do with the constant that makes it new.
    os.environ["CROTON_CACHE_MB"] = "512" if variant.get("cached") else "0"
    croton._core.set_cache_folder("")  # has the variables read again
    # A constant of its own makes each function new; the same one lets each call but the first find all its kernels.
    numbers = itertools.repeat(1) if variant.get("cached") else itertools.count(1)

    def run_map():
        x, y = T.dvectors("x", "y")
        function = croton.function([x, y], T.tanh(x * y + (1 + next(numbers) / 4096)) * (x - y) * 0.5)
        function(*arrays)
        return []

    def run_perceptron():
        arguments, cost, updates, _ = perceptron.graph(variant, arrays)
        factor = np.asarray(1 + next(numbers) / 4096, dtype=variant["dtype"])
        function = croton.function(arguments, cost, updates=[(shared, T.tanh(value * factor)) for shared, value in updates])
        function(arrays[0], arrays[5])
        return []

    return run_map if variant["graph"] == "map" else run_perceptron


peer = None


def cost(variant):
    return {}
