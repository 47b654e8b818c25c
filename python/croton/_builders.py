"""Graphs made from graphs: clone with replacements, and OpFromGraph."""
from . import _core
from ._convert import as_tensor_variable
from ._python_op import Op
from ._variable import Variable, wrap_all
from .sharedvalue import SharedVariable


def clone(output, replace=None, strict=True, share_inputs=True, copy_inputs=None):
    """A copy of one or several outputs in which variables are replaced: clone(y, replace={x: x + 1})."""
    pairs = [] if replace is None else list(replace.items()) if hasattr(replace, "items") else list(replace)
    substitutions = []
    for old, new in pairs:
        if not isinstance(new, Variable):
            new = as_tensor_variable(new)
        if strict and new.type != old.type:
            new = old.type.filter_variable(new)
        substitutions.append((old._var, new._var))
    outputs = list(output) if isinstance(output, (list, tuple)) else [output]
    if not share_inputs or copy_inputs is False:
        chosen = {old for old, _ in substitutions}
        for leaf in _core.leaves([o._var for o in outputs]):
            if leaf.row == "input" and leaf not in chosen:
                kind, dtype, ones = leaf.type_key
                substitutions.append((leaf, _core.new_input(kind, dtype, ones, leaf.name)))
    results = wrap_all(_core.clone([o._var for o in outputs], substitutions))
    return results if isinstance(output, (list, tuple)) else results[0]


class OpFromGraph(Op):
    """An op whose meaning is a graph: OpFromGraph([x, y], [x + y])(a, b). It is put in where it is used when compiled."""

    def __init__(self, inputs, outputs, inline=False, lop_overrides="default", grad_overrides="default", rop_overrides="default",
                 connection_pattern=None, name=None, **options):
        for what, given in (("lop_overrides", lop_overrides), ("grad_overrides", grad_overrides), ("rop_overrides", rop_overrides)):
            if given != "default":
                raise NotImplementedError("OpFromGraph(%s=...): Theano has this; Croton does not yet" % what)
        if not isinstance(outputs, list):
            raise TypeError("outputs must be list", outputs)
        for v in list(inputs) + outputs:
            if not isinstance(v, Variable):
                raise TypeError("inputs and outputs must be Variable instances", v)
        if options.get("updates") or options.get("givens"):
            raise TypeError("updates and givens are not allowed here")
        self.local_inputs, self.local_outputs = list(inputs), list(outputs)
        # A body is closed: shared variables that it uses become further inputs.
        self.shared_inputs = [v for v in wrap_all(_core.leaves([o._var for o in outputs]))
                              if isinstance(v, SharedVariable) and v not in self.local_inputs]
        self.is_inline = inline
        self.name = name

    input_types = property(lambda self: [x.type for x in self.local_inputs])
    output_types = property(lambda self: [y.type for y in self.local_outputs])

    def __eq__(self, other):
        return self is other

    def __hash__(self):
        return object.__hash__(self)

    def __str__(self):
        return "%s{inline=%r}" % (self.name or type(self).__name__, self.is_inline)

    def __call__(self, *inputs, **options):
        if len(inputs) != len(self.local_inputs):
            raise ValueError("Expected %d inputs, got %d" % (len(self.local_inputs), len(inputs)))
        arguments = []
        for x, mine in zip(inputs, self.local_inputs):
            arguments.append(mine.type.filter_variable(as_tensor_variable(x)))
        body = self.local_inputs + self.shared_inputs
        outputs = wrap_all(_core.op_from_graph([v._var for v in body], [v._var for v in self.local_outputs],
                                               [v._var for v in arguments + self.shared_inputs]))
        outputs[0].owner._op = self
        return outputs if len(outputs) > 1 or options.get("return_list") else outputs[0]

    def make_node(self, *inputs):
        return self(*inputs, return_list=True)[0].owner
