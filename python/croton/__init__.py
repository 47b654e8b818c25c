"""Croton: Theano's language for arrays on a new engine. Write an expression, ask for its gradient, compile it, run it."""
import os as _os

from . import _core

_core.set_package_folder(_os.path.dirname(_os.path.abspath(__file__)) + _os.sep)

from . import _missing, configuration  # noqa: E402
from .configuration import change_flags, config  # noqa: E402
from . import tensor  # noqa: E402
from . import _function_copy, compile, gof, gradient, ifelse, printing, scalar, sharedvalue  # noqa: E402,F401
from ._builders import OpFromGraph, clone  # noqa: E402
from ._function import Function, FunctionGraph, function  # noqa: E402
from ._io import In, Out, Param  # noqa: E402
from ._modes import Mode, predefined_linkers, predefined_modes, predefined_optimizers  # noqa: E402
from ._profile import ProfileStats  # noqa: E402
from ._python_op import Op, as_op  # noqa: E402
from ._types import Generic, Type, generic  # noqa: E402
from ._updates import OrderedUpdates  # noqa: E402
from ._variable import Apply, Constant, Variable  # noqa: E402
from ._batch import batch  # noqa: E402
from .gradient import Lop, Rop, grad, subgraph_grad  # noqa: E402
from .printing import pp, pprint  # noqa: E402
from . import scan_module  # noqa: E402,F401
from .scan_module import foldl, foldr, map, reduce, scan  # noqa: E402,F401
from .sharedvalue import shared  # noqa: E402
from .tensor import dot  # noqa: E402
from .tensor import raw_random as _raw_random, shared_randomstreams as _shared_randomstreams  # noqa: E402,F401
from . import sandbox  # noqa: E402,F401

__version__ = "0.1.0"
UnusedInputError = _core.UnusedInputError
MissingInputError = _core.MissingInputError
InternalError = _core.InternalError


def _asarray(a, dtype, order=None):
    """numpy.asarray with a dtype that may be 'floatX'."""
    import numpy
    return numpy.asarray(a, config.floatX if str(dtype) == "floatX" else dtype, order)


def install_as_theano():
    """Makes `import theano` and its submodules give this package, so that programs written for Theano run unchanged."""
    from ._alias import install
    install()


__getattr__, __dir__ = _missing.attributes(__name__, globals())
