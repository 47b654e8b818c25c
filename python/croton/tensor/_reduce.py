"""Reductions and products."""
import builtins

import numpy as np

from .. import _core
from .._convert import as_tensor_variable
from .._types import NoneTypeT
from .._variable import Constant, wrap


def axes_of(axis):
    """The axes as a list, or None for all."""
    if axis is None or isinstance(getattr(axis, "type", None), NoneTypeT):
        return None
    if isinstance(axis, Constant):
        axis = axis.data
    if isinstance(axis, (int, np.integer)) or (isinstance(axis, np.ndarray) and axis.ndim == 0):
        return [_integer(axis)]
    if isinstance(axis, (list, tuple, np.ndarray)):
        return [_integer(a.data if isinstance(a, Constant) else a) for a in axis]
    if isinstance(axis, str):
        raise ValueError("Axis must be an integer, or a list of integers, not %r" % (axis,))
    raise TypeError("Axis must be an integer, or a list of integers, not %r" % (axis,))


def _integer(axis):
    if int(axis) != axis:
        raise TypeError("an axis is an integer, not %r" % (axis,))
    return int(axis)


def _dtype(dtype):
    if dtype is None:
        return None
    from ..configuration import config
    return config.floatX if dtype == "floatX" else str(np.dtype(dtype))


def sum(input, axis=None, dtype=None, keepdims=False, acc_dtype=None):
    """Sum over axes. Integers add up in 64 bits."""
    return wrap(_core.accumulate("sum", as_tensor_variable(input)._var, axes_of(axis), bool(keepdims), _dtype(dtype), _dtype(acc_dtype)))


def prod(input, axis=None, dtype=None, keepdims=False, acc_dtype=None, no_zeros_in_input=False):
    """Product over axes."""
    return wrap(_core.accumulate("prod", as_tensor_variable(input)._var, axes_of(axis), bool(keepdims), _dtype(dtype), _dtype(acc_dtype)))


def mean(input, axis=None, dtype=None, op=False, keepdims=False, acc_dtype=None):
    """Mean over axes; of integers in float64."""
    return wrap(_core.mean(as_tensor_variable(input)._var, axes_of(axis), bool(keepdims), _dtype(dtype), _dtype(acc_dtype)))


def var(input, axis=None, ddof=0, keepdims=False, corrected=False):
    """Variance over axes."""
    return wrap(_core.var(as_tensor_variable(input)._var, axes_of(axis), float(ddof), bool(keepdims), bool(corrected)))


def std(input, axis=None, ddof=0, keepdims=False, corrected=False):
    """Standard deviation over axes."""
    from . import sqrt
    return sqrt(var(input, axis, ddof, keepdims, corrected))


def _reduction(row, doc):
    def function(x, axis=None, keepdims=False):
        return wrap(_core.reduce(row, as_tensor_variable(x)._var, axes_of(axis), bool(keepdims)))
    function.__name__, function.__doc__ = row, doc
    return function


max = _reduction("max", "Largest element over axes.")
min = _reduction("min", "Smallest element over axes.")
all = _reduction("all", "Whether all elements over axes are true.")
any = _reduction("any", "Whether some element over axes is true.")
argmax = _reduction("argmax", "Position of the (first) largest element over an axis.")


def argmin(x, axis=None, keepdims=False):
    """Position of the (first) smallest element over an axis."""
    return wrap(_core.argmin(as_tensor_variable(x)._var, axes_of(axis), bool(keepdims)))


def max_and_argmax(a, axis=None, keepdims=False):
    """Largest element and its position."""
    values, positions = _core.max_and_argmax(as_tensor_variable(a)._var, axes_of(axis), bool(keepdims))
    return [wrap(values), wrap(positions)]


def ptp(a, axis=None):
    """Largest minus smallest element."""
    a = as_tensor_variable(a)
    return max(a, axis) - min(a, axis)


def dot(a, b):
    """Product of vectors, matrices, or arrays of any rank."""
    a, b = as_tensor_variable(a), as_tensor_variable(b)
    return wrap(_core.dot(a._var, b._var))


def outer(x, y):
    """Outer product of two vectors."""
    return wrap(_core.outer(as_tensor_variable(x)._var, as_tensor_variable(y)._var))


def tensordot(a, b, axes=2):
    """Sum of products over axes: the last n of a and first n of b, or the ones given."""
    a, b = as_tensor_variable(a), as_tensor_variable(b)
    if isinstance(axes, (int, np.integer)):
        if axes < 0 or axes > a.ndim or axes > b.ndim:
            raise ValueError("tensordot: %d axes for ranks %d and %d" % (axes, a.ndim, b.ndim))
        pairs = list(range(a.ndim - axes, a.ndim)), list(range(axes))
    else:
        if len(axes) != 2:
            raise ValueError("Axes should be an integer or a list/tuple of len 2 (%s was provided)" % (axes,))
        pairs = axes_of(axes[0]), axes_of(axes[1])
    if len(pairs[0]) == 0 and len(pairs[1]) == 0:
        from . import shape_padleft, shape_padright
        return shape_padright(a, b.ndim) * shape_padleft(b, a.ndim)
    return wrap(_core.tensordot(a._var, b._var, *pairs))


def get_scalar_constant_value(v, elemwise=True, only_process_constants=False, max_recur=10):
    """The value of a tensor whose elements are all one number that the graph shows. NotScalarConstantError where there is none."""
    from . import EmptyConstantError, NotScalarConstantError
    if not hasattr(v, "_var"):
        array = np.asarray(v)
        if array.ndim:
            raise NotScalarConstantError(v)
        return array
    if isinstance(v, Constant):
        data = v.data
    elif only_process_constants:
        raise NotScalarConstantError(v)
    else:
        value = _core.constant_integer(v._var)
        if value is None and not all_constant(v):
            raise NotScalarConstantError(v)
        data = v.eval() if value is None else np.asarray(value, v.dtype)
    if data.size == 0:
        raise EmptyConstantError(v)
    if not (data == data.flat[0]).all():
        raise NotScalarConstantError(v)
    return np.array(data.flat[0], data.dtype)


def all_constant(v):
    """Whether a variable depends on constants only."""
    return builtins.all(leaf.row == "constant" for leaf in _core.leaves([v._var]))
