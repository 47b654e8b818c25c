"""Softmax of rows and its gradient: reduce, map, reduce, map over the same row."""
import peers

import numpy as np

NAME = "softmax"


def variants(quick):
    return [{"label": "softmax and gradient, 4096 x 1000 float32", "rows": 4096, "columns": 1000, "goals": {"best": 1.2}}]


def inputs(variant, rng):
    shape = variant["rows"], variant["columns"]
    return [rng.standard_normal(shape).astype("float32") for _ in range(2)]


def croton(variant, arrays):
    import croton
    import croton.tensor as T
    x, weights = T.fmatrices("x", "weights")
    probabilities = T.nnet.softmax(x)
    gradient = croton.grad((probabilities * weights).sum(), x)
    function = croton.function([x, weights], [probabilities, gradient])
    first, second = arrays
    return lambda: function(first, second)


def numpy(variant, arrays):
    x, weights = arrays
    weighted, probabilities, gradient = (np.empty_like(x) for _ in range(3))

    def run():
        np.subtract(x, x.max(axis=1, keepdims=True), out=probabilities)
        np.exp(probabilities, out=probabilities)
        np.divide(probabilities, probabilities.sum(axis=1, keepdims=True), out=probabilities)
        np.multiply(probabilities, weights, out=weighted)
        np.subtract(weights, weighted.sum(axis=1, keepdims=True), out=gradient)
        np.multiply(gradient, probabilities, out=gradient)
        return [probabilities, gradient]
    return run


def jax(variant, arrays):
    import jax

    def function(x, weights):
        probabilities, pull = jax.vjp(lambda x: jax.nn.softmax(x, axis=1), x)
        return [probabilities, pull(weights)[0]]
    return peers.run_jax(function, arrays)


def torch(variant, arrays):
    import torch

    def function(x, weights):
        probabilities = torch.softmax(x, dim=1)
        return [probabilities, torch.ops.aten._softmax_backward_data(weights, probabilities, 1, torch.float32)]
    return peers.run_torch(function, arrays, compiled=True)


def numba(variant, arrays):
    from numba import prange

    @peers.numba_jit
    def loop(x, weights, probabilities, gradient):
        for i in prange(x.shape[0]):
            largest = x[i, 0]
            for j in range(x.shape[1]):
                largest = max(largest, x[i, j])
            total = np.float32(0)
            for j in range(x.shape[1]):
                probabilities[i, j] = np.exp(x[i, j] - largest)
                total += probabilities[i, j]
            weighted = np.float32(0)
            inverse = np.float32(1) / total
            for j in range(x.shape[1]):
                probabilities[i, j] *= inverse
                weighted += probabilities[i, j] * weights[i, j]
            for j in range(x.shape[1]):
                gradient[i, j] = (weights[i, j] - weighted) * probabilities[i, j]
    results = [np.empty_like(arrays[0]) for _ in range(2)]

    def run():
        loop(*arrays, *results)
        return results
    return run


def cost(variant):
    bytes_of_one = variant["rows"] * variant["columns"] * 4
    return {"read": 2 * bytes_of_one, "written": 2 * bytes_of_one, "flops": 0}
