"""Types of croton.sandbox.multinomial: written by tools/stubs.py from the live module."""
# mypy: disable-error-code="override"
import builtins as _b
import typing as _t
from collections.abc import Callable as _Callable, Iterator as _Iterator, Mapping as _Mapping, Sequence as _Sequence
import croton
import croton.tensor

class MultinomialFromUniform(croton.tensor.MultinomialFromUniform):
    def __call__(self, pvals: _t.Any, unis: _t.Any, n: _t.Any = ..., **options: _t.Any) -> _t.Any: ...
    def __init__(self, odtype: _t.Any) -> None: ...
class ChoiceFromUniform(MultinomialFromUniform):
    def __init__(self, odtype: _t.Any, replace: _t.Any = ...) -> None: ...
class MultinomialWOReplacementFromUniform(ChoiceFromUniform):
    def __init__(self, *args: _t.Any, **kwargs: _t.Any) -> None: ...
