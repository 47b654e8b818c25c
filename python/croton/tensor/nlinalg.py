"""Linear algebra after numpy.linalg (Theano's theano.tensor.nlinalg). Where Theano takes a matrix, a stack of matrices may stand:
each is computed by itself."""
from .. import _core
from .._convert import as_tensor_variable
from .._ops import RowOp
from .._variable import wrap
from ._linear_ops import (SVD, AllocDiag, Det, Eig, Eigh, EighGrad, ExtractDiag, MatrixInverse, MatrixPinv, QRFull, QRIncomplete,
                          TensorInv, TensorSolve, lstsq)

__all__ = ["AllocDiag", "Det", "Eig", "Eigh", "EighGrad", "ExtractDiag", "MatrixInverse", "MatrixPinv", "QRFull", "QRIncomplete",
           "SVD", "TensorInv", "TensorSolve", "alloc_diag", "det", "diag", "eig", "eigh", "extract_diag", "lstsq", "matrix_dot",
           "matrix_inverse", "matrix_power", "norm", "pinv", "qr", "slogdet", "svd", "tensorinv", "tensorsolve", "trace"]

pinv = MatrixPinv()
matrix_inverse = MatrixInverse()
det = Det()
eig = Eig()
alloc_diag = AllocDiag()
extract_diag = ExtractDiag()


def slogdet(a):
    """The sign of the determinant and the logarithm of its magnitude: [sign, log]. Croton's own, after NumPy's."""
    return RowOp("slogdet")(a)


def matrix_dot(*args):
    """The product of several matrices, from the left."""
    from . import dot
    result = args[0]
    for a in args[1:]:
        result = dot(result, a)
    return result


def diag(x):
    """The diagonal of a matrix, or a matrix with this diagonal."""
    x = as_tensor_variable(x)
    if x.ndim not in (1, 2):
        raise TypeError("diag requires vector or matrix argument", x)
    return alloc_diag(x) if x.ndim == 1 else extract_diag(x)


def trace(X):
    """The sum of the diagonal."""
    return extract_diag(X).sum()


def eigh(a, UPLO="L"):
    """Eigenvalues, ascending, and eigenvectors (columns) of a symmetric matrix, of which the triangle UPLO is read."""
    return Eigh(UPLO)(a)


def qr(a, mode="reduced"):
    """The QR decomposition: q, r in the modes "reduced" and "complete", only r in "r", LAPACK's h, tau in "raw"."""
    if mode not in ("reduced", "complete", "r", "raw"):
        raise ValueError("Unrecognized mode '%s'" % mode)
    return QRIncomplete(mode)(a) if mode == "r" else QRFull(mode)(a)


def svd(a, full_matrices=1, compute_uv=1):
    """The singular value decomposition: u, s, vt with (u * s).dot(vt) = a when full_matrices is 0; s alone when compute_uv is 0."""
    return SVD(full_matrices, compute_uv)(a)


def matrix_power(M, n):
    """The matrix multiplied n times; of its inverse when n is negative."""
    return wrap(_core.matrix_power(as_tensor_variable(M)._var, int(n)))


def norm(x, ord):
    """The norm of a vector or a matrix, of the orders that Theano has."""
    from . import max, min, sum
    x = as_tensor_variable(x)
    if x.ndim == 0:
        raise ValueError("'axis' entry is out of bounds.")
    if x.ndim > 2:
        raise NotImplementedError("We don't support norm with ndim > 2")
    if x.ndim == 1:
        if ord is None:
            return sum(x ** 2) ** 0.5
        if ord in ("inf", float("inf")):
            return max(abs(x))
        if ord in ("-inf", float("-inf")):
            return min(abs(x))
        if ord == 0:
            return x[x.nonzero()].shape[0]
        if isinstance(ord, str):
            raise ValueError("Invalid norm order for vectors.")
        return sum(abs(x ** ord)) ** (1. / ord)
    if ord is None or ord == "fro":
        return sum(abs(x ** 2)) ** 0.5
    if ord in ("inf", float("inf")):
        return max(sum(abs(x), 1))
    if ord in ("-inf", float("-inf")):
        return min(sum(abs(x), 1))
    if ord == 1:
        return max(sum(abs(x), 0))
    if ord == -1:
        return min(sum(abs(x), 0))
    raise ValueError("a matrix has no norm of order %r here, only None, 'fro', 'inf', '-inf', 1 and -1" % (ord,))


def tensorinv(a, ind=2):
    """The inverse of an array for tensordot over its first `ind` axes."""
    return TensorInv(ind)(a)


def tensorsolve(a, b, axes=None):
    """x with tensordot(a, x, x.ndim) = b."""
    return TensorSolve(axes)(a, b)
