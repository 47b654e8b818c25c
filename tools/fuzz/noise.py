"""The reference: the graph as it was written, run row by row, and the same with every result moved within its row's bound.

How far results of another order of operations may lie apart follows from the graph, not from a tolerance: each node's result
is moved at random by the bound of its row (`ulp`, at least half), and what comes out of that shows how much the roundings
matter. Where nothing moves, nothing may differ.
"""
import numpy as np

import croton as theano
from croton import _core
from croton._modes import Mode
from croton._python_op import Op
from croton._variable import Apply, wrap

from .matrices import DRAWN as MATRICES
from .rows import ROWS

# Rows that add many terms, in an order of their own.
SUMS = {"sum", "prod", "dot", "batched_dot", "softmax", "logsoftmax", "softmax_grad", "op_from_graph", "cumsum", "cumprod",
        "advanced_inc_subtensor", "inc_subtensor"}

PLAIN_SUMS = {"sum", "dot", "batched_dot"}

# Near their zeros they are differences of larger numbers.
RELATIVE_TO_ONE = {"logsoftmax", "psi", "polygamma", "gammaln"} | MATRICES
MATRIX_ULP = 4  # what the rounding inside LAPACK amounts to, of elements near one


class Noise:
    """How much results are moved: nothing, those of rows that do not round correctly, or those of all rows."""

    NONE, INEXACT, ALL = range(3)
    level = NONE
    random = np.random.RandomState(0)


class Perturb(Op):
    """The identity, up to some units in the last place."""

    __props__ = ("ulp", "level", "relative_to_one")

    def __init__(self, ulp, level, relative_to_one=False):
        self.ulp, self.level, self.relative_to_one = ulp, level, relative_to_one

    def make_node(self, x, *largest):
        return Apply(self, [x, *largest], [x.type()])

    def perform(self, node, inputs, outputs):
        x = np.array(inputs[0])
        if Noise.level >= self.level and x.size:
            part = x.real.dtype if x.dtype.kind == "c" else x.dtype
            unit = max(self.ulp, 1) * np.finfo(part).eps  # less than one would often be rounded away
            with np.errstate(all="ignore"):
                moved = x + x * self.moves(x.shape, part, unit)
                if self.relative_to_one:
                    moved = moved + self.moves(x.shape, part, unit)
                if part == np.float16:  # steps of its denormals are large
                    moved = moved + self.moves(x.shape, part, 2.0 ** -24)
                x = np.where(np.isfinite(x), moved, x).astype(x.dtype)
            for largest in inputs[1:]:  # a partial sum may overflow in another order
                x = np.where(np.isfinite(largest), x, x.dtype.type(np.nan))
        outputs[0][0] = x

    @staticmethod
    def moves(shape, dtype, unit):
        signs = Noise.random.randint(0, 2, shape) * 2 - 1
        return (signs * (0.5 + Noise.random.rand(*shape)) * unit).astype(dtype)


def noisy(var, ulp, level, relative_to_one=False, largest=()):
    x = wrap(var)
    return Perturb(ulp, level, relative_to_one)(x, *largest)._var if getattr(x, "dtype", "").startswith(("float", "complex")) else var


def rebuilt(outputs):
    """The same graph with a Perturb behind each node, and before those that add many terms."""
    new = {}
    for first in _core.toposort([v._var for v in outputs]):
        if first.is_leaf:
            new[first] = first
            continue
        inputs = [new[v] for v in first.inputs]
        row, many = first.row, first.row in SUMS | MATRICES
        ulp = max(MATRIX_ULP if row in MATRICES else 0, ROWS[row]["ulp"] if row in ROWS else 0.5, 0.5)
        inexact = many or ulp > 0.5
        if many:
            inputs = [noisy(v, 0.5, Noise.INEXACT) for v in inputs]
        if row == "op_from_graph":
            made = _core.op_from_graph(*first.body(0), inputs)
        else:
            made = _core.apply(row, inputs, list(first.ints), first.text)
        largest = []
        if row in PLAIN_SUMS and all(wrap(v).dtype.startswith("float") for v in inputs):
            sizes = [_core.apply("abs", [v], [], "")[0] for v in inputs]
            largest = [wrap(_core.apply(row, sizes, list(first.ints), first.text)[0])]
        for k, v in enumerate(made):
            new[first.sibling(k)] = noisy(v, ulp, Noise.INEXACT if inexact else Noise.ALL, row in RELATIVE_TO_ONE, largest)
    return [wrap(new[v._var]) for v in outputs]


def reference(names, program):
    """The function of the program on the graph that can be moved."""
    values = rebuilt([names[o] for o in program.outputs] + [names[v] for _, v in program.updates])
    count = len(program.outputs)
    updates = [(names[target], names[target].type.filter_variable(value))
               for (target, _), value in zip(program.updates, values[count:])]
    return theano.function([names[i.name] for i in program.arguments()], values[:count], updates=updates, mode=Mode("py", None),
                           on_unused_input="ignore")
