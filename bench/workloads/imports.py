"""What an import takes in a fresh process, beyond NumPy's."""
import subprocess
import sys

NAME = "import"
PROGRAM = "import time, numpy; start = time.perf_counter(); import {0}; print(time.perf_counter() - start)"


def variants(quick):
    return [{"label": "import, beyond NumPy", "goals": {"seconds": 0.1}, "rounds": 3}]


def inputs(variant, rng):
    return []


def import_of(module):
    def times():
        output = subprocess.run([sys.executable, "-c", PROGRAM.format(module)], capture_output=True, text=True, check=True)
        return [float(output.stdout)]

    def run():
        return []
    run.times = times
    return run


def croton(variant, arrays):
    return import_of("croton, croton.tensor")


def jax(variant, arrays):
    return import_of("jax, jax.numpy")


def torch(variant, arrays):
    return import_of("torch")


def numba(variant, arrays):
    return import_of("numba")


def numexpr(variant, arrays):
    return import_of("numexpr")


def cost(variant):
    return {}
