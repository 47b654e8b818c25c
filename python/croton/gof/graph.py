"""Walks over graphs (Theano's theano.gof.graph). None of them recurses."""
from collections import deque

from .. import _core
from .._variable import Apply, Constant, Variable, wrap

__all__ = ["Apply", "Constant", "Variable"]


def stack_search(start, expand, mode="bfs", build_inv=False):
    """Everything reachable from the nodes of the deque `start`, by breadth ('bfs') or depth ('dfs')."""
    if mode not in ("bfs", "dfs"):
        raise ValueError("mode should be bfs or dfs", mode)
    pending, seen, order, inverse = deque(start), set(), [], {}
    while pending:
        node = pending.popleft() if mode == "bfs" else pending.pop()
        if node in seen:
            continue
        seen.add(node)
        order.append(node)
        for following in expand(node) or ():
            inverse.setdefault(following, []).append(node)
            pending.append(following)
    return (order, inverse) if build_inv else order


def ancestors(variable_list, blockers=None):
    """All variables that these depend on, themselves included."""
    return stack_search(deque(variable_list), lambda v: reversed(v.owner.inputs) if v.owner and (
        not blockers or v not in blockers) else None, "dfs")


def inputs(variable_list, blockers=None):
    """The variables without an owner that these depend on."""
    return [v for v in ancestors(variable_list, blockers) if v.owner is None]


def variables(i, o):
    """All variables between inputs and outputs, both included."""
    found = set(ancestors(o, i)) | set(i)
    return found | {out for v in found if v.owner and v not in i for out in v.owner.outputs}


def orphans(i, o):
    """The variables without an owner that the outputs need and that are not among the inputs."""
    return [v for v in inputs(o, i) if v not in i]


def io_toposort(inputs, outputs, orderings=None, clients=None):
    """The Apply nodes from inputs to outputs, each after those it needs."""
    nodes = [wrap(v).owner for v in _core.toposort([o._var for o in outputs], [x._var for x in inputs])]
    return [node for node in nodes if node is not None]


def ops(i, o):
    """The Apply nodes between inputs and outputs."""
    return set(io_toposort(i, o))


list_of_nodes = io_toposort


def is_same_graph(var1, var2, givens=None, debug=False):
    """Whether two variables are computed in the same way from the same variables."""
    given = {}
    for a, b in (givens.items() if hasattr(givens, "items") else givens or ()):
        given[a] = b
        given[b] = a
    pairs, seen = [(var1, var2)], set()
    while pairs:
        a, b = pairs.pop()
        if a is b or given.get(a) is b or (a, b) in seen:
            continue
        seen.add((a, b))
        if isinstance(a, Constant) and isinstance(b, Constant):
            if not a.equals(b):
                return False
            continue
        if a.owner is None or b.owner is None or a.index != b.index or a.type != b.type:
            return False
        if a.owner.op != b.owner.op or len(a.owner.inputs) != len(b.owner.inputs):
            return False
        pairs.extend(zip(a.owner.inputs, b.owner.inputs))
    return True


def clone(i, o, copy_inputs=True):
    """(inputs, outputs) of a copy of the graph; with copy_inputs also of its inputs."""
    new = [x.clone() for x in i] if copy_inputs else list(i)
    from .._builders import clone as replace
    return new, replace(list(o), list(zip(i, new)) if copy_inputs else None)
