"""Batching: an expression over single items becomes one over stacks of items, along a new leading axis, without a loop."""
from . import _core
from ._convert import as_tensor_variable
from ._types import TensorType
from ._variable import Variable, wrap


def batch(what, stacked=None, axes=None):
    """Everything over a leading axis. Two forms:

    - ``batch(outputs, {x: xs, ...})``: the expression (or list of them) with each ``x`` replaced by a stack ``xs`` of as
      many items, which has one axis more. Every output gets that axis in front; one that depends on no ``x`` is repeated.
    - ``batch(f)(a, b, ...)``, with ``f`` a Python function of symbolic items: ``f`` is called once, for one item of each
      argument; ``axes`` says for each argument whether its leading axis is stacked (0, the default) or it is the same for all
      items (None). Returns what ``f`` returns, stacked.

    Sizes must agree: a call with stacks of several lengths raises ValueError. Gradients go through as through any expression;
    ``batch`` of a gradient gives the gradients of every example.
    """
    if stacked is None:
        if not callable(what):
            raise TypeError("batch takes a function, or expressions and the stacks that replace their variables")
        return lambda *arguments: _mapped(what, arguments, axes)
    if axes is not None:
        raise TypeError("axes belong to batch(function, axes=...)")
    pairs = [(item, as_tensor_variable(stack)) for item, stack in dict(stacked).items()]
    several = isinstance(what, (list, tuple))
    results = _stack(list(what) if several else [what], pairs)
    return type(what)(results) if several else results[0]


def _stack(outputs, pairs):
    if not pairs:
        raise ValueError("batch needs at least one stack")
    for item, stack in pairs:
        if not isinstance(item, Variable):
            raise TypeError("batch replaces variables, not %r" % (item,))
        if stack.ndim != item.ndim + 1 or stack.dtype != item.dtype:
            raise TypeError("a stack of items of type %s has one axis more and the same dtype; %s is of type %s"
                            % (item.type, stack, stack.type))
    size = pairs[0][1].shape[0]
    found = _core.vectorize([as_tensor_variable(v)._var for v in outputs], [(item._var, stack._var) for item, stack in pairs],
                            size._var)
    return [wrap(v) for v in found]


def _mapped(function, arguments, axes):
    arguments = [as_tensor_variable(a) for a in arguments]
    axes = [0] * len(arguments) if axes is None else list(axes)
    if len(axes) != len(arguments) or any(axis not in (0, None) for axis in axes):
        raise ValueError("axes has 0 or None for each of the %d arguments, not %s" % (len(arguments), axes))
    pairs, items = [], []
    for argument, axis in zip(arguments, axes):
        if axis is None:
            items.append(argument)
            continue
        if argument.ndim == 0:
            raise ValueError("%s has no axis to take items from; say None in axes" % argument)
        item = TensorType(argument.dtype, argument.broadcastable[1:])()
        items.append(item)
        pairs.append((item, argument))
    results = function(*items)
    if isinstance(results, (list, tuple)):
        return type(results)(_stack(list(results), pairs))
    return _stack([results], pairs)[0]
