"""The hierarchical model that samplers are measured by: the log-density of a flat vector of parameters and its gradient.

919 measurements in 85 counties, y ~ N(a[county] + b[county] floor, s); a = ma + sa za and b = mb + sb zb with standard normal za, zb; ma and mb
~ N(0, 10); sa, sb, s half normal, as exponentials. The vector holds ma, log sa, mb, log sb, log s, za, zb.
"""
import peers

import numpy as np

NAME = "radon"
ROWS, COUNTIES = 919, 85


def variants(quick):
    return [{"label": "value and gradient, 919 rows, 85 counties", "goals": {"numba": 1.0, "jax": 2.0}, "tolerance": 1e-10}]


def inputs(variant, rng):
    county = np.sort(rng.integers(0, COUNTIES, ROWS))
    floor = rng.integers(0, 2, ROWS).astype("float64")
    return [rng.standard_normal(5 + 2 * COUNTIES) / 4, county, floor, 1.4 - 0.7 * floor + rng.standard_normal(ROWS)]


def density(exp, flat, county, floor, y):
    """In the words that all array languages share."""
    log_scale_a, log_scale_b, log_scale = flat[1], flat[3], flat[4]
    za, zb = flat[5:5 + COUNTIES], flat[5 + COUNTIES:]
    a, b = flat[0] + exp(log_scale_a) * za, flat[2] + exp(log_scale_b) * zb
    residual = (y - a[county] - b[county] * floor) * exp(-log_scale)
    value = -0.5 * (residual ** 2).sum() - ROWS * log_scale
    value = value - 0.5 * (za ** 2).sum() - 0.5 * (zb ** 2).sum() - (flat[0] ** 2 + flat[2] ** 2) / 200
    for logarithm in (log_scale_a, log_scale_b, log_scale):
        value = value - 0.5 * exp(2 * logarithm) + logarithm
    return value


def croton(variant, arrays):
    import croton
    import croton.tensor as T
    flat = T.dvector("flat")
    county, floor, y = (croton.shared(array) for array in arrays[1:])
    value = density(T.exp, flat, county, floor, y)
    function = croton.function([flat], [value, croton.grad(value, flat)])
    point = arrays[0]
    return lambda: function(point)


def numpy(variant, arrays):
    flat, county, floor, y = arrays

    def run():
        scale_a, scale_b, inverse = np.exp(flat[1]), np.exp(flat[3]), np.exp(-flat[4])
        za, zb = flat[5:5 + COUNTIES], flat[5 + COUNTIES:]
        residual = (y - (flat[0] + scale_a * za)[county] - (flat[2] + scale_b * zb)[county] * floor) * inverse
        squares = residual @ residual
        value = -0.5 * (squares + za @ za + zb @ zb + scale_a ** 2 + scale_b ** 2 + inverse ** -2)
        value += flat[1] + flat[3] + flat[4] - ROWS * flat[4] - (flat[0] ** 2 + flat[2] ** 2) / 200
        residual *= inverse
        by_a = np.bincount(county, residual, COUNTIES)
        by_b = np.bincount(county, residual * floor, COUNTIES)
        gradient = np.empty_like(flat)
        gradient[0] = by_a.sum() - flat[0] / 100
        gradient[1] = scale_a * (by_a @ za) - scale_a ** 2 + 1
        gradient[2] = by_b.sum() - flat[2] / 100
        gradient[3] = scale_b * (by_b @ zb) - scale_b ** 2 + 1
        gradient[4] = squares - ROWS - inverse ** -2 + 1
        gradient[5:5 + COUNTIES] = scale_a * by_a - za
        gradient[5 + COUNTIES:] = scale_b * by_b - zb
        return [value, gradient]
    return run


def jax(variant, arrays):
    import jax
    import jax.numpy as jnp
    county, floor, y = arrays[1:]
    return peers.run_jax(jax.value_and_grad(lambda flat: density(jnp.exp, flat, county, floor, y)), arrays[:1])


def torch(variant, arrays):
    import torch
    torch.set_num_threads(peers.THREADS)
    flat, county, floor, y = (torch.from_numpy(array) for array in arrays)
    flat.requires_grad_()

    def run():
        value = density(torch.exp, flat, county, floor, y)
        return [value.detach(), torch.autograd.grad(value, flat)[0]]
    return run


def numba(variant, arrays):
    import numba

    @numba.njit(fastmath={"contract", "reassoc", "nsz"}, cache=True, error_model="numpy")
    def loop(flat, county, floor, y, by_a, by_b):
        scale_a, scale_b, inverse = np.exp(flat[1]), np.exp(flat[3]), np.exp(-flat[4])
        by_a[:] = 0
        by_b[:] = 0
        squares = 0.0
        for i in range(ROWS):
            group = county[i]
            residual = y[i] - flat[0] - scale_a * flat[5 + group] - (flat[2] + scale_b * flat[5 + COUNTIES + group]) * floor[i]
            residual *= inverse
            squares += residual * residual
            by_a[group] += residual * inverse
            by_b[group] += residual * inverse * floor[i]
        gradient = np.empty_like(flat)
        sum_a, sum_b, along_a, along_b, norm = 0.0, 0.0, 0.0, 0.0, 0.0
        for group in range(COUNTIES):
            za, zb = flat[5 + group], flat[5 + COUNTIES + group]
            sum_a += by_a[group]
            sum_b += by_b[group]
            along_a += by_a[group] * za
            along_b += by_b[group] * zb
            norm += za * za + zb * zb
            gradient[5 + group] = scale_a * by_a[group] - za
            gradient[5 + COUNTIES + group] = scale_b * by_b[group] - zb
        variance = 1 / (inverse * inverse)
        gradient[0] = sum_a - flat[0] / 100
        gradient[1] = scale_a * along_a - scale_a * scale_a + 1
        gradient[2] = sum_b - flat[2] / 100
        gradient[3] = scale_b * along_b - scale_b * scale_b + 1
        gradient[4] = squares - ROWS - variance + 1
        value = -0.5 * (squares + norm + scale_a * scale_a + scale_b * scale_b + variance)
        value += flat[1] + flat[3] + flat[4] - ROWS * flat[4] - (flat[0] * flat[0] + flat[2] * flat[2]) / 200
        return value, gradient
    scratch = [np.empty(COUNTIES) for _ in range(2)]
    return lambda: loop(*arrays, *scratch)


def cost(variant):
    return {}
