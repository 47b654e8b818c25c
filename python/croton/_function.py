"""function(): from Theano's arguments to the engine's, and the methods of compiled functions."""
import warnings

from . import _core
from ._cfunction import CFunction
from ._io import In, Out
from ._modes import get_mode
from ._profile import ProfileStats, remember
from ._types import TensorType
from ._variable import Constant, Variable, wrap, wrap_all
from .configuration import config
from .sharedvalue import SharedVariable, shared

Function = _core.Function


def _as_input(spec):
    """An In from a variable, an In, or one of the short tuples: (name, r), (r, val), ((r, up), val), (name, r, val)."""
    if isinstance(spec, In):
        return spec
    if isinstance(spec, Variable):
        if isinstance(spec, Constant):
            raise TypeError("A Constant instance is not a legal function input", spec)
        return In(spec)
    if isinstance(spec, (list, tuple)) and spec:
        parts = list(spec)
        name = parts.pop(0) if isinstance(parts[0], str) else None
        if parts and len(parts) <= 2:
            variable, update = parts[0] if isinstance(parts[0], (list, tuple)) else (parts[0], None)
            return In(variable, name=name, value=parts[1] if len(parts) == 2 else None, update=update)
    raise TypeError("Unknown input type: %s (%s), expected Variable instance" % (type(spec), spec))


def _as_outputs(outputs):
    """(list of Out, keys of a dict or None, whether a single value is returned)."""
    keys, single = None, False
    if outputs is None:
        outputs = []
    elif isinstance(outputs, dict):
        for key in outputs:
            if not isinstance(key, str):
                raise AssertionError("Keys in the output dictionary must be strings, not %r" % (key,))
        keys = tuple(sorted(outputs))
        outputs = [outputs[key] for key in keys]
    elif not isinstance(outputs, (list, tuple)):
        outputs, single = [outputs], True
    result = []
    for output in outputs:
        out = output if isinstance(output, Out) else Out(output)
        if not isinstance(out.variable, Variable):
            raise TypeError("Outputs must be theano Variable or Out instances. Received %r of type %s" % (output, type(output)))
        result.append(out)
    return result, keys, single


def _pairs(what, given):
    if given is None:
        return []
    pairs = list(given.items()) if hasattr(given, "items") else list(given)
    for pair in pairs:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            raise TypeError("%s is a dict or a list of pairs, and %r is no pair" % (what, pair))
    return pairs


def _checked_updates(updates):
    seen, result = set(), []
    for target, value in _pairs("updates", updates):
        if not isinstance(target, SharedVariable):
            raise TypeError("update target must be a SharedVariable", target)
        if target in seen:
            raise ValueError("this shared variable already has an update expression", target)
        seen.add(target)
        if not isinstance(value, Variable):
            value = target.type.Constant(type=target.type, data=value)
        result.append((target, _as_update(target, value)))
    return result


def _as_update(target, value):
    """The value in the type of the shared variable: it may know more axes of size one, and nothing else may differ."""
    old, new = target.type, value.type
    if new == old:
        return value
    alike = isinstance(old, TensorType) and isinstance(new, TensorType) and (old.dtype, old.ndim) == (new.dtype, new.ndim)
    if alike and all(n or not o for o, n in zip(old.broadcastable, new.broadcastable)):
        return old.filter_variable(value)
    hint = ("If the difference is related to the broadcast pattern, you can call the tensor.unbroadcast(var, "
            "axis_to_unbroadcast[, ...]) function to remove broadcastable dimensions.")
    if getattr(old, "ndim", None) != getattr(new, "ndim", None):
        hint = "Their ranks differ."
    elif getattr(old, "dtype", None) != getattr(new, "dtype", None):
        hint = "Their dtypes differ: cast the update, as in cast(update, %r)." % old.dtype
    raise TypeError("An update must have the same type as the original shared variable (shared_var=%s, shared_var.type=%s, "
                    "update_val=%s, update_val.type=%s). %s" % (target, old, value, new, hint))


def _checked_givens(givens, strict):
    result = []
    for variable, value in _pairs("givens", givens):
        if not isinstance(variable, Variable):
            raise TypeError("givens: %r is not a variable" % (variable,))
        if not isinstance(value, Variable):
            value = variable.type.Constant(type=variable.type, data=value)
        elif strict and value.type != variable.type:
            value = variable.type.filter_variable(value)
        result.append((variable, value))
    return result


def _add_default_updates(roots, updates, excluded, inputs):
    """Updates of shared variables that have a default one, also of those that only such updates reach."""
    if excluded is True:
        return updates
    skipped = set(excluded or ()) | {target for target, _ in updates} | set(inputs)
    updates, pending = list(updates), [v._var for v in roots]
    while pending:
        leaves, pending = _core.leaves(pending), []
        for leaf in leaves:
            variable = wrap(leaf) if leaf.row == "shared" else None
            value = getattr(variable, "default_update", None)
            if value is None or variable in skipped:
                continue
            skipped.add(variable)
            (_, value), = _checked_updates([(variable, value)])
            updates.append((variable, value))
            pending.append(value._var)
    return updates


def _new_state(i, start):
    """The shared variable of an input that has an update."""
    value = i.variable.type.filter(start, allow_downcast=True)
    if not isinstance(i.variable.type, TensorType):
        return shared(value, name=i.name)
    return shared(value, name=i.name, broadcastable=i.variable.type.broadcastable)


def _default_name():
    return _core.line_text(_core.user_line()).split(" in ")[0]


def function(inputs, outputs=None, mode=None, updates=None, givens=None, no_default_updates=False, accept_inplace=False, name=None,
             rebuild_strict=True, allow_input_downcast=None, profile=None, on_unused_input=None):
    """A callable that computes `outputs` from `inputs` and then updates shared variables: function([x, y], x * y)."""
    if isinstance(inputs, (Variable, In)) or not isinstance(inputs, (list, tuple)):
        raise TypeError("Input variables of a Theano function should be contained in a list, even when there is a single input: "
                        "write function([x], y)")
    if profile is None:
        profile = config.profile
    if isinstance(no_default_updates, Variable):
        raise TypeError("no_default_updates is a bool or a list of shared variables")
    return _build(inputs=[_as_input(i) for i in inputs], outputs=outputs, mode=mode, updates=_checked_updates(updates),
                  givens=_checked_givens(givens, rebuild_strict), no_default_updates=no_default_updates,
                  name=name or _default_name(), allow_input_downcast=allow_input_downcast, profile=profile,
                  on_unused_input=on_unused_input or config.on_unused_input)


def _build(inputs, outputs, mode, updates, givens, no_default_updates, name, allow_input_downcast, profile, on_unused_input):
    outs, keys, single = _as_outputs(outputs)
    variables = [i.variable for i in inputs]
    if len(set(variables)) != len(variables):
        raise _core.UnusedInputError("Variable %s is used twice in inputs to theano.function" % next(
            v for v in variables if variables.count(v) > 1))
    states = []                             # inputs with an update live in a shared variable
    all_givens, all_updates = list(givens), list(updates)
    for i in inputs:
        state = None
        if isinstance(i.variable, SharedVariable):
            raise TypeError("Cannot use a shared variable (%s) as explicit input. Consider substituting a non-shared variable via "
                            "the `givens` parameter" % i.variable)
        if i.update is not None:
            start = i.value.get_value() if isinstance(i.value, SharedVariable) else i.value
            if start is None:
                raise ValueError("an input with an update needs a value: %s" % i)
            state = i.value if isinstance(i.value, SharedVariable) else _new_state(i, start)
            all_givens.append((i.variable, state))
            all_updates.append((state, i.update))
        states.append(state)
    roots = [o.variable for o in outs] + [v for _, v in all_updates] + [v for _, v in all_givens]
    all_updates = _add_default_updates(roots, all_updates, no_default_updates, variables)
    free = [i for i, state in zip(inputs, states) if state is None]

    def compiled(on_unused):
        return _core.compile([(i.variable._var, i.name or "", bool(i.strict)) for i in free], [(o.variable._var, o.borrow) for o in outs],
                             [(a._var, b._var) for a, b in all_updates], [(a._var, b._var) for a, b in all_givens],
                             get_mode(mode).settings(), name or "", on_unused, bool(profile), keys, single)
    try:
        f = compiled("raise" if on_unused_input == "warn" else on_unused_input)
    except _core.UnusedInputError as error:
        if on_unused_input != "warn":
            raise
        warnings.warn(str(error), stacklevel=3)
        f = compiled("ignore")
    f.name = name
    f.trust_input = False
    f._ins, f._states, f._keys, f._single = inputs, states, keys, single
    f._free = free
    f._allow_downcast = allow_input_downcast
    f._defaults = [i.value for i in inputs]
    f._recipe = dict(inputs=inputs, outputs=outputs, mode=mode, updates=updates, givens=givens, name=name, profile=profile,
                     no_default_updates=no_default_updates, allow_input_downcast=allow_input_downcast,
                     on_unused_input=on_unused_input)
    f._shared = all_updates
    f.maker = Maker(f, outs, mode)
    f.profile = None
    if profile:
        f.profile = profile if isinstance(profile, ProfileStats) else ProfileStats()
        f.profile.add(f)
        if config.profile:
            remember(f.profile)
    return f


class FunctionGraph:
    """The graph of a compiled function after all rewrites, to look at."""

    def __init__(self, inputs, outputs):
        self.inputs = list(inputs)
        self.outputs = list(outputs)

    def toposort(self):
        """The Apply nodes, each after those that compute its inputs."""
        nodes = [wrap(v).owner for v in _core.toposort([o._var for o in self.outputs])]
        return [node for node in nodes if node is not None]

    apply_nodes = property(lambda self: set(self.toposort()))

    @property
    def variables(self):
        return set(self.outputs) | {v for node in self.toposort() for v in node.inputs + node.outputs}


class Maker:
    """What a function was made from."""

    def __init__(self, function, outputs, mode):
        self._function = function
        self._explicit = function._ins
        self.outputs = outputs
        self.mode = get_mode(mode)
        self._graph = None

    @property
    def inputs(self):
        """What a call takes, then the shared variables that the graph reads or updates, as in Theano."""
        return self._explicit + [In(s, implicit=True, shared=True) for s in _get_shared(self._function)]

    @property
    def fgraph(self):
        if self._graph is None:
            self._graph = FunctionGraph([i.variable for i in self.inputs], wrap_all(_core.function_graph(self._function)))
        return self._graph


# ---------------------------------------------------------------------------------------------- methods of functions


def _position(self, key):
    for k, i in enumerate(self._ins):
        if i.variable is key or (isinstance(key, str) and i.name == key):
            return k
    if isinstance(key, int) and not isinstance(key, bool) and -len(self._ins) <= key < len(self._ins):
        return key
    raise TypeError("Unknown input or state: %s. The function has %d named inputs (%s)."
                    % (key, len(self._ins), ", ".join(str(i.name) for i in self._ins if i.name)))


def _bind(self, args, kwargs):
    """All values in order, from positional and keyword arguments and defaults. Slow path of a call."""
    ins = self._ins
    if len(args) + len(kwargs) > len(ins):
        raise TypeError("Too many parameter passed to theano function: it has %d inputs" % len(ins))
    values, given = [None] * len(ins), [False] * len(ins)
    pairs = list(enumerate(args)) + [(_position(self, key), value) for key, value in kwargs.items()]
    for k, value in pairs:
        if given[k]:
            raise TypeError("Multiple values for input: %s" % ins[k].variable)
        if ins[k].implicit:
            raise TypeError("Tried to provide value for implicit input: %s" % ins[k].variable)
        values[k], given[k] = value, True
    result = []
    for k, (i, state) in enumerate(zip(ins, self._states)):
        if state is not None:
            if given[k]:
                state.set_value(values[k])
            continue
        if not given[k]:
            values[k] = self._defaults[k].get_value() if isinstance(self._defaults[k], SharedVariable) else self._defaults[k]
            if values[k] is None:
                raise TypeError("Missing required input: %s" % i.variable)
        result.append(values[k])
    return tuple(result)


def _call_subset(self, args, kwargs):
    """A call with output_subset=: only these outputs are given back. Updates happen all the same."""
    kwargs = dict(kwargs)
    chosen = kwargs.pop("output_subset")
    results = self(*args, **kwargs)
    if self._keys is not None:
        return {key: results[key] for key in chosen}
    results = [results] if self._single else results
    picked = [results[k] for k in chosen]
    return picked[0] if self._single and len(picked) == 1 else picked


def _convert(self, index, value):
    """A value of another kind than the engine takes, as an ndarray that fits, or the error that says why not."""
    i = self._free[index]
    allow = i.allow_downcast if i.allow_downcast is not None else self._allow_downcast
    try:
        return i.variable.type._to_engine(value, strict=i.strict, allow_downcast=allow)
    except (TypeError, ValueError) as error:
        argument = 'argument with name "%s"' % value.name if getattr(value, "name", None) else "argument"
        prefix = "Bad input %s to theano function%s at index %d (0-based). " % (
            argument, ' with name "%s"' % self.name if self.name else "", self._ins.index(i))
        error.args = (prefix + str(error.args[0]),) + error.args[1:] if error.args else (prefix,)
        raise


def _get(self, key):
    k = _position(self, key)
    if self._states[k] is not None:
        return self._states[k].get_value()
    default = self._defaults[k]
    return default.get_value() if isinstance(default, SharedVariable) else default


def _set(self, key, value):
    k = _position(self, key)
    if self._states[k] is not None:
        self._states[k].set_value(value)
    else:
        self._defaults[k] = self._ins[k].variable.type.filter(value, allow_downcast=self._allow_downcast)


def _get_shared(self):
    """The shared variables that a call updates or reads."""
    roots = [o.variable for o in self.maker.outputs] + [v for _, v in self._shared]
    found = [wrap(v) for v in _core.leaves([r._var for r in roots]) if v.row == "shared"]
    return found + [a for a, _ in self._shared if a not in found]


def _finish(self, results):
    """The results of a function that gives more than arrays."""
    return [o.variable.type._from_engine(value) for o, value in zip(self.maker.outputs, results)]


class _Container:
    """f.container[x], f.value[x]: the value of a state or a default."""

    def __init__(self, function):
        self._function = function

    def __getitem__(self, key):
        return _get(self._function, key)

    def __setitem__(self, key, value):
        _set(self._function, key, value)


def _cfunction(self):
    """The function as C calls it, made once: a CFunction."""
    made = self.__dict__.get("_c")
    if made is None:
        made = self._c = CFunction(self)
    return made


Function.cfunc = property(_cfunction)
Function._bind, Function._convert, Function._call_subset, Function._finish = _bind, _convert, _call_subset, _finish
Function.__getitem__, Function.__setitem__ = _get, _set
Function.get_shared = _get_shared
Function.free = lambda self: None
Function.sync_shared = lambda self: None
Function.value = Function.container = property(_Container)
Function.dump = lambda self, stage="program": _core.function_dump(self, stage)
Function.__repr__ = lambda self: "<theano.compile.function_module.Function object: %s>" % self.name
