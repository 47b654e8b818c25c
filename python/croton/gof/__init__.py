"""The graph under the names of Theano's theano.gof."""
from .. import _core, _missing
from .._function import FunctionGraph as _View
from .._python_op import Op, PureOp
from .._types import Generic, Type, generic
from .._variable import Apply, Constant, Variable
from . import graph, utils

MissingInputError = _core.MissingInputError
_graph_view = _View

__all__ = ["Apply", "Constant", "Generic", "Op", "PureOp", "Type", "Variable", "generic", "graph", "utils"]
__getattr__, __dir__ = _missing.attributes(__name__, globals())
