"""Shared variables: state that lives in the engine and that functions read and update."""
import weakref

import numpy as np

from . import _core
from ._filter import filter_value
from ._operators import _tensor_py_operators
from ._pickle import VERSION, attributes_of, check_version
from ._types import TensorType
from ._variable import Variable, leaf_classes, remember, type_of_key


class _Container:
    """What Theano's programs reach a value by: s.container.data, s.container.value, s.container.storage[0]."""

    def __init__(self, variable):
        self._variable = variable

    data = property(lambda self: self._variable.get_value(borrow=True), lambda self, value: self._variable.set_value(value, True))
    value = property(lambda self: self._variable.get_value(), lambda self, value: self._variable.set_value(value))
    storage = property(lambda self: [self.data])


class SharedVariable(Variable):
    """A variable with a value of its own. Its attribute `default_update`, where it is set, is what functions that use it make of
    it, unless told otherwise."""

    def get_value(self, borrow=False, return_internal_type=False):
        """The value as an ndarray; a copy, or with borrow=True perhaps not."""
        value = self.__dict__.get("_borrowed")
        if borrow and value is not None and _core.shared_is(self._var, value):
            return value
        value = _core.shared_value(self._var, borrow)
        if borrow:
            self._borrowed = value
        return value

    def set_value(self, new_value, borrow=False):
        """Replaces the value. It must fit the type; its sizes may differ."""
        value = filter_value(self.type, new_value, strict=self.__dict__.get("_strict", False),
                             allow_downcast=self.__dict__.get("_allow_downcast"))
        self.__dict__.pop("_borrowed", None)
        _core.set_shared_value(self._var, value, borrow and value is new_value)

    def zero(self, borrow=False):
        """Sets every element to zero."""
        self.set_value(np.zeros_like(self.get_value(borrow=True)))

    container = property(_Container)

    def __reduce__(self):
        """Pickled and deeply copied with its value; variables around one value have one again when they are loaded."""
        return _restored, (VERSION, type(self), _cell_of(self._var), self.name), attributes_of(self)

    def __copy__(self):
        return self.clone()

    def clone(self):
        """Another variable around the same value."""
        copy = _adopt(_core.share_cell(self._var, self.name or ""), type(self))
        copy.tag = self.tag
        return copy

    value = property(get_value, set_value)


class TensorSharedVariable(_tensor_py_operators, SharedVariable):
    """A shared array."""


ScalarSharedVariable = TensorSharedVariable
leaf_classes["shared", "tensor"] = TensorSharedVariable


class _Cell:
    """The value behind shared variables, as it is pickled."""

    def __init__(self, var):
        self._var = var

    def __reduce__(self):
        kind, _, broadcastable = self._var.type_key
        return _restored_cell, (VERSION, _core.shared_value(self._var, True), broadcastable, kind)


_cells = weakref.WeakValueDictionary()


def _cell_of(var):
    return _cells.setdefault(_core.shared_cell_id(var), _Cell(var))


def _restored_cell(version, value, broadcastable, kind):
    check_version(version)
    return _Cell(_core.shared(value, list(broadcastable), "", False, kind))


def _restored(version, cls, cell, name):
    check_version(version)
    return _adopt(_core.share_cell(cell._var, name or ""), cls)


def _adopt(var, cls):
    v = cls.__new__(cls)
    v._var = var
    v.type = type_of_key(var.type_key)
    remember(v)
    return v


def shared(value, name=None, strict=False, allow_downcast=None, borrow=False, broadcastable=None, target="cpu", **options):
    """A shared variable with this value: an ndarray (copied unless borrow=True), or a Python number."""
    if isinstance(value, Variable):
        raise TypeError("Shared variable constructor needs numeric values and not symbolic variables.")
    if name is not None and not isinstance(name, str):
        raise TypeError("the name of a shared variable is text, not %r" % (name,))
    if target not in ("cpu", None):
        raise NotImplementedError("shared(target=%r): Theano has this; Croton does not yet" % (target,))
    for constructor in reversed(_constructors):
        try:
            return constructor(value, name=name, strict=strict, allow_downcast=allow_downcast, borrow=borrow, **options)
        except TypeError:
            continue
    if options:
        raise TypeError("No suitable SharedVariable constructor could be found. Are you sure all kwargs are supported? "
                        "We do not support the parameter dtype or type. value=\"%s\". parameters=\"%s\"" % (value, options))
    if isinstance(value, (bool, int, float, complex, np.generic)):
        value = np.asarray(value)
        borrow = False
    if not isinstance(value, np.ndarray):
        raise TypeError("shared() takes an ndarray or a number, not %s: write shared(numpy.asarray(...)). Theano would make a "
                        "Generic variable of it, on which no array operation is defined" % type(value).__name__)
    if value.dtype.kind not in "biufc":
        raise TypeError("shared() takes a numeric ndarray, not one of dtype %s" % value.dtype)
    pattern = (False,) * value.ndim if broadcastable is None else tuple(broadcastable)
    type_ = TensorType(value.dtype.newbyteorder("=").name, pattern)
    plain = filter_value(type_, value)
    variable = _adopt(_core.shared(plain, list(pattern), name or "", borrow and plain is value), TensorSharedVariable)
    variable._strict, variable._allow_downcast = strict, allow_downcast
    return variable


tensor_constructor = scalar_constructor = shared


_constructors = shared.constructors = []


def shared_constructor(constructor, remove=False):
    """Adds a constructor that shared() tries before its own, the latest one first; a TypeError passes the value on."""
    if remove:
        _constructors.remove(constructor)
    else:
        _constructors.append(constructor)
    return constructor
