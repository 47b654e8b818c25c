"""Types of croton.tensor: written by tools/stubs.py from the live module."""
# mypy: disable-error-code="override"
import builtins as _b
import typing as _t
from collections.abc import Callable as _Callable, Iterator as _Iterator, Mapping as _Mapping, Sequence as _Sequence
import croton
import croton._operators
import croton._ops
import croton._types
import croton.tensor
import croton.tensor._grid

class ARange(croton._ops.RowOp): ...
class AdvancedIncSubtensor(croton._ops.RowOp): ...
class AdvancedIncSubtensor1(croton._ops.RowOp): ...
class AdvancedSubtensor(croton._ops.RowOp): ...
class AdvancedSubtensor1(croton._ops.RowOp): ...
class All(croton._ops.CAReduce): ...
class Alloc(croton._ops.RowOp): ...
from croton.tensor._linear_ops import AllocDiag as AllocDiag
class Any(croton._ops.CAReduce): ...
from croton._variable import Apply as Apply
class ArgSortOp(croton._ops.RowOp): ...
class Argmax(croton._ops.CAReduce): ...
from croton._convert import AsTensorError as AsTensorError
class BatchedDot(croton._ops.RowOp): ...
class ChoiceFromUniform(croton._ops.RowOp): ...
from croton.tensor._linear_ops import Cholesky as Cholesky
from croton._variable import Constant as Constant
class CumOp(croton._ops.RowOp): ...
from croton.tensor._linear_ops import Det as Det
from croton._ops import DimShuffle as DimShuffle
class DisconnectedGrad(croton._ops.RowOp): ...
class Dot(croton._ops.RowOp): ...
from croton.tensor._linear_ops import Eig as Eig
from croton.tensor._linear_ops import Eigh as Eigh
from croton.tensor._linear_ops import Eigvalsh as Eigvalsh
from croton._ops import Elemwise as Elemwise
class NotScalarConstantError(_b.Exception): ...
class EmptyConstantError(NotScalarConstantError): ...
from croton.tensor._linear_ops import Expm as Expm
from croton.tensor._linear_ops import ExtractDiag as ExtractDiag
class Gemm(croton._ops.RowOp): ...
from croton.tensor._linear_ops import IRFFTOp as IRFFTOp
class IfElse(croton._ops.RowOp): ...
class IncSubtensor(croton._ops.RowOp): ...
class Join(croton._ops._AxisOp): ...
class LogSoftmax(croton._ops.RowOp): ...
from croton.gradient import Lop as Lop
class MakeVector(croton._ops.RowOp): ...
from croton.tensor._linear_ops import MatrixInverse as MatrixInverse
from croton.tensor._linear_ops import MatrixPinv as MatrixPinv
class Max(croton._ops.CAReduce): ...
class MaxAndArgmax(croton._ops.CAReduce): ...
class Min(croton._ops.CAReduce): ...
class MultinomialFromUniform(croton._ops.RowOp): ...
NoneConst: None
from croton._types import NoneTypeT as NoneTypeT
class Nonzero(croton._ops.RowOp): ...
from croton._python_op import Op as Op
class OpFromGraph(croton._ops.RowOp): ...
class Prod(croton._ops.CAReduce): ...
from croton.tensor._linear_ops import QRFull as QRFull
from croton.tensor._linear_ops import QRIncomplete as QRIncomplete
from croton.tensor._linear_ops import RFFTOp as RFFTOp
class RandomFunction(croton._ops.RowOp): ...
class Rebroadcast(croton._ops.RowOp): ...
from croton._ops import Reshape as Reshape
from croton.gradient import Rop as Rop
class SLogDet(croton._ops.RowOp): ...
from croton.tensor._linear_ops import SVD as SVD
from croton.sharedvalue import TensorSharedVariable as ScalarSharedVariable
class Scan(croton._ops.RowOp): ...
class Shape(croton._ops.RowOp): ...
class ShapeError(_b.Exception): ...
from croton._ops import Shape_i as Shape_i
from croton.sharedvalue import SharedVariable as SharedVariable
class Softmax(croton._ops.RowOp): ...
class SoftmaxGrad(croton._ops.RowOp): ...
from croton.tensor._linear_ops import Solve as Solve
class SortOp(croton._ops.RowOp): ...
class SpecifyShape(croton._ops.RowOp): ...
from croton._ops import Subtensor as Subtensor
class Sum(croton._ops.CAReduce): ...
from croton._types import TensorType as Tensor
from croton._operators import TensorConstant as TensorConstant
from croton.sharedvalue import TensorSharedVariable as TensorSharedVariable
from croton._types import TensorType as TensorType
from croton._operators import TensorVariable as TensorVariable
class UndefinedGrad(croton._ops.RowOp): ...
from croton._variable import Variable as Variable
class ViewOp(croton._ops.RowOp): ...
class ZeroGrad(croton._ops.RowOp): ...
abs_: croton._ops.Elemwise
add: croton._ops.Elemwise
from croton.tensor._structure import addbroadcast as addbroadcast
from croton.tensor._reduce import all as all
all_dtypes: _b.list[_b.str]
from croton.tensor._elemwise import allclose as allclose
from croton.tensor._structure import alloc as alloc
and_: croton._ops.Elemwise
angle: croton._ops.Elemwise
from croton.tensor._reduce import any as any
from croton.tensor._structure import arange as arange
arccos: croton._ops.Elemwise
arccosh: croton._ops.Elemwise
arcsin: croton._ops.Elemwise
arcsinh: croton._ops.Elemwise
arctan: croton._ops.Elemwise
arctan2: croton._ops.Elemwise
arctanh: croton._ops.Elemwise
from croton.tensor._reduce import argmax as argmax
from croton.tensor._reduce import argmin as argmin
from croton.tensor._order import argsort as argsort
from croton._convert import as_tensor_variable as as_tensor
from croton._convert import as_tensor_variable as as_tensor_variable
from croton.tensor._order import batched_dot as batched_dot
from croton.tensor._order import batched_tensordot as batched_tensordot
bcol: croton._types.TensorType
bitwise_and: croton._ops.Elemwise
bitwise_not: croton._ops.Elemwise
bitwise_or: croton._ops.Elemwise
bitwise_xor: croton._ops.Elemwise
bmatrix: croton._types.TensorType
brow: croton._types.TensorType
bscalar: croton._types.TensorType
btensor3: croton._types.TensorType
btensor4: croton._types.TensorType
btensor5: croton._types.TensorType
btensor6: croton._types.TensorType
btensor7: croton._types.TensorType
bvector: croton._types.TensorType
from croton._convert import cast as cast
ccol: croton._types.TensorType
ceil: croton._ops.Elemwise
clip: croton._ops.Elemwise
cmatrix: croton._types.TensorType
def col(name: _b.str | None = ..., dtype: _t.Any = ...) -> croton._operators.TensorVariable: ...
def cols(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
complex: croton._ops.Elemwise
complex_dtypes: _b.list[_b.str]
complex_from_polar: croton._ops.Elemwise
from croton.tensor._order import compress as compress
from croton.tensor._structure import concatenate as concatenate
conj: croton._ops.Elemwise
from croton._convert import constant as constant
continuous_dtypes: _b.list[_b.str]
cos: croton._ops.Elemwise
cosh: croton._ops.Elemwise
crow: croton._types.TensorType
cscalar: croton._types.TensorType
ctensor3: croton._types.TensorType
ctensor4: croton._types.TensorType
ctensor5: croton._types.TensorType
ctensor6: croton._types.TensorType
ctensor7: croton._types.TensorType
from croton.tensor._order import cumprod as cumprod
from croton.tensor._order import cumsum as cumsum
cvector: croton._types.TensorType
dcol: croton._types.TensorType
def dcols(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
deg2rad: croton._ops.Elemwise
from croton.tensor._structure import diag as diag
from croton.tensor._structure import diagonal as diagonal
from croton.tensor._structure import diff as diff
discrete_dtypes: _b.list[_b.str]
from croton.tensor._elemwise import divmod as divmod
def dmatrices(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
dmatrix: croton._types.TensorType
from croton.tensor._reduce import dot as dot
drow: croton._types.TensorType
def drows(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
dscalar: croton._types.TensorType
def dscalars(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
dtensor3: croton._types.TensorType
def dtensor3s(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
dtensor4: croton._types.TensorType
def dtensor4s(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
dtensor5: croton._types.TensorType
def dtensor5s(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
dtensor6: croton._types.TensorType
def dtensor6s(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
dtensor7: croton._types.TensorType
def dtensor7s(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
dvector: croton._types.TensorType
def dvectors(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
eq: croton._ops.Elemwise
erf: croton._ops.Elemwise
erfc: croton._ops.Elemwise
exp: croton._ops.Elemwise
exp2: croton._ops.Elemwise
expm1: croton._ops.Elemwise
from croton.tensor._structure import eye as eye
fcol: croton._types.TensorType
def fcols(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
from croton.tensor import fft as fft
fill: croton._ops.Elemwise
from croton.tensor._order import flatnonzero as flatnonzero
from croton.tensor._structure import flatten as flatten
float_dtypes: _b.list[_b.str]
floor: croton._ops.Elemwise
floor_div: croton._ops.Elemwise
def fmatrices(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
fmatrix: croton._types.TensorType
frow: croton._types.TensorType
def frows(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
fscalar: croton._types.TensorType
def fscalars(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
ftensor3: croton._types.TensorType
def ftensor3s(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
ftensor4: croton._types.TensorType
def ftensor4s(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
ftensor5: croton._types.TensorType
def ftensor5s(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
ftensor6: croton._types.TensorType
def ftensor6s(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
ftensor7: croton._types.TensorType
def ftensor7s(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
from croton.tensor._elemwise import function_of_ufunc as function_of_ufunc
fvector: croton._types.TensorType
def fvectors(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
gammaln: croton._ops.Elemwise
ge: croton._ops.Elemwise
from croton.tensor._reduce import get_scalar_constant_value as get_scalar_constant_value
from croton.tensor._structure import get_vector_length as get_vector_length
from croton.gradient import grad as grad
gt: croton._ops.Elemwise
from croton.gradient import hessian as hessian
from croton.tensor._structure import horizontal_stack as horizontal_stack
icol: croton._types.TensorType
def icols(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
from croton.tensor._structure import tensor_copy as identity
from croton.tensor._structure import identity_like as identity_like
imag: croton._ops.Elemwise
def imatrices(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
imatrix: croton._types.TensorType
from croton.tensor._structure import inc_subtensor as inc_subtensor
int_div: croton._ops.Elemwise
int_dtypes: _b.list[_b.str]
integer_dtypes: _b.list[_b.str]
inv: croton._ops.Elemwise
from croton.tensor._order import inverse_permutation as inverse_permutation
invert: croton._ops.Elemwise
from croton.tensor._elemwise import iround as iround
irow: croton._types.TensorType
def irows(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
iscalar: croton._types.TensorType
def iscalars(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
from croton.tensor._elemwise import isclose as isclose
isinf: croton._ops.Elemwise
isnan: croton._ops.Elemwise
itensor3: croton._types.TensorType
def itensor3s(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
itensor4: croton._types.TensorType
def itensor4s(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
itensor5: croton._types.TensorType
def itensor5s(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
itensor6: croton._types.TensorType
def itensor6s(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
itensor7: croton._types.TensorType
def itensor7s(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
ivector: croton._types.TensorType
def ivectors(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
from croton.gradient import jacobian as jacobian
from croton.tensor._structure import join as join
def largest(*args: _t.Any) -> croton._operators.TensorVariable: ...
lcol: croton._types.TensorType
def lcols(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
le: croton._ops.Elemwise
def lmatrices(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
lmatrix: croton._types.TensorType
log: croton._ops.Elemwise
log10: croton._ops.Elemwise
log1p: croton._ops.Elemwise
log2: croton._ops.Elemwise
lrow: croton._types.TensorType
def lrows(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
lscalar: croton._types.TensorType
def lscalars(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
from croton.tensor._linear_ops import lstsq as lstsq
lt: croton._ops.Elemwise
ltensor3: croton._types.TensorType
def ltensor3s(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
ltensor4: croton._types.TensorType
def ltensor4s(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
ltensor5: croton._types.TensorType
def ltensor5s(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
ltensor6: croton._types.TensorType
def ltensor6s(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
ltensor7: croton._types.TensorType
def ltensor7s(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
lvector: croton._types.TensorType
def lvectors(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
def matrices(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
def matrix(name: _b.str | None = ..., dtype: _t.Any = ...) -> croton._operators.TensorVariable: ...
from croton.tensor._reduce import max as max
from croton.tensor._reduce import max_and_argmax as max_and_argmax
maximum: croton._ops.Elemwise
from croton.tensor._reduce import mean as mean
mgrid: croton.tensor._grid._Grid
from croton.tensor._reduce import min as min
minimum: croton._ops.Elemwise
mod: croton._ops.Elemwise
class mrg_uniform(croton._ops.RowOp): ...
mul: croton._ops.Elemwise
neg: croton._ops.Elemwise
neq: croton._ops.Elemwise
newaxis: None
from croton.tensor import nlinalg as nlinalg
from croton.tensor import nnet as nnet
from croton.tensor._order import nonzero as nonzero
from croton.tensor._order import nonzero_values as nonzero_values
from croton.tensor.nlinalg import norm as norm
from croton.gradient import numeric_grad as numeric_grad
ogrid: croton.tensor._grid._Grid
from croton.tensor._structure import ones as ones
from croton.tensor._structure import ones_like as ones_like
or_: croton._ops.Elemwise
from croton.tensor._reduce import outer as outer
from croton.tensor._structure import patternbroadcast as patternbroadcast
from croton.tensor._order import permute_row_elements as permute_row_elements
pow: croton._ops.Elemwise
power: croton._ops.Elemwise
from croton.tensor._reduce import prod as prod
psi: croton._ops.Elemwise
from croton.tensor._reduce import ptp as ptp
rad2deg: croton._ops.Elemwise
from croton.tensor._structure import ravel as ravel
from croton.tensor import raw_random as raw_random
real: croton._ops.Elemwise
from croton.tensor._structure import repeat as repeat
from croton.tensor._structure import reshape as reshape
from croton.tensor._structure import roll as roll
from croton.tensor._elemwise import round as round
from croton.tensor._elemwise import round_half_away_from_zero as round_half_away_from_zero
round_half_to_even: croton._ops.Elemwise
def row(name: _b.str | None = ..., dtype: _t.Any = ...) -> croton._operators.TensorVariable: ...
def rows(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
def scalar(name: _b.str | None = ..., dtype: _t.Any = ...) -> croton._operators.TensorVariable: ...
def scalars(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
from croton.tensor._structure import set_subtensor as set_subtensor
sgn: croton._ops.Elemwise
from croton.tensor._structure import shape as shape
from croton.tensor._structure import shape_i as shape_i
from croton.tensor._structure import shape_padaxis as shape_padaxis
from croton.tensor._structure import shape_padleft as shape_padleft
from croton.tensor._structure import shape_padright as shape_padright
from croton.sharedvalue import shared as shared
from croton.tensor import shared_randomstreams as shared_randomstreams
sin: croton._ops.Elemwise
sinh: croton._ops.Elemwise
from croton.tensor import slinalg as slinalg
def smallest(*args: _t.Any) -> croton._operators.TensorVariable: ...
from croton.tensor._order import sort as sort
from croton.tensor._structure import specify_shape as specify_shape
from croton.tensor._structure import split as split
sqr: croton._ops.Elemwise
sqrt: croton._ops.Elemwise
square: croton._ops.Elemwise
from croton.tensor._structure import squeeze as squeeze
from croton.tensor._structure import stack as stack
from croton.tensor._structure import stacklists as stacklists
from croton.tensor._reduce import std as std
sub: croton._ops.Elemwise
from croton.tensor._reduce import sum as sum
from croton.tensor._structure import swapaxes as swapaxes
switch: croton._ops.Elemwise
from croton.tensor._structure import take as take
tan: croton._ops.Elemwise
tanh: croton._ops.Elemwise
from croton.tensor._constructors import tensor as tensor
def tensor3(name: _b.str | None = ..., dtype: _t.Any = ...) -> croton._operators.TensorVariable: ...
def tensor3s(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
def tensor4(name: _b.str | None = ..., dtype: _t.Any = ...) -> croton._operators.TensorVariable: ...
def tensor4s(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
def tensor5(name: _b.str | None = ..., dtype: _t.Any = ...) -> croton._operators.TensorVariable: ...
def tensor5s(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
def tensor6(name: _b.str | None = ..., dtype: _t.Any = ...) -> croton._operators.TensorVariable: ...
def tensor6s(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
def tensor7(name: _b.str | None = ..., dtype: _t.Any = ...) -> croton._operators.TensorVariable: ...
def tensor7s(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
from croton.sharedvalue import shared as tensor_constructor
from croton.tensor._structure import tensor_copy as tensor_copy
from croton.tensor._reduce import tensordot as tensordot
from croton.tensor._structure import tile as tile
from croton.tensor._structure import to_one_hot as to_one_hot
from croton.tensor._structure import trace as trace
from croton.tensor._structure import transpose as transpose
from croton.tensor._structure import tri as tri
tri_gamma: croton._ops.Elemwise
from croton.tensor._structure import tril as tril
from croton.tensor._structure import triu as triu
true_div: croton._ops.TrueDiv
trunc: croton._ops.Elemwise
uint_dtypes: _b.list[_b.str]
from croton.tensor._structure import unbroadcast as unbroadcast
from croton.tensor._reduce import var as var
def vector(name: _b.str | None = ..., dtype: _t.Any = ...) -> croton._operators.TensorVariable: ...
def vectors(*names: _b.str | _b.int | None, **options: _t.Any) -> _b.list[croton._operators.TensorVariable]: ...
from croton.gradient import verify_grad as verify_grad
from croton.tensor._structure import vertical_stack as vertical_stack
wcol: croton._types.TensorType
where: croton._ops.Elemwise
wmatrix: croton._types.TensorType
wrow: croton._types.TensorType
wscalar: croton._types.TensorType
wtensor3: croton._types.TensorType
wtensor4: croton._types.TensorType
wtensor5: croton._types.TensorType
wtensor6: croton._types.TensorType
wtensor7: croton._types.TensorType
wvector: croton._types.TensorType
xor: croton._ops.Elemwise
zcol: croton._types.TensorType
from croton.tensor._structure import zeros as zeros
from croton.tensor._structure import zeros_like as zeros_like
zmatrix: croton._types.TensorType
zrow: croton._types.TensorType
zscalar: croton._types.TensorType
ztensor3: croton._types.TensorType
ztensor4: croton._types.TensorType
ztensor5: croton._types.TensorType
ztensor6: croton._types.TensorType
ztensor7: croton._types.TensorType
zvector: croton._types.TensorType
