"""A fused kernel that memory bounds, beside loops that somebody wrote by hand with the same reads and writes."""
import ctypes
import os
import pathlib

import peers

import numpy as np

NAME = "fused"
SIZE = 30_000_000


def variants(quick):
    return [{"label": f"(x y + x) / 2 - y, 3e+07 {dtype}", "dtype": dtype, "goals": {"hand": 0.8}, "rounds": 7}
            for dtype in ("float32", "float64") if not quick or dtype == "float64"]


def inputs(variant, rng):
    return [rng.standard_normal(SIZE, dtype="float32").astype(variant["dtype"]) for _ in range(2)]


def formula(x, y):
    return (x * y + x) * 0.5 - y


def croton(variant, arrays):
    import croton
    import croton.tensor as T
    x, y = (T.vector(name, dtype=variant["dtype"]) for name in "xy")
    function = croton.function([x, y], formula(x, y).astype(variant["dtype"]))
    first, second = arrays
    return lambda: [function(first, second)]


def hand(variant, arrays):
    """Plain and streaming stores, whichever is faster."""
    library = ctypes.CDLL(str(pathlib.Path(os.environ["BENCH_BUILD"]) / "lib" / "libbench_hand.so"))
    loop = getattr(library, "fused_" + variant["dtype"])
    x, y = arrays
    out = np.empty_like(x)
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in (out, x, y)]

    def run(streaming=False):
        loop(*pointers, ctypes.c_int64(SIZE), ctypes.c_int(peers.THREADS), ctypes.c_int(streaming))
        return [out]

    def times():
        import time
        best = []
        for streaming in (False, True):
            start = time.perf_counter()
            run(streaming)
            best.append(time.perf_counter() - start)
        return [min(best)]
    run.times = times
    return run


def numba(variant, arrays):
    from numba import prange
    half = np.dtype(variant["dtype"]).type(0.5)

    @peers.numba_jit
    def loop(x, y, out):
        for i in prange(len(x)):
            out[i] = (x[i] * y[i] + x[i]) * half - y[i]
    out = np.empty_like(arrays[0])

    def run():
        loop(*arrays, out)
        return [out]
    return run


def jax(variant, arrays):
    return peers.run_jax(formula, arrays)


def cost(variant):
    bytes_of_one = SIZE * np.dtype(variant["dtype"]).itemsize
    return {"read": 2 * bytes_of_one, "written": bytes_of_one, "flops": 0}
