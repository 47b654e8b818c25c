"""Types of croton: written by tools/stubs.py from the live module."""
# mypy: disable-error-code="override"
import builtins as _b
import typing as _t
from collections.abc import Callable as _Callable, Iterator as _Iterator, Mapping as _Mapping, Sequence as _Sequence
import croton
import croton._types
import croton.configuration
import croton.scan_module
import croton.tensor

from croton._variable import Apply as Apply
from croton._variable import Constant as Constant
class Function:
    def __call__(self, *args: _t.Any, **kwargs: _t.Any) -> _t.Any: ...
    def __copy__(self) -> Function: ...
    def __getitem__(self, key: _t.Any) -> _t.Any: ...
    def __setitem__(self, key: _t.Any, value: _t.Any) -> None: ...
    @property
    def cfunc(self) -> _t.Any: ...
    @property
    def container(self) -> _t.Any: ...
    def copy(self, share_memory: _t.Any = ..., swap: _t.Any = ..., delete_updates: _t.Any = ..., name: _b.str | None = ..., profile: _t.Any = ...) -> Function: ...
    def dump(self, stage: _t.Any = ...) -> _t.Any: ...
    def free(self) -> _t.Any: ...
    def get_shared(self) -> _t.Any: ...
    def sync_shared(self) -> _t.Any: ...
    trust_input: _b.bool
    @property
    def value(self) -> _t.Any: ...
from croton._function import FunctionGraph as FunctionGraph
from croton._types import Generic as Generic
from croton._io import In as In
class InternalError(_b.RuntimeError): ...
from croton.gradient import Lop as Lop
class MissingInputError(_b.Exception): ...
from croton._modes import Mode as Mode
from croton._python_op import Op as Op
from croton._builders import OpFromGraph as OpFromGraph
from croton._updates import OrderedUpdates as OrderedUpdates
from croton._io import Out as Out
from croton._io import Param as Param
from croton._profile import ProfileStats as ProfileStats
from croton.gradient import Rop as Rop
from croton._types import Type as Type
class UnusedInputError(_b.Exception): ...
from croton._variable import Variable as Variable
__version__: _b.str
from croton._python_op import as_op as as_op
from croton._batch import batch as batch
from croton.configuration import change_flags as change_flags
from croton._builders import clone as clone
from croton import compile as compile
config: croton.configuration._Section
from croton import configuration as configuration
from croton.tensor._reduce import dot as dot
from croton.scan_module.scan_views import foldl as foldl
from croton.scan_module.scan_views import foldr as foldr
from croton._function import function as function
generic: croton._types.Generic
from croton import gof as gof
from croton.gradient import grad as grad
from croton import gradient as gradient
from croton import ifelse as ifelse
def install_as_theano() -> None: ...
from croton.scan_module.scan_views import map as map
from croton.printing import pp as pp
from croton.printing import pp as pprint
predefined_linkers: _b.dict[_t.Any, _t.Any]
predefined_modes: _b.dict[_t.Any, _t.Any]
predefined_optimizers: _b.dict[_t.Any, _t.Any]
from croton import printing as printing
from croton.scan_module.scan_views import reduce as reduce
from croton import sandbox as sandbox
from croton import scalar as scalar
from croton.scan_module.scan import scan as scan
from croton import scan_module as scan_module
from croton.sharedvalue import shared as shared
from croton import sharedvalue as sharedvalue
from croton.gradient import subgraph_grad as subgraph_grad
from croton import tensor as tensor
