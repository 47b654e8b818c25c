"""Six elementwise operations, one of them a function, on two arrays: what fusion and vector mathematics bring, in any layout."""
import peers

import numpy as np

NAME = "map"
SHIFT = {"tanh": 1, "exp": 1, "log": 40}  # what keeps x y + shift in the function's domain
HUGE = 20_000_000  # above, those that cannot win are left out: they take seconds a call
ROWS, COLUMNS = 2500, 4000


def variants(quick):
    contiguous = [{"label": f"{function}(x y + {SHIFT[function]}) (x - y) / 2, {size:.0e} {dtype}", "function": function,
                   "size": size, "dtype": dtype, "layout": "plain",
                   "goals": {"best": 0.95 if dtype == "float32" and size >= 100_000 else 1.0}}
                  for dtype in ("float32", "float64") for size in (1_000, 100_000, 10_000_000) for function in SHIFT
                  if not quick or size == 100_000 or function == "tanh"]
    layouts = [{"label": f"tanh, {layout}, 1e+07 {dtype}", "function": "tanh", "size": ROWS * COLUMNS, "dtype": dtype,
                "layout": layout, "goals": {"best": 1.3}}
               for dtype in ("float32", "float64") for layout in ("one transposed", "both transposed", "every second")
               if not quick or dtype == "float64"]
    sizes = [{"label": f"tanh, {size:.0e} float32", "function": "tanh", "size": size, "dtype": "float32", "layout": "plain",
              "goals": {"best": 1.3}, **({"rounds": 5} if size > 10_000_000 else {})}
             for size in (10, 100, 10_000, 1_000_000, 100_000_000) if not quick or size < 10_000]
    return contiguous + layouts + sizes


def inputs(variant, rng):
    shape = {"plain": variant["size"], "one transposed": (ROWS, COLUMNS), "both transposed": (ROWS, COLUMNS),
             "every second": (ROWS, 2 * COLUMNS)}[variant["layout"]]
    x, y = (rng.standard_normal(shape, dtype="float32").astype(variant["dtype"]) for _ in range(2))
    return [np.ascontiguousarray(x.T), y] if variant["layout"] == "one transposed" else [x, y]


def views(variant, x, y):
    """What the operations see of the arrays: the layouts."""
    if variant["layout"] == "one transposed":
        return x.T, y
    if variant["layout"] == "both transposed":
        return x.T, y.T
    if variant["layout"] == "every second":
        return x[:, ::2], y[:, ::2]
    return x, y


def formula(module, variant, x, y):
    function = getattr(module, variant["function"])
    return function(x * y + SHIFT[variant["function"]]) * (x - y) * 0.5


def croton(variant, arrays):
    import croton
    import croton.tensor as T
    first, second = views(variant, *arrays)
    x, y = (T.TensorType(variant["dtype"], (False,) * first.ndim)(name) for name in "xy")
    function = croton.function([x, y], formula(T, variant, x, y).astype(variant["dtype"]))
    return lambda: [function(first, second)]


def numpy(variant, arrays):
    if variant["size"] > HUGE:
        return None
    x, y = views(variant, *arrays)
    shift, half, function = SHIFT[variant["function"]], x.dtype.type(0.5), getattr(np, variant["function"])
    difference, result = np.empty_like(x), np.empty_like(x * y)

    def run():
        np.multiply(x, y, out=result)
        np.add(result, shift, out=result)
        function(result, out=result)
        np.subtract(x, y, out=difference)
        np.multiply(result, difference, out=result)
        np.multiply(result, half, out=result)
        return [result]
    return run


def jax(variant, arrays):
    import jax.numpy as jnp
    return peers.run_jax(lambda x, y: formula(jnp, variant, *views(variant, x, y)), arrays)


def torch(variant, arrays):
    if variant["size"] > HUGE:
        return None
    import torch
    return peers.run_torch(lambda x, y: formula(torch, variant, *views(variant, x, y)), arrays)


def numba(variant, arrays):
    from numba import prange
    function = {"tanh": np.tanh, "exp": np.exp, "log": np.log}[variant["function"]]
    scalar = np.dtype(variant["dtype"]).type
    shift, half = scalar(SHIFT[variant["function"]]), scalar(0.5)

    @peers.numba_jit
    def over_vector(x, y, out):
        for i in prange(len(x)):
            out[i] = function(x[i] * y[i] + shift) * (x[i] - y[i]) * half

    @peers.numba_jit
    def over_matrix(x, y, out):
        for i in prange(x.shape[0]):
            for j in range(x.shape[1]):
                out[i, j] = function(x[i, j] * y[i, j] + shift) * (x[i, j] - y[i, j]) * half

    first, second = views(variant, *arrays)
    out = np.empty_like(first * second)  # in the layout of its arguments, as NumPy's
    if variant["layout"] == "both transposed":  # the loops follow the memory
        loops = over_matrix, first.T, second.T, out.T
    else:
        loops = over_vector if first.ndim == 1 else over_matrix, first, second, out

    def run():
        loops[0](*loops[1:])
        return [out]
    return run


def numexpr(variant, arrays):
    if variant["size"] > HUGE:
        return None
    x, y = views(variant, *arrays)
    half = x.dtype.type(0.5)
    shift = x.dtype.type(SHIFT[variant["function"]])
    return peers.run_numexpr(f"{variant['function']}(x * y + shift) * (x - y) * half", x=x, y=y, half=half, shift=shift)


def cost(variant):
    bytes_of_one = variant["size"] * np.dtype(variant["dtype"]).itemsize
    return {"read": 2 * bytes_of_one, "written": bytes_of_one, "flops": 0}
