"""Linear algebra and Fourier transforms: against NumPy and SciPy, with gradients by finite differences, on stacks, on threads."""
import itertools
import os

import numpy as np
import pytest
import scipy.linalg

import croton as theano
import croton.tensor as T
from croton.tensor import fft, nlinalg, slinalg

R = np.random.RandomState(5)


def general(*shape):
    return R.randn(*shape) + 3 * np.eye(shape[-2], shape[-1])


def positive(*shape):
    x = R.randn(*shape)
    return x @ np.swapaxes(x, -1, -2) + shape[-1] * np.eye(shape[-1])


def apart(*shape):
    return 0.2 * R.randn(*shape) + np.diag(np.arange(1.0, max(shape[-2:]) + 1))[:shape[-2], :shape[-1]]


def run(f, *values):
    inputs = [T.as_tensor_variable(v).type() for v in values]
    outputs = f(*inputs)
    compiled = theano.function(inputs, list(outputs) if isinstance(outputs, (list, tuple)) else outputs, on_unused_input="ignore")
    return compiled(*values)


def weighed(w, v):  # in whichever order they come
    return (w[..., None, :] * v ** 2).sum(axis=-1)


# Name: the expression, NumPy's or SciPy's, and what makes arguments of given stack sizes. Outputs are what does not depend on how
# vectors are turned.
CASES = {
    "inverse": (nlinalg.matrix_inverse, np.linalg.inv, lambda *s: [general(*s, 4, 4)]),
    "det": (nlinalg.det, np.linalg.det, lambda *s: [general(*s, 4, 4)]),
    "slogdet": (nlinalg.slogdet, lambda x: list(np.linalg.slogdet(x)), lambda *s: [-general(*s, 3, 3)]),
    "cholesky": (slinalg.cholesky, np.linalg.cholesky, lambda *s: [positive(*s, 4, 4)]),
    "cholesky, upper": (slinalg.Cholesky(lower=False), lambda x: np.swapaxes(np.linalg.cholesky(x), -1, -2),
                        lambda *s: [positive(*s, 4, 4)]),
    "solve": (slinalg.solve, np.linalg.solve, lambda *s: [general(*s, 4, 4), R.randn(*s, 4, 3)]),
    "solve for a column": (slinalg.solve, lambda a, b: np.linalg.solve(a, b[..., None])[..., 0],
                           lambda *s: [general(*s, 4, 4), R.randn(*s, 4)]),
    "solve, lower": (slinalg.solve_lower_triangular, lambda a, b: np.linalg.solve(np.tril(a), b),
                     lambda *s: [general(*s, 4, 4), R.randn(*s, 4, 3)]),
    "solve, upper": (slinalg.solve_upper_triangular, lambda a, b: np.linalg.solve(np.triu(a), b),
                     lambda *s: [general(*s, 4, 4), R.randn(*s, 4, 3)]),
    "pinv, tall": (nlinalg.pinv, np.linalg.pinv, lambda *s: [R.randn(*s, 5, 3)]),
    "pinv, wide": (nlinalg.pinv, np.linalg.pinv, lambda *s: [R.randn(*s, 3, 5)]),
    "expm": (slinalg.expm, scipy.linalg.expm, lambda *s: [R.randn(*s, 4, 4)]),
    "expm of small": (slinalg.expm, scipy.linalg.expm, lambda *s: [1e-3 * R.randn(*s, 3, 3)]),
    "expm of large": (slinalg.expm, scipy.linalg.expm, lambda *s: [5 * R.randn(*s, 3, 3)]),
    "eigh": (lambda x: nlinalg.eigh(x)[0], np.linalg.eigvalsh, lambda *s: [positive(*s, 4, 4)]),
    "eigh, upper": (lambda x: nlinalg.eigh(x, "U")[0], lambda x: np.linalg.eigvalsh(x, "U"), lambda *s: [apart(*s, 4, 4)]),
    "eigh, projections": (lambda x: slinalg.expm(nlinalg.eigh(x)[1] ** 2), lambda x: scipy.linalg.expm(np.linalg.eigh(x)[1] ** 2),
                          lambda *s: [apart(*s, 3, 3)]),
    "eigvalsh": (lambda x: slinalg.eigvalsh(x, None), np.linalg.eigvalsh, lambda *s: [positive(*s, 4, 4)]),
    "eig": (lambda x: T.sort(nlinalg.eig(x)[0]), lambda x: np.sort(np.linalg.eig(x)[0].real), lambda *s: [apart(*s, 4, 4)]),
    "eig, squares": (lambda x: weighed(*nlinalg.eig(x)), lambda x: weighed(*np.linalg.eig(x)), lambda *s: [apart(*s, 3, 3) + 2 * np.diag([0, 1, 2])]),
    "svd, values": (lambda x: nlinalg.svd(x, compute_uv=False), lambda x: np.linalg.svd(x, compute_uv=False),
                    lambda *s: [apart(*s, 4, 3)]),
    "svd, squares": (lambda x: [y ** 2 for y in nlinalg.svd(x, full_matrices=False)],
                     lambda x: [y ** 2 for y in np.linalg.svd(x, full_matrices=False)], lambda *s: [apart(*s, 4, 3)]),
    "svd, wide": (lambda x: [y ** 2 for y in nlinalg.svd(x, full_matrices=False)],
                  lambda x: [y ** 2 for y in np.linalg.svd(x, full_matrices=False)], lambda *s: [apart(*s, 2, 4)]),
    "qr": (lambda x: nlinalg.qr(x), np.linalg.qr, lambda *s: [general(*s, 5, 3)]),
    "qr, wide": (lambda x: nlinalg.qr(x), np.linalg.qr, lambda *s: [general(*s, 3, 5)]),
    "qr, only r": (lambda x: nlinalg.qr(x, "r"), lambda x: np.linalg.qr(x, "r"), lambda *s: [general(*s, 5, 3)]),
    "rfft": (fft.rfft, lambda x: _pairs(np.fft.rfft(x)), lambda *s: [R.randn(*(s or (3,)), 6)] if len(s) < 2 else [R.randn(3, 6)]),
}


def _pairs(z):
    return np.stack([z.real, z.imag], axis=-1)


def listed(x):
    return list(x) if isinstance(x, (list, tuple)) else [x]


@pytest.mark.parametrize("stack", [(), (3,), (2, 3), (0,)])
@pytest.mark.parametrize("name", CASES)
def test_values(name, stack):
    f, reference, make = CASES[name]
    values = make(*stack)
    wanted = listed(reference(*values)) if 0 not in stack or name.startswith(("inverse", "solve", "det")) else None
    for dtype, close in (("float64", 1e-10), ("float32", 2e-3)):
        got = listed(run(f, *[v.astype(dtype) for v in values]))
        for k, x in enumerate(got):
            assert x.dtype == dtype
            if wanted:
                np.testing.assert_allclose(x, wanted[k], rtol=close, atol=close * 10)


@pytest.mark.parametrize("name", CASES)
def test_a_stack_is_a_loop(name):
    f, _, make = CASES[name]
    values = make(4)
    whole = listed(run(f, *values))
    if name != "rfft":
        for k in range(4):
            for x, part in zip(whole, listed(run(f, *[v[k] for v in values]))):
                np.testing.assert_array_equal(x[k], part)
    items = make() if name != "rfft" else [R.randn(3, 6)]
    stacks = [np.stack([v, v + 0.01 * np.eye(*v.shape[-2:]) if v.ndim > 1 else 2 * v]) for v in items]
    batched = listed(run(lambda *x: theano.batch(lambda *y: f(*y))(*x), *stacks))
    for k in range(2):
        for x, part in zip(batched, listed(run(f, *[v[k] for v in stacks]))):
            np.testing.assert_allclose(x[k], part, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("stack", [(), (2,)])
@pytest.mark.parametrize("name", CASES)
def test_gradients(name, stack):
    f, _, make = CASES[name]
    values = make(*stack)

    def cost(*x):
        outputs = listed(f(*x))
        return sum((T.sin(y * (k + 1)) * T.arange(1, 1 + y.shape[y.ndim - 1])).sum() if y.ndim else T.sin(y)
                   for k, y in enumerate(outputs))

    T.verify_grad(cost, values, rng=np.random.RandomState(1))  # second ones have tests for each row, in C++


@pytest.mark.parametrize("full", [0, 1])
@pytest.mark.parametrize("shape", [(4, 3), (3, 5), (3, 3)])
def test_svd_takes_a_matrix_apart(shape, full):
    x = general(*shape)
    u, s, vt = run(lambda x: nlinalg.svd(x, full_matrices=full), x)
    k = min(shape)
    np.testing.assert_allclose((u[:, :k] * s) @ vt[:k], x, atol=1e-12)
    assert u.shape == (shape[0], shape[0] if full else k) and vt.shape == (shape[1] if full else k, shape[1])
    for q in (u.T, vt):
        np.testing.assert_allclose(q @ q.T, np.eye(len(q)), atol=1e-12)


def test_gradients_that_do_not_see_how_vectors_are_turned():
    w = T.constant(R.randn(5, 5))

    def of_svd(x):  # a projection onto what the columns do not reach
        u, s, vt = nlinalg.svd(x, full_matrices=1)
        return (u[:, 3:].dot(u[:, 3:].T) * w).sum() + (T.sin(s) * T.arange(3)).sum() + (vt[2] ** 4).sum()

    def of_qr(x):
        q, r = nlinalg.qr(x, "complete")
        return (q[:, 3:].dot(q[:, 3:].T) * w).sum() + T.sin(r).sum()

    for f in (of_svd, of_qr):
        T.verify_grad(f, [apart(5, 3)], rng=np.random.RandomState(1))


@pytest.mark.parametrize("mode", ["reduced", "complete", "r", "raw"])
@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (0, 3), (3, 0), (4, 4)])
def test_modes_of_qr(shape, mode):
    x = R.randn(*shape)
    wanted = np.linalg.qr(x, mode)
    got = run(lambda x: nlinalg.qr(x, mode), x)
    for a, b in zip(listed(got), listed(wanted) if mode == "r" else list(wanted)):
        np.testing.assert_allclose(a, b, atol=1e-12)


def test_least_squares():
    for shape, columns, cutoff in itertools.product([(5, 3), (3, 5), (4, 4)], [(), (2,)], [-1.0, 1e-10, 0.5]):
        a, b = R.randn(*shape), R.randn(shape[0], *columns)
        got = run(lambda a, b: nlinalg.lstsq()(a, b, cutoff), a, b)
        wanted = np.linalg.lstsq(a, b, rcond=cutoff)
        for x, y in zip(got, wanted):
            np.testing.assert_allclose(x, y, atol=1e-10)
            assert np.shape(x) == np.shape(y)
    deficient = R.randn(6, 2) @ R.randn(2, 4)
    x, rest, rank, _ = run(lambda a, b: nlinalg.lstsq()(a, b, 1e-10), deficient, R.randn(6))
    assert rank == 2 and rest.shape == (0,) and x.shape == (4,)


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (3, 3)])
def test_gradients_of_least_squares(shape):
    def cost(a, b):
        x, rest, _, s = nlinalg.lstsq()(a, b, 1e-12)
        return T.sin(x).sum() + (rest ** 2).sum() + (s * T.arange(s.shape[0])).sum()
    T.verify_grad(cost, [apart(*shape), R.randn(shape[0], 2)], rng=np.random.RandomState(1))
    T.verify_grad(cost, [apart(*shape), R.randn(shape[0])], rng=np.random.RandomState(1))


def test_eigenvalues_of_two_matrices():
    a, b = positive(4, 4), positive(4, 4)
    for lower in (True, False):
        got = run(lambda a, b: slinalg.eigvalsh(a, b, lower), a, b)
        np.testing.assert_allclose(got, scipy.linalg.eigvalsh(a, b), rtol=1e-10)
        T.verify_grad(lambda a, b: (T.sin(slinalg.eigvalsh(a, b, lower)) * T.arange(4)).sum(), [a, b], rng=np.random.RandomState(1))


def test_powers_inverses_and_equations_of_arrays():
    x = general(3, 3)
    for n in (0, 1, 2, 3, 6, -1, -2):
        np.testing.assert_allclose(run(lambda x: nlinalg.matrix_power(x, n), x), np.linalg.matrix_power(x, n), rtol=1e-9, atol=1e-9)
    a = R.randn(4, 6, 8, 3)
    np.testing.assert_allclose(run(nlinalg.tensorinv, a), np.linalg.tensorinv(a), rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(run(lambda a: nlinalg.tensorinv(a, 1), a.reshape(24, 8, 3)), np.linalg.tensorinv(a.reshape(24, 8, 3), 1),
                               rtol=1e-7, atol=1e-9)
    b = R.randn(4, 6)
    np.testing.assert_allclose(run(nlinalg.tensorsolve, a, b), np.linalg.tensorsolve(a, b), rtol=1e-7, atol=1e-9)
    got = run(lambda a, b: nlinalg.tensorsolve(a, b, axes=(1, 3)), np.moveaxis(a, (2, 3), (1, 3)), b)
    np.testing.assert_allclose(got, np.linalg.tensorsolve(np.moveaxis(a, (2, 3), (1, 3)), b, axes=(1, 3)), rtol=1e-7, atol=1e-9)
    for f in (lambda a: nlinalg.tensorinv(a, 1), lambda a: nlinalg.matrix_power(a.reshape((4, 4)), 3)):
        T.verify_grad(f, [general(4, 4).reshape(4, 2, 2)], rng=np.random.RandomState(1))


def test_products():
    a, b = R.randn(2, 3), R.randn(4, 5)
    np.testing.assert_allclose(run(slinalg.kron, a, b), np.kron(a, b))
    np.testing.assert_allclose(run(slinalg.kron, a, b[0]), np.einsum("ij,k->jik", a, b[0]).ravel())
    with pytest.raises(TypeError, match="kron"):
        slinalg.kron(T.dvector(), T.dvector())
    x, y = R.randn(3, 2, 4, 5), R.randn(3, 4, 5, 2)
    np.testing.assert_allclose(run(lambda x, y: T.batched_tensordot(x, y, 2), x, y), np.stack([np.tensordot(p, q, 2) for p, q in zip(x, y)]))
    got = run(lambda x, y: T.batched_tensordot(x, y, [[1, 3], [3, 2]]), x, y)
    np.testing.assert_allclose(got, np.stack([np.tensordot(p, q, [[0, 2], [2, 1]]) for p, q in zip(x, y)]))
    with pytest.raises(ValueError, match="batch axis"):
        T.batched_tensordot(T.dtensor3(), T.dtensor3(), [[0], [1]])
    np.testing.assert_allclose(run(nlinalg.matrix_dot, a, b[:3], b.T), a @ b[:3] @ b.T)


@pytest.mark.parametrize("offset", [0, 2, -1])
def test_diagonals(offset):
    v, x = R.randn(3), R.randn(2, 3)
    np.testing.assert_array_equal(run(lambda v: T.diag(v, offset), v), np.diag(v, offset))
    np.testing.assert_array_equal(run(T.AllocDiag(offset), v), np.diag(v, offset))
    cube = run(T.AllocDiag(offset, 0, 2), x)
    np.testing.assert_array_equal(np.diagonal(cube, offset, 0, 2), x)
    assert cube.sum() == pytest.approx(x.sum())
    np.testing.assert_array_equal(run(T.ExtractDiag(offset, 1, 2), cube), np.diagonal(cube, offset, 1, 2))
    T.verify_grad(lambda v: T.sin(T.diag(v, offset)), [v], rng=np.random.RandomState(1))
    np.testing.assert_array_equal(run(nlinalg.diag, v), np.diag(v))
    with pytest.raises(TypeError):
        nlinalg.diag(T.dtensor3())


@pytest.mark.parametrize("norm", [None, "ortho", "no_norm"])
@pytest.mark.parametrize("sizes", [(4,), (5,), (1,), (2,), (37,), (74,), (3, 4), (4, 3), (2, 3, 5), (262,)])
def test_transforms(sizes, norm):
    x = R.randn(2, *sizes)
    scale = 1 / np.sqrt(np.prod(sizes)) if norm == "ortho" else 1
    wanted = _pairs(np.fft.rfftn(x, axes=range(1, x.ndim))) * scale
    for dtype, close in (("float64", 1e-11), ("float32", 1e-4)):
        got = run(lambda x: fft.rfft(x, norm), x.astype(dtype))
        np.testing.assert_allclose(got, wanted, atol=close * np.prod(sizes))
        back = run(lambda z: fft.irfft(z, norm, is_odd=bool(sizes[-1] % 2)), got)
        np.testing.assert_allclose(back, x * (np.prod(sizes) if norm == "no_norm" else 1), atol=close * np.prod(sizes))
        assert got.dtype == back.dtype == dtype
    if np.prod(sizes) < 20:
        T.verify_grad(lambda x: T.sin(fft.rfft(x, norm)), [x], rng=np.random.RandomState(1))
        T.verify_grad(lambda z: T.sin(fft.irfft(z, norm, bool(sizes[-1] % 2))), [wanted], rng=np.random.RandomState(1))


def test_transforms_of_other_sizes():
    x = R.randn(2, 3, 6)
    got = run(lambda x: fft.rfft_op(x, (4, 5)), x)
    np.testing.assert_allclose(got, _pairs(np.fft.rfftn(x, s=(4, 5), axes=(1, 2))), atol=1e-12)
    z = got[..., 0] + 1j * got[..., 1]
    for s in ((4, 5), (3, 6), (5, 4)):
        back = run(lambda y: fft.irfft_op(y, np.array(s)), got)
        np.testing.assert_allclose(back, np.fft.irfftn(z, s=s, axes=(1, 2)) * np.prod(s), atol=1e-11)
    T.verify_grad(lambda x: fft.rfft_op(x, (4, 5)) ** 2, [x], rng=np.random.RandomState(1))
    for bad in (lambda: fft.rfft(T.dvector()), lambda: fft.irfft(T.dmatrix()), lambda: fft.rfft_op(T.dmatrix(), [T.dscalar()])):
        with pytest.raises(TypeError):
            bad()
    for bad in (lambda: fft.rfft(T.dmatrix(), "other"), lambda: fft.irfft(T.dtensor3(), is_odd=3), lambda: fft.rfft_op(T.dmatrix(), (2, 3))):
        with pytest.raises(ValueError):
            bad()


@pytest.mark.parametrize("name", [n for n in CASES if n not in ("rfft", "eig, squares", "eigh, projections")])
def test_layouts_and_threads(name):
    f, _, make = CASES[name]
    values = make(40)
    inputs = [T.as_tensor_variable(v).type() for v in values]
    compiled = theano.function(inputs, listed(f(*inputs)))
    wanted = compiled(*values)
    for moved in (lambda v: np.asfortranarray(v), lambda v: v.repeat(2, axis=-1)[..., ::2], lambda v: v[::-1].copy()[::-1]):
        for x, y in zip(compiled(*[moved(v) for v in values]), wanted):
            np.testing.assert_allclose(x, y, rtol=1e-10, atol=1e-10)
    threads = len(os.sched_getaffinity(0))
    try:
        for count in (1, 5):
            theano._core.set_thread_count(count)
            for x, y in zip(compiled(*values), wanted):
                np.testing.assert_array_equal(x, y)
    finally:
        theano._core.set_thread_count(threads)


SINGULAR = {
    "inverse": (nlinalg.matrix_inverse, [np.zeros((2, 2))]),
    "inverse in a stack": (nlinalg.matrix_inverse, [np.stack([np.eye(2), np.ones((2, 2))])]),
    "solve": (slinalg.solve, [np.zeros((2, 2)), np.ones(2)]),
    "solve, lower": (slinalg.solve_lower_triangular, [np.triu(np.ones((2, 2)), 1), np.ones(2)]),
    "cholesky": (slinalg.cholesky, [np.array([[1.0, 2], [2, 1]])]),
    "svd of NaN": (nlinalg.svd, [np.full((2, 2), np.nan)]),
    "eigh of NaN": (nlinalg.eigh, [np.full((2, 2), np.nan)]),
    "eig of infinity": (nlinalg.eig, [np.full((2, 2), np.inf)]),
    "inverse of no square": (nlinalg.matrix_inverse, [np.ones((2, 3))]),
    "det of no square": (nlinalg.det, [np.ones((2, 3))]),
    "eigh of no square": (nlinalg.eigh, [np.ones((2, 3))]),
}


@pytest.mark.parametrize("name", SINGULAR)
def test_what_has_no_result(name):
    f, values = SINGULAR[name]
    inputs = [T.as_tensor_variable(v).type() for v in values]
    outputs = listed(f(*inputs))  # the line that the error shows
    compiled = theano.function(inputs, outputs)
    with pytest.raises(np.linalg.LinAlgError) as error:
        compiled(*values)
    assert "test_linear_algebra.py" in str(error.value)
    if "stack" in name:
        assert "matrix 1 of 2" in str(error.value)


def test_logarithms_of_determinants_do_not_overflow():
    x = T.dmatrix()
    value = np.diag(np.full(400, 10.0)) + 0.01 * R.randn(400, 400)
    f = theano.function([x], [T.log(nlinalg.det(x)), T.log(abs(nlinalg.det(-x))), T.grad(T.log(nlinalg.det(x)), x)])
    for got in f(value)[:2]:
        np.testing.assert_allclose(got, np.linalg.slogdet(value)[1])
    np.testing.assert_allclose(f(value)[2], np.linalg.inv(value).T, rtol=1e-7, atol=1e-12)
    assert np.isnan(run(lambda x: T.log(nlinalg.det(x)), np.diag([-1.0, 1.0])))
    assert run(lambda x: T.log(nlinalg.det(x)), np.zeros((2, 2))) == -np.inf


def test_nan_instead_of_an_error():
    bad = np.stack([np.eye(2), [[1.0, 2], [2, 1]], 4 * np.eye(2)])
    x = T.dtensor3()
    y = slinalg.Cholesky(on_error="nan")(x)
    f = theano.function([x], [y, T.grad(y.sum(), x)])
    value, gradient = f(bad)
    for result in (value, gradient):
        assert np.isnan(result[1]).all() and not np.isnan(result[[0, 2]]).any()
    np.testing.assert_array_equal(value[2], 2 * np.eye(2))
    with pytest.raises(ValueError, match="infs or NaNs"):
        f(np.full((1, 2, 2), np.nan))


MALFORMED = [
    (TypeError, lambda: nlinalg.matrix_inverse(T.dvector())), (TypeError, lambda: nlinalg.det(T.dscalar())),
    (TypeError, lambda: slinalg.cholesky(T.dvector())), (TypeError, lambda: slinalg.solve(T.dvector(), T.dvector())),
    (TypeError, lambda: slinalg.expm(T.zmatrix())), (TypeError, lambda: nlinalg.svd(T.dvector())),
    (TypeError, lambda: nlinalg.qr(T.dscalar())), (TypeError, lambda: nlinalg.eigh(T.zmatrix())),
    (ValueError, lambda: slinalg.solve(T.dmatrix(), T.dtensor3())), (ValueError, lambda: slinalg.Cholesky(on_error="other")),
    (ValueError, lambda: slinalg.Solve("other")), (ValueError, lambda: nlinalg.qr(T.dmatrix(), "other")),
    (AssertionError, lambda: nlinalg.eigh(T.dmatrix(), "X")), (ValueError, lambda: nlinalg.norm(T.dscalar(), 2)),
    (ValueError, lambda: nlinalg.norm(T.dmatrix(), 2)), (NotImplementedError, lambda: nlinalg.norm(T.dtensor3(), None)),
    (ValueError, lambda: nlinalg.tensorinv(T.dtensor3(), 0)), (TypeError, lambda: nlinalg.lstsq()(T.dmatrix(), T.dvector(), T.dvector())),
    (ValueError, lambda: nlinalg.lstsq()(T.dvector(), T.dvector(), 1.0)), (TypeError, lambda: slinalg.kron(T.dscalar(), T.dscalar())),
    (ValueError, lambda: run(slinalg.solve, np.ones((3, 3)), np.ones(4))), (ValueError, lambda: run(slinalg.solve, np.ones((3, 2)), np.ones(3))),
    (ValueError, lambda: run(slinalg.solve, np.ones((2, 3, 3)), np.ones((3, 3, 1)))),
    (ValueError, lambda: run(lambda a, b: nlinalg.lstsq()(a, b, 1.0), np.ones((3, 2)), np.ones(4))),
    (theano.gradient.NullTypeGradError, lambda: T.grad(nlinalg.qr(X, "raw")[0].sum(), X)),
]
X = T.dmatrix()


@pytest.mark.parametrize("number", range(len(MALFORMED)))
def test_malformed_calls(number):
    exception, call = MALFORMED[number]
    with pytest.raises(exception):
        call()


def test_op_objects():
    x, v = T.dmatrix(), T.dvector()
    solved = slinalg.solve_lower_triangular(x, v)
    assert isinstance(solved.owner.op, slinalg.Solve) and solved.owner.op.A_structure == "lower_triangular" and solved.ndim == 1
    assert isinstance(nlinalg.matrix_inverse(x).owner.op, nlinalg.MatrixInverse)
    assert nlinalg.matrix_inverse(x).owner.op == nlinalg.matrix_inverse
    assert slinalg.Cholesky(lower=False)(x).owner.op.lower is False
    assert slinalg.Cholesky(on_error="nan") == slinalg.Cholesky(on_error="nan") != slinalg.cholesky
    assert nlinalg.svd(x)[0].owner.op.full_matrices and isinstance(nlinalg.eigh(x, "U")[0].owner.op, nlinalg.Eigh)
    gradient = slinalg.CholeskyGrad()(x, slinalg.cholesky(x), x)
    p = positive(3, 3)
    np.testing.assert_allclose(gradient.eval({x: p}), T.Lop(slinalg.cholesky(x), x, x).eval({x: p}))
    np.testing.assert_allclose(slinalg.ExpmGrad()(x, x).eval({x: p / 20}), T.Lop(slinalg.expm(x), x, x).eval({x: p / 20}))


def test_dtypes_that_are_no_floats():
    x = np.array([[2, 1], [1, 3]])
    assert run(nlinalg.det, x).dtype == np.int64 and run(slinalg.solve, x, x).dtype == np.float64
    np.testing.assert_allclose(run(slinalg.solve, x, np.eye(2, dtype="float32")), np.linalg.inv(x))
    half = run(nlinalg.matrix_inverse, x.astype("float16"))
    assert half.dtype == np.float16
    np.testing.assert_allclose(half, np.linalg.inv(x), rtol=1e-3)
