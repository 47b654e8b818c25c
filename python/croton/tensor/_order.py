"""Sorting, running sums, positions of what is not zero, and products of stacks."""
import numpy as np

from .. import _core
from .._convert import as_tensor_variable
from .._variable import wrap
from ._structure import flatten, stack, take


def nonzero(a, return_matrix=False):
    """For each axis the positions of the elements that are not zero: a tuple of vectors, or the rows of a matrix."""
    positions = tuple(wrap(v) for v in _core.nonzero(as_tensor_variable(a)._var))
    return stack(positions) if return_matrix else positions


def flatnonzero(a):
    """Positions in a.flatten() of the elements that are not zero."""
    a = as_tensor_variable(a)
    if a.ndim == 0:
        raise ValueError("Nonzero only supports non-scalar arrays.")
    return nonzero(flatten(a))[0]


def nonzero_values(a):
    """The elements that are not zero, in C order: a vector."""
    a = as_tensor_variable(a)
    return flatten(a)[flatnonzero(a)]


def compress(condition, x, axis=None):
    """The parts of x along an axis (of x.flatten() without one) whose entry in the vector `condition` is true."""
    return take(x, nonzero(as_tensor_variable(condition))[0], axis)


def _along(row, x, axis):
    return wrap(_core.along_axis(row, as_tensor_variable(x)._var, axis))


def sort(a, axis=-1, kind="quicksort", order=None):
    """The elements in ascending order along an axis, or all of them when it is None. NaN stands last. Whatever `kind`
    says, equal elements keep their order."""
    _check_order(order)
    return _along("sort", a, axis)


def argsort(a, axis=-1, kind="quicksort", order=None):
    """The positions that bring the elements into ascending order along an axis; equal elements keep their order."""
    _check_order(order)
    return _along("argsort", a, axis)


def _check_order(order):
    if order is not None:
        raise ValueError("order names fields of structured arrays, which Theano's and Croton's arrays are not")


def permute_row_elements(x, y, inverse=0):
    """The rows (last axis) of x in the orders that the rows of y give; in the inverse orders where `inverse` is true. Leading
    axes broadcast."""
    from . import arange, shape_padleft
    x, y = as_tensor_variable(x), as_tensor_variable(y)
    rank = max(x.ndim, y.ndim)
    x, y = shape_padleft(x, rank - x.ndim), shape_padleft(y, rank - y.ndim)
    if inverse:
        y = argsort(y)
    places = []
    for axis in range(rank - 1):
        one = x.broadcastable[axis]
        place = as_tensor_variable(0) if one else arange(x.shape[axis])
        places.append(place.dimshuffle(*["x"] * axis, *([] if one else [0]), *["x"] * (rank - 1 - axis + one)))
    return x[tuple(places) + (y,)]


def inverse_permutation(perm):
    """The order that undoes the order of each row."""
    return argsort(perm)


def cumsum(x, axis=None):
    """Running sums along an axis, or over all elements when it is None. The dtype is that of x."""
    return _along("cumsum", x, axis)


def cumprod(x, axis=None):
    """Running products along an axis, or over all elements when it is None. The dtype is that of x."""
    return _along("cumprod", x, axis)


def batched_dot(a, b):
    """dot of each item of `a` with the item of `b` at the same place of the leading axis."""
    from .. import batch
    from . import dot
    a, b = as_tensor_variable(a), as_tensor_variable(b)
    for name, x in (("first", a), ("second", b)):
        if not 1 <= x.ndim <= 3:
            raise TypeError("theano.tensor.basic.BatchedDot: the %s argument must have a ndim of 1, 2 or 3, not %d" % (name, x.ndim))
    if a.ndim == 1 or b.ndim == 1:  # items of one side are numbers
        def padded(x):
            return x.dimshuffle(*range(x.ndim), *["x"] * (max(a.ndim, b.ndim) - x.ndim))
        return padded(a) * padded(b)
    return batch(dot)(a, b)


def batched_tensordot(x, y, axes=2):
    """tensordot of each item of `x` with the item of `y` at the same place of the leading axis. Of two lists of axes, the entries
    count the leading axis too."""
    x, y = as_tensor_variable(x), as_tensor_variable(y)
    if isinstance(axes, (int, np.integer)):
        if axes < 0 or axes >= x.ndim or axes >= y.ndim:
            raise ValueError("axes to sum over must not include the batch axis: %d axes of ranks %d and %d" % (axes, x.ndim, y.ndim))
        axes = range(x.ndim - axes, x.ndim), range(1, axes + 1)
    if len(axes) != 2:
        raise ValueError("Axes should be an integer or a list/tuple of len 2 (%s was provided)" % (axes,))
    return wrap(_core.batched_tensordot(x._var, y._var, *[[int(k) for k in np.atleast_1d(side)] for side in axes]))
