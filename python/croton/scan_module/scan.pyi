"""Types of croton.scan_module.scan: written by tools/stubs.py from the live module."""
# mypy: disable-error-code="override"
import builtins as _b
import typing as _t
from collections.abc import Callable as _Callable, Iterator as _Iterator, Mapping as _Mapping, Sequence as _Sequence
import croton
import croton.scan_module

def scan(fn: _t.Any, sequences: _t.Any = ..., outputs_info: _t.Any = ..., non_sequences: _t.Any = ..., n_steps: _t.Any = ..., truncate_gradient: _t.Any = ..., go_backwards: _t.Any = ..., mode: _t.Any = ..., name: _b.str | None = ..., profile: _t.Any = ..., allow_gc: _t.Any = ..., strict: _b.bool = ..., return_list: _t.Any = ...) -> _t.Any: ...
from croton._variable import Constant as Constant
from croton._updates import OrderedUpdates as OrderedUpdates
from croton.sharedvalue import SharedVariable as SharedVariable
from croton._types import TensorType as TensorType
from croton._variable import Variable as Variable
from croton import tensor as tensor
from croton.scan_module.scan_utils import until as until
