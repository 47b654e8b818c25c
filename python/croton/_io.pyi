"""Types of croton._io: written by tools/stubs.py from the live module."""
# mypy: disable-error-code="override"
import builtins as _b
import typing as _t
from collections.abc import Callable as _Callable, Iterator as _Iterator, Mapping as _Mapping, Sequence as _Sequence

class In:
    def __init__(self, variable: _t.Any, name: _b.str | None = ..., value: _t.Any = ..., update: _t.Any = ..., mutable: _t.Any = ..., strict: _b.bool = ..., allow_downcast: _b.bool | None = ..., autoname: _t.Any = ..., implicit: _t.Any = ..., borrow: _b.bool = ..., shared: _t.Any = ...) -> None: ...
class Out:
    def __init__(self, variable: _t.Any, borrow: _b.bool = ...) -> None: ...
class Param(In):
    def __init__(self, variable: _t.Any, default: _t.Any = ..., name: _b.str | None = ..., mutable: _t.Any = ..., strict: _b.bool = ..., allow_downcast: _b.bool | None = ..., implicit: _t.Any = ..., borrow: _b.bool = ...) -> None: ...
