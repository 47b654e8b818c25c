"""Types of variables: TensorType and its kin. What a type does with dtypes and shapes is asked from the engine."""
import numpy as np

from . import _core

_RANK_NAMES = {0: "scalar", 1: "vector", 2: "matrix"}


class Type:
    """Base of all types. A user's own type defines filter(), and optionally values_eq()."""

    Variable = None
    Constant = None
    _kind = "object"

    def _key(self):
        return (self._kind, "float64", ())

    def make_variable(self, name=None):
        from ._variable import new_input
        return new_input(self, name)

    def __call__(self, name=None):
        return self.make_variable(name)

    def filter(self, data, strict=False, allow_downcast=None):
        raise NotImplementedError("filter of %s" % self)

    def _to_engine(self, data, strict=False, allow_downcast=None):
        """A value as the engine holds it."""
        return self.filter(data, strict, allow_downcast)

    def _from_engine(self, value):
        return value

    def is_valid_value(self, value):
        try:
            self.filter(value, strict=True)
            return True
        except (TypeError, ValueError):
            return False

    def filter_variable(self, other, allow_convert=True):
        from ._variable import Variable
        if not isinstance(other, Variable):
            other = self.Constant(type=self, data=other)
        if other.type != self:
            other2 = self.convert_variable(other) if allow_convert else None
            if other2 is None:
                raise TypeError("Cannot convert Type %s (of Variable %s) into Type %s. You can try to manually convert %s into a %s."
                                % (other.type, other, self, other, self))
            return other2
        return other

    def convert_variable(self, var):
        return var if var.type == self else None

    @classmethod
    def values_eq(cls, a, b):
        return a == b

    @classmethod
    def values_eq_approx(cls, a, b):
        return cls.values_eq(a, b)


class _Singleton(Type):
    def __eq__(self, other):
        return type(self) is type(other)

    def __hash__(self):
        return hash(type(self))

    def __repr__(self):
        return type(self).__name__

    __str__ = __repr__


class NullType(_Singleton):
    """The type of a gradient that is not defined."""

    _kind = "null"

    def __init__(self, why_null="(no explanation given)"):
        self.why_null = why_null

    def filter(self, data, strict=False, allow_downcast=None):
        raise ValueError("No values may be assigned to a NullType")


class DisconnectedType(_Singleton):
    """The type of a gradient with respect to something that the cost does not depend on."""

    _kind = "disconnected"

    def filter(self, data, strict=False, allow_downcast=None):
        raise AssertionError("a disconnected gradient has no value")


class NoneTypeT(_Singleton):
    """The type of None."""

    _kind = "none"

    def filter(self, data, strict=False, allow_downcast=None):
        if data is not None:
            raise TypeError("Expected None!")
        return data


class Generic(_Singleton):
    """The type of any Python object."""

    _kind = "object"

    def filter(self, data, strict=False, allow_downcast=None):
        return data


generic = Generic()


class TensorType(Type):
    """A dtype, a rank, and for each axis whether it is known to have size one (only these axes broadcast)."""

    _kind = "tensor"
    context_name = "cpu"
    filter_checks_isfinite = False

    def __init__(self, dtype, broadcastable, name=None, sparse_grad=False):
        from .configuration import config
        dtype = str(dtype) if isinstance(dtype, (str, np.dtype)) else str(np.dtype(dtype))
        self.dtype = config.floatX if dtype == "floatX" else dtype
        _core.dtype_code(self.dtype)
        self.broadcastable = tuple(bool(b) for b in broadcastable)
        self.name = name
        self.sparse_grad = sparse_grad

    ndim = property(lambda self: len(self.broadcastable))
    numpy_dtype = property(lambda self: np.dtype(self.dtype))

    def _key(self):
        return ("tensor", self.dtype, self.broadcastable)

    def __eq__(self, other):
        return isinstance(other, TensorType) and self.dtype == other.dtype and self.broadcastable == other.broadcastable

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash((self.dtype, self.broadcastable))

    def __str__(self):
        return self.name if self.name else _core.type_text(*self._key())

    def __repr__(self):
        return str(self)

    def clone(self, dtype=None, broadcastable=None):
        return type(self)(dtype or self.dtype, self.broadcastable if broadcastable is None else broadcastable,
                          name=self.name, sparse_grad=self.sparse_grad)

    def dtype_specs(self):
        array = np.empty(0, self.dtype)
        return type(array.dtype.type(0)), "npy_" + self.dtype, "NPY_" + self.dtype.upper()

    def filter(self, data, strict=False, allow_downcast=None):
        from ._filter import filter_value
        return filter_value(self, data, strict, allow_downcast)

    def filter_variable(self, other, allow_convert=True):
        from ._convert import as_tensor_variable
        other = as_tensor_variable(other) if not hasattr(other, "type") else other
        return super().filter_variable(other, allow_convert)

    def convert_variable(self, var):
        """The same variable with this type's pattern, if only the pattern differs and this type knows less or more ones."""
        if not isinstance(var.type, TensorType) or (var.dtype, var.ndim) != (self.dtype, self.ndim):
            return None
        from .tensor import patternbroadcast
        return patternbroadcast(var, self.broadcastable)

    def value_zeros(self, shape):
        return np.zeros(shape, self.dtype)

    @staticmethod
    def values_eq(a, b, force_same_dtype=True):
        a, b = np.asarray(a), np.asarray(b)
        if a.shape != b.shape or (force_same_dtype and a.dtype != b.dtype):
            return False
        equal = a == b
        if a.dtype.kind in "fc":
            equal |= np.isnan(a) & np.isnan(b)
        return bool(np.all(equal))

    @staticmethod
    def values_eq_approx(a, b, allow_remove_inf=False, allow_remove_nan=False, rtol=None, atol=None):
        a, b = np.asarray(a), np.asarray(b)
        if a.shape != b.shape or a.dtype != b.dtype:
            return False
        if a.dtype.kind not in "fc":
            return bool(np.all(a == b))
        loose = a.dtype in (np.float32, np.complex64, np.float16)
        return np.allclose(a, b, rtol=rtol or (1e-4 if loose else 1e-5), atol=atol or (1e-5 if loose else 1e-8), equal_nan=True)

    @staticmethod
    def may_share_memory(a, b):
        return isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and np.may_share_memory(a, b)


_tensor_types = {}
_other_types = {"null": NullType(), "disconnected": DisconnectedType(), "none": NoneTypeT(), "object": generic}


def type_of_key(key):
    """The type object of an engine type, one per type."""
    found = _tensor_types.get(key)
    if found is None:
        found = TensorType(key[1], key[2]) if key[0] == "tensor" else _other_types[key[0]]
        _tensor_types[key] = found
    return found
