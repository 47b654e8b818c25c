"""Types of croton.compile: written by tools/stubs.py from the live module."""
# mypy: disable-error-code="override"
import builtins as _b
import typing as _t
from collections.abc import Callable as _Callable, Iterator as _Iterator, Mapping as _Mapping, Sequence as _Sequence
import croton
import croton.tensor

from croton import Function as Function
from croton._io import In as In
from croton._modes import Mode as Mode
from croton._builders import OpFromGraph as OpFromGraph
from croton._io import Out as Out
from croton._io import Param as Param
from croton._profile import ProfileStats as ProfileStats
from croton.tensor import Rebroadcast as Rebroadcast
from croton.tensor import Shape as Shape
from croton._ops import Shape_i as Shape_i
from croton.sharedvalue import SharedVariable as SharedVariable
from croton.tensor import SpecifyShape as SpecifyShape
from croton._io import In as SymbolicInput
from croton._io import Out as SymbolicOutput
from croton import UnusedInputError as UnusedInputError
from croton.tensor import ViewOp as ViewOp
from croton._python_op import as_op as as_op
from croton._function import function as function
from croton._modes import get_default_mode as get_default_mode
from croton._modes import get_mode as get_mode
predefined_linkers: _b.dict[_t.Any, _t.Any]
predefined_modes: _b.dict[_t.Any, _t.Any]
predefined_optimizers: _b.dict[_t.Any, _t.Any]
from croton._modes import register_mode as register_mode
from croton.sharedvalue import shared as shared
from croton.sharedvalue import shared_constructor as shared_constructor
view_op: croton.tensor.ViewOp
