"""Calls on next to no data: what a call costs.

What every line has:
  variants(quick)            what is measured: dicts that go through JSON; `label` is what the table shows
  inputs(variant, rng)       the arrays, the same for everybody
  croton(variant, arrays)    a function without arguments that does the work once and returns its results (a list); it may
                             have `state()`, arrays to compare after the first call, and `times()`, seconds by its own clock
  numpy, jax, torch, numba, numexpr, hand    the same of peers; where there is none, or it gives None, that peer is left out
  cost(variant)              the least bytes read and written and the operations: {"read", "written", "flops"}, or {} for no limit
A variant may have
  goals       {"best": 1.2}: the ratio wanted to the best peer, or to a named one; a list has one for one thread and one for more;
              {"seconds": s} wants at most that time
  tolerance   of the comparison, relative to the largest magnitude of the result (default: by its dtype)
  rounds      how often it takes turns, where a call takes long
"""
import os
import pathlib
import re
import subprocess

import peers

NAME = "call"
STEPS = 10
TWENTY = "20 operations, 10 float64"


def variants(quick):
    return [{"label": "x + y, 10 float64", "steps": 0, "goals": {"numpy": 1.0}},
            {"label": TWENTY, "steps": STEPS, "goals": {"best": 1.5}},
            {"label": "x + y from C++, the caller's output", "program": "x + y, 10 doubles, the caller's output",
             "goals": {"seconds": 100e-9}, "rounds": 1}]


def inputs(variant, rng):
    return [rng.standard_normal(10) / 2, rng.standard_normal(10) / 2]


def chain(x, y, steps):
    """x + y, or twenty operations."""
    if not steps:
        return x + y
    value = x
    for _ in range(steps):
        value = value * y + x
    return value


def croton(variant, arrays):
    if "program" in variant:
        return from_cpp(variant["program"])
    import croton
    import croton.tensor as T
    x, y = T.dvectors("x", "y")
    function = croton.function([x, y], chain(x, y, variant["steps"]))
    first, second = arrays
    return lambda: [function(first, second)]


def from_cpp(line):
    program = pathlib.Path(os.environ["BENCH_BUILD"]) / "bin" / "bench_calls"

    def times():
        output = subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout
        return [float(re.search(re.escape(line) + r":\s*(\d+)", output)[1]) * 1e-9]

    def run():
        return []
    run.times = times
    return run


def numpy(variant, arrays):
    if "program" in variant:
        return None
    first, second = arrays
    if not variant["steps"]:
        return lambda: [first + second]
    return lambda: [chain(first, second, variant["steps"])]


def jax(variant, arrays):
    return None if "program" in variant else peers.run_jax(lambda x, y: chain(x, y, variant["steps"]), arrays)


def torch(variant, arrays):
    return None if "program" in variant else peers.run_torch(lambda x, y: chain(x, y, variant["steps"]), arrays)


def numba(variant, arrays):
    if "program" in variant:
        return None
    import numba
    import numpy as np
    steps = variant["steps"]

    @numba.njit  # a new output, as everybody's; threads would only cost
    def function(x, y):
        out = np.empty_like(x)
        for i in range(len(x)):
            value = x[i]
            for _ in range(steps):
                value = value * y[i] + x[i]
            out[i] = value if steps else x[i] + y[i]
        return out
    first, second = arrays
    return lambda: [function(first, second)]


def numexpr(variant, arrays):
    if "program" in variant:
        return None
    expression = "x"
    for _ in range(variant["steps"]):
        expression = f"({expression}) * y + x"
    return peers.run_numexpr(expression if variant["steps"] else "x + y", x=arrays[0], y=arrays[1])


def cost(variant):
    return {}
