"""Products of square matrices."""
import numpy as np

NAME = "gemm"


def variants(quick):
    return [{"label": f"dot, {size} x {size} {dtype}", "size": size, "dtype": dtype}
            for dtype in ("float32", "float64") for size in (256, 512, 1024)]


def inputs(variant, rng):
    return [rng.standard_normal((variant["size"],) * 2).astype(variant["dtype"]) for _ in range(2)]


def croton(variant, arrays):
    import croton
    import croton.tensor as T
    x, y = T.matrix("x", dtype=variant["dtype"]), T.matrix("y", dtype=variant["dtype"])
    function = croton.function([x, y], T.dot(x, y))
    first, second = arrays
    return lambda: [function(first, second)]


def peer(variant, arrays):
    first, second = arrays
    return lambda: [first @ second]


def cost(variant):
    elements = variant["size"] ** 2 * np.dtype(variant["dtype"]).itemsize
    return {"read": 2 * elements, "written": elements, "flops": 2 * variant["size"] ** 3, "dtype": variant["dtype"]}
