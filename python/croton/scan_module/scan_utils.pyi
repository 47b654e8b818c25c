"""Types of croton.scan_module.scan_utils: written by tools/stubs.py from the live module."""
# mypy: disable-error-code="override"
import builtins as _b
import typing as _t
from collections.abc import Callable as _Callable, Iterator as _Iterator, Mapping as _Mapping, Sequence as _Sequence

class until:
    def __init__(self, condition: _t.Any) -> None: ...
