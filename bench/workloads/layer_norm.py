"""Layer norm of rows with scale and shift, and its gradients with respect to all three: rows and columns in one kernel."""
import peers

import numpy as np

NAME = "layer-norm"
EPSILON = 1e-5


def variants(quick):
    return [{"label": "layer norm and gradients, 4096 x 1024 float32", "rows": 4096, "columns": 1024, "goals": {"best": 1.2},
             "tolerance": 1e-4}]


def inputs(variant, rng):
    shape = variant["rows"], variant["columns"]
    return [rng.standard_normal(size).astype("float32") for size in (shape, shape[1], shape[1], shape)]


def croton(variant, arrays):
    import croton
    import croton.tensor as T
    x, weights = T.fmatrices("x", "weights")
    scale, shift = T.fvectors("scale", "shift")
    centred = x - x.mean(axis=1, keepdims=True)
    variance = T.sqr(centred).mean(axis=1, keepdims=True)
    result = centred / T.sqrt(variance + np.float32(EPSILON)) * scale + shift
    gradients = croton.grad((result * weights).sum(), [x, scale, shift])
    function = croton.function([x, scale, shift, weights], [result, *gradients])
    return lambda: function(*arrays)


def numpy(variant, arrays):
    x, scale, shift, weights = arrays
    columns = np.float32(variant["columns"])
    normal, result, gradient, scratch = (np.empty_like(x) for _ in range(4))

    def run():
        np.subtract(x, x.mean(axis=1, keepdims=True), out=normal)
        np.multiply(normal, normal, out=scratch)
        inverse = 1 / np.sqrt(scratch.mean(axis=1, keepdims=True) + np.float32(EPSILON))
        np.multiply(normal, inverse, out=normal)
        np.multiply(normal, scale, out=result)
        np.add(result, shift, out=result)
        np.multiply(weights, normal, out=scratch)
        scale_gradient = scratch.sum(axis=0)
        np.multiply(weights, scale, out=gradient)
        np.multiply(gradient, normal, out=scratch)
        slope = scratch.sum(axis=1, keepdims=True) / columns
        mean = gradient.sum(axis=1, keepdims=True) / columns
        np.multiply(normal, slope, out=scratch)
        np.subtract(gradient, scratch, out=gradient)
        np.subtract(gradient, mean, out=gradient)
        np.multiply(gradient, inverse, out=gradient)
        return [result, gradient, scale_gradient, weights.sum(axis=0)]
    return run


def jax(variant, arrays):
    import jax
    import jax.numpy as jnp

    def forward(x, scale, shift):
        centred = x - x.mean(axis=1, keepdims=True)
        variance = jnp.square(centred).mean(axis=1, keepdims=True)
        return centred * jax.lax.rsqrt(variance + np.float32(EPSILON)) * scale + shift

    def function(x, scale, shift, weights):
        result, pull = jax.vjp(forward, x, scale, shift)
        return [result, *pull(weights)]
    return peers.run_jax(function, arrays)


def torch(variant, arrays):
    import torch

    def function(x, scale, shift, weights):
        size = [x.shape[1]]
        result, mean, inverse = torch.ops.aten.native_layer_norm(x, size, scale, shift, EPSILON)
        gradients = torch.ops.aten.native_layer_norm_backward(weights, x, size, mean, inverse, scale, shift, [True] * 3)
        return [result, *gradients]
    return peers.run_torch(function, arrays)


def numba(variant, arrays):
    from numba import prange
    blocks = 16  # each with column sums of its own

    @peers.numba_jit
    def loop(x, scale, shift, weights, result, gradient, scale_sums, shift_sums):
        rows, columns = x.shape
        scale_sums[:] = 0
        shift_sums[:] = 0
        for block in prange(blocks):
            for i in range(block * rows // blocks, (block + 1) * rows // blocks):
                mean = np.float32(0)
                for j in range(columns):
                    mean += x[i, j]
                mean /= np.float32(columns)
                variance = np.float32(0)
                for j in range(columns):
                    variance += (x[i, j] - mean) * (x[i, j] - mean)
                inverse = np.float32(1) / np.sqrt(variance / np.float32(columns) + np.float32(EPSILON))
                total, along = np.float32(0), np.float32(0)
                for j in range(columns):
                    normal = (x[i, j] - mean) * inverse
                    result[i, j] = normal * scale[j] + shift[j]
                    weighted = weights[i, j] * scale[j]
                    total += weighted
                    along += weighted * normal
                    scale_sums[block, j] += weights[i, j] * normal
                    shift_sums[block, j] += weights[i, j]
                total /= np.float32(columns)
                along /= np.float32(columns)
                for j in range(columns):
                    normal = (x[i, j] - mean) * inverse
                    gradient[i, j] = (weights[i, j] * scale[j] - total - normal * along) * inverse
    result, gradient = np.empty_like(arrays[0]), np.empty_like(arrays[0])
    sums = [np.empty((blocks, variant["columns"]), "float32") for _ in range(2)]

    def run():
        loop(*arrays, result, gradient, *sums)
        return [result, gradient, sums[0].sum(axis=0), sums[1].sum(axis=0)]
    return run


def cost(variant):
    bytes_of_one = variant["rows"] * variant["columns"] * 4
    return {"read": 2 * bytes_of_one, "written": 2 * bytes_of_one, "flops": 0}
