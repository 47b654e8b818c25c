"""Shapes, creation, joining and indexing of arrays."""
import numpy as np

from .. import _core
from .._convert import as_tensor_variable, constant, size_variables
from .._variable import Constant, wrap, wrap_all
from ..configuration import config


def _dtype(dtype, absent=None):
    if dtype is None:
        dtype = absent
    return config.floatX if dtype in (None, "floatX") else str(np.dtype(dtype))


def _sizes(shape):
    sizes = size_variables(shape)
    return _core.vector_elements(shape._var, -1) if sizes is None else sizes


def shape(x):
    """The sizes of x, as an int64 vector."""
    return wrap(_core.shape(as_tensor_variable(x)._var))


def shape_i(x, i):
    """The size of axis i."""
    return wrap(_core.apply("shape_i", [as_tensor_variable(x)._var], [i])[0])


def reshape(x, newshape, ndim=None):
    """The same elements with other sizes; one may be -1."""
    x = as_tensor_variable(x)
    if ndim is not None and (not isinstance(ndim, (int, np.integer)) or isinstance(ndim, bool)):
        raise ValueError("Expected ndim to be an integer, is " + str(type(ndim)))
    sizes = size_variables(newshape)
    if sizes is None:
        sizes = _core.vector_elements(newshape._var, -1 if ndim is None else int(ndim))
    elif ndim is not None and len(sizes) != ndim:
        raise ValueError("the shape has %d sizes, but ndim is %d" % (len(sizes), ndim))
    return wrap(_core.reshape(x._var, sizes))


def flatten(x, ndim=None, outdim=None):
    """The last axes joined, so that `ndim` remain."""
    x = as_tensor_variable(x)
    rank = ndim if ndim is not None else outdim if outdim is not None else 1
    return wrap(_core.flatten(x._var, int(rank)))


def ravel(x):
    """All axes joined."""
    return flatten(x)


def transpose(x, axes=None):
    """The axes in another order; reversed when none is given."""
    return wrap(_core.transpose(as_tensor_variable(x)._var, [] if axes is None else [int(a) for a in axes]))


def swapaxes(y, axis1, axis2):
    """Two axes exchanged."""
    return wrap(_core.swap_axes(as_tensor_variable(y)._var, axis1, axis2))


def shape_padleft(t, n_ones=1):
    """New axes of size one in front."""
    return wrap(_core.pad_left(as_tensor_variable(t)._var, n_ones))


def shape_padright(t, n_ones=1):
    """New axes of size one at the end."""
    return wrap(_core.pad_right(as_tensor_variable(t)._var, n_ones))


def shape_padaxis(t, axis):
    """A new axis of size one at a place."""
    t = as_tensor_variable(t)
    if not -t.ndim - 1 <= axis <= t.ndim:
        raise IndexError("axis %d is out of bounds [-%d, %d)" % (axis, t.ndim + 1, t.ndim + 1))
    return wrap(_core.pad_axis(t._var, axis))


def squeeze(x):
    """Without the axes known to have size one."""
    return wrap(_core.squeeze(as_tensor_variable(x)._var))


def addbroadcast(x, *axes):
    """Declares axes to have size one, so that they broadcast; checked at run time."""
    return wrap(_core.add_broadcast(as_tensor_variable(x)._var, list(axes)))


def unbroadcast(x, *axes):
    """Axes that do not broadcast any more."""
    return wrap(_core.remove_broadcast(as_tensor_variable(x)._var, list(axes)))


def patternbroadcast(x, broadcastable):
    """The same array with this pattern."""
    x = as_tensor_variable(x)
    more = [k for k, (now, then) in enumerate(zip(x.broadcastable, broadcastable)) if then and not now]
    less = [k for k, (now, then) in enumerate(zip(x.broadcastable, broadcastable)) if now and not then]
    return unbroadcast(addbroadcast(x, *more), *less)


def specify_shape(x, shape):
    """The same array, with its sizes checked at run time."""
    x = as_tensor_variable(x)
    sizes = _sizes(shape)
    return wrap(_core.apply("specify_shape", [x._var] + [_core.cast(s, "int64") for s in sizes])[0])


def tensor_copy(x):
    """A variable of the same value."""
    return wrap(_core.apply("view", [as_tensor_variable(x)._var])[0])


identity = tensor_copy


def zeros(shape, dtype=None):
    """Zeros of these sizes."""
    return alloc(np.array(0, dtype=_dtype(dtype)), *_spread(shape))


def ones(shape, dtype=None):
    """Ones of these sizes."""
    return alloc(np.array(1, dtype=_dtype(dtype)), *_spread(shape))


def _spread(shape):
    return shape if isinstance(shape, (list, tuple)) else [shape]


def alloc(value, *shape):
    """`value` repeated to fill these sizes."""
    if len(shape) == 1 and isinstance(shape[0], (list, tuple)):
        shape = shape[0]
    sizes = []
    for size in shape:
        sizes.extend(_sizes(size))
    return wrap(_core.alloc(as_tensor_variable(value)._var, sizes))


def zeros_like(model, dtype=None, opt=False):
    """Zeros of the model's sizes."""
    return wrap(_core.filled_like(as_tensor_variable(model)._var, 0.0, dtype and _dtype(dtype)))


def ones_like(model, dtype=None, opt=False):
    """Ones of the model's sizes."""
    return wrap(_core.filled_like(as_tensor_variable(model)._var, 1.0, dtype and _dtype(dtype)))


def arange(start, stop=None, step=1, dtype=None):
    """Numbers from start to stop (left out) by step. Integers give int64."""
    if stop is None:
        start, stop = 0, start
    parts = [as_tensor_variable(p)._var for p in (start, stop, step)]
    return wrap(_core.arange(*parts, dtype and _dtype(dtype)))


def eye(n, m=None, k=0, dtype=None):
    """Ones on a diagonal."""
    m = n if m is None else m
    return wrap(_core.eye(*[as_tensor_variable(p)._var for p in (n, m, k)], _dtype(dtype)))


def identity_like(x):
    """eye() with x's sizes and dtype."""
    x = as_tensor_variable(x)
    return eye(x.shape[0], x.shape[1], dtype=x.dtype)


def tri(N, M=None, k=0, dtype=None):
    """Ones on and below a diagonal."""
    M = N if M is None else M
    return wrap(_core.tri(*[as_tensor_variable(p)._var for p in (N, M, k)], _dtype(dtype)))


def tril(m, k=0):
    """The lower triangle of a matrix."""
    m = as_tensor_variable(m)
    return m * tri(m.shape[0], m.shape[1], k=k, dtype=m.dtype)


def triu(m, k=0):
    """The upper triangle of a matrix."""
    m = as_tensor_variable(m)
    return m * (constant(1, dtype=m.dtype) - tri(m.shape[0], m.shape[1], k=k - 1, dtype=m.dtype))


def diagonal(a, offset=0, axis1=0, axis2=1):
    """A diagonal, as the last axis."""
    return wrap(_core.diagonal(as_tensor_variable(a)._var, int(offset), axis1, axis2))


def diag(v, k=0):
    """The diagonal of a matrix, or a matrix with this diagonal."""
    v = as_tensor_variable(v)
    if v.ndim == 1:
        return wrap(_core.alloc_diag(v._var, int(k), 0, 1))
    if v.ndim < 2:
        raise ValueError("Input must be 1- or 2-d.")
    return diagonal(v, k)


def trace(x):
    """Sum of the diagonal."""
    return diagonal(x).sum()


def _axis(axis):
    if isinstance(axis, Constant):
        axis = axis.data
    if hasattr(axis, "_var"):
        raise NotImplementedError("join along a symbolic axis: Theano has this; Croton does not yet")
    return int(axis)


def join(axis, *tensors_list):
    """Arrays one after the other along an axis."""
    if len(tensors_list) == 1 and isinstance(tensors_list[0], (list, tuple)):
        tensors_list = tensors_list[0]
    if not tensors_list:
        raise ValueError("join needs at least one array")
    return wrap(_core.join(_axis(axis), [as_tensor_variable(x)._var for x in tensors_list]))


def concatenate(tensor_list, axis=0):
    """join() with NumPy's order of arguments."""
    if not isinstance(tensor_list, (tuple, list)):
        raise TypeError("The 'tensors' argument must be either a tuple or a list, make sure you did not forget () or [] around "
                        "arguments of concatenate.", tensor_list)
    return join(axis, *tensor_list)


def stack(*tensors, **kwargs):
    """Arrays of one rank along a new axis."""
    axis = kwargs.pop("axis", 0)
    if "tensors" in kwargs:
        tensors = (kwargs.pop("tensors"),) + tensors
    if len(tensors) == 2 and isinstance(tensors[0], (list, tuple)) and isinstance(tensors[1], int):
        axis = tensors[1]
        tensors = tensors[:1]
    if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)):
        tensors = tensors[0]
    if len(tensors) == 0:
        raise Exception("theano.tensor.stack(tensors, axis) must have at least one parameter")
    variables = [as_tensor_variable(x) for x in tensors]
    rank = variables[0].ndim
    if not -rank - 1 <= axis <= rank:
        raise IndexError("'axis' parameter %d is out of bounds [-%d, %d)" % (axis, rank + 1, rank + 1))
    return wrap(_core.stack([v._var for v in variables], axis))


def stacklists(arg):
    """Nested lists of scalars as one array."""
    if isinstance(arg, (tuple, list)):
        return stack([stacklists(a) for a in arg])
    return as_tensor_variable(arg)


def horizontal_stack(*args):
    """Matrices side by side."""
    return concatenate(args, axis=1)


def vertical_stack(*args):
    """Matrices one below the other."""
    return concatenate(args, axis=0)


def repeat(x, repeats, axis=None):
    """Every element `repeats` times."""
    return wrap(_core.repeat(as_tensor_variable(x)._var, as_tensor_variable(repeats)._var, axis))


def tile(x, reps, ndim=None):
    """The whole array several times along each axis."""
    x = as_tensor_variable(x)
    counts = _sizes(reps)
    if ndim is not None:
        if ndim < len(counts):
            raise ValueError("if reps is tensor.vector or list, ndim must be >= len(reps)")
        counts = [constant(1, dtype="int64")._var] * (ndim - len(counts)) + counts
    return wrap(_core.tile(x._var, counts))


def split(x, splits_size, n_splits, axis=0):
    """Parts of these sizes along an axis."""
    sizes = size_variables(splits_size)
    if sizes is None:
        sizes = _core.vector_elements(splits_size._var, int(n_splits))
    if len(sizes) != n_splits:
        raise ValueError("%d sizes for %d parts" % (len(sizes), n_splits))
    return wrap_all(_core.split(as_tensor_variable(x)._var, sizes, axis))


def roll(x, shift, axis=None):
    """Elements moved along an axis; what leaves at the end enters at the front."""
    x = as_tensor_variable(x)
    if axis is None:
        return reshape(roll(flatten(x), shift, 0), x.shape, ndim=x.ndim)
    axis = axis + x.ndim if axis < 0 else axis
    shift = as_tensor_variable(shift) % x.shape[axis]
    whole = (slice(None),) * axis
    cut = x.shape[axis] - shift
    return join(axis, x[whole + (slice(cut, None),)], x[whole + (slice(0, cut),)])


def diff(x, n=1, axis=-1):
    """Differences of neighbours, n times."""
    x = as_tensor_variable(x)
    axis = axis + x.ndim if axis < 0 else axis
    whole = (slice(None),) * axis
    for _ in range(n):
        x = x[whole + (slice(1, None),)] - x[whole + (slice(None, -1),)]
    return x


def to_one_hot(y, nb_class, dtype=None):
    """Rows with a one at the given position."""
    return wrap(_core.one_hot(as_tensor_variable(y)._var, as_tensor_variable(nb_class)._var, _dtype(dtype)))


def take(a, indices, axis=None, mode="raise"):
    """Elements or slices at positions."""
    a, indices = as_tensor_variable(a), as_tensor_variable(indices)
    if mode != "raise":
        from . import clip
        size = a.size if axis is None else a.shape[axis]
        indices = clip(indices, 0, size - 1) if mode == "clip" else indices % size
    return wrap(_core.take(a._var, indices._var, axis))


def set_subtensor(x, y, inplace=False, tolerate_inplace_aliasing=False):
    """A copy of the array that x is a part of, with y in that part: set_subtensor(a[1:3], 0)."""
    return wrap(_core.set_region(as_tensor_variable(x)._var, as_tensor_variable(y)._var, False))


def inc_subtensor(x, y, inplace=False, set_instead_of_inc=False, tolerate_inplace_aliasing=False):
    """The same with y added. An element indexed twice gets both."""
    return wrap(_core.set_region(as_tensor_variable(x)._var, as_tensor_variable(y)._var, not set_instead_of_inc))


def get_vector_length(v):
    """The length of a vector where the graph shows it. ValueError where not."""
    v = as_tensor_variable(v)
    if v.ndim != 1:
        raise TypeError("argument must be symbolic vector, got '%s'" % v)
    length = _core.vector_length(v._var)
    if length is None:
        raise ValueError("length not known: %s" % v)
    return length

