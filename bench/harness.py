"""Runs workloads in processes that stay alive, taking turns, and measures the machine's limits in between.

Protocol: pickled (method, arguments) into a worker's standard input, pickled (succeeded, value) out of its standard output.
"""
import os
import pathlib
import pickle
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

HERE = pathlib.Path(__file__).parent
TOLERANCES = {"float32": 2e-5, "float64": 1e-11}


class WorkerFailed(Exception):
    """What a worker raised, or that it ended."""


class Worker:
    """One implementation with one number of threads."""

    def __init__(self, implementation, threads):
        environment = dict(os.environ)
        for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # peers get their best settings
            environment.pop(name, None)
        for name in ("CROTON_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
            environment[name] = str(threads)
        # Kernels are compiled in each run of the bench, whatever earlier runs have left.
        self.kernels = tempfile.TemporaryDirectory()
        environment["CROTON_CACHE_DIR"] = os.path.join(self.kernels.name, "croton")
        self.process = subprocess.Popen([sys.executable, str(HERE / "worker.py"), implementation], env=environment,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, method, *arguments):
        try:
            pickle.dump((method, arguments), self.process.stdin)
            self.process.stdin.flush()
            succeeded, value = pickle.load(self.process.stdout)
        except (EOFError, BrokenPipeError) as error:
            raise WorkerFailed(f"the process ended ({self.process.wait()})") from error
        if not succeeded:
            raise WorkerFailed(value)
        return value

    def wait_until_idle(self, seconds=2):
        """Threads of a library (OpenBLAS) spin for a while after their work; they would take a core from whoever is next."""
        end = time.monotonic() + seconds
        before = self.processor_seconds()
        while time.monotonic() < end:
            time.sleep(0.02)
            now = self.processor_seconds()
            if now == before:
                return
            before = now

    def processor_seconds(self):
        """Of all its threads, in ticks of 10 ms."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.kernels.cleanup()


class Limits:
    """What the machine can do, asked of bench_limits; without that program there are no limits."""

    def __init__(self, program):
        self.process = None
        if program.exists():
            self.process = subprocess.Popen([str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def rate(self, what, size, threads):
        """GB/s or GF/s."""
        self.process.stdin.write(f"{what} {size} {threads}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def seconds(self, cost, threads):
        """The least time that the machine needs for such a cost; None where no limit is stated."""
        if not cost or self.process is None:
            return None
        moved = cost["read"] + cost["written"]
        bandwidth = self.rate("triad" if 10 * cost["written"] > cost["read"] else "read", moved, threads)
        least = moved / bandwidth / 1e9
        if cost["flops"]:
            size = np.dtype(cost["dtype"]).itemsize
            least = max(least, cost["flops"] / self.rate("fma", size, threads) / 1e9)
        return least

    def close(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()


def disagreement(ours, theirs, tolerance):
    """What differs between two lists of sampled results, or None."""
    if len(ours) != len(theirs):
        return f"{len(ours)} and {len(theirs)} results"
    for index, ((shape, dtype, values), (peer_shape, peer_dtype, peer_values)) in enumerate(zip(ours, theirs)):
        if shape != peer_shape:
            return f"result {index} has shape {shape}, the peer's {peer_shape}"
        if np.dtype(dtype).kind != np.dtype(peer_dtype).kind:
            return f"result {index} is {dtype}, the peer's {peer_dtype}"
        bound = tolerance or max(TOLERANCES.get(dtype, 0), TOLERANCES.get(peer_dtype, 0))
        scale = float(np.max(np.abs(peer_values), initial=0))
        error = float(np.max(np.abs(np.subtract(values, peer_values, dtype="float64")), initial=0))
        if not error <= bound * scale:  # also where it is not a number
            return f"result {index} is off by {error:.3g} at magnitude {scale:.3g}"
    return None


class Row:
    """One measured variant: medians in seconds, and what went wrong."""

    def __init__(self, line, variant, threads):
        self.line, self.label, self.threads = line, variant["label"], threads
        self.ours = self.theirs = self.limit = self.ratio = None
        self.problems = []


def measure(module, variant, threads, ours, theirs, limits, rounds, seconds):
    """Both sides agree, then take turns; the ratio is the median of the rounds' ratios. `ours` may be None."""
    row = Row(module.NAME, variant, threads)
    sides = {}
    for name, worker in (("Croton", ours), ("NumPy", theirs)):
        if worker is None:
            continue
        try:
            results = worker.ask("prepare", module.NAME, variant)
        except WorkerFailed as failure:
            row.problems.append(f"{name}: {failure}")
            continue
        if results is not None:
            sides[name] = worker, results
    if len(sides) == 2:
        difference = disagreement(sides["Croton"][1], sides["NumPy"][1], variant.get("tolerance"))
        if difference:
            row.problems.append(f"not timed: {difference}")
            return row
    cost = module.cost(variant) if "Croton" in sides else {}
    try:
        before = limits.seconds(cost, threads)
        times = take_turns(sides, rounds, seconds)
    except WorkerFailed as failure:
        row.problems.append(str(failure))
        return row
    row.ours, row.theirs = (statistics.median(times[name]) if name in times else None for name in ("Croton", "NumPy"))
    if len(times) == 2:
        row.ratio = statistics.median(peer / own for own, peer in zip(times["Croton"], times["NumPy"]))
    if before is not None:
        row.limit = min(before, limits.seconds(cost, threads))  # others may have been at work during one of them
    return row


def take_turns(sides, rounds, seconds):
    """The median time of a call in each round, by side."""
    times = {name: [] for name in sides}
    for _ in range(rounds):
        for name, (worker, _) in sides.items():
            times[name].append(statistics.median(worker.ask("measure", seconds, 3)))
            worker.wait_until_idle()
    return times
