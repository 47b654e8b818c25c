"""From Python and NumPy values to variables, by Theano's rule for literals."""
import numpy as np

from . import _core
from ._types import TensorType
from ._variable import Apply, Constant, Variable, wrap
from .configuration import config


class AsTensorError(TypeError):
    """A value that cannot become a tensor."""


def _literal_array(x):
    """The ndarray of a value that is no Python number: NumPy's own dtypes stay."""
    array = np.asarray(x)
    if array.size == 0 and not hasattr(x, "dtype"):
        array = np.asarray(x, dtype=config.floatX)
    if array.dtype.kind not in "biufc":
        raise TypeError("Could not convert %r to TensorType" % (x,), type(x))
    return array if array.dtype.isnative and array.flags.aligned else array.astype(array.dtype.newbyteorder("="))


def constant(x, name=None, ndim=None, dtype=None):
    """A variable with a fixed value. Axes of size one broadcast."""
    if isinstance(x, Constant) and dtype is None:
        x = x.data
    if isinstance(x, Variable):
        raise TypeError("constant() takes a value, not the variable %s" % x)
    if type(x) is bool:
        x = int(x)
    if dtype is not None:
        array = np.asarray(x).astype(config.floatX if dtype == "floatX" else dtype)
    elif type(x) is int and -2**63 <= x < 2**63 and not ndim:
        return _named(wrap(_core.number(x)), name)
    elif type(x) is float and not ndim:
        return _named(wrap(_core.float_number(x, config.floatX)), name)
    elif type(x) in (int, float):
        array = constant(x).data if not isinstance(x, int) or -2**63 <= x < 2**63 else np.asarray(x, "uint64")
    else:
        array = _literal_array(x)
    ones = [size == 1 for size in array.shape]
    if ndim is not None:
        if len(ones) > ndim:
            raise ValueError("ndarray could not be cast to constant with %d dimensions" % ndim)
        ones = [True] * (ndim - len(ones)) + ones
        array = array.reshape((1,) * (ndim - array.ndim) + array.shape)
    return _named(wrap(_core.constant(_literal_array(array), ones)), name)


def _named(variable, name):
    if name:
        variable.name = name
    return variable


def _with_rank(x, ndim):
    if ndim is None or x.ndim == ndim:
        return x
    if x.ndim < ndim:
        return wrap(_core.pad_left(x._var, ndim - x.ndim))
    if not all(x.broadcastable[:x.ndim - ndim]):
        raise ValueError("TensorType could not be cast to have %i dimensions" % ndim, x.type)
    return wrap(_core.dimshuffle(x._var, list(range(x.ndim - ndim, x.ndim))))


def _holds_variables(x):
    return any(isinstance(e, Variable) or (isinstance(e, (list, tuple)) and _holds_variables(e)) for e in x)


def as_tensor_variable(x, name=None, ndim=None):
    """`x` as a tensor variable: variables stay, numbers and arrays become constants, lists with variables are stacked."""
    if isinstance(x, Variable):
        if isinstance(x.type, TensorType):
            return _with_rank(x, ndim)
        raise AsTensorError("Variable type field must be a TensorType.", x, x.type)
    if hasattr(x, "_as_TensorVariable"):
        return x._as_TensorVariable()
    if isinstance(x, Apply):
        if len(x.outputs) != 1:
            raise ValueError("It is ambiguous which output of a multi-output Op has to be fetched.", x)
        return _with_rank(x.outputs[0], ndim)
    if isinstance(x, (bool, np.bool_)) and not isinstance(x, np.generic):
        raise AsTensorError(
            "Cannot cast True or False as a tensor variable. Please use 1 or 0. This error might be caused by using the == operator "
            "on Variables. v == w does not do what you think it does. Use theano.tensor.eq(v, w) instead.")
    if isinstance(x, (list, tuple)) and _holds_variables(x):
        from .tensor import stack
        return _with_rank(stack([as_tensor_variable(e) for e in x]), ndim)
    try:
        return constant(x, name=name, ndim=ndim)
    except TypeError as error:
        raise AsTensorError("Cannot convert %s to TensorType" % (str(x)[:80],), type(x)) from error


as_tensor = as_tensor_variable


def cast(x, dtype):
    """`x` with another dtype. A complex value cannot become real."""
    if dtype == "floatX":
        dtype = config.floatX
    dtype = str(np.dtype(dtype))
    x = as_tensor_variable(x)
    if x.dtype == dtype:
        return x
    if x.dtype.startswith("complex") and not dtype.startswith("complex"):
        raise TypeError("Casting from complex to real is ambiguous: consider real(), imag(), angle() or abs()")
    return wrap(_core.cast(x._var, dtype))


def size_variables(shape):
    """The sizes of a shape given as a tuple, a list, an int or a symbolic vector."""
    if isinstance(shape, Variable):
        return None
    if isinstance(shape, np.ndarray):
        shape = shape.tolist()
    if not isinstance(shape, (list, tuple)):
        shape = [shape]
    return [as_tensor_variable(int(s) if isinstance(s, np.integer) else s)._var for s in shape]

