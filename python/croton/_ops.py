"""Op objects: one per engine row and attributes, callable, with Theano's class names; `owner.op` is made from the node."""
from . import _core
from ._python_op import Op
from ._variable import wrap, wrap_all

ROWS = _core.rows()


class RowOp(Op):
    """An op of the engine. Equal to every other one of the same row and attributes."""

    def __init__(self, row, ints=(), text=None):
        self._row = row
        self._ints = tuple(ints)
        self._text = text or row

    def __eq__(self, other):
        return isinstance(other, RowOp) and self._row == other._row and self._ints == other._ints

    def __hash__(self):
        return hash((self._row, self._ints))

    def __reduce__(self):
        return _restored_op, (type(self).__name__, vars(self))

    def __str__(self):
        return self._text

    __repr__ = __str__

    @property
    def __doc__(self):
        return ROWS[self._row]["doc"]

    def make_node(self, *inputs):
        from ._convert import as_tensor_variable
        made = _core.apply(self._row, [as_tensor_variable(x)._var for x in inputs], list(self._ints))
        return wrap(made[0]).owner

    def __call__(self, *inputs, **options):
        from ._convert import as_tensor_variable
        outputs = wrap_all(_core.apply(self._row, [as_tensor_variable(x)._var for x in inputs], list(self._ints)))
        if options.get("name"):
            outputs[0].name = options["name"]
        return outputs if options.get("return_list") or len(outputs) > 1 else outputs[0]


class ScalarOp:
    """The scalar meaning of an elementwise op: `op.scalar_op`. Its class is named as Theano names it (Add, Mul, Exp)."""

    def __init__(self, row):
        self.name = row

    def __eq__(self, other):
        return isinstance(other, ScalarOp) and self.name == other.name

    def __hash__(self):
        return hash(self.name)

    def __reduce__(self):
        return scalar_op, (self.name,)

    def __str__(self):
        return self.name

    __repr__ = __str__


_SCALAR_CLASS = {"true_div": "TrueDiv", "int_div": "IntDiv", "sgn": "Sgn", "log1p": "Log1p", "expm1": "Expm1", "and_": "AND",
                 "or_": "OR", "xor": "XOR", "invert": "Invert", "isnan": "IsNan", "isinf": "IsInf", "round": "RoundHalfToEven",
                 "second": "Second", "sigmoid": "ScalarSigmoid", "softplus": "ScalarSoftplus"}
_scalar_ops = {}


def scalar_op(row):
    """The scalar op of an elementwise row."""
    if row not in _scalar_ops:
        name = _SCALAR_CLASS.get(row) or row.strip("_").upper() if len(row) == 2 else _SCALAR_CLASS.get(row) or row.title()
        _scalar_ops[row] = type(name, (ScalarOp,), {})(row)
    return _scalar_ops[row]


class Elemwise(RowOp):
    """An elementwise op. Several operands are joined from the left for the associative ones: add(a, b, c)."""

    @property
    def scalar_op(self):
        return scalar_op(self._row)

    name = property(lambda self: "Elemwise{%s,no_inplace}" % self._row)
    nfunc_spec = None
    inplace_pattern = {}

    def __str__(self):
        return "Elemwise{%s,no_inplace}" % self._row

    __repr__ = __str__

    def __call__(self, *inputs, **options):
        if len(inputs) > 2 and ROWS[self._row]["max_inputs"] == 2:
            result = inputs[0]
            for x in inputs[1:]:
                result = super().__call__(result, x)
            return result
        if len(inputs) == 1 and self._row in ("add", "mul"):
            from ._convert import as_tensor_variable
            return as_tensor_variable(inputs[0])
        return super().__call__(*inputs, **options)


class TrueDiv(Elemwise):
    """Division: the quotient of integers has dtype floatX."""

    def __call__(self, *inputs, **options):
        from ._convert import as_tensor_variable
        from .configuration import config
        if len(inputs) != 2 or options:
            return super().__call__(*inputs, **options)
        a, b = inputs
        return wrap(_core.true_div(as_tensor_variable(a)._var, as_tensor_variable(b)._var, config.floatX))


class CAReduce(RowOp):
    """A reduction; `axis` as a tuple."""

    axis = property(lambda self: self._ints)

    @property
    def scalar_op(self):
        return ScalarOp({"sum": "add", "prod": "mul", "max": "maximum", "min": "minimum", "all": "and", "any": "or"}.get(self._row, self._row))


class DimShuffle(RowOp):
    """Reorders, adds and drops axes: DimShuffle(input_broadcastable, new_order)."""

    def __init__(self, input_broadcastable, new_order, inplace=True):
        order = [-1 if j == "x" else int(j) for j in new_order]
        super().__init__("dimshuffle", order)
        self.input_broadcastable = None if input_broadcastable is None else tuple(input_broadcastable)
        if input_broadcastable is not None:
            for j in order:
                if j >= len(self.input_broadcastable):
                    raise ValueError("new_order[%d] is %d, but the input only has %d axes."
                                     % (order.index(j), j, len(self.input_broadcastable)))
                if j >= 0 and order.count(j) > 1:
                    raise ValueError("The same input dimension may not appear twice in the list of output dimensions", new_order)
            for j, one in enumerate(self.input_broadcastable):
                if j not in order and not one:
                    raise ValueError("You cannot drop a non-broadcastable dimension: %d" % j)

    new_order = property(lambda self: tuple("x" if j < 0 else j for j in self._ints))

    def __str__(self):
        return "DimShuffle{%s}" % ",".join(str(j) for j in self.new_order)

    def __call__(self, x, **options):
        return wrap(_core.dimshuffle(x._var, list(self._ints)))


class Reshape(RowOp):
    ndim = property(lambda self: self._ndim)


class Subtensor(RowOp):
    @property
    def idx_list(self):
        return self._ints


class _AxisOp(RowOp):
    axis = property(lambda self: self._ints[0] if self._ints else None)


class Shape_i(RowOp):
    i = property(lambda self: self._ints[0])


_CLASSES = {"DimShuffle": DimShuffle, "Reshape": Reshape, "Subtensor": Subtensor, "Join": _AxisOp, "Shape_i": Shape_i,
            "Sum": CAReduce, "Prod": CAReduce, "Max": CAReduce, "Min": CAReduce, "All": CAReduce, "Any": CAReduce,
            "Argmax": CAReduce, "MaxAndArgmax": CAReduce}
classes = {"Elemwise": Elemwise, "DimShuffle": DimShuffle}


def class_named(name):
    """The class that Theano's programs know by this name."""
    if name not in classes:
        base = _CLASSES.get(name, RowOp)
        classes[name] = base if base.__name__ == name else type(name, (base,), {"__doc__": "Theano's %s." % name})
    return classes[name]


def _restored_op(name, facts):
    """An op object from a pickle. The classes of most are made from the rows, so they are found by name."""
    cls = {"RowOp": RowOp, "TrueDiv": TrueDiv, "CAReduce": CAReduce}.get(name) or class_named(name)
    op = cls.__new__(cls)
    vars(op).update(facts)
    return op


for _row in ROWS.values():
    if _row["theano_name"] and "{" not in _row["theano_name"]:
        class_named(_row["theano_name"])
for _name in ("AdvancedSubtensor1", "AdvancedIncSubtensor1"):
    class_named(_name)


def row_op(row):
    """The op object of an elementwise row, or of another row without attributes."""
    if row == "true_div":
        return TrueDiv(row)
    return Elemwise(row) if ROWS[row]["elementwise"] else class_named(ROWS[row]["theano_name"] or "RowOp")(row)


def op_of(var):
    """The op object of a node that the engine made."""
    row, ints = var.row, var.ints
    if row in ("host_op", "host_effect_op"):
        return _core.python_op_of(var)
    facts = ROWS[row]
    if facts["elementwise"]:
        return Elemwise(row, ints)
    if row == "dimshuffle":
        return DimShuffle(None, ["x" if j < 0 else j for j in ints])
    op = class_named(facts["theano_name"] or row.title().replace("_", "")).__new__(class_named(facts["theano_name"] or row.title().replace("_", "")))
    RowOp.__init__(op, row, ints, var.op_text)
    if row == "reshape":
        op._ndim = len(var.inputs) - 1
    return op
