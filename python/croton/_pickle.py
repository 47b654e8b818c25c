"""Pickling and copying of graphs: each node as plain data, the nodes above a variable before it, so that nothing recurses.

A computed variable is (nodes above it, its node, output). A node stands for itself wherever it is met in one pickle, so
variables that share a part of the graph still share it when they are loaded. Attributes of users go along with the node.
"""
import functools
import weakref

from . import _core
from ._variable import Apply, Variable, remember, wrap

# Changes with everything that the data mean: rows, their attributes, the numbers of dtypes in them.
VERSION = 1
# What the package itself keeps in a variable.
_OWN = {"_var", "type", "owner", "index", "_fn_cache", "_data", "_borrowed"}


def check_version(version):
    if version != VERSION:
        raise ValueError("pickled by another version of Croton: its format is %r, and this one reads format %r" % (version, VERSION))


def attributes_of(variable):
    """What users have set on a variable, or None."""
    return {k: v for k, v in vars(variable).items() if k not in _OWN} or None


class _Record:
    """An Apply, as it is pickled."""

    def __init__(self, node):
        self.node = node
        node._record = weakref.ref(self)

    def __reduce__(self):
        node = self.node
        sources = tuple((x, 0) if x.owner is None else (_record_of(x.owner), x.index) for x in node.inputs)
        outputs = [(y.name, attributes_of(y)) for y in node.outputs]
        python_op = _core.python_op_of(node._var)
        if python_op is not None:
            return _python_node, (VERSION, python_op, [y.type for y in node.outputs], sources), (outputs, None)
        row, ints, floats, text, bodies = _core.node_data(node._var)
        bodies = [([wrap(x) for x in inputs], [wrap(y) for y in results]) for inputs, results in bodies]
        # An op that says more than its row does (OpFromGraph) goes along.
        op = node._op if bodies else None
        state = (outputs, op) if op is not None or any(name or kept for name, kept in outputs) else None
        return _engine_node, (VERSION, row, ints, floats, text, bodies, sources, _line(node._var)), state

    def __setstate__(self, state):
        outputs, op = state
        if op is not None:
            self.node._op = op
        for variable, (name, kept) in zip(self.node.outputs, outputs):
            if name:
                variable.name = name
            if kept:
                vars(variable).update(kept)


@functools.lru_cache(maxsize=4096)
def _once(line):
    return line


def _line(var):
    """The user's line; equal ones are one object, which a pickle has once."""
    return _once(_core.node_line(var))


def _record_of(node):
    known = node.__dict__.get("_record")
    return (known and known()) or _Record(node)


def _inputs(sources):
    return [holder if isinstance(holder, Variable) else holder.node.outputs[index] for holder, index in sources]


def _engine_node(version, row, ints, floats, text, bodies, sources, line):
    check_version(version)
    bodies = [([x._var for x in inputs], [y._var for y in outputs]) for inputs, outputs in bodies]
    inputs = _inputs(sources)                    # held until the node holds them
    made = _core.node_of_data(row, list(ints), list(floats), text, bodies, [x._var for x in inputs], line)
    return _Record(wrap(made[0]).owner)


def _python_node(version, op, types, sources):
    check_version(version)
    return _Record(Apply(op, _inputs(sources), [t() for t in types]))


def _above(var):
    """The leaves and nodes that a computed variable depends on, each after those that it needs."""
    nodes = [wrap(v) for v in _core.toposort([var])]
    return tuple(v if v.owner is None else _record_of(v.owner) for v in nodes)


def _output(above, record, index):
    return record.node.outputs[index]


def _input(version, cls, type_, name):
    check_version(version)
    variable = cls.__new__(cls)
    variable._var = _core.new_input(*type_._key(), name or "")
    variable.type = type_
    remember(variable)
    return variable


def _constant(version, cls, type_, data, name):
    check_version(version)
    return cls(type_, data, name)


def reduce_input(variable):
    return _input, (VERSION, type(variable), variable.type, variable.name), attributes_of(variable)


def reduce_constant(constant):
    return _constant, (VERSION, type(constant), constant.type, constant.data, constant.name), attributes_of(constant)


def reduce_computed(variable):
    return _output, (_above(variable._var), _record_of(variable.owner), variable.index)


def _apply(above, record):
    return record.node


def reduce_apply(node):
    return _apply, (_above(node._var), _record_of(node))
