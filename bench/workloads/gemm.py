"""Products of square matrices."""
import peers

import numpy as np

NAME = "gemm"


def variants(quick):
    return [{"label": f"dot, {size} x {size} {dtype}", "size": size, "dtype": dtype, "goals": {"best": 0.97},
             "rounds": 5 if size > 1024 else 9}
            for dtype in ("float32", "float64") for size in (256, 512, 1024, 2048) if not quick or size < 2048]


def inputs(variant, rng):
    return [rng.standard_normal((variant["size"],) * 2).astype(variant["dtype"]) for _ in range(2)]


def croton(variant, arrays):
    import croton
    import croton.tensor as T
    x, y = T.matrix("x", dtype=variant["dtype"]), T.matrix("y", dtype=variant["dtype"])
    function = croton.function([x, y], T.dot(x, y))
    first, second = arrays
    return lambda: [function(first, second)]


def numpy(variant, arrays):
    first, second = arrays
    out = np.empty_like(first)
    return lambda: [np.matmul(first, second, out=out)]


def jax(variant, arrays):
    import jax.numpy as jnp
    return peers.run_jax(jnp.dot, arrays)


def torch(variant, arrays):
    import torch
    return peers.run_torch(torch.mm, arrays)


def cost(variant):
    elements = variant["size"] ** 2 * np.dtype(variant["dtype"]).itemsize
    return {"read": 2 * elements, "written": elements, "flops": 2 * variant["size"] ** 3, "dtype": variant["dtype"]}
