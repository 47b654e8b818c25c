"""How each row of the engine is drawn: elementwise rows and reductions from what the engine says of them, others by a table."""
import numpy as np

from croton import _core

from .matrices import DRAWN as MATRICES

ROWS = _core.rows()
ELEMENTWISE = [name for name, row in ROWS.items() if row["elementwise"] and name not in ("cast", "polygamma")]
REDUCTIONS = [name for name, row in ROWS.items() if row["reduces"]]
# Rows that only make sense with more than operands; the functions below draw them.
BY_HAND = {
    "cast", "polygamma", "dot", "dimshuffle", "reshape", "alloc", "arange", "shape", "shape_i", "make_vector", "join",
    "subtensor", "set_subtensor", "inc_subtensor", "advanced_subtensor", "advanced_set_subtensor", "advanced_inc_subtensor",
    "softmax", "logsoftmax", "softmax_grad", "specify_shape", "rebroadcast", "disconnected_grad", "zero_grad", "view", "ifelse",
    "op_from_graph", "batched_dot", "undefined_grad", "random_uniform", "random_normal", "random_binomial", "random_poisson",
    "random_integers", "random_choice", "random_permutation", "random_multinomial", "mrg_uniform", "multinomial_from_uniform",
    "choice_from_uniform", "sort", "argsort", "cumsum", "cumprod", "nonzero",
}
NOT_DRAWN = {
    "input": "a leaf", "constant": "a leaf", "shared": "a leaf", "gemm": "made by the compiler only",
    "host_op": "the user's own", "host_effect_op": "the user's own",
    "scan": "its programs stand in tests/python/test_scan.py, against loops in Python",
}
INTEGER = "int64"


def unknown_rows():
    """Rows that nothing here draws: there must be none."""
    return sorted(set(ROWS) - set(ELEMENTWISE) - set(REDUCTIONS) - BY_HAND - MATRICES - set(NOT_DRAWN))


def some_rules(d):
    """Names of rewrite rules, and perhaps other parts of the compiler, to be switched off together."""
    names = sorted({rule["name"] for rule in _core.rules()})
    part = d.choice((0.05, 0.3, 0.7))
    return [name for name in names if d.chance(part)] + [name for name in ("fusion", "inplace") if d.chance(0.3)]


def accurate_rules():
    """Names of the rules that may change the last bits."""
    return sorted({rule["name"] for rule in _core.rules() if rule["kind"] != "exact"})


# ------------------------------------------------------------------------------------------------------ elementwise


def elementwise(d):
    name = d.choice(ELEMENTWISE) if d.chance(0.5) else d.choice(("add", "sub", "mul", "true_div", "neg", "exp", "tanh", "sqr", "switch"))
    x = d.pick()
    texts, uses = [in_domain(d, x, ROWS[name]["domain"])], [x.name]
    for _ in range(ROWS[name]["min_inputs"] - 1):
        text, used = d.partner(x)
        texts.append(text)
        uses += used
    if name == "switch":
        condition, used = d.partner(x, "bool")
        texts[0] = condition if d.chance(0.3) else f"T.gt({texts[0]}, 0)"
        uses += used
        if d.chance(0.5):
            texts[1] = x.name
    if d.chance(0.5) and name != "switch":
        d.random.shuffle(texts)
    return d.add(f"RowOp({name!r})({', '.join(texts)})", uses)


def in_domain(d, x, domain):
    """The operand, mostly moved to where the row is defined."""
    low, high = domain
    if not x.is_float or not x.value.size or d.chance(0.1):
        return x.name
    with np.errstate(invalid="ignore"):
        if np.all((x.value >= low) & (x.value <= high)):
            return x.name
    return f"T.clip({x.name}, np.{x.dtype}({low}), np.{x.dtype}({high}))"


def cast(d):
    x, dtype = d.pick(), d.choice(d.dtypes + ["int8", "uint8", "int32", "float64", "float32", "bool"])
    text = x.name
    if x.is_float and not dtype.startswith(("float", "complex")):  # what others become is not specified
        text = f"T.clip(T.switch(T.isnan({x.name}), np.{x.dtype}(0), {x.name}), np.{x.dtype}(0), np.{x.dtype}(100))"
    return d.add(f"T.cast({text}, {dtype!r})", [x.name])


def polygamma(d):
    x = d.pick(lambda v: v.is_float)
    return x and d.add(f"RowOp('polygamma', [{d.choice((0, 1, 2))}])({in_domain(d, x, ROWS['polygamma']['domain'])})", [x.name])


# ------------------------------------------------------------------------------------------------------- reductions


def reduction(d):
    x = d.pick(lambda v: v.ndim > 0)
    if not x:
        return None
    name = d.choice(REDUCTIONS) if d.chance(0.6) else d.choice(("sum", "sum", "max", "argmax", "prod"))
    axes = sorted(d.random.sample(range(x.ndim), d.random.randint(1, x.ndim)))
    text = f"RowOp({name!r}, {axes})({x.name})"
    if name == "max_and_argmax":
        return d.add(f"{text}[{d.choice((0, 1))}]", [x.name])
    kept = d.add(text, [x.name])
    if kept and d.chance(0.3):  # with the axes: it broadcasts with x again
        pattern = ["'x'" if a in axes else str(a - sum(b < a for b in axes)) for a in range(x.ndim)]
        return d.add(f"{kept.name}.dimshuffle({', '.join(pattern)})", [kept.name])
    return kept


def along_axis(d):
    x = d.pick(lambda v: v.ndim > 0)
    return x and d.add(f"RowOp({d.choice(('sort', 'argsort', 'cumsum', 'cumprod'))!r}, [{d.random.randrange(x.ndim)}])({x.name})",
                       [x.name])


def dot(d):
    a = d.pick(lambda v: v.ndim in (1, 2) and v.value.size <= 5000)
    if not a:
        return None
    inner = a.shape[-1]
    b = d.pick(lambda v: v.ndim in (1, 2) and v.shape[0] == inner) if d.chance(0.5) else None
    b = b or d.new_input(a.dtype if d.chance(0.8) else None, [inner] + [d.choice((1, 2, 5, 8, "k"))] * d.choice((0, 1, 1)))
    text = f"T.dot({a.name}, {b.name})"
    if a.ndim == 2 and d.chance(0.2):
        text, b = d.choice((f"T.dot({a.name}, {a.name}.T)", f"T.dot({a.name}.T, {a.name})")), a
        inner = min(a.shape)
    if a.value.size * b.value.size > d.most_elements() * inner * inner:
        return None
    return d.add(text, [a.name, b.name])


def softmax(d):
    x = d.pick(lambda v: v.ndim == 2 and v.is_float)
    if not x:
        return None
    name = d.choice(("softmax", "logsoftmax", "softmax_grad"))
    return d.add(f"RowOp({name!r})({x.name}{', T.nnet.softmax(' + x.name + ')' if name == 'softmax_grad' else ''})", [x.name])


# ------------------------------------------------------------------------------------------------ lists of functions

# The least rank of a value, its kind (small: of few elements, the result has many), and the line. {x} is the value, {a} and {b}
# are axes of it.
FUNCTIONS = [
    (1, "any", "T.mean({x}, axis={a})"), (1, "float", "T.var({x}, axis={a})"), (1, "float", "T.std({x}, axis={a}, keepdims=True)"),
    (1, "any", "T.ptp({x}, axis={a})"), (1, "any", "T.max({x}, axis={a}, keepdims=True)"), (0, "any", "T.sum({x})"),
    (0, "any", "T.zeros_like({x})"), (0, "any", "T.ones_like({x}) * 2"), (0, "any", "T.fill({x}, 3)"),
    (1, "any", "T.repeat({x}, 2, axis={a})"), (2, "any", "T.tile({x}, (2,) * {x}.ndim)"), (1, "any", "T.roll({x}, 1, axis={a})"),
    (1, "any", "T.diff({x}, axis={a})"), (2, "any", "T.tril({x})"), (2, "any", "T.triu({x}, 1)"), (1, "small", "T.diag({x})"),
    (2, "any", "T.diagonal({x}, 1)"), (2, "any", "T.trace({x})"), (2, "small", "T.batched_dot({x}, {x})"),
    (3, "small", "T.batched_dot({x}, {x}.dimshuffle(0, 2, 1))"),
    (2, "small", "T.tensordot({x}, {x}, axes=[[{a}], [{a}]])"), (1, "small", "T.outer({x}, {x})"), (2, "any", "{x}.T"),
    (2, "any", "T.swapaxes({x}, {a}, {b})"), (1, "any", "{x}.flatten()"), (2, "any", "{x}.flatten(2)"),
    (1, "any", "T.reshape({x}, ({x}.shape[{a}], -1))"), (1, "any", "T.reshape({x}, (-1,))"), (1, "any", "T.reshape({x}, {x}.shape[::-1])"),
    (1, "any", "{x}.shape"), (1, "any", "{x}.shape[{a}]"), (1, "any", "T.arange({x}.shape[{a}])"),
    (1, "any", "T.arange({x}.shape[{a}], 0, -2)"), (0, "small", "T.alloc({x}, 2, *{x}.shape)"), (0, "small", "T.alloc({x}, 3, *{x}.shape)"),
    (1, "any", "T.specify_shape({x}, {x}.shape)"), (1, "any", "T.unbroadcast({x}, {a})"), (1, "any", "T.addbroadcast({x}, {a})"),
    (0, "any", "theano.gradient.disconnected_grad({x}) + 1"), (0, "any", "theano.gradient.zero_grad({x})"), (0, "any", "theano.gradient.undefined_grad({x})"), (0, "any", "RowOp('view')({x})"),
    (1, "any", "T.as_tensor_variable([{x}.sum(), {x}.max()])"), (0, "any", "T.shape_padaxis({x}, 0)"), (1, "any", "T.shape_padright({x})"),
    (1, "any", "T.squeeze({x})"), (1, "any", "T.nonzero({x})[0]"), (1, "any", "{x}[T.gt({x}, 0).nonzero()]"),
    (2, "any", "T.eye({x}.shape[0], {x}.shape[1])"), (2, "any", "{x} - {x}.mean(axis={a}, keepdims=True)"),
    (0, "float", "T.nnet.relu({x})"), (0, "float", "T.nnet.sigmoid({x})"), (0, "float", "T.nnet.softplus({x})"),
    (0, "float", "T.log(1 + T.exp({x}))"), (0, "float", "T.log1p(T.exp(-{x}))"), (0, "float", "T.sqrt(T.sqr({x}))"),
    (1, "float", "T.log(T.sum(T.exp({x}), axis={a}))"), (2, "float", "T.log(T.nnet.softmax({x}.flatten(2)))"),
    (1, "float", "T.nnet.logsoftmax({x}.flatten(2) if {x}.ndim > 1 else {x}.dimshuffle('x', 0))"), (0, "any", "{x} ** 2"), (0, "any", "{x} ** 3"),
    (0, "any", "({x} + {x}) * {x} - {x}"), (0, "any", "{x} * 0 + {x}"), (0, "any", "-(-{x})"), (0, "any", "1 / (1 / {x})"), (0, "any", "{x} / {x}"),
    (1, "any", "theano.OpFromGraph([{x}], [{x} * 2 + {x}.sum()])({x}[::-1])"), (0, "any", "theano.OpFromGraph([{x}], [{x}, {x} * {x}])({x})[1]"),
    (1, "any", "theano.ifelse.ifelse(T.gt({x}.shape[0], 3), {x} * 2, {x}[::-1])"), (0, "any", "theano.ifelse.ifelse(T.gt({x}.sum(), 0), {x}, {x} + 1)"),
]


# Draws from a state that no call changes; {n} is a size.
STATE, STREAMS = "theano.shared(np.random.RandomState(3))", "theano.shared(_core.stream_states(np.full(6, 9), 40))"
DISTRIBUTIONS = ["uniform({s}, ({n},), -1, 2)", "normal({s}, ({n},))", "normal({s}, ({n},), dtype='float32')", "binomial({s}, ({n},), 40, 0.4)",
                 "poisson({s}, ({n},), 3.5)", "random_integers({s}, ({n},), -9, 9)", "choice({s}, ({n},), 9)", "permutation({s}, ({n},), 7)",
                 "multinomial({s}, ({n},), 5, [0.25, 0.75])"]
FLOAT, WHOLE = f"[{_core.dtype_code('float64')}]", f"[{_core.dtype_code('int64')}]"
UNIFORMS = f"RowOp('mrg_uniform', {FLOAT})({STREAMS}, {{n}} * 2)[1]"
LINES_OF_WEIGHTS = "T.alloc(np.array([0.25, 0.5, 0.25]), {n}, 3)"
DRAWS = [f"T.raw_random.{text}[1]".replace("{s}", STATE) for text in DISTRIBUTIONS] + [
    UNIFORMS, UNIFORMS.replace(FLOAT, f"[{_core.dtype_code('float32')}]"),
    f"RowOp('multinomial_from_uniform', {WHOLE})({LINES_OF_WEIGHTS}, {UNIFORMS}, 2)",
    f"RowOp('choice_from_uniform', {WHOLE})({LINES_OF_WEIGHTS}, {UNIFORMS}, 2)",
]


def draws(d):
    x = d.pick(lambda v: v.ndim > 0)
    if not x:
        return None
    return d.add(d.choice(DRAWS).format(n=f"{x.name}.shape[{d.random.randrange(x.ndim)}]"), [x.name])


def function(d):
    rank, kind, line = d.choice(FUNCTIONS)
    x = d.pick(lambda v: v.ndim >= rank and (kind != "float" or v.is_float) and (kind != "small" or v.value.size <= 100))
    if not x:
        return None
    axes = d.random.sample(range(x.ndim), min(2, x.ndim)) + [0, 0]
    return d.add(line.format(x=x.name, a=axes[0], b=axes[1]), [x.name])


def dimshuffle(d):
    x = d.pick()
    order = [a for a in range(x.ndim) if not (x.ones[a] and d.chance(0.4))]
    d.random.shuffle(order)
    while len(order) < 4 and d.chance(0.3):
        order.insert(d.random.randint(0, len(order)), "x")
    return d.add(f"{x.name}.dimshuffle({order})", [x.name])


def join(d):
    x = d.pick(lambda v: v.ndim > 0)
    if not x:
        return None
    axis = d.random.randrange(x.ndim)
    rest = x.shape[:axis] + x.shape[axis + 1:]
    parts, names = [x.name], [x.name]
    for _ in range(d.choice((0, 1, 1, 2))):
        y = d.pick(lambda v: v.ndim == x.ndim and v.shape[:axis] + v.shape[axis + 1:] == rest)
        parts.append(y.name if d.chance(0.7) else d.aliased(y))
        names.append(y.name)
    if d.chance(0.2):
        made = d.new_input(x.dtype, x.shape[:axis] + (d.choice((0, 1, 2, 5)),) + x.shape[axis + 1:])
        parts.append(made.name)
        names.append(made.name)
    d.random.shuffle(parts)
    if d.chance(0.2) and len({n for n in names}) == 1:
        return d.add(f"T.stack([{', '.join(parts)}], axis={axis})", names)
    return d.add(f"T.concatenate([{', '.join(parts)}], axis={axis})", names)


# --------------------------------------------------------------------------------------------------------- gradients


def gradient(d):
    cost = d.pick(lambda v: v.is_float and v.value.size)
    wrt = d.pick(lambda v: (v.is_float or v.is_complex) and v.name.startswith("in"))
    if not cost or not wrt:
        return None
    weight = d.choice(("", f" * {cost.name}", f" * T.cos({cost.name})"))
    kind = d.random.random()
    if kind < 0.8 or cost.ndim == 0:
        text = f"T.grad(T.sum({cost.name}{weight}), {wrt.name}, disconnected_inputs='ignore')"
    elif kind < 0.9:
        text = f"T.Rop({cost.name}, {wrt.name}, T.ones_like({wrt.name}))"
    else:
        text = f"T.Lop({cost.name}, {wrt.name}, {cost.name})"
    return d.add(text, [cost.name, wrt.name], whole=True)

