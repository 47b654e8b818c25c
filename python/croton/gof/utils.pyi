"""Types of croton.gof.utils: written by tools/stubs.py from the live module."""
# mypy: disable-error-code="override"
import builtins as _b
import typing as _t
from collections.abc import Callable as _Callable, Iterator as _Iterator, Mapping as _Mapping, Sequence as _Sequence
import croton

class MethodNotDefined(_b.RuntimeError):
    def __init__(self, *args: _t.Any, **kwargs: _t.Any) -> None: ...
def get_variable_trace_string(v: _t.Any) -> _t.Any: ...
def hash_from_code(text: _t.Any) -> _t.Any: ...
from croton._variable import scratchpad as scratchpad
