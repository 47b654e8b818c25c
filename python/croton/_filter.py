"""What may become a value of a tensor type: Theano's rules and messages. Slow path; the engine takes what fits already."""
import numpy as np

from . import _core
from .configuration import config


def _native(array):
    """Native byte order, aligned and with strides of whole elements, as the engine reads it; the same array where it is so."""
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    whole = array.flags.aligned and not any(stride % array.itemsize for stride in array.strides)
    return array if whole else np.array(array)


def _from_array(type_, data):
    if data.dtype == type_.numpy_dtype:
        return data
    name = data.dtype.newbyteorder("=").name
    if data.dtype.kind not in "biufc" or not _known(name):
        raise TypeError("%s cannot store a value of dtype %s" % (type_, data.dtype))
    if _core.promote(type_.dtype, name) != type_.dtype:
        raise TypeError(
            '%s cannot store a value of dtype %s without risking loss of precision. If you do not mind this loss, you can: '
            '1) explicitly cast your data to %s, or 2) set "allow_input_downcast=True" when calling "function". Value: "%s"'
            % (type_, data.dtype, type_.dtype, repr(data)))
    return data.astype(type_.dtype)


def _known(dtype):
    try:
        _core.dtype_code(dtype)
        return True
    except TypeError:
        return False


def _from_other(type_, data, allow_downcast):
    if allow_downcast is None and type(data) is float and type_.dtype == config.floatX:
        return np.asarray(data, type_.dtype)
    try:
        plain = np.asarray(data)
        with np.errstate(all="ignore"):
            converted = plain.astype(type_.dtype) if plain.dtype.kind in "biufc" else np.asarray(data, type_.dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise TypeError("%s cannot store %s: %s" % (type_, _short(data), error)) from None
    if plain.dtype.kind in "biufc" and not type_.values_eq(plain, converted, force_same_dtype=False):
        raise TypeError(
            '%s cannot store accurately value %s, it would be represented as %s. If you do not mind this precision loss, you can: '
            '1) explicitly convert your data to a numpy array of dtype %s, or 2) set "allow_input_downcast=True" when calling '
            '"function".' % (type_, _short(data), converted, type_.dtype))
    return converted


def _short(data):
    text = str(data)
    return text if len(text) <= 80 else text[:75] + "(...)"


def filter_value(type_, data, strict=False, allow_downcast=None):
    """An ndarray of the type's dtype, rank and pattern, with `data` in it, or a TypeError that says why not."""
    if hasattr(data, "owner") and hasattr(data, "type"):
        raise TypeError("Expected an array-like object, but found a Variable: maybe you are trying to call a function on a "
                        "(possibly shared) variable instead of a numeric array?")
    if not (isinstance(data, np.ndarray) and data.dtype == type_.numpy_dtype):
        if strict:
            if not isinstance(data, np.ndarray):
                raise TypeError("%s expected a ndarray object." % (type_,), data, type(data))
            raise TypeError("%s expected a ndarray object with dtype = %s (got %s)." % (type_, type_.numpy_dtype, data.dtype))
        if data is None:
            raise TypeError("%s cannot store None" % (type_,))
        if allow_downcast:
            data = np.asarray(data).astype(type_.dtype)
        elif isinstance(data, (np.ndarray, np.generic)):
            data = _from_array(type_, np.asarray(data)) if isinstance(data, np.ndarray) else _from_other(type_, data, allow_downcast)
        else:
            data = _from_other(type_, data, allow_downcast)
    data = _native(data)
    if data.ndim != type_.ndim:
        raise TypeError("Wrong number of dimensions: expected %s, got %s with shape %s." % (type_.ndim, data.ndim, data.shape))
    for axis, one in enumerate(type_.broadcastable):
        if one and data.shape[axis] != 1:
            raise TypeError("Non-unit value on shape on a broadcastable dimension.", data.shape, type_.broadcastable)
    return data
