"""Types of croton.tensor.slinalg: written by tools/stubs.py from the live module."""
# mypy: disable-error-code="override"
import builtins as _b
import typing as _t
from collections.abc import Callable as _Callable, Iterator as _Iterator, Mapping as _Mapping, Sequence as _Sequence
import croton
import croton._operators
import croton.tensor
import croton.tensor._linear_ops

from croton.tensor._linear_ops import Cholesky as Cholesky
from croton.tensor._linear_ops import CholeskyGrad as CholeskyGrad
from croton.tensor._linear_ops import Eigvalsh as Eigvalsh
from croton.tensor._linear_ops import EigvalshGrad as EigvalshGrad
from croton.tensor._linear_ops import Expm as Expm
from croton.tensor._linear_ops import ExpmGrad as ExpmGrad
MATRIX_STRUCTURES: _b.tuple[_t.Any, ...]
from croton.tensor._linear_ops import Solve as Solve
cholesky: croton.tensor._linear_ops.Cholesky
def eigvalsh(a: _t.Any, b: _t.Any, lower: _t.Any = ...) -> croton._operators.TensorVariable: ...
expm: croton.tensor._linear_ops.Expm
def kron(a: _t.Any, b: _t.Any) -> croton._operators.TensorVariable: ...
solve: croton.tensor._linear_ops.Solve
solve_lower_triangular: croton.tensor._linear_ops.Solve
solve_symmetric: croton.tensor._linear_ops.Solve
solve_upper_triangular: croton.tensor._linear_ops.Solve
