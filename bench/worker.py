"""A process that stays alive and runs workloads of one implementation, asked through pipes: see harness.py for the protocol."""
import os
import pickle
import sys
import time
import traceback

import numpy as np

from workloads import LINES

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
        make = module.croton if self.implementation == "croton" else module.peer
        self.run = None  # what the last variant held is free before the next one begins
        if make is None:
            return None
        arrays = module.inputs(variant, np.random.default_rng(1))
        self.run = make(variant, arrays)
        results = [sample(result) for result in self.run()]
        state = [sample(array) for array in self.run.state()] if hasattr(self.run, "state") else []
        return results + state

    def measure(self, seconds, least_calls):
        """Seconds of each call; short calls are timed in groups."""
        run, clock = self.run, time.perf_counter
        start = clock()
        run()
        once = clock() - start
        group = max(1, int(20e-6 / max(once, 1e-8)))  # the clock itself costs about 50 ns
        times, end = [], clock() + seconds
        while clock() < end or len(times) < least_calls:
            start = clock()
            for _ in range(group):
                run()
            times.append((clock() - start) / group)
        return times

    def about(self):
        if self.implementation == "croton":
            import croton
            return f"Croton {getattr(croton, '__version__', 'unknown')}"
        return f"NumPy {np.__version__}"


def main():
    requests = sys.stdin.buffer
    # What anybody prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    worker = Worker(sys.argv[1])
    while True:
        try:
            method, arguments = pickle.load(requests)
        except EOFError:
            return
        try:
            answer = True, getattr(worker, method)(*arguments)
        except Exception as error:  # the harness shows it in the table
            traceback.print_exc()
            answer = False, f"{type(error).__name__}: {error}".splitlines()[0]
        pickle.dump(answer, answers)
        answers.flush()


if __name__ == "__main__":
    main()
