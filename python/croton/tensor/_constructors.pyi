"""Types of croton.tensor._constructors: written by tools/stubs.py from the live module."""
# mypy: disable-error-code="override"
import builtins as _b
import typing as _t
from collections.abc import Callable as _Callable, Iterator as _Iterator, Mapping as _Mapping, Sequence as _Sequence
import croton
import croton._operators

def tensor(*args: _t.Any, **kwargs: _t.Any) -> croton._operators.TensorVariable: ...
