"""Positions, masks, sorting, running sums and products: against NumPy, with gradients by finite differences."""

import numpy as np
import pytest

import croton as theano
import croton.tensor as T

R = np.random.RandomState(11)
X = R.randn(4, 5)
X[1, 2] = X[3, 3] = 0
CUBE = R.randn(2, 3, 4)


def run(f, *values):
    inputs = [T.as_tensor_variable(v).type() for v in values]
    return theano.function(inputs, f(*inputs), on_unused_input="ignore")(*values)


def test_nonzero():
    for value in (X, X > 0, (X * 3).astype("int8"), CUBE, X[0], np.zeros((3, 2)), np.zeros((0, 2))):
        for got, want in zip(run(T.nonzero, value), np.nonzero(value)):
            np.testing.assert_array_equal(got, want)
            assert got.dtype == np.int64
    np.testing.assert_array_equal(run(lambda x: T.nonzero(x, return_matrix=True), X), np.array(np.nonzero(X)))
    np.testing.assert_array_equal(run(T.flatnonzero, X), np.flatnonzero(X))
    np.testing.assert_array_equal(run(lambda x: x.nonzero_values(), X), X[X != 0])
    with pytest.raises(ValueError):
        T.nonzero(T.dscalar())


MASKED = {
    "whole": lambda x, m: x[m > 0],
    "rows": lambda x, m: x[m[:, 0] > 0],
    "columns": lambda x, m: x[:, m[0] > 0],
    "behind ellipsis": lambda x, m: x[..., m[0] > 0],
    "beside a slice": lambda x, m: x[m[:, 1] > 0, 1:3],
    "beside a new axis": lambda x, m: x[None, m[:, 1] > 0],
    "negated": lambda x, m: x[~(m > 0)],
    "NumPy's own": lambda x, m: x[X > 0.5],
    "constant rows": lambda x, m: x[np.array([True, False, True, True])],
}


@pytest.mark.parametrize("name", MASKED)
def test_masks(name):
    take = MASKED[name]
    mask = R.randn(4, 5)
    np.testing.assert_array_equal(run(take, X, mask), take(X, mask))
    T.verify_grad(lambda x: take(x, mask) ** 2, [X], rng=np.random.RandomState(2))


def test_regions_by_masks():
    for name in ("whole", "rows", "columns"):
        take, want, added = MASKED[name], X.copy(), X.copy()
        region = take(X, X)
        places = take(np.arange(20).reshape(4, 5), X)
        want.flat[places.ravel()] = 7
        added.flat[places.ravel()] += (region * 2).ravel()
        np.testing.assert_array_equal(run(lambda x: T.set_subtensor(take(x, x), 7), X), want)
        np.testing.assert_allclose(run(lambda x: T.inc_subtensor(take(x, x), take(x, x) * 2), X), added)


def test_a_mask_of_another_shape():
    with pytest.raises((IndexError, ValueError, AssertionError)):
        run(lambda x, m: x[m > 0], X, X[:3])
    with pytest.raises(IndexError):
        run(lambda x, m: x[m > 0], X, CUBE)


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
@pytest.mark.parametrize("name", ["sort", "argsort", "cumsum", "cumprod"])
def test_along_an_axis(name, axis):
    for value in (X, np.abs(CUBE) * 50, (X * 40).astype("int32"), X.astype("float32"), np.zeros((0, 3)), np.zeros((3, 0))):
        value = value.astype("uint8") if value is CUBE else value
        options = {"kind": "stable"} if "sort" in name else {"dtype": value.dtype}
        want = getattr(np, name)(value, axis=axis, **options)
        got = run(lambda x: getattr(T, name)(x, axis=axis), value)
        np.testing.assert_array_equal(got, want)
        assert got.dtype == want.dtype
        np.testing.assert_array_equal(run(lambda x: getattr(x, name)(axis=axis), value), want)


LAYOUTS = {
    "contiguous": lambda x: x,
    "transposed": lambda x: x.T.copy().T,
    "reversed": lambda x: x[::-1, ::-1],
    "every other": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
}
SORTED_DTYPES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128".split()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", SORTED_DTYPES)
def test_every_dtype_along_both_axes(dtype, layout):
    values = R.randint(-40, 40, (37, 70)) / (1 if "int" in dtype or dtype == "bool" else 8)
    values = LAYOUTS[layout](np.abs(values).astype(dtype) if dtype[0] == "u" else values.astype(dtype))
    for axis in (0, 1):
        np.testing.assert_array_equal(run(lambda x: T.sort(x, axis=axis), values), np.sort(values, axis=axis))
        np.testing.assert_array_equal(
            run(lambda x: T.argsort(x, axis=axis), values), np.argsort(values, axis=axis, kind="stable")
        )
        want = np.cumsum(values, axis=axis, dtype=dtype)
        np.testing.assert_allclose(run(lambda x: T.cumsum(x, axis=axis), values), want, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["uint16", "int32", "float32", "float64"])
def test_a_long_line_is_shared_among_threads(dtype):
    x = (R.randn(300_007) * 3000).astype(dtype)
    np.testing.assert_array_equal(run(T.sort, x), np.sort(x))
    np.testing.assert_array_equal(run(T.argsort, x), np.argsort(x, kind="stable"))
    many = x[:300_000].reshape(100, 3000)
    np.testing.assert_array_equal(run(lambda x: T.sort(x, axis=0), many), np.sort(many, axis=0))
    np.testing.assert_array_equal(run(lambda x: T.sort(x, axis=1), many), np.sort(many, axis=1))


def test_ties_and_special_values():
    values = np.array([2.0, np.nan, -np.inf, 2.0, 0.0, -0.0, np.inf, np.nan])
    np.testing.assert_array_equal(run(T.sort, values), np.sort(values))
    np.testing.assert_array_equal(run(T.argsort, values), np.argsort(values, kind="stable"))
    assert np.signbit(run(T.sort, values)[1:3]).tolist() == [True, False]
    parts = [0.0, 1.0, np.nan, -1.0]
    complexes = np.array([complex(a, b) for a in parts for b in parts])
    np.testing.assert_array_equal(run(T.sort, complexes), np.sort(complexes))
    np.testing.assert_array_equal(run(T.cumprod, complexes[:4] + 1j), np.cumprod(complexes[:4] + 1j))
    big = np.array([2**64 - 1, 0, 2**63], "uint64")
    np.testing.assert_array_equal(run(T.sort, big), np.sort(big))
    np.testing.assert_array_equal(run(T.cumsum, np.array([100, 100], "int8")), np.array([100, -56], "int8"))
    with pytest.raises(ValueError):
        T.sort(T.dmatrix(), axis=2)


@pytest.mark.parametrize("f", [T.sort, T.cumsum, T.cumprod, lambda x: T.sort(x, axis=0) ** 2, lambda x: x[T.argsort(x[:, 0])]])
def test_gradients(f):
    T.verify_grad(f, [R.permutation(20).reshape(4, 5) / 7 + 0.3], rng=np.random.RandomState(3))


def test_stacks_of_products():
    a, b = R.randn(6, 3, 4), R.randn(6, 4, 5)
    np.testing.assert_allclose(run(T.batched_dot, a, b), a @ b)
    np.testing.assert_allclose(run(T.batched_dot, a, b[:, :, 0]), np.einsum("nij,nj->ni", a, b[:, :, 0]))
    np.testing.assert_allclose(run(T.batched_dot, a[:, 0], b), np.einsum("nj,njk->nk", a[:, 0], b))
    np.testing.assert_allclose(run(T.batched_dot, a[:, 0], b[:, :, 0]), np.einsum("nj,nj->n", a[:, 0], b[:, :, 0]))
    np.testing.assert_allclose(run(T.batched_dot, a[:, 0, 0], b), a[:, :1, :1] * b)
    T.verify_grad(T.batched_dot, [a, b], rng=np.random.RandomState(5))
    with pytest.raises(ValueError):
        run(T.batched_dot, a, b[:5])


def test_compress():
    np.testing.assert_array_equal(run(lambda x: T.compress([0, 1, 0, 1], x, axis=0), X), X[[1, 3]])
    np.testing.assert_array_equal(run(lambda c, x: T.compress(c, x), X[0], X), np.compress(X[0] != 0, X))
