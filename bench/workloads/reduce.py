"""Reductions of a matrix along its rows, its columns and whole."""
import numpy as np

NAME = "reduce"
SIZE = 4096


def variants(quick):
    return [{"label": f"{operation} {'all' if axis is None else f'axis {axis}'}, {SIZE} x {SIZE} float32",
             "operation": operation, "axis": axis}
            for operation, axis in (("sum", 0), ("sum", 1), ("sum", None), ("max", None), ("argmax", 1))]


def inputs(variant, rng):
    return [rng.standard_normal((SIZE, SIZE)).astype("float32")]


def croton(variant, arrays):
    import croton
    import croton.tensor as T
    x = T.fmatrix("x")
    function = croton.function([x], getattr(T, variant["operation"])(x, axis=variant["axis"]))
    matrix, = arrays
    return lambda: [function(matrix)]


def peer(variant, arrays):
    matrix, = arrays
    operation, axis = getattr(np, variant["operation"]), variant["axis"]
    return lambda: [operation(matrix, axis=axis)]


def cost(variant):
    return {"read": SIZE * SIZE * 4, "written": 0, "flops": 0}
