"""Types of croton.printing: written by tools/stubs.py from the live module."""
# mypy: disable-error-code="override"
import builtins as _b
import typing as _t
from collections.abc import Callable as _Callable, Iterator as _Iterator, Mapping as _Mapping, Sequence as _Sequence
import croton

def pp(variable: _t.Any) -> _b.str: ...
from croton._variable import Apply as Apply
from croton._variable import Variable as Variable
def debugprint(obj: _t.Any, depth: _t.Any = ..., print_type: _t.Any = ..., file: _t.Any = ..., ids: _t.Any = ..., stop_on_name: _t.Any = ..., done: _t.Any = ..., print_storage: _t.Any = ..., print_clients: _t.Any = ..., used_ids: _t.Any = ...) -> _t.Any: ...
def min_informative_str(obj: _t.Any, indent_level: _t.Any = ..., _prev_obs: _t.Any = ..., _tag_generator: _t.Any = ...) -> _t.Any: ...
from croton.printing import pp as pprint
def var_descriptor(obj: _t.Any, _prev_obs: _t.Any = ..., _tag_generator: _t.Any = ...) -> _t.Any: ...
