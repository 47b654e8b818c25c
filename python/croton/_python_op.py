"""Ops that users write in Python: the base class Op, and what the engine asks of one (perform, gradient, tangent)."""
import numpy as np

from . import _core


class _NodeView:
    """What perform() and infer_shape() see as their node: the op, and stand-ins of the inputs and outputs with their types."""

    def __init__(self, op, input_types, output_types):
        self.op = op
        self.inputs = [_Typed(t) for t in input_types]
        self.outputs = [_Typed(t) for t in output_types]

    nin = property(lambda self: len(self.inputs))
    nout = property(lambda self: len(self.outputs))


class _Typed:
    owner = None
    name = None

    def __init__(self, type_):
        self.type = type_

    dtype = property(lambda self: self.type.dtype)
    ndim = property(lambda self: self.type.ndim)
    broadcastable = property(lambda self: self.type.broadcastable)


class Op:
    """Base of all ops. A user's op defines make_node (or itypes and otypes) and perform, and may define grad, L_op, R_op,
    connection_pattern and infer_shape. Two ops of one class with equal `__props__` are equal; without `__props__` only an op
    itself is."""

    default_output = None

    def _values_of_props(self):
        return tuple(getattr(self, name) for name in self.__props__)

    def __eq__(self, other):
        if hasattr(type(self), "__props__"):
            return type(self) is type(other) and self._values_of_props() == other._values_of_props()
        return self is other

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        if hasattr(type(self), "__props__"):
            return hash((type(self), self._values_of_props()))
        return object.__hash__(self)

    def __str__(self):
        if getattr(type(self), "__props__", None):
            return "%s{%s}" % (type(self).__name__, ", ".join("%s=%r" % (n, getattr(self, n)) for n in self.__props__))
        name = getattr(self, "name", None)
        return name if isinstance(name, str) and name else type(self).__name__

    __repr__ = __str__

    def make_node(self, *inputs):
        from ._convert import as_tensor_variable
        from ._variable import Apply
        if not hasattr(self, "itypes") or not hasattr(self, "otypes"):
            raise NotImplementedError("%s: define make_node, or itypes and otypes" % type(self).__name__)
        if len(inputs) != len(self.itypes):
            raise ValueError("We expected %d inputs but got %d." % (len(self.itypes), len(inputs)))
        variables = [as_tensor_variable(x) for x in inputs]
        for k, (variable, wanted) in enumerate(zip(variables, self.itypes)):
            if variable.type != wanted:
                converted = wanted.convert_variable(variable)
                if converted is None:
                    raise TypeError("We expected inputs of types '%s' but got types '%s'"
                                    % (self.itypes, [x.type for x in variables]))
                variables[k] = converted
        return Apply(self, variables, [t() for t in self.otypes])

    def __call__(self, *inputs, **options):
        return_list = options.pop("return_list", False)
        name = options.pop("name", None)
        node = self.make_node(*inputs, **options)
        if name is not None:
            node.outputs[0].name = name
        if self.default_output is not None:
            output = node.outputs[self.default_output]
            return [output] if return_list else output
        if return_list or len(node.outputs) != 1:
            return list(node.outputs)
        return node.outputs[0]

    def perform(self, node, inputs, output_storage, params=None):
        raise NotImplementedError("%s has no perform()" % type(self).__name__)


PureOp = Op


def attach(node, op):
    """Makes the engine's node of an Apply of a Python op, and gives it to the output variables."""
    from ._variable import remember
    view = _NodeView(op, [x.type for x in node.inputs], [y.type for y in node.outputs])
    # A destroy_map is a promise about memory that is not needed here: perform gets its own arrays.
    effect = bool(getattr(op, "has_effect", False))
    made = _core.apply_python_op(op, view, [x._var for x in node.inputs], [y._var for y in node.outputs], effect)
    node._var = made[0] if made else None
    for k, (output, var) in enumerate(zip(node.outputs, made)):
        name = output.name
        output._var = var
        remember(output)
        output.owner, output.index = node, k
        if name:
            output.name = name


def perform(op, view, values, node_id):
    storage = [[None] for _ in view.outputs]
    op.perform(view, values, storage)
    results = []
    for cell, output in zip(storage, view.outputs):
        if cell[0] is None:
            raise ValueError("%s.perform() set no value for an output" % type(op).__name__)
        results.append(np.asarray(output.type.filter(np.asarray(cell[0]))))
    return results


def _as_var(x, like=None):
    """A gradient that an op returned, as an engine variable; None where nothing flows."""
    from ._convert import as_tensor_variable
    from ._types import DisconnectedType
    if x is None or isinstance(getattr(x, "type", None), DisconnectedType):
        return None
    return (x if hasattr(x, "_var") else as_tensor_variable(x))._var


def gradient(op, inputs, outputs, output_gradients):
    from ._types import DisconnectedType
    from ._variable import wrap
    x, y = [wrap(v) for v in inputs], [wrap(v) for v in outputs]
    dy = [wrap(v) if v is not None else DisconnectedType()() for v in output_gradients]
    if hasattr(op, "L_op"):
        results = op.L_op(x, y, dy)
    elif hasattr(op, "grad"):
        results = op.grad(x, dy)
    else:
        raise NotImplementedError("%s has no grad()" % op)
    results = list(results) if isinstance(results, (list, tuple)) else [results]
    if len(results) != len(x):
        raise ValueError("%s.grad returned %d gradients for %d inputs" % (op, len(results), len(x)))
    return [_as_var(g) for g in results]


def tangent(op, inputs, tangents, n_outputs):
    from ._variable import wrap
    if not hasattr(op, "R_op"):
        raise NotImplementedError("%s has no R_op()" % op)
    results = op.R_op([wrap(v) for v in inputs], [None if v is None else wrap(v) for v in tangents])
    results = list(results) if isinstance(results, (list, tuple)) else [results]
    return [_as_var(t) for t in results]


def connects(op, view):
    if not hasattr(op, "connection_pattern"):
        return None
    return [[bool(c) for c in row] for row in op.connection_pattern(view)]


class _FromFunction(Op):
    def __init__(self, function, itypes, otypes, infer_shape):
        self._function = function
        self.itypes, self.otypes = itypes, otypes
        self.__name__, self.__module__ = function.__name__, function.__module__
        if infer_shape is not None:
            self.infer_shape = infer_shape

    def __eq__(self, other):
        return type(self) is type(other) and self._function is other._function

    def __hash__(self):
        return hash((type(self), self._function))

    def __reduce__(self):
        """By name, as functions are: in its module the decorated function's name is that of this op."""
        return self._function.__qualname__

    def __str__(self):
        return "FromFunctionOp{%s}" % self.__name__

    def perform(self, node, inputs, outputs):
        results = self._function(*inputs)
        if not isinstance(results, (list, tuple)):
            results = (results,)
        if len(results) != len(outputs):
            raise ValueError("%s returned %d values for %d outputs" % (self.__name__, len(results), len(outputs)))
        for cell, value in zip(outputs, results):
            cell[0] = value


def as_op(itypes, otypes, infer_shape=None):
    """A decorator that makes an op of a function on NumPy arrays."""
    itypes = list(itypes) if isinstance(itypes, (list, tuple)) else [itypes]
    otypes = list(otypes) if isinstance(otypes, (list, tuple)) else [otypes]
    return lambda function: _FromFunction(function, itypes, otypes, infer_shape)
