"""Types of croton.tensor._grid: written by tools/stubs.py from the live module."""
# mypy: disable-error-code="override"
import builtins as _b
import typing as _t
from collections.abc import Callable as _Callable, Iterator as _Iterator, Mapping as _Mapping, Sequence as _Sequence

class _Grid:
    def __getitem__(self, slices: _t.Any) -> _t.Any: ...
    def __init__(self, whole: _t.Any) -> None: ...
