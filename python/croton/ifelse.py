"""ifelse: only the branch that is taken is computed (Theano's theano.ifelse)."""
from . import _core
from ._convert import as_tensor_variable
from ._ops import class_named
from ._variable import wrap_all

IfElse = class_named("IfElse")


def ifelse(condition, then_branch, else_branch, name=None):
    """`then_branch` if the scalar condition is true, else `else_branch`. Both may be lists."""
    several = isinstance(then_branch, (list, tuple)) or isinstance(else_branch, (list, tuple))
    then = [as_tensor_variable(x) for x in (then_branch if isinstance(then_branch, (list, tuple)) else [then_branch])]
    other = [as_tensor_variable(x) for x in (else_branch if isinstance(else_branch, (list, tuple)) else [else_branch])]
    if len(then) != len(other):
        raise ValueError("The number of values on the `then` branch should have the same number of variables as the `else` branch : "
                         "(variables on `then` %d, variables on `else` %d)" % (len(then), len(other)))
    inputs = [as_tensor_variable(condition)] + then + other
    results = wrap_all(_core.apply("ifelse", [x._var for x in inputs], [len(then)]))
    if name:
        for k, r in enumerate(results):
            r.name = name if len(results) == 1 else "%s_%d" % (name, k)
    if not several:
        return results[0]
    return type(then_branch if isinstance(then_branch, (list, tuple)) else else_branch)(results)
