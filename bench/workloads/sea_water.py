"""Equation of state of sea water: how dynamic enthalpy changes with temperature, in about 300 operations for each point.

The density is the 48-term rational function of TEOS-10 (IOC et al., 2010): (n0 + n1 p + n2 p^2 + n3 p^3) / (a + 2 b p + c p^2), with
coefficients that are polynomials of salinity and temperature. Its integral over the pressure has a closed form, and the derivative
with respect to temperature is carried along by pairs (value, derivative).
"""
import functools

import peers

import numpy as np

NAME = "sea-water"
SIZE = 1_000_000
# Polynomials of the temperature, lowest power first, by the power of the square root of the salinity.
TERMS = {
    "a": {0: [9.998420897506056e2, 2.839940833161907, -3.147759265588511e-2, 1.181805545074306e-3],
          2: [-6.698001071123802, -2.986498947203215e-2, 2.327859407479162e-4],
          3: [-3.988822378968490e-2, 5.095422573880500e-4, -1.426984671633621e-5, 1.645039373682922e-7]},
    "b": {0: [-1.1166348136762635e-2, -1.71804503992594e-4, 1.863025360172867e-6], 2: [-9.03394881872664e-5, 3.438418609768116e-7]},
    "c": {0: [-3.087032500374211e-7, -1.988366587925593e-8, -1.061519070296458e-11], 2: [1.550932729220080e-10]},
    "n0": {0: [1.0, 2.775927747785646e-3, -2.349607444135925e-5, 1.119513357486743e-6, 6.743689325042773e-10],
           2: [-7.521448093615448e-3, -2.764306979894411e-5, 1.262937315098546e-7, 9.527875081696435e-10,
               -1.811147201949891e-11],
           3: [-3.303308871386421e-5, 3.801564588876298e-7, -7.672876869259043e-9, -4.634182341116144e-11,
               2.681097235569143e-12],
           4: [5.419326551148740e-6]},
    "n1": {0: [-2.742185394906099e-5, -3.212746477974189e-7, 3.191413910561627e-9, -1.931012931541776e-12],
           2: [-1.105097577149576e-7, 6.211426728363857e-10]},
    "n2": {0: [-1.119011592875110e-10, -1.941660213148725e-11, -1.864826425365600e-14], 2: [1.119522344879478e-14]},
    "n3": {0: [-1.200507748551599e-15, 6.057902487546866e-17]},
}


def variants(quick):
    return [{"label": "1e+06 points float64", "goals": {"best": 1.3}, "tolerance": 1e-9}]


def inputs(variant, rng):
    return [rng.uniform(5, 40, SIZE), rng.uniform(0.5, 30, SIZE), rng.uniform(10, 1000, SIZE)]  # salinity, temperature, pressure


class Pair:
    """A value and its derivative with respect to temperature."""

    def __init__(self, value, slope):
        self.value, self.slope = value, slope

    def __add__(self, other):
        return Pair(self.value + other.value, self.slope + other.slope)

    def __sub__(self, other):
        return Pair(self.value - other.value, self.slope - other.slope)

    def __mul__(self, other):
        if not isinstance(other, Pair):
            return Pair(self.value * other, self.slope * other)
        return Pair(self.value * other.value, self.slope * other.value + self.value * other.slope)

    def __truediv__(self, other):
        quotient = self.value / other.value
        return Pair(quotient, (self.slope - quotient * other.slope) / other.value)

    def through(self, value, slope):
        """A function of it, of which this is the value and the slope here."""
        return Pair(value, self.slope * slope)


def polynomial(coefficients, t):
    """By Horner's scheme, with its derivative."""
    value, slope = coefficients[-1], None
    for coefficient in coefficients[-2::-1]:
        slope = value if slope is None else slope * t + value
        value = value * t + coefficient
    return value, slope


def combined(name, root, t):
    total, slope, last = 0.0, 0.0, None
    for power in sorted(TERMS[name]):
        factor = 1.0 if power == 0 else functools.reduce(lambda a, b: a * b, [root] * power)
        value, change = polynomial(TERMS[name][power], t)
        total = value * factor + total if power else value
        if change is not None:
            slope = change * factor + slope if power else change
    return Pair(total, slope)


def formula(sqrt, log, salinity, temperature, p):
    root = sqrt(salinity)
    a, b, c, n0, n1, n2, n3 = (combined(name, root, temperature) for name in ("a", "b", "c", "n0", "n1", "n2", "n3"))
    q1 = n3 / c  # the polynomial quotient is q1 p + q0, the remainder r1 p + r0
    q0 = (n2 - b * q1 * 2.0) / c
    r1 = n1 - a * q1 - b * q0 * 2.0
    r0 = n0 - a * q0
    square = b * b - a * c
    s = square.through(sqrt(square.value), 0.5 / sqrt(square.value))
    first = b * (2.0 * p) + c * (p * p)
    first = first / a
    first = first.through(log(first.value + 1.0), 1.0 / (first.value + 1.0))
    second = s * c * (2.0 * p) / ((b - s) * (b + s + c * p))
    second = second.through(log(second.value + 1.0), 1.0 / (second.value + 1.0))
    enthalpy = q1 * (0.5 * p * p) + q0 * p + r1 / c * first * 0.5 + (r0 - r1 * b / c) / s * second * 0.5
    return enthalpy.slope * 1e4


class Traced:
    """Writes the operations down, for peers that want loops over scalars."""

    def __init__(self, lines, name):
        self.lines, self.name = lines, name

    def new(self, text):
        self.lines.append(f"v{len(self.lines)} = {text}")
        return Traced(self.lines, f"v{len(self.lines) - 1}")


for symbol, method in (("+", "add"), ("-", "sub"), ("*", "mul"), ("/", "truediv")):
    setattr(Traced, f"__{method}__", lambda self, other, symbol=symbol:
            self.new(f"{self.name} {symbol} {getattr(other, 'name', other)}"))
    setattr(Traced, f"__r{method}__", lambda self, other, symbol=symbol: self.new(f"{other} {symbol} {self.name}"))


def scalar_source():
    """The formula as a Python function of three numbers."""
    lines = []
    symbols = [Traced(lines, name) for name in ("salinity", "temperature", "pressure")]
    result = formula(lambda x: x.new(f"sqrt({x.name})"), lambda x: x.new(f"log({x.name})"), *symbols)
    body = "\n    ".join([*lines, f"return {result.name}"])
    return f"def point(salinity, temperature, pressure):\n    {body}\n"


def croton(variant, arrays):
    import croton
    import croton.tensor as T
    symbols = T.dvectors("salinity", "temperature", "pressure")
    function = croton.function(symbols, formula(T.sqrt, T.log, *symbols))
    return lambda: [function(*arrays)]


def numpy(variant, arrays):
    return lambda: [formula(np.sqrt, np.log, *arrays)]


def jax(variant, arrays):
    import jax.numpy as jnp
    return peers.run_jax(lambda *symbols: formula(jnp.sqrt, jnp.log, *symbols), arrays)


def numba(variant, arrays):
    import numba
    from numba import prange
    names = {"sqrt": np.sqrt, "log": np.log}
    exec(scalar_source(), names)
    point = numba.njit(names["point"], fastmath={"contract", "reassoc", "nsz"}, error_model="numpy")

    def loop(salinity, temperature, pressure, out):
        for i in prange(len(out)):
            out[i] = point(salinity[i], temperature[i], pressure[i])
    loop = numba.njit(loop, parallel=peers.THREADS > 1, fastmath={"contract", "reassoc", "nsz"}, error_model="numpy")
    out = np.empty_like(arrays[0])

    def run():
        loop(*arrays, out)
        return [out]
    return run


def cost(variant):
    return {"read": 24 * SIZE, "written": 8 * SIZE, "flops": 300 * SIZE, "dtype": "float64"}
