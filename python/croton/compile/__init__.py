"""Functions, modes and shared variables under the names of Theano's theano.compile."""
from .. import _core, _missing
from .._builders import OpFromGraph
from .._function import Function, function
from .._io import In, Out, Param, SymbolicInput, SymbolicOutput
from .._modes import Mode, get_default_mode, get_mode, predefined_linkers, predefined_modes, predefined_optimizers, register_mode
from .._ops import class_named as _class_named
from .._ops import row_op as _row_op
from .._profile import ProfileStats
from .._python_op import as_op
from ..sharedvalue import SharedVariable, shared, shared_constructor

UnusedInputError = _core.UnusedInputError
ViewOp, Rebroadcast, Shape, Shape_i, SpecifyShape = map(_class_named, ("ViewOp", "Rebroadcast", "Shape", "Shape_i", "SpecifyShape"))
view_op = _row_op("view")

__all__ = ["Function", "In", "Mode", "OpFromGraph", "Out", "Param", "ProfileStats", "SharedVariable", "SymbolicInput",
           "SymbolicOutput", "as_op", "function", "get_default_mode", "get_mode", "predefined_linkers", "predefined_modes",
           "predefined_optimizers", "register_mode", "shared", "shared_constructor"]
__getattr__, __dir__ = _missing.attributes(__name__, globals())
