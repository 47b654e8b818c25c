"""Elementwise functions: each is the op object of a row of the engine, or composed from such."""
from .. import _core
from .._convert import as_tensor_variable, constant
from .._ops import ROWS, Elemwise, row_op
from .._variable import wrap

# Theano's name -> the row, where they differ.
_OTHER_NAMES = {"abs_": "abs", "floor_div": "int_div", "power": "pow", "square": "sqr", "bitwise_and": "and_", "bitwise_or": "or_",
                "bitwise_xor": "xor", "bitwise_not": "invert", "where": "switch", "fill": "second", "round_half_to_even": "round"}
_PRIVATE = ("round", "second", "cast", "abs", "polygamma", "sigmoid", "softplus")


def elementwise_functions():
    """All functions that are rows, by Theano's names."""
    made = {name: row_op(name) for name, row in ROWS.items() if row["elementwise"] and name not in _PRIVATE}
    for name, row in _OTHER_NAMES.items():
        if row in ROWS:
            made[name] = made.get(row) or Elemwise(row)
    made["tri_gamma"] = Elemwise("polygamma", (1,))
    return made


_round = Elemwise("round")
# NumPy's ufuncs by name, for np.exp(x) and np.ones(3) * x.
_UFUNCS = {"add": "add", "subtract": "sub", "multiply": "mul", "true_divide": "true_div", "divide": "true_div",
           "floor_divide": "int_div", "remainder": "mod", "power": "pow", "negative": "neg", "absolute": "abs_", "fabs": "abs_",
           "sign": "sgn", "rint": "round", "square": "sqr", "reciprocal": "inv", "maximum": "maximum", "minimum": "minimum",
           "less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge", "equal": "eq", "not_equal": "neq",
           "logical_and": "and_", "logical_or": "or_", "bitwise_and": "and_", "bitwise_or": "or_", "bitwise_xor": "xor",
           "invert": "invert", "logical_not": "invert", "matmul": "dot", "conjugate": "conj"}


def function_of_ufunc(name):
    """The symbolic function of a NumPy ufunc, or None."""
    from .. import tensor
    own = getattr(tensor, _UFUNCS.get(name, name), None)
    return own if callable(own) else None


def round(a, mode=None):
    """To the nearest integer; ties to the even one."""
    if mode not in (None, "half_to_even"):
        if mode == "half_away_from_zero":
            return round_half_away_from_zero(a)
        raise Exception("round mode %s is not implemented." % mode)
    return _round(a)


def round_half_away_from_zero(a):
    """To the nearest integer; ties away from zero."""
    a = as_tensor_variable(a)
    whole = Elemwise("trunc")(a)                         # a - whole is exact, a + 0.5 is not
    return Elemwise("switch")(Elemwise("ge")(abs(a - whole), 0.5), whole + Elemwise("sgn")(a), whole)


def iround(a, mode=None):
    """round(), as int64."""
    from .._convert import cast
    return cast(round(a, mode), "int64")


def isclose(a, b, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Where |a - b| <= atol + rtol * |b|; equal infinities are close."""
    from . import eq, isinf, isnan
    a, b = as_tensor_variable(a), as_tensor_variable(b)
    near = (abs(a - b) <= atol + rtol * abs(b)) & ~(isinf(a) | isinf(b)) if _is_float(a, b) else abs(a - b) <= atol + rtol * abs(b)
    near = near | eq(a, b)
    if equal_nan and _is_float(a, b):
        near = near | (isnan(a) & isnan(b))
    return near


def _is_float(*variables):
    return any(v.dtype.startswith("float") for v in variables)


def allclose(a, b, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Whether all elements are close."""
    from . import all as all_
    return all_(isclose(a, b, rtol, atol, equal_nan))


def divmod(x, y):
    """Quotient and remainder."""
    return Elemwise("int_div")(x, y), Elemwise("mod")(x, y)

