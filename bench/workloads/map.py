"""Six elementwise operations on two vectors: what fusion and vector mathematics bring."""
import numpy as np

NAME = "map"


def variants(quick):
    return [{"label": f"tanh(x y + 1) (x - y) / 2, {size:.0e} {dtype}", "size": size, "dtype": dtype}
            for dtype in ("float32", "float64") for size in (1_000, 100_000, 10_000_000)]


def inputs(variant, rng):
    return [rng.standard_normal(variant["size"]).astype(variant["dtype"]) for _ in range(2)]


def croton(variant, arrays):
    import croton
    import croton.tensor as T
    x, y = T.vector("x", dtype=variant["dtype"]), T.vector("y", dtype=variant["dtype"])
    half = np.asarray(0.5, dtype=variant["dtype"])
    function = croton.function([x, y], T.tanh(x * y + 1) * (x - y) * half)
    first, second = arrays
    return lambda: [function(first, second)]


def peer(variant, arrays):
    x, y = arrays
    half = x.dtype.type(0.5)
    difference = np.empty_like(x)  # recycled; only the result is fresh

    def run():
        result = x * y
        result += 1
        np.tanh(result, out=result)
        np.subtract(x, y, out=difference)
        result *= difference
        result *= half
        return [result]
    return run


def cost(variant):
    bytes_of_one = variant["size"] * np.dtype(variant["dtype"]).itemsize
    return {"read": 2 * bytes_of_one, "written": bytes_of_one, "flops": 0}
