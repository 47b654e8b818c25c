"""The processes that stay alive and run workloads, one per implementation and number of threads, and their environments.

Protocol: pickled (method, arguments) into a worker's standard input, pickled (succeeded, value) out of its standard output.
"""
import os
import pathlib
import pickle
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
ENVIRONMENTS = HERE.parent / ".peers"
# "hand" is loops that somebody wrote in C++ for one machine (bench/cpp/hand); the others are what people use.
PEERS = ("numpy", "jax", "torch", "numba", "numexpr", "hand")
THREAD_VARIABLES = ("CROTON_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS",
                    "NUMBA_NUM_THREADS", "NUMEXPR_NUM_THREADS", "BENCH_THREADS")
# Freed memory stays in the process, on huge pages: no peer pays for fresh pages in each call.
RECYCLING = "glibc.malloc.hugetlb=1:glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=1099511627776:glibc.malloc.arena_max=1"


class WorkerFailed(Exception):
    """What a worker raised, or that it ended."""


def interpreter(implementation):
    """The Python that has it; None where its environment has not been made (bench/setup_peers.sh makes them)."""
    if implementation in ("croton", "numpy", "hand"):
        return sys.executable
    python = ENVIRONMENTS / implementation / "bin" / "python"
    return str(python) if python.exists() else None


def environment_of(implementation, threads, build):
    environment = dict(os.environ)
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # peers get their best settings
        environment.pop(name, None)
    environment.update({name: str(threads) for name in THREAD_VARIABLES})
    environment.update(GLIBC_TUNABLES=RECYCLING, BENCH_BUILD=str(build))
    if implementation == "jax":
        environment.update(JAX_PLATFORMS="cpu", JAX_ENABLE_X64="1", JAX_CPU_ENABLE_ASYNC_DISPATCH="0")
    elif implementation == "numba":  # finds Intel's SVML where the loader looks; its own code is kept between runs
        environment.update(LD_LIBRARY_PATH=str(ENVIRONMENTS / "numba" / "lib"),
                           NUMBA_CACHE_DIR=str(ENVIRONMENTS / "numba" / "kernels"))
    elif implementation == "torch":
        environment.update(TORCHINDUCTOR_CACHE_DIR=str(ENVIRONMENTS / "torch" / "kernels"))
    if implementation not in ("croton", "numpy", "hand"):
        environment.pop("PYTHONPATH", None)
    return environment


class Worker:
    """One implementation with one number of threads."""

    def __init__(self, implementation, threads, build):
        environment = environment_of(implementation, threads, build)
        # Croton's kernels are compiled in each run of the bench, whatever earlier runs have left.
        self.kernels = tempfile.TemporaryDirectory()
        environment["CROTON_CACHE_DIR"] = os.path.join(self.kernels.name, "croton")
        # Some libraries (XLA) count the cores that they may use, and nothing else.
        cores = sorted(os.sched_getaffinity(0))[-threads:]
        self.process = subprocess.Popen([interpreter(implementation), str(HERE / "worker.py"), implementation],
                                        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        preexec_fn=lambda: os.sched_setaffinity(0, cores))

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
