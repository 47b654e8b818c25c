"""Theano's op classes of linear algebra: what they are made with, as attributes of the engine's rows."""
from .. import _core
from .._convert import as_tensor_variable, size_variables
from .._ops import RowOp, classes
from .._variable import wrap, wrap_all


def _vars(*values):
    return [as_tensor_variable(v)._var for v in values]


class Cholesky(RowOp):
    """The triangular factor of a symmetric matrix: dot(L, L.T) of the lower one is the matrix, of which one triangle is read.
    A matrix that is not positive definite raises LinAlgError, or with on_error="nan" has a factor of NaN."""

    def __init__(self, lower=True, on_error="raise"):
        if on_error not in ("raise", "nan"):
            raise ValueError('on_error must be one of "raise" or ""nan"')
        super().__init__("cholesky", [int(bool(lower)), int(on_error == "nan")])

    lower = property(lambda self: bool(self._ints[0]))
    on_error = property(lambda self: "nan" if self._ints[1] else "raise")
    destructive = False


class Solve(RowOp):
    """x with dot(A, x) = b. Of a triangular matrix only that triangle is read."""

    def __init__(self, A_structure="general", lower=False, overwrite_A=False, overwrite_b=False):
        if A_structure not in ("general", "symmetric", "lower_triangular", "upper_triangular", "hermitian", "banded", "diagonal",
                               "toeplitz"):
            raise ValueError("Invalid matrix structure argument", A_structure)
        triangular = A_structure.endswith("_triangular")
        super().__init__("solve_triangular" if triangular else "solve", [int(A_structure.startswith("lower"))] if triangular else [])
        if not triangular and A_structure != "general":
            self._structure = A_structure  # solved as a general one, as in Theano

    @property
    def A_structure(self):
        if self._row == "solve_triangular":
            return "lower_triangular" if self._ints[0] else "upper_triangular"
        return getattr(self, "_structure", "general")

    lower = property(lambda self: self.A_structure == "lower_triangular")
    overwrite_A = overwrite_b = False


class Eigh(RowOp):
    """Eigenvalues, ascending, and eigenvectors of a symmetric matrix, of which the triangle UPLO is read."""

    def __init__(self, UPLO="L"):
        assert UPLO in ("L", "U")
        super().__init__("eigh", [int(UPLO == "L")])

    UPLO = property(lambda self: "L" if self._ints[0] else "U")


class Eigvalsh(RowOp):
    """Eigenvalues of the symmetric matrix a, or those w of a x = w b x."""

    def __init__(self, lower=True):
        assert lower in (True, False)
        super().__init__("eigvalsh", [int(lower)])

    lower = property(lambda self: bool(self._ints[0]))

    def __call__(self, a, b=None, **options):
        return wrap(_core.eigvalsh(*_vars(a), None if b is None else _vars(b)[0], self.lower))


class SVD(RowOp):
    """The singular value decomposition: [u, s, vt], or s alone."""

    def __init__(self, full_matrices=True, compute_uv=True):
        super().__init__("svd", [(1 if full_matrices else 0) if compute_uv else 2])

    full_matrices = property(lambda self: self._ints[0] != 0)
    compute_uv = property(lambda self: self._ints[0] != 2)


class QRFull(RowOp):
    """The QR decomposition: [q, r]; in mode "raw" [h, tau]."""

    def __init__(self, mode):
        super().__init__("qr_raw" if mode == "raw" else "qr", [] if mode == "raw" else [int(mode == "complete")])

    mode = property(lambda self: "raw" if self._row == "qr_raw" else "complete" if self._ints[0] else "reduced")


class QRIncomplete(RowOp):
    """The triangle of the QR decomposition."""

    def __init__(self, mode="r"):
        super().__init__("qr_r")

    mode = "r"


class MatrixPinv(RowOp):
    """The pseudoinverse of a matrix, which need not be square."""

    def __init__(self):
        super().__init__("pinv")

    def __call__(self, x, **options):
        return wrap(_core.pinv(*_vars(x)))


class lstsq(RowOp):
    """lstsq()(x, y, rcond): the solution of least squares, the sums of squares of what is left, the rank of x, and its singular
    values; those up to rcond times the largest count as zero."""

    def __init__(self):
        super().__init__("lstsq")

    def __call__(self, x, y, rcond, **options):
        return wrap_all(_core.lstsq(*_vars(x, y, rcond)))


class TensorInv(RowOp):
    """The inverse of an array for tensordot over its first `ind` axes."""

    def __init__(self, ind=2):
        super().__init__("matrix_inverse")
        self.ind = ind

    def __call__(self, a, **options):
        return wrap(_core.tensorinv(*_vars(a), int(self.ind)))


class TensorSolve(RowOp):
    """x with tensordot(a, x, x.ndim) = b."""

    def __init__(self, axes=None):
        super().__init__("solve")
        self.axes = axes

    def __call__(self, a, b, **options):
        return wrap(_core.tensorsolve(*_vars(a, b), None if self.axes is None else [int(k) for k in self.axes]))


class AllocDiag(RowOp):
    """A matrix with this vector as a diagonal, zero elsewhere; the last axis of a longer array holds several."""

    def __init__(self, offset=0, axis1=0, axis2=1):
        super().__init__("switch")
        self.offset, self.axis1, self.axis2 = offset, axis1, axis2

    def __call__(self, diag, **options):
        return wrap(_core.alloc_diag(*_vars(diag), int(self.offset), int(self.axis1), int(self.axis2)))


class ExtractDiag(RowOp):
    """A diagonal of a matrix; of a longer array those of the matrices in two of its axes, as the last axis."""

    def __init__(self, offset=0, axis1=0, axis2=1, view=False):
        super().__init__("advanced_subtensor")
        self.offset, self.axis1, self.axis2, self.view = offset, axis1, axis2, view

    def __call__(self, x, **options):
        from ._structure import diagonal
        return diagonal(x, self.offset, self.axis1, self.axis2)


def _gradient_of(outputs, inputs, seeds):
    from ..gradient import Lop
    return Lop(outputs, inputs, seeds)


class EighGrad(RowOp):
    """The gradient of eigh: EighGrad(UPLO)(x, w, v, gw, gv)."""

    def __init__(self, UPLO="L"):
        super().__init__("eigh", [int(UPLO == "L")])

    def __call__(self, x, w, v, gw, gv, **options):
        x = as_tensor_variable(x)
        return _gradient_of(list(RowOp("eigh", self._ints)(x)), x, [gw, gv])


class CholeskyGrad(RowOp):
    """The gradient of cholesky: CholeskyGrad(lower)(x, l, dz)."""

    def __init__(self, lower=True):
        super().__init__("cholesky", [int(bool(lower)), 0])

    def __call__(self, x, l, dz, **options):
        x = as_tensor_variable(x)
        return _gradient_of(RowOp("cholesky", self._ints)(x), x, dz)


class EigvalshGrad(RowOp):
    """The gradients of eigvalsh: EigvalshGrad(lower)(a, b, gw)."""

    def __init__(self, lower=True):
        super().__init__("eigvalsh", [int(bool(lower))])

    def __call__(self, a, b, gw, **options):
        a, b = as_tensor_variable(a), as_tensor_variable(b)
        return _gradient_of(Eigvalsh(bool(self._ints[0]))(a, b), [a, b], gw)


class ExpmGrad(RowOp):
    """The gradient of expm: ExpmGrad()(A, gw)."""

    def __init__(self):
        super().__init__("expm")

    def __call__(self, A, gw, **options):
        A = as_tensor_variable(A)
        return _gradient_of(RowOp("expm")(A), A, gw)


class _TransformOp(RowOp):
    def __init__(self):
        super().__init__(self._transform)

    def _sizes(self, s):
        if s is None:
            return None
        s = as_tensor_variable(s) if not isinstance(s, (list, tuple)) else s
        sizes = size_variables(s)
        return _core.vector_elements(s._var, -1) if sizes is None else sizes


class RFFTOp(_TransformOp):
    """The Fourier transform of real arrays over all axes but the first; `s` cuts or fills them."""

    _transform = "rfft"

    def __call__(self, a, s=None, **options):
        return wrap(_core.rfft(*_vars(a), self._sizes(s)))


class IRFFTOp(_TransformOp):
    """The inverse of RFFTOp, not divided by the number of elements."""

    _transform = "irfft"

    def __call__(self, a, s=None, **options):
        return wrap(_core.irfft(*_vars(a), self._sizes(s), False))


def _plain(name, row):
    class Plain(RowOp):
        def __init__(self):
            super().__init__(row)
    Plain.__name__ = Plain.__qualname__ = name
    Plain.__doc__ = RowOp(row).__doc__
    return Plain


MatrixInverse, Det, Eig, Expm = (_plain(name, row) for name, row in
                                 (("MatrixInverse", "matrix_inverse"), ("Det", "det"), ("Eig", "eig"), ("Expm", "expm")))

# `owner.op` of a node is made from the class that stands under Theano's name.
classes.update({cls.__name__: cls for cls in (
    Cholesky, Solve, Eigh, Eigvalsh, SVD, QRFull, QRIncomplete, MatrixPinv, lstsq, RFFTOp, IRFFTOp, MatrixInverse, Det, Eig, Expm)})
