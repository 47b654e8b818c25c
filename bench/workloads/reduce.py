"""Reductions of a matrix along its rows, its columns and whole, also of a transposed one."""
import peers

import numpy as np

NAME = "reduce"
SIZE = 4096
# The naive sum of a column in single precision, as some have it, is off by this much of the largest sum.
TOLERANCE = 2e-4


def variants(quick):
    kinds = [("sum", 0), ("sum", 1), ("sum", None), ("var", 0), ("max", 0), ("max", None), ("argmax", 0), ("argmax", 1)]
    return [{"label": f"{operation} {'all' if axis is None else f'axis {axis}'}{', transposed' * transposed}, "
                      f"{SIZE} x {SIZE} float32",
             "operation": operation, "axis": axis, "transposed": transposed, "tolerance": TOLERANCE, "goals": {"best": 1.0}}
            for transposed in (False, True) for operation, axis in kinds
            if not transposed or (axis is not None and not quick)]


def inputs(variant, rng):
    return [rng.standard_normal((SIZE, SIZE), dtype="float32")]


def view(variant, matrix):
    return matrix.T if variant["transposed"] else matrix


def croton(variant, arrays):
    import croton
    import croton.tensor as T
    x = T.fmatrix("x")
    function = croton.function([x], getattr(T, variant["operation"])(x, axis=variant["axis"]))
    matrix = view(variant, arrays[0])
    return lambda: [function(matrix)]


def numpy(variant, arrays):
    matrix = view(variant, arrays[0])
    operation, axis = getattr(np, variant["operation"]), variant["axis"]
    return lambda: [operation(matrix, axis=axis)]


def jax(variant, arrays):
    import jax.numpy as jnp
    operation, axis = getattr(jnp, variant["operation"]), variant["axis"]
    return peers.run_jax(lambda matrix: operation(view(variant, matrix), axis=axis), arrays)


def torch(variant, arrays):
    import torch
    axis = variant["axis"]
    operation = {"sum": torch.sum, "max": torch.amax, "argmax": torch.argmax,
                 "var": lambda matrix, dim: torch.var(matrix, dim=dim, correction=0)}[variant["operation"]]
    return peers.run_torch(lambda matrix: operation(view(variant, matrix), dim=[0, 1] if axis is None else axis), arrays)


def numba(variant, arrays):
    """Along the memory only: loops over columns by hand lose to everybody."""
    from numba import prange
    axis = variant["axis"]
    along = axis is None or axis == (0 if variant["transposed"] else 1)
    if variant["operation"] not in ("sum", "max") or not along:
        return None
    sums = variant["operation"] == "sum"

    @peers.numba_jit
    def loop(matrix, out):
        for i in prange(matrix.shape[0]):
            if sums:
                total = np.float32(0)
                for j in range(matrix.shape[1]):
                    total += matrix[i, j]
                out[i] = total
            else:
                largest = matrix[i, 0]
                for j in range(matrix.shape[1]):
                    largest = max(largest, matrix[i, j])
                out[i] = largest
    out = np.empty(SIZE, "float32")

    def run():
        loop(arrays[0], out)
        return [out if axis is not None else out.sum() if sums else out.max()]
    return run


def cost(variant):
    return {"read": SIZE * SIZE * 4, "written": 0, "flops": 0}
