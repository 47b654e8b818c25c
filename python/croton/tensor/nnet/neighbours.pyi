"""Types of croton.tensor.nnet.neighbours: written by tools/stubs.py from the live module."""
# mypy: disable-error-code="override"
import builtins as _b
import typing as _t
from collections.abc import Callable as _Callable, Iterator as _Iterator, Mapping as _Mapping, Sequence as _Sequence
import croton
import croton._operators

MODES: _b.tuple[_t.Any, ...]
def images2neibs(ten4: _t.Any, neib_shape: _t.Any, neib_step: _t.Any = ..., mode: _t.Any = ...) -> croton._operators.TensorVariable: ...
def neibs2images(neibs: _t.Any, neib_shape: _t.Any, original_shape: _t.Any, mode: _t.Any = ...) -> croton._operators.TensorVariable: ...
