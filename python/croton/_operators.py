"""Tensor variables: operators and methods. Each only hands its operands to the engine."""
import numpy as np

from . import _core
from ._convert import AsTensorError, as_tensor_variable, cast, constant
from ._ops import row_op
from ._types import TensorType
from ._variable import Constant, Variable, kind_classes, leaf_classes, wrap


def _operator(row, reflected=False):
    op = row_op(row)

    def method(self, other):
        try:
            other = as_tensor_variable(other)
        except AsTensorError:
            return NotImplemented
        a, b = (other, self) if reflected else (self, other)
        return op(a, b)
    return method


def _comparison(row):
    plain = _operator(row)

    def method(self, other):
        result = plain(self, other)
        if result is not NotImplemented:
            result._is_nonzero = False
        return result
    return method


def _function(name, module="tensor"):
    """A method that calls the function of that name of croton.tensor with the variable first."""
    def method(self, *args, **kwargs):
        from . import tensor
        return getattr(tensor, name)(self, *args, **kwargs)
    method.__name__ = name
    return method


def _index_entry(item):
    """An entry of an index expression, as the engine takes it."""
    if item is None:
        return ("new",)
    if item is Ellipsis:
        return ("ellipsis",)
    if isinstance(item, slice):
        return ("slice",) + tuple(None if part is None else _index_scalar(part) for part in (item.start, item.stop, item.step))
    if isinstance(item, Variable):
        return ("array" if getattr(item, "ndim", 0) else "scalar", item._var)
    if isinstance(item, (bool, np.bool_)):
        raise TypeError("TensorType does not support Python bools for indexing, such as tensor[[True, False]]. To use a boolean mask, "
                        "convert the mask to a NumPy array first, e.g., tensor[numpy.array([True, False])].")
    if isinstance(item, (int, np.integer)):
        return ("scalar", _core.number(int(item)))
    if isinstance(item, (list, tuple)) and len(item) == 0:
        item = np.zeros(0, "int64")
    if isinstance(item, (list, tuple)):
        if any(isinstance(e, (bool, np.bool_)) for e in item):
            _index_entry(True)
        item = as_tensor_variable(item)
        return _index_entry(item)
    if isinstance(item, np.ndarray):
        if item.size == 0 and item.dtype.kind == "f":
            item = item.astype("int64")
        return _index_entry(constant(item))
    raise TypeError("an index may hold integers, slices, None, Ellipsis, and arrays of integers, not %r" % (item,))


def _index_scalar(part):
    if isinstance(part, Variable):
        return part._var
    if isinstance(part, (int, np.integer)) and not isinstance(part, bool):
        return _core.number(int(part))
    if isinstance(part, np.ndarray) and part.ndim == 0 and part.dtype.kind in "iu":
        return _core.number(int(part))
    raise TypeError("a bound of a slice is an integer, not %r" % (part,))


class _tensor_py_operators:
    """The operators and methods that all tensor variables, constants and shared variables have."""

    __array_priority__ = 1000

    __add__, __radd__ = _operator("add"), _operator("add", True)
    __sub__, __rsub__ = _operator("sub"), _operator("sub", True)
    __mul__, __rmul__ = _operator("mul"), _operator("mul", True)
    __truediv__, __rtruediv__ = _operator("true_div"), _operator("true_div", True)
    __div__, __rdiv__ = __truediv__, __rtruediv__
    __floordiv__, __rfloordiv__ = _operator("int_div"), _operator("int_div", True)
    __mod__, __rmod__ = _operator("mod"), _operator("mod", True)
    __pow__, __rpow__ = _operator("pow"), _operator("pow", True)
    __and__, __rand__ = _operator("and_"), _operator("and_", True)
    __or__, __ror__ = _operator("or_"), _operator("or_", True)
    __xor__, __rxor__ = _operator("xor"), _operator("xor", True)
    __lt__, __le__ = _comparison("lt"), _comparison("le")
    __gt__, __ge__ = _comparison("gt"), _comparison("ge")
    __neg__, __abs__, __invert__ = _function("neg"), _function("abs_"), _function("invert")
    __ceil__, __floor__, __trunc__ = _function("ceil"), _function("floor"), _function("trunc")
    __dot__ = _function("dot")
    __matmul__ = _function("dot")

    def __rmatmul__(self, other):
        from .tensor import dot
        return dot(other, self)

    def __rdot__(self, left):
        from .tensor import dot
        return dot(left, self)

    def __divmod__(self, other):
        return self // other, self % other

    def __rdivmod__(self, other):
        return as_tensor_variable(other).__divmod__(self)

    def __bool__(self):
        if not self.__dict__.get("_is_nonzero", True):
            raise TypeError("Variables do not support boolean operations.")
        return True

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        from .tensor import function_of_ufunc
        if method != "__call__" or kwargs:
            return NotImplemented
        function = function_of_ufunc(ufunc.__name__)
        if function is None:
            raise TypeError("numpy.%s has no symbolic meaning for %s" % (ufunc.__name__, self.type))
        return function(*inputs)

    def __getitem__(self, args):
        if isinstance(args, list) and any(isinstance(a, slice) for a in args):
            args = tuple(args)
        elif not isinstance(args, tuple):
            args = (args,)
        return wrap(_core.index(self._var, [_index_entry(a) for a in args]))

    def __iter__(self):
        length = _core.vector_length(self._var) if self.ndim == 1 else None
        if length is None:
            raise (ValueError if self.ndim == 1 else TypeError)(
                "TensorType does not support iteration. Maybe you are using builtin.sum instead of theano.tensor.sum? (Maybe .max?)")
        return iter([self[i] for i in range(length)])

    def __len__(self):
        raise TypeError("object of type 'TensorVariable' has no len(): use x.shape[0]")

    T = property(lambda self: wrap(_core.transpose(self._var, [])))
    shape = property(lambda self: wrap(_core.shape(self._var)))
    ndim = property(lambda self: self.type.ndim)
    dtype = property(lambda self: self.type.dtype)
    broadcastable = property(lambda self: self.type.broadcastable)

    @property
    def size(self):
        from .tensor import prod
        return self.shape[0] if self.ndim == 1 else prod(self.shape)

    def transpose(self, *axes):
        if len(axes) == 1 and isinstance(axes[0], (list, tuple)):
            axes = axes[0]
        return wrap(_core.transpose(self._var, list(axes)))

    def dimshuffle(self, *pattern):
        from ._ops import DimShuffle
        if len(pattern) == 1 and isinstance(pattern[0], (list, tuple)):
            pattern = pattern[0]
        return DimShuffle(self.broadcastable, pattern)(self)

    def copy(self, name=None):
        from .tensor import tensor_copy
        copied = tensor_copy(self)
        copied.name = name
        return copied

    def astype(self, dtype):
        return cast(self, dtype)

    def transfer(self, target):
        if target not in ("cpu", None):
            raise NotImplementedError("transfer to %r: Theano has this; Croton does not yet" % (target,))
        return self

    def norm(self, L, axis=None, keepdims=False):
        from . import tensor
        if L == 0:
            raise NotImplementedError()
        if L == float("inf"):
            raise NotImplementedError()
        return tensor.pow(tensor.pow(abs(self), L).sum(axis=axis, keepdims=keepdims), 1.0 / L)

    def clip(self, a_min, a_max):
        from .tensor import clip
        return clip(self, a_min, a_max)

    def fill(self, value):
        from .tensor import fill
        return fill(self, value)

    def get_scalar_constant_value(self):
        from .tensor import get_scalar_constant_value
        return get_scalar_constant_value(self)


for _name in ("any all sum prod mean var std min max argmin argmax ptp reshape flatten diagonal take dot zeros_like ones_like round "
              "repeat swapaxes squeeze trace nonzero nonzero_values sort argsort conj cumsum cumprod searchsorted choose compress "
              "exp exp2 expm1 log log2 log10 log1p sqrt sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh "
              "ceil floor trunc deg2rad rad2deg imag real").split():
    if _name not in vars(_tensor_py_operators):
        setattr(_tensor_py_operators, _name, property(_function(_name)) if _name in ("real", "imag") else _function(_name))
_tensor_py_operators.ravel = lambda self: self.flatten()


class TensorVariable(_tensor_py_operators, Variable):
    """A symbolic array."""

    def __init__(self, type, owner=None, index=None, name=None):
        super().__init__(type, owner, index, name)


class TensorConstant(_tensor_py_operators, Constant):
    """A symbolic array with a fixed value."""


kind_classes["tensor"] = TensorVariable
leaf_classes["constant", "tensor"] = TensorConstant
TensorType.Variable = TensorVariable
TensorType.Constant = TensorConstant
