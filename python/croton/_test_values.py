"""Test values: every new node is computed at once from those of its inputs (flag compute_test_value), to find errors early."""
import warnings

from . import _core
from ._variable import Constant, wrap
from .configuration import change_flags, config


def _value_of(variable):
    """The value that stands for a variable, or None."""
    if isinstance(variable, Constant):
        return variable.data
    if hasattr(variable, "get_value"):
        return variable.get_value(borrow=True)
    value = getattr(variable.tag, "test_value", None)
    return None if value is None else variable.type.filter(value)


def compute(node):
    """Computes a node's outputs from its inputs' test values; what a missing one means is said by the flag."""
    values = []
    for k, x in enumerate(node.inputs):
        value = _value_of(x)
        if value is None:
            message = "Cannot compute test value: input %i (%s) of Op %s missing default value" % (k, x, node)
            if config.compute_test_value in ("raise", "pdb"):
                raise ValueError(message)
            if config.compute_test_value == "warn":
                warnings.warn(message, stacklevel=4)
            return
        values.append(value)
    with change_flags(compute_test_value="off"):
        from ._function import function
        free = [x for x in node.inputs if not isinstance(x, Constant) and x._var.row != "shared"]
        inputs, substitutions, arguments = [], [], []
        for x, value in zip(node.inputs, values):
            if x in free and x not in [old for old, _ in substitutions]:
                inputs.append(x.type())
                substitutions.append((x, inputs[-1]))
                arguments.append(value)
        outputs = [wrap(v) for v in _core.clone([y._var for y in node.outputs], [(a._var, b._var) for a, b in substitutions])]
        results = function(inputs, outputs, mode="FAST_COMPILE", on_unused_input="ignore", no_default_updates=True)(*arguments)
    for output, result in zip(node.outputs, results):
        output.tag.test_value = result
    if config.print_test_value:
        print("test value of %s: %s" % (node, results))
