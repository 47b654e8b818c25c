"""Many products of small matrices at once."""
import peers

import numpy as np

NAME = "batched"
COUNT, SIZE = 1000, 16


def variants(quick):
    return [{"label": f"{COUNT} products of {SIZE} x {SIZE} float32", "goals": {"best": 1.5}}]


def inputs(variant, rng):
    return [rng.standard_normal((COUNT, SIZE, SIZE), dtype="float32") for _ in range(2)]


def croton(variant, arrays):
    import croton
    import croton.tensor as T
    x, y = T.ftensor3("x"), T.ftensor3("y")
    function = croton.function([x, y], T.batched_dot(x, y))
    first, second = arrays
    return lambda: [function(first, second)]


def numpy(variant, arrays):
    first, second = arrays
    out = np.empty_like(first)
    return lambda: [np.matmul(first, second, out=out)]


def jax(variant, arrays):
    import jax.numpy as jnp
    return peers.run_jax(jnp.matmul, arrays)


def torch(variant, arrays):
    import torch
    return peers.run_torch(torch.bmm, arrays)


def numba(variant, arrays):
    from numba import prange

    @peers.numba_jit
    def loop(x, y, out):
        for k in prange(len(x)):
            for i in range(SIZE):
                for j in range(SIZE):
                    out[k, i, j] = 0
                for l in range(SIZE):
                    for j in range(SIZE):
                        out[k, i, j] += x[k, i, l] * y[k, l, j]
    out = np.empty_like(arrays[0])

    def run():
        loop(*arrays, out)
        return [out]
    return run


def cost(variant):
    elements = COUNT * SIZE * SIZE * 4
    return {"read": 2 * elements, "written": elements, "flops": 2 * COUNT * SIZE ** 3, "dtype": "float32"}
