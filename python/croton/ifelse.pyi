"""Types of croton.ifelse: written by tools/stubs.py from the live module."""
# mypy: disable-error-code="override"
import builtins as _b
import typing as _t
from collections.abc import Callable as _Callable, Iterator as _Iterator, Mapping as _Mapping, Sequence as _Sequence
import croton

from croton.tensor import IfElse as IfElse
def ifelse(condition: _t.Any, then_branch: _t.Any, else_branch: _t.Any, name: _b.str | None = ...) -> _t.Any: ...
