"""One call on next to no data: what a call costs.

What every line has:
  variants(quick)            what is measured: dicts that go through JSON; `label` is what the table shows
  inputs(variant, rng)       the arrays, the same for everybody
  croton(variant, arrays)    a function without arguments that does the work once and returns its results (a list)
  peer(variant, arrays)      the same in NumPy; None: there is nothing to compare with
  cost(variant)              the least bytes read and written and the operations: {"read", "written", "flops"}, or {} for no limit
Results compare within `tolerance` of the variant, relative to the largest magnitude of the result (default: by its dtype).
"""
NAME = "call"


def variants(quick):
    return [{"label": "x + y, 10 float64"}]


def inputs(variant, rng):
    return [rng.standard_normal(10), rng.standard_normal(10)]


def croton(variant, arrays):
    import croton
    import croton.tensor as T
    x, y = T.dvectors("x", "y")
    function = croton.function([x, y], x + y)
    first, second = arrays
    return lambda: [function(first, second)]


def peer(variant, arrays):
    first, second = arrays
    return lambda: [first + second]


def cost(variant):
    return {}
