"""Products of a large matrix and a vector, and of a transposed one."""
import peers

import numpy as np

NAME = "gemv"
SIZE = 4096


def variants(quick):
    return [{"label": f"dot, {SIZE} x {SIZE}{', transposed' * transposed}, {dtype}", "dtype": dtype, "transposed": transposed,
             "goals": {"best": 1.1}}
            for dtype in ("float64", "float32") for transposed in (False, True) if not quick or dtype == "float64"]


def inputs(variant, rng):
    return [rng.standard_normal((SIZE, SIZE), dtype="float32").astype(variant["dtype"]),
            rng.standard_normal(SIZE).astype(variant["dtype"])]


def view(variant, matrix):
    return matrix.T if variant["transposed"] else matrix


def croton(variant, arrays):
    import croton
    import croton.tensor as T
    matrix, vector = T.matrix("matrix", dtype=variant["dtype"]), T.vector("vector", dtype=variant["dtype"])
    function = croton.function([matrix, vector], T.dot(matrix, vector))
    first, second = view(variant, arrays[0]), arrays[1]
    return lambda: [function(first, second)]


def numpy(variant, arrays):
    first, second = view(variant, arrays[0]), arrays[1]
    return lambda: [first @ second]


def jax(variant, arrays):
    return peers.run_jax(lambda matrix, vector: view(variant, matrix) @ vector, arrays)


def torch(variant, arrays):
    return peers.run_torch(lambda matrix, vector: view(variant, matrix) @ vector, arrays)


def numba(variant, arrays):
    if variant["transposed"]:
        return None
    from numba import prange
    zero = np.dtype(variant["dtype"]).type(0)

    @peers.numba_jit
    def loop(matrix, vector, out):
        for i in prange(len(out)):
            total = zero
            for j in range(len(vector)):
                total += matrix[i, j] * vector[j]
            out[i] = total
    out = np.empty_like(arrays[1])

    def run():
        loop(*arrays, out)
        return [out]
    return run


def cost(variant):
    return {"read": SIZE * SIZE * np.dtype(variant["dtype"]).itemsize, "written": 0, "flops": 0}
