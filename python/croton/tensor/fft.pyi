"""Types of croton.tensor.fft: written by tools/stubs.py from the live module."""
# mypy: disable-error-code="override"
import builtins as _b
import typing as _t
from collections.abc import Callable as _Callable, Iterator as _Iterator, Mapping as _Mapping, Sequence as _Sequence
import croton
import croton._operators
import croton.tensor
import croton.tensor._linear_ops

from croton.tensor._linear_ops import IRFFTOp as IRFFTOp
from croton.tensor._linear_ops import RFFTOp as RFFTOp
def irfft(inp: _t.Any, norm: _t.Any = ..., is_odd: _t.Any = ...) -> croton._operators.TensorVariable: ...
irfft_op: croton.tensor._linear_ops.IRFFTOp
def rfft(inp: _t.Any, norm: _t.Any = ...) -> croton._operators.TensorVariable: ...
rfft_op: croton.tensor._linear_ops.RFFTOp
