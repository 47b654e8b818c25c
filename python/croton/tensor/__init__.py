"""Symbolic arrays: types, constructors, and the functions on them (Theano's theano.tensor)."""
from .. import _missing
from .._convert import AsTensorError, as_tensor, as_tensor_variable, cast, constant
from .._ops import DimShuffle, Elemwise, classes as _classes
from .._operators import TensorConstant, TensorVariable, _tensor_py_operators
from .._python_op import Op
from .._types import NoneTypeT, TensorType
from .._variable import Apply, Constant, Variable
from ..sharedvalue import ScalarSharedVariable, SharedVariable, TensorSharedVariable, shared, tensor_constructor
from ..gradient import Lop, Rop, grad, hessian, jacobian, numeric_grad, verify_grad
from ._constructors import constructors as _constructors
from ._elemwise import (allclose, divmod, elementwise_functions as _elementwise, function_of_ufunc, iround, isclose, round,
                        round_half_away_from_zero)
from ._grid import mgrid, ogrid
from ._linear_ops import AllocDiag, ExtractDiag
from ._order import (argsort, batched_dot, batched_tensordot, compress, cumprod, cumsum, flatnonzero, inverse_permutation, nonzero,
                     nonzero_values, permute_row_elements, sort)
from ._reduce import (all, any, argmax, argmin, dot, get_scalar_constant_value, max, max_and_argmax, mean, min, outer, prod, ptp,
                      std, sum, tensordot, var)
from ._structure import (addbroadcast, alloc, arange, concatenate, diag, diagonal, diff, eye, flatten, get_vector_length,
                         horizontal_stack, identity, identity_like, inc_subtensor, join, ones, ones_like, patternbroadcast, ravel,
                         repeat, reshape, roll, set_subtensor, shape, shape_i, shape_padaxis, shape_padleft, shape_padright, split,
                         specify_shape, squeeze, stack, stacklists, swapaxes, take, tensor_copy, tile, to_one_hot, trace, transpose,
                         tri, tril, triu, unbroadcast, vertical_stack, zeros, zeros_like)


class NotScalarConstantError(Exception):
    """A value that was expected to be a constant scalar is not."""


class EmptyConstantError(NotScalarConstantError):
    """A constant without elements."""


class ShapeError(Exception):
    """A shape that cannot be."""


globals().update(_elementwise())
globals().update(_constructors())
globals().update({name: cls for name, cls in _classes.items() if name not in ("TensorConstant",)})

Tensor = TensorType
all_dtypes = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64",
              "complex64", "complex128"]
int_dtypes, uint_dtypes = all_dtypes[1:5], all_dtypes[5:9]
integer_dtypes = all_dtypes[1:9]
discrete_dtypes = all_dtypes[:9]
float_dtypes, complex_dtypes = all_dtypes[9:12], all_dtypes[12:]
continuous_dtypes = float_dtypes + complex_dtypes
NoneConst = None
newaxis = None


def largest(*args):
    """The larger of several, elementwise."""
    from .. import tensor
    result = args[0]
    for x in args[1:]:
        result = tensor.maximum(result, x)
    return result


def smallest(*args):
    """The smaller of several, elementwise."""
    from .. import tensor
    result = args[0]
    for x in args[1:]:
        result = tensor.minimum(result, x)
    return result


__getattr__, __dir__ = _missing.attributes(__name__, globals())

from . import fft, nlinalg, nnet, slinalg  # noqa: E402
from .nlinalg import norm  # noqa: E402
