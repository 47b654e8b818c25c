"""Softmax of rows and its gradient: reduce, map, reduce, map over the same row."""
import numpy as np

NAME = "softmax"


def variants(quick):
    return [{"label": "softmax and gradient, 4096 x 1000 float32", "rows": 4096, "columns": 1000}]


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


def peer(variant, arrays):
    x, weights = arrays
    weighted = np.empty_like(x)

    def run():
        probabilities = x - x.max(axis=1, keepdims=True)
        np.exp(probabilities, out=probabilities)
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        np.multiply(probabilities, weights, out=weighted)
        gradient = weights - weighted.sum(axis=1, keepdims=True)
        gradient *= probabilities
        return [probabilities, gradient]
    return run


def cost(variant):
    bytes_of_one = variant["rows"] * variant["columns"] * 4
    return {"read": 2 * bytes_of_one, "written": 2 * bytes_of_one, "flops": 0}
