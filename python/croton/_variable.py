"""Variables, constants and Apply nodes: Python objects around the engine's graph, one object per variable."""
import weakref

from . import _core
from ._types import type_of_key
from .configuration import config


class scratchpad:
    """A place for attributes of the user: variable.tag."""

    def __repr__(self):
        return "scratchpad" + str(vars(self))

    def info(self):
        print("<theano.gof.utils.scratchpad instance at %i>" % id(self))
        for key, value in vars(self).items():
            print("  %s: %s" % (key, value))


def _tag(self):
    tag = self.__dict__.get("_tag")
    if tag is None:
        tag = self.__dict__["_tag"] = scratchpad()
    return tag


def _set_tag(self, value):
    self.__dict__["_tag"] = value


# (node, output) -> a weak reference to the Python object of that variable. Whoever reaches a variable holds it; nothing else
# keeps it alive. Keys are never used again, so dead references do no harm: they go when the table has doubled.
_refs = {}
_sweep_at = 1024


def remember(variable):
    """Makes this object the one of its engine variable."""
    global _sweep_at
    _refs[variable._var.key] = weakref.ref(variable)
    if len(_refs) > _sweep_at:
        for key in [key for key, ref in list(_refs.items()) if ref() is None]:
            _refs.pop(key, None)
        _sweep_at = max(1024, 2 * len(_refs))


def known(key):
    """The object of an engine variable, or None."""
    ref = _refs.get(key)
    return None if ref is None else ref()


class Variable:
    """A variable of a graph. `owner` is the Apply that computes it (None for inputs), `index` its place among the outputs."""

    owner = None
    index = None

    def __init__(self, type, owner=None, index=None, name=None):
        self._var = _core.new_input(*type._key(), name or "")
        self.type = type
        self.owner = owner
        self.index = index
        remember(self)

    @property
    def name(self):
        return self._var.name or None

    @name.setter
    def name(self, value):
        if value is not None and not isinstance(value, str):
            raise TypeError("a variable's name is text, not %r" % (value,))
        self._var.name = value or ""

    tag = property(_tag, _set_tag)

    @property
    def auto_name(self):
        return "auto_%d" % self._var.key

    def __str__(self):
        if self.name:
            return self.name
        if self.owner is not None:
            output = ".%s" % (self.index if len(self.owner.outputs) > 1 else 0)
            return str(self.owner.op) + output
        return "<%s>" % (self.type,)

    def __repr__(self):
        return str(self)

    def get_parents(self):
        return [] if self.owner is None else [self.owner]

    def __reduce__(self):
        from ._pickle import reduce_computed, reduce_input
        return reduce_input(self) if self.owner is None else reduce_computed(self)

    def clone(self):
        """A new variable of the same type and name, without an owner."""
        return new_input(self.type, self.name)

    def eval(self, inputs_to_values=None):
        """The value, given those of the inputs: x.eval({a: 1, b: 2}). The compiled function is kept for the next time."""
        from ._function import function
        values = inputs_to_values or {}
        inputs = tuple(sorted(values, key=lambda v: v._var.key))
        cache = self.__dict__.setdefault("_fn_cache", {})
        if inputs not in cache:
            cache[inputs] = function(list(inputs), self)
        return cache[inputs](*[values[v] for v in inputs])


class Constant(Variable):
    """A variable with a fixed value."""

    def __init__(self, type, data, name=None):
        from ._filter import filter_value
        self._var = _core.constant(filter_value(type, data), list(type.broadcastable))
        self.type = type
        remember(self)
        if name:
            self.name = name

    @property
    def data(self):
        data = self.__dict__.get("_data")
        if data is None:
            data = self.__dict__["_data"] = self._var.value
        return data

    value = data

    def equals(self, other):
        return isinstance(other, Constant) and self.type == other.type and self.type.values_eq(self.data, other.data)

    def signature(self):
        return self.type, self.data.tobytes()

    def __reduce__(self):
        from ._pickle import reduce_constant
        return reduce_constant(self)

    def clone(self):
        return type(self)(self.type, self.data, self.name)

    def __str__(self):
        text = str(self.data)
        return "%s{%s}" % (type(self).__name__, text if len(text) <= 20 else text[:10] + ".." + text[-10:])


class Apply:
    """The application of an op to inputs. `inputs` and `outputs` are lists of variables."""

    def __init__(self, op, inputs, outputs):
        """For ops written in Python. The outputs, made without an owner, get this one."""
        from ._python_op import attach
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        for what, variables in (("inputs", self.inputs), ("outputs", self.outputs)):
            for v in variables:
                if not isinstance(v, Variable):
                    raise TypeError("The '%s' argument to Apply must contain Variable instances, not %s" % (what, v))
        for v in self.outputs:
            if v.owner is not None:
                raise ValueError("All output variables passed to Apply must belong to it: %s has an owner already" % v)
        self._op = op
        attach(self, op)

    @property
    def op(self):
        if self._op is None:
            from ._ops import op_of
            self._op = op_of(self._var)
        return self._op

    tag = property(_tag)

    nin = property(lambda self: len(self.inputs))
    nout = property(lambda self: len(self.outputs))

    @property
    def out(self):
        return self.default_output()

    def default_output(self):
        output = getattr(self.op, "default_output", None)
        if output is None:
            if len(self.outputs) != 1:
                raise AttributeError("%s has no default output" % self.op)
            output = 0
        return self.outputs[output]

    def get_parents(self):
        return list(self.inputs)

    def __reduce__(self):
        from ._pickle import reduce_apply
        return reduce_apply(self)

    def __str__(self):
        return "%s(%s)" % (self.op, ", ".join(str(x) for x in self.inputs))

    __repr__ = __str__


# Filled by the modules that define the classes: engine row, or kind of type -> class of its variables.
leaf_classes = {}
kind_classes = {}


_types = {}
_flags = config._values


def _new(var, cls, type_, owner=None, index=None):
    v = cls.__new__(cls)
    v._var = var
    v.type = type_
    if owner is not None:
        v.owner = owner
        v.index = index
    remember(v)
    return v


def _type_and_class(var, id_):
    """The type object of an engine type, and the class of computed variables of it."""
    found = _types.get(id_)
    if found is None:
        key = var.type_key
        found = _types[id_] = (type_of_key(key), kind_classes.get(key[0], Variable))
    return found


def _wrap_leaf(var, id_):
    type_, cls = _type_and_class(var, id_)
    return _new(var, leaf_classes.get((var.row, type_._kind), cls), type_)


def _wrap_node(var, inputs, output, count, id_):
    """An Apply with all its outputs; gives the one asked for."""
    node = Apply.__new__(Apply)
    node._op = None
    node._var = var
    node.inputs = inputs
    if count == 1:
        type_, cls = _type_and_class(var, id_)
        v = _new(var, cls, type_, node, 0)
        node.outputs = [v]
        return v
    node.outputs = []
    for k in range(count):
        sibling = var if k == output else var.sibling(k)
        type_, cls = _type_and_class(sibling, sibling.type_id)
        node.outputs.append(_new(sibling, cls, type_, node, k))
    return node.outputs[output]


def wrap(var):
    """The Python object of an engine variable, and of everything above it that has none yet. Without recursion."""
    first = var.key
    found = known(first)
    if found is not None:
        return found
    made = {}                      # holds what nothing else reaches yet
    stack = [var]
    while stack:
        v = stack[-1]
        key = v.key
        if key in made:
            stack.pop()
            continue
        is_leaf, output, count, id_, keys = v.describe()
        found = known(key)
        if found is None and is_leaf:
            found = _wrap_leaf(v, id_)
        if found is None:
            inputs = []
            for k, input_key in enumerate(keys):
                x = made.get(input_key)
                if x is None:
                    x = known(input_key)
                if x is None:
                    stack.append(v.input(k))
                else:
                    inputs.append(x)
            if len(inputs) < len(keys):
                for x in inputs:
                    made[x._var.key] = x      # held until this node is made
                continue
            found = _wrap_node(v, inputs, output, count, id_)
            if _flags["compute_test_value"] != "off":
                from ._test_values import compute
                compute(found.owner)
        made[key] = found
        stack.pop()
    return made[first]


def wrap_all(variables):
    return [wrap(v) for v in variables]


def new_input(type_, name=None):
    var = _core.new_input(*type_._key(), name or "")
    return _new(var, type_.Variable or kind_classes.get(type_._kind, Variable), type_)
