"""A process that stays alive and runs workloads of one implementation, asked through pipes: see workers.py for the protocol.

worker.py IMPLEMENTATION                     serves
worker.py IMPLEMENTATION LINE VARIANT        a fresh process: prints the seconds from nothing but imports to the first result
"""
import gc
import importlib
import json
import os
import pickle
import sys
import time
import traceback

import numpy as np
from workloads import LINES

LONG = 1e-2  # seconds of a call that is worth being counted although it warms up the others
LARGEST_SAMPLE = 1 << 18  # elements of a result that travel to be compared


def sample(array):
    """A copy of the array, or of evenly spaced elements where it is large; its shape goes along."""
    array = np.asarray(array)
    flat = array.reshape(-1)
    step = -(-flat.size // LARGEST_SAMPLE) or 1
    return array.shape, str(array.dtype), np.array(flat[::step])


class Worker:
    def __init__(self, implementation):
        self.implementation = implementation
        self.run = None

    def prepare(self, line, variant):
        module = LINES[line]
        make = getattr(module, self.implementation, None)
        self.forget()  # what the last variant held is free before the next one begins
        if make is None:
            return None
        arrays = module.inputs(variant, np.random.default_rng(1))
        self.run = make(variant, arrays)
        if self.run is None:
            return None
        results = [sample(result) for result in self.run()]
        state = [sample(array) for array in self.run.state()] if hasattr(self.run, "state") else []
        return results + state

    def forget(self):
        self.run = None
        gc.collect()

    def measure(self, seconds):
        """Seconds of each of at least two calls; short ones in groups. What has a clock of its own (`times`) is asked."""
        run, clock = self.run, time.perf_counter
        if hasattr(run, "times"):
            return run.times()
        start = clock()
        run()
        once = clock() - start
        group = max(1, int(20e-6 / max(once, 1e-8)))  # the clock itself costs about 50 ns
        times, end = ([once] if once > LONG else []), clock() + seconds
        while clock() < end or len(times) < 2:
            start = clock()
            for _ in range(group):
                run()
            times.append((clock() - start) / group)
        return times

    def about(self):
        if self.implementation == "hand":
            return "hand-written loops in C++"
        module = importlib.import_module(self.implementation)
        name = {"croton": "Croton", "numpy": "NumPy", "jax": "JAX", "torch": "PyTorch", "numba": "Numba", "numexpr": "NumExpr"}
        about = f"{name[self.implementation]} {getattr(module, '__version__', 'unknown')}"
        if self.implementation == "numba":
            from numba.core import config
            about += " with SVML" if config.USING_SVML else " WITHOUT SVML"
        return about


def serve(worker):
    requests = sys.stdin.buffer
    # What anybody prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while True:
        try:
            method, arguments = pickle.load(requests)
        except EOFError:
            return
        try:
            answer = True, getattr(worker, method)(*arguments)
        except Exception as error:  # the harness shows it in the table
            traceback.print_exc()
            answer = False, f"{type(error).__name__}: {error}".splitlines()[0][:200]
        pickle.dump(answer, answers)
        answers.flush()


def first_result(worker, line, variant):
    module = LINES[line]
    arrays = module.inputs(variant, np.random.default_rng(1))
    worker.about()
    start = time.perf_counter()
    getattr(module, worker.implementation)(variant, arrays)()
    print(time.perf_counter() - start)


def main():
    worker = Worker(sys.argv[1])
    if len(sys.argv) == 4:
        first_result(worker, sys.argv[2], json.loads(sys.argv[3]))
    else:
        serve(worker)


if __name__ == "__main__":
    main()
