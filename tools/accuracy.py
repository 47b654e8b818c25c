"""Measures the errors of the elementary functions and writes docs/accuracy.md; tests/python/test_accuracy.py calls it, too.

    accuracy.py [--check | --bounds]     tells whether the document is stale; tells only whether the bounds hold

Every row of the engine that promises a bound has a reference here: in double for float32, in long double or by mpmath for float64.
"""
import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    # The document is about one instruction set, so that it is the same wherever it is made.
    os.environ.setdefault("CROTON_ISA", "avx2")

import mpmath
import numpy as np
import scipy.special

import croton
from croton import _core
from croton.tensor import TensorType

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "accuracy.md"
STRIDE = 4099  # a prime: every so many-th bit pattern of float32 is measured
DOUBLES = 40_000  # of each of three distributions
PRECISE = 1_500  # the same where mpmath is the reference
NOT_FUNCTIONS = {"int_div", "mod"}  # rows with a bound that are arithmetic
EXACT_ROWS = ("sqrt", "inv", "true_div")  # correctly rounded, worth being shown
PI = np.longdouble("3.14159265358979323846264338327950288")


@dataclass
class Reference:
    """What is exact, in whatever format it is called with, and where to look: the span of random arguments."""

    exact: object
    low: float
    high: float
    precise: object = None  # by mpmath, for float64, where NumPy has no long double
    positive: bool = False  # measured there only
    least: float = 0.0  # errors are relative to results of at least this magnitude
    ints: tuple = ()  # attributes of the row
    operands: int = 1


def sigmoid(x):
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, x.dtype.type(1)) / (1 + e)


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def within(function, limit, low, high):
    """Beyond the limits the result does not move any more, and mpmath gives up on the largest numbers."""
    return lambda x: function(x) if abs(x) < limit else mpmath.mpf(low if x < 0 else high)


REFERENCES = {
    "sqrt": Reference(np.sqrt, 0, 1e3),
    "inv": Reference(lambda x: 1 / x, -100, 100),
    "exp": Reference(np.exp, -750, 715),
    "expm1": Reference(np.expm1, -45, 715),
    "exp2": Reference(np.exp2, -1080, 1030),
    "log": Reference(np.log, 0, 4),
    "log1p": Reference(np.log1p, -1, 4),
    "log2": Reference(np.log2, 0, 4),
    "log10": Reference(np.log10, 0, 4),
    "sin": Reference(np.sin, -1e6, 1e6),
    "cos": Reference(np.cos, -1e6, 1e6),
    "tan": Reference(np.tan, -1e6, 1e6),
    "arcsin": Reference(np.arcsin, -1, 1),
    "arccos": Reference(np.arccos, -1, 1),
    "arctan": Reference(np.arctan, -4, 4),
    "sinh": Reference(np.sinh, -711, 711),
    "cosh": Reference(np.cosh, -711, 711),
    "tanh": Reference(np.tanh, -20, 20),
    "arcsinh": Reference(np.arcsinh, -10, 10),
    "arccosh": Reference(np.arccosh, 1, 10),
    "arctanh": Reference(np.arctanh, -1, 1),
    "deg2rad": Reference(lambda x: x * (PI / 180).astype(x.dtype), -720, 720),
    "rad2deg": Reference(lambda x: x * (180 / PI).astype(x.dtype), -13, 13),
    "sigmoid": Reference(sigmoid, -750, 40),
    "softplus": Reference(softplus, -750, 40),
    "erf": Reference(scipy.special.erf, -6, 6, within(mpmath.erf, 30, -1, 1)),
    "erfc": Reference(scipy.special.erfc, -6, 27, within(mpmath.erfc, 30, 2, 0)),
    "gammaln": Reference(scipy.special.gammaln, 0, 100, mpmath.loggamma, positive=True),
    "psi": Reference(scipy.special.psi, 0, 100, mpmath.digamma, positive=True, least=1.0),
    "polygamma": Reference(lambda x: scipy.special.zeta(2, x), 0, 100, lambda x: mpmath.zeta(2, x), positive=True, ints=(1,)),
    "pow": Reference(np.power, 0, 50, operands=2),
    "arctan2": Reference(np.arctan2, -10, 10, operands=2),
    "true_div": Reference(np.divide, -10, 10, operands=2),
}


def promised_rows():
    """The rows of the engine that this document is about: name -> bound."""
    rows = {name: row["ulp"] for name, row in _core.rows().items() if row["elementwise"] and row["ulp"] != 0.5}
    bounds = {name: ulp for name, ulp in rows.items() if name not in NOT_FUNCTIONS}
    return {**{name: 0.5 for name in EXACT_ROWS}, **bounds}


def compiled(name, dtype):
    reference = REFERENCES[name]
    symbols = [TensorType(dtype, (False,))(letter) for letter in "xy"[:reference.operands]]
    output = _core.apply(name, [symbol._var for symbol in symbols], list(reference.ints))
    from croton._variable import wrap
    return croton.function(symbols, wrap(output[0]))


def special_values(dtype):
    """Where functions change their mind: zeros, denormals, ones, the ends of the ranges, infinities, NaN."""
    info = np.finfo(dtype)
    values = np.array([0, info.smallest_subnormal, info.tiny, 0.5, 1, 2, info.max, np.inf, info.eps, np.log(2), np.sqrt(2),
                       -np.log(np.float64(info.smallest_subnormal)), np.log(np.float64(info.max))], dtype)
    with np.errstate(over="ignore", under="ignore"):
        values = np.concatenate([values, np.nextafter(values, dtype(0)), np.nextafter(values, dtype(np.inf))])
    return np.concatenate([values, -values, [dtype(np.nan)]]).astype(dtype)


def floats(reference):
    values = np.arange(0, 1 << 32, STRIDE, dtype=np.uint64).astype(np.uint32).view(np.float32)
    return np.concatenate([special_values(np.float32), values])


def doubles(reference, count):
    rng = np.random.default_rng(7)
    patterns = rng.integers(0, 1 << 64, count, dtype=np.uint64, endpoint=False).view(np.float64)
    drawn = [special_values(np.float64), patterns, rng.uniform(reference.low, reference.high, count), rng.uniform(-1, 1, count)]
    return np.concatenate(drawn)


def pairs(reference, dtype, count):
    """Two operands: all pairs of special values, and random ones; the logarithms of powers stay in range."""
    rng = np.random.default_rng(11)
    special = special_values(dtype)
    first, second = (axis.ravel() for axis in np.meshgrid(special, special))
    if reference.exact is np.power:
        largest = np.log(np.float64(np.finfo(dtype).max))
        log_x = np.where(np.arange(count) % 3 == 0, (rng.random(count) - 0.5) * np.exp2(-20 * rng.random(count)),
                         rng.uniform(-largest, largest, count))
        x = np.exp(log_x)
        y = rng.uniform(-1.05, 1.05, count) * largest / log_x
    else:
        x, y = (rng.uniform(reference.low, reference.high, count) * np.exp2(rng.integers(-20, 20, count)) for _ in range(2))
    return [np.concatenate([first, x.astype(dtype)]), np.concatenate([second, y.astype(dtype)])]


def arguments_of(name, dtype):
    reference = REFERENCES[name]
    if reference.operands == 2:
        return pairs(reference, dtype, 3 * DOUBLES)
    x = floats(reference) if dtype is np.float32 else doubles(reference, PRECISE if reference.precise else DOUBLES)
    return [x[x > 0] if reference.positive else x]


def by_mpmath(function, x):
    """Rounded to long double, from enough digits."""
    with mpmath.workdps(40):
        return np.array([np.longdouble(mpmath.nstr(function(mpmath.mpf(float(value))), 25)) for value in x])


def exact_values(name, arguments):
    """The results in a wider format. mpmath has neither a zero with a sign nor one opinion about infinities."""
    reference, single = REFERENCES[name], arguments[0].dtype == np.float32
    if single or reference.precise is None:
        return reference.exact(*(x.astype(np.float64 if single else np.longdouble) for x in arguments))
    x, = arguments
    edge = ~np.isfinite(x) | (x == 0)
    return np.where(edge, reference.exact(x), by_mpmath(reference.precise, np.where(edge, 1.0, x)))


def errors_in_ulps(got, exact, least=0.0):
    """Distance from the exact result in units in the last place there; zeros must have the right sign."""
    info, wide = np.finfo(got.dtype), exact.dtype
    rounded = exact.astype(got.dtype)
    _, exponent = np.frexp(np.where(np.isfinite(exact), np.maximum(np.abs(exact), least), 1))
    unit = np.ldexp(np.ones(1, wide), np.clip(exponent - 1, info.minexp, info.maxexp - 1) - info.nmant)
    value = np.where(np.isinf(got), np.copysign(np.ldexp(np.ones(1, wide), info.maxexp), got), got.astype(wide))
    errors = np.abs(value - exact) / unit
    errors = np.where(np.isinf(exact), np.inf, errors)
    errors = np.where(got == rounded, np.where((got == 0) & (np.signbit(got) != np.signbit(rounded)), np.inf, 0), errors)
    return np.where(np.isnan(exact) | np.isnan(got), np.where(np.isnan(exact) & np.isnan(got), 0, np.inf), errors)


@dataclass
class Worst:
    error: float
    arguments: tuple


def measure(name, dtype):
    """The largest error, of results that are not correctly rounded, and where it is."""
    arguments = arguments_of(name, dtype)
    with np.errstate(all="ignore"):
        got = compiled(name, np.dtype(dtype).name)(*arguments)
        exact = exact_values(name, arguments)
        errors = errors_in_ulps(got, exact, REFERENCES[name].least)
    place = int(np.argmax(errors))
    return Worst(float(errors[place]), tuple(x[place] for x in arguments))


def measure_all():
    """name -> (bound, worst of float32, worst of float64)"""
    return {name: (bound, measure(name, np.float32), measure(name, np.float64)) for name, bound in promised_rows().items()}


def error_text(worst):
    if worst.error == 0:
        return "correctly rounded", ""
    return f"{worst.error:.2f}", ", ".join(np.format_float_scientific(x, trim="-") for x in worst.arguments)


SPECIALS = {"0": 0.0, "-0": -0.0, "smallest": 5e-324, "-smallest": -5e-324, "1": 1.0, "largest": np.finfo(float).max,
            "-largest": -np.finfo(float).max, "inf": np.inf, "-inf": -np.inf, "nan": np.nan}


def special_results(name):
    x = np.array(list(SPECIALS.values()))
    return [f"{value:.6g}" for value in compiled(name, "float64")(x)]


HEAD = f"""# Accuracy of the elementary functions

Made by `tools/accuracy.py` with AVX2; the tests fail when a bound is exceeded or this file is stale.

Errors are in units in the last place of the exact result; 0.5 is a correctly rounded result. The promise is the row's (`ulp` in
`src/ops`) and holds for float32 and float64. Float32 is measured at one of {STRIDE} bit patterns, against double; float64 at
{3 * DOUBLES:,} random arguments (all bit patterns, the range where the function changes, and from -1 to 1), against long double, or
{3 * PRECISE:,} against 40 digits (mpmath); both at zeros, denormals, the ends of the ranges, infinities and NaN, where a result
of the wrong sign or kind counts as an infinite error. The functions of gamma are measured for positive arguments, `psi` relative to
results of at least one, since it has zeros; `polygamma` with order one.
"""


def document(measured):
    lines = [HEAD, "| function | promise | float32 | at | float64 | at |", "| --- | ---: | ---: | --- | ---: | --- |"]
    for name, (bound, single, double) in sorted(measured.items()):
        lines.append(f"| `{name}` | {bound:g} | {' | '.join((*error_text(single), *error_text(double)))} |")
    lines += ["", "## Special values", "", "Float64; `smallest` is the smallest denormal number, 4.94066e-324.", "",
              f"| function | {' | '.join(SPECIALS)} |", f"| --- |{' ---: |' * len(SPECIALS)}"]
    lines += [f"| `{name}` | {' | '.join(special_results(name))} |" for name in sorted(measured)
              if REFERENCES[name].operands == 1]
    return "\n".join(lines) + "\n"


def without_noise(text):
    """The document without what the last bits of the references decide: errors to one decimal, and no arguments."""
    def rough(cell):
        return f"{float(cell):.1f}" if cell.replace(".", "").isdigit() else cell

    lines = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) == 8:  # of the first table, between bars
            _, name, promise, single, _, double, _, _ = cells
            line = " ".join((name, promise, rough(single), rough(double)))
        lines.append(line)
    return lines


def exceeded(measured):
    return [f"{name} of {dtype} is off by {worst.error:.2f} ulp at {worst.arguments}, {bound:g} are promised"
            for name, (bound, *both) in measured.items() for dtype, worst in zip(("float32", "float64"), both)
            if not worst.error <= bound]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--bounds", action="store_true")
    options = parser.parse_args()
    measured = measure_all()
    if problems := exceeded(measured):
        sys.exit("\n".join(problems))
    if options.bounds:
        return
    text = document(measured)
    if not options.check:
        DOCUMENT.write_text(text)
    elif not DOCUMENT.exists() or without_noise(DOCUMENT.read_text()) != without_noise(text):
        sys.exit("docs/accuracy.md is stale: run tools/accuracy.py")


if __name__ == "__main__":
    main()
