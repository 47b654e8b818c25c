"""Graphs as text (Theano's theano.printing)."""
import sys

from . import _core, _missing
from ._variable import Apply, Variable


def _variables_of(obj):
    if isinstance(obj, Variable):
        return [obj]
    if isinstance(obj, Apply):
        return list(obj.outputs[:1])
    if isinstance(obj, _core.Function):
        return obj.maker.fgraph.outputs
    if hasattr(obj, "outputs"):
        return list(obj.outputs)
    if isinstance(obj, (list, tuple)):
        return [v for o in obj for v in _variables_of(o)]
    raise TypeError("debugprint cannot print an object of this type", obj)


def debugprint(obj, depth=-1, print_type=False, file=None, ids="CHAR", stop_on_name=False, done=None, print_storage=False,
               print_clients=False, used_ids=None):
    """Prints a graph as a tree; file="str" returns the text."""
    if not isinstance(depth, int):
        raise Exception("depth parameter must be an int")
    text = _core.debugprint([v._var for v in _variables_of(obj)], depth, bool(print_type), ids, bool(stop_on_name))
    if not text.endswith("\n"):
        text += "\n"
    if isinstance(file, str) and file == "str":
        return text
    if file is None:
        sys.stdout.write(text)
        sys.stdout.flush()
        return None
    file.write(text)
    return file


def pp(variable):
    """A formula."""
    (v,) = _variables_of(variable)
    return _core.pp(v._var)


pprint = pp


def var_descriptor(obj, _prev_obs=None, _tag_generator=None):
    """A text that tells how a variable is computed."""
    return pp(obj)


def min_informative_str(obj, indent_level=0, _prev_obs=None, _tag_generator=None):
    """A tree without ids."""
    return debugprint(obj, file="str", ids="")


__getattr__, __dir__ = _missing.attributes(__name__, globals())
