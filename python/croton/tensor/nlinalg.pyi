"""Types of croton.tensor.nlinalg: written by tools/stubs.py from the live module."""
# mypy: disable-error-code="override"
import builtins as _b
import typing as _t
from collections.abc import Callable as _Callable, Iterator as _Iterator, Mapping as _Mapping, Sequence as _Sequence
import croton
import croton._operators
import croton.tensor
import croton.tensor._linear_ops

def norm(x: _t.Any, ord: _t.Any) -> croton._operators.TensorVariable: ...
from croton.tensor._linear_ops import AllocDiag as AllocDiag
from croton.tensor._linear_ops import Det as Det
from croton.tensor._linear_ops import Eig as Eig
from croton.tensor._linear_ops import Eigh as Eigh
from croton.tensor._linear_ops import EighGrad as EighGrad
from croton.tensor._linear_ops import ExtractDiag as ExtractDiag
from croton.tensor._linear_ops import MatrixInverse as MatrixInverse
from croton.tensor._linear_ops import MatrixPinv as MatrixPinv
from croton.tensor._linear_ops import QRFull as QRFull
from croton.tensor._linear_ops import QRIncomplete as QRIncomplete
from croton._ops import RowOp as RowOp
from croton.tensor._linear_ops import SVD as SVD
from croton.tensor._linear_ops import TensorInv as TensorInv
from croton.tensor._linear_ops import TensorSolve as TensorSolve
alloc_diag: croton.tensor._linear_ops.AllocDiag
det: croton.tensor._linear_ops.Det
def diag(x: _t.Any) -> croton._operators.TensorVariable: ...
eig: croton.tensor._linear_ops.Eig
def eigh(a: _t.Any, UPLO: _t.Any = ...) -> _b.list[croton._operators.TensorVariable]: ...
extract_diag: croton.tensor._linear_ops.ExtractDiag
from croton.tensor._linear_ops import lstsq as lstsq
def matrix_dot(*args: _t.Any) -> croton._operators.TensorVariable: ...
matrix_inverse: croton.tensor._linear_ops.MatrixInverse
def matrix_power(M: _t.Any, n: _t.Any) -> croton._operators.TensorVariable: ...
pinv: croton.tensor._linear_ops.MatrixPinv
def qr(a: _t.Any, mode: _t.Any = ...) -> _t.Any: ...
def slogdet(a: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
def svd(a: _t.Any, full_matrices: _t.Any = ..., compute_uv: _t.Any = ...) -> _t.Any: ...
def tensorinv(a: _t.Any, ind: _t.Any = ...) -> croton._operators.TensorVariable: ...
def tensorsolve(a: _t.Any, b: _t.Any, axes: _t.Any = ...) -> croton._operators.TensorVariable: ...
def trace(X: _t.Any) -> croton._operators.TensorVariable: ...
