"""Fourier transforms of real arrays (Theano's theano.tensor.fft): the first axis counts arrays, the others are transformed.
Complex numbers are pairs of real and imaginary part along a last axis."""
from .. import _core
from .._convert import as_tensor_variable
from .._variable import wrap
from ._linear_ops import IRFFTOp, RFFTOp

__all__ = ["IRFFTOp", "RFFTOp", "irfft", "irfft_op", "rfft", "rfft_op"]

rfft_op = RFFTOp()
irfft_op = IRFFTOp()


def rfft(inp, norm=None):
    """The first half of the transform. norm: None (not divided), "ortho" (divided by the root of the number of elements) or
    "no_norm"."""
    inp, norm = as_tensor_variable(inp), _checked(norm)
    return _divided(rfft_op(inp), inp.shape[1:].prod(), norm == "ortho", False)


def irfft(inp, norm=None, is_odd=False):
    """The real array of that half; `is_odd` tells whether its last axis is. norm: None (divided by the number of elements),
    "ortho" or "no_norm"."""
    if is_odd not in (True, False):
        raise ValueError("Invalid value %s for id_odd, must be True or False" % is_odd)
    norm = _checked(norm)
    result = wrap(_core.irfft(as_tensor_variable(inp)._var, None, bool(is_odd)))
    return _divided(result, result.shape[1:].prod(), norm == "ortho", norm is None)


def _divided(result, elements, by_root, by_all):
    if by_root:
        from . import sqrt
        return result / sqrt(elements.astype(result.dtype))
    return result / elements.astype(result.dtype) if by_all else result


def _checked(norm):
    if norm not in (None, "ortho", "no_norm"):
        raise ValueError("Invalid value %s for norm, must be None, 'ortho' or 'no norm'" % norm)
    return norm
