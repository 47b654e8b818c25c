"""Prices of call and put options by Black and Scholes: a logarithm, an exponential, two error functions, a root."""
import math

import peers

import numpy as np

NAME = "black-scholes"
SIZE = 4_000_000
RATE, VOLATILITY = 0.05, 0.2


def variants(quick):
    return [{"label": f"call and put, 4e+06 {dtype}", "dtype": dtype, "goals": {"best": 1.3}, "rounds": 7,
             "tolerance": 1e-4 if dtype == "float32" else 1e-11}
            for dtype in ("float32", "float64") if not quick or dtype == "float64"]


def inputs(variant, rng):
    ranges = (5, 30), (1, 100), (0.25, 10)  # price, strike, years
    return [rng.uniform(*span, SIZE).astype(variant["dtype"]) for span in ranges]


def formula(log, exp, sqrt, erf, number, price, strike, years):
    """`number` gives constants the dtype of the arrays, where a Python number would be a double."""
    half, one_root = number(0.5), number(math.sqrt(0.5))
    root = sqrt(years) * number(VOLATILITY)
    first = (log(price / strike) + years * number(RATE + VOLATILITY * VOLATILITY / 2)) / root
    first_normal = erf(first * one_root) * half + half
    second_normal = erf((first - root) * one_root) * half + half
    discounted = strike * exp(years * number(-RATE))
    call = price * first_normal - discounted * second_normal
    return [call, call - price + discounted]


def croton(variant, arrays):
    import croton
    import croton.tensor as T
    symbols = [T.vector(name, dtype=variant["dtype"]) for name in ("price", "strike", "years")]
    function = croton.function(symbols, formula(T.log, T.exp, T.sqrt, T.erf, np.dtype(variant["dtype"]).type, *symbols))
    return lambda: function(*arrays)


def jax(variant, arrays):
    import jax
    import jax.numpy as jnp
    return peers.run_jax(lambda *symbols: formula(jnp.log, jnp.exp, jnp.sqrt, jax.scipy.special.erf, float, *symbols), arrays)


def torch(variant, arrays):
    import torch
    return peers.run_torch(lambda *symbols: formula(torch.log, torch.exp, torch.sqrt, torch.erf, float, *symbols), arrays)


def numba(variant, arrays):
    from numba import prange
    scalar = np.dtype(variant["dtype"]).type
    half, one_root, volatility, discount = scalar(0.5), scalar(math.sqrt(0.5)), scalar(VOLATILITY), scalar(-RATE)
    drift = scalar(RATE + VOLATILITY * VOLATILITY / 2)

    @peers.numba_jit
    def loop(price, strike, years, call, put):
        for i in prange(len(price)):
            root = np.sqrt(years[i]) * volatility
            first = (np.log(price[i] / strike[i]) + years[i] * drift) / root
            first_normal = math.erf(first * one_root) * half + half
            second_normal = math.erf((first - root) * one_root) * half + half
            discounted = strike[i] * np.exp(years[i] * discount)
            call[i] = price[i] * first_normal - discounted * second_normal
            put[i] = call[i] - price[i] + discounted
    results = [np.empty_like(arrays[0]) for _ in range(2)]

    def run():
        loop(*arrays, *results)
        return results
    return run


def cost(variant):
    bytes_of_one = SIZE * np.dtype(variant["dtype"]).itemsize
    return {"read": 3 * bytes_of_one, "written": 2 * bytes_of_one, "flops": 0}
