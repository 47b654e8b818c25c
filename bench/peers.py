"""How each peer is run at its best: device-resident arguments, compiled ahead, threads only where there are several."""
import functools
import os

THREADS = int(os.environ.get("BENCH_THREADS", "1"))


def run_jax(function, arrays):
    """`function` compiled, and called on arrays that are on the device already."""
    import jax
    arguments = [jax.device_put(array) for array in arrays]
    compiled = jax.jit(function).lower(*arguments).compile()

    def run():
        results = compiled(*arguments)
        return jax.block_until_ready(results if isinstance(results, (list, tuple)) else [results])
    return run


def run_torch(function, arrays, compiled=False):
    import torch
    torch.set_num_threads(THREADS)
    arguments = [torch.from_numpy(array) for array in arrays]
    if compiled:
        function = torch.compile(function, fullgraph=True, dynamic=False)

    def run():
        with torch.inference_mode():
            results = function(*arguments)
        return results if isinstance(results, (list, tuple)) else [results]
    return run


def numba_jit(function):
    """Compiled with loops over `prange` on all threads; sums may be taken apart, but mathematics stays exact."""
    import numba
    return numba.njit(function, parallel=THREADS > 1, fastmath={"contract", "reassoc", "nsz"}, cache=True, error_model="numpy")


def run_numexpr(expression, **variables):
    import numexpr
    import numpy as np
    numexpr.set_num_threads(THREADS)
    out = np.empty_like(numexpr.evaluate(expression, local_dict=variables))
    numexpr.evaluate(expression, local_dict=variables, out=out)
    again = functools.partial(numexpr.re_evaluate, local_dict=variables)
    return lambda: [again()]
