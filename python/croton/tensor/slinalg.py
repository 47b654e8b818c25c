"""Linear algebra after scipy.linalg (Theano's theano.tensor.slinalg). Where Theano takes a matrix, a stack of matrices may stand:
each is computed by itself."""
from .. import _core
from .._convert import as_tensor_variable
from .._variable import wrap
from ._linear_ops import Cholesky, CholeskyGrad, Eigvalsh, EigvalshGrad, Expm, ExpmGrad, Solve

__all__ = ["Cholesky", "CholeskyGrad", "Eigvalsh", "EigvalshGrad", "Expm", "ExpmGrad", "Solve", "cholesky", "eigvalsh", "expm", "kron",
           "solve", "solve_lower_triangular", "solve_symmetric", "solve_upper_triangular"]

MATRIX_STRUCTURES = ("general", "symmetric", "lower_triangular", "upper_triangular", "hermitian", "banded", "diagonal", "toeplitz")

cholesky = Cholesky()
solve = Solve()
solve_lower_triangular = Solve(A_structure="lower_triangular", lower=True)
solve_upper_triangular = Solve(A_structure="upper_triangular", lower=False)
solve_symmetric = Solve(A_structure="symmetric")
expm = Expm()


def eigvalsh(a, b, lower=True):
    """Eigenvalues of the symmetric matrix a where b is None, else those w of a x = w b x."""
    return Eigvalsh(lower)(a, b)


def kron(a, b):
    """The Kronecker product: every element of a times b."""
    return wrap(_core.kron(as_tensor_variable(a)._var, as_tensor_variable(b)._var))
