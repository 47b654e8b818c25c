"""Types of croton._batch: written by tools/stubs.py from the live module."""
# mypy: disable-error-code="override"
import builtins as _b
import typing as _t
from collections.abc import Callable as _Callable, Iterator as _Iterator, Mapping as _Mapping, Sequence as _Sequence

def batch(what: _t.Any, stacked: _t.Any = ..., axes: _t.Any = ...) -> _t.Any: ...
