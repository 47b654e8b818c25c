"""Functions and methods of tensors against NumPy: elementwise, reductions, shapes, products, indexing."""
import numpy as np
import pytest

import croton as theano
import croton.tensor as T
from croton import function


def values(make, *arrays, **options):
    """The expression's value: `make` of variables of the arrays' types, compiled and called."""
    inputs = [T.TensorType(a.dtype, (False,) * a.ndim)() for a in map(np.asarray, arrays)]
    return function(inputs, make(*inputs), on_unused_input="ignore", **options)(*arrays)


def check(make, reference, *arrays, rtol=1e-12):
    got = values(make, *arrays)
    want = np.asarray(reference(*arrays))
    assert got.shape == want.shape
    np.testing.assert_allclose(got, want, rtol=rtol, atol=1e-14)


X = np.random.RandomState(5).normal(size=(3, 4))
Y = np.random.RandomState(6).normal(size=(3, 4))
C = np.random.RandomState(7).normal(size=(2, 3, 4))
POSITIVE, UNIT = np.abs(X) + 0.5, np.tanh(X)

UNARY = [("abs_", np.abs, X), ("neg", np.negative, X), ("exp", np.exp, X), ("exp2", np.exp2, X), ("log", np.log, POSITIVE),
         ("log1p", np.log1p, POSITIVE), ("expm1", np.expm1, X), ("log10", np.log10, POSITIVE), ("sqr", np.square, X),
         ("sqrt", np.sqrt, POSITIVE), ("inv", np.reciprocal, POSITIVE), ("sgn", np.sign, X), ("tanh", np.tanh, X),
         ("sin", np.sin, X), ("cos", np.cos, X), ("tan", np.tan, UNIT), ("arcsin", np.arcsin, UNIT), ("arccos", np.arccos, UNIT),
         ("arctan", np.arctan, X), ("sinh", np.sinh, X), ("cosh", np.cosh, X), ("arcsinh", np.arcsinh, X),
         ("arccosh", np.arccosh, POSITIVE + 1), ("arctanh", np.arctanh, UNIT * 0.9), ("ceil", np.ceil, X), ("floor", np.floor, X),
         ("trunc", np.trunc, X), ("round", np.round, X), ("deg2rad", np.deg2rad, X), ("rad2deg", np.rad2deg, X),
         ("isnan", np.isnan, X), ("isinf", np.isinf, X)]


@pytest.mark.parametrize("name, reference, x", UNARY, ids=[u[0] for u in UNARY])
def test_unary(name, reference, x):
    check(getattr(T, name), reference, x, rtol=1e-11)


BINARY = [("add", np.add), ("sub", np.subtract), ("mul", np.multiply), ("true_div", np.divide), ("maximum", np.maximum),
          ("minimum", np.minimum), ("int_div", np.floor_divide), ("mod", np.mod), ("arctan2", np.arctan2), ("eq", np.equal),
          ("neq", np.not_equal), ("lt", np.less), ("le", np.less_equal), ("gt", np.greater), ("ge", np.greater_equal)]


@pytest.mark.parametrize("name, reference", BINARY, ids=[b[0] for b in BINARY])
def test_binary(name, reference):
    check(getattr(T, name), reference, X, Y)
    check(lambda x: getattr(T, name)(x, 2.0), lambda x: reference(x, 2.0), X)


def test_operators_and_their_reflections():
    made = values(lambda x, y: [x + y, 2 - x, x * 2, 1 / x, x // y, 5 % x, abs(x) ** 2, 2 ** x, -x, x < y, x >= y, x @ y.T],
                  X, Y)
    want = [X + Y, 2 - X, X * 2, 1 / X, X // Y, 5 % X, abs(X) ** 2, 2 ** X, -X, X < Y, X >= Y, X @ Y.T]
    for got, expected in zip(made, want):
        np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_bits():
    a, b = np.array([5, 3, -1]), np.array([6, 3, 2])
    for got, want in zip(values(lambda x, y: [x & y, x | y, x ^ y, ~x], a, b), [a & b, a | b, a ^ b, ~a]):
        np.testing.assert_array_equal(got, want)


def test_division_of_integers():
    a = np.array([7, -7, 1], "int8")
    quotient = values(lambda x: x / 2, a)
    assert quotient.dtype == np.float64
    np.testing.assert_array_equal(quotient, a / 2)
    with theano.change_flags(floatX="float32"):
        assert (T.lvector() / 2).dtype == "float32"
    np.testing.assert_array_equal(values(lambda x: x // 2, a), a // 2)


def test_rounding():
    x = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49999999999999994, 1e16])
    away = [-3, -2, -1, 1, 2, 3, 0, 1e16]
    np.testing.assert_array_equal(values(lambda v: T.round(v, mode="half_away_from_zero"), x), away)
    np.testing.assert_array_equal(values(lambda v: v.round(), x), np.round(x))


def test_choice():
    check(lambda x, y: T.switch(x > y, x, -y), lambda x, y: np.where(x > y, x, -y), X, Y)
    check(lambda x, y: T.where(T.gt(x, 0), x, y), lambda x, y: np.where(x > 0, x, y), X, Y)
    check(lambda x: x.clip(-0.5, 0.5), lambda x: x.clip(-0.5, 0.5), X)
    bad = np.array([1.0, np.nan, np.inf])
    np.testing.assert_array_equal(values(lambda v: T.isclose(v, v), bad), [True, False, True])
    assert values(lambda v: T.allclose(v, v + 1e-9), X) and not values(lambda v: T.allclose(v, v + 1), X)


AXES = [None, 0, 1, -1, (0, 2), [0, 1, 2]]


@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("name", ["sum", "prod", "mean", "max", "min", "var", "std"])
def test_reductions(name, axis):
    numpy_axis = tuple(axis) if isinstance(axis, list) else axis
    check(lambda x: getattr(T, name)(x, axis=axis), lambda x: getattr(np, name)(x, axis=numpy_axis), C)
    check(lambda x: getattr(x, name)(axis=axis, keepdims=True), lambda x: getattr(np, name)(x, axis=numpy_axis, keepdims=True), C)


@pytest.mark.parametrize("axis", [None, 0, 1, -1], ids=str)
def test_positions(axis):
    check(lambda x: T.argmax(x, axis=axis), lambda x: np.argmax(x, axis=axis), C)
    check(lambda x: x.argmin(axis=axis), lambda x: np.argmin(x, axis=axis), C)
    largest, where = values(lambda x: T.max_and_argmax(x, axis=axis), C)
    np.testing.assert_array_equal(largest, C.max(axis=axis))
    np.testing.assert_array_equal(where, C.argmax(axis=axis))


def test_dtypes_of_reductions():
    b = T.bmatrix()
    assert (b.sum().dtype, b.mean().dtype, b.max().dtype, T.argmax(b).dtype) == ("int64", "float64", "int8", "int64")
    assert T.sum(b, dtype="float32").dtype == "float32" and T.any(b).dtype == "bool"
    assert values(lambda x: x.sum(), np.full(300, 100, "int8")) == 30000
    for wrong in (2, -3):
        with pytest.raises(ValueError):
            b.sum(axis=wrong)


def test_truth_of_elements():
    b = np.array([[True, False], [True, True]])
    check(lambda x: x.all(axis=0), lambda x: x.all(axis=0), b)
    check(lambda x: T.any(x), np.any, b)
    check(lambda x: x.ptp(axis=0), lambda x: np.ptp(x, axis=0), X)


SHAPES = {
    "reshape": (lambda x: x.reshape((2, 6)), lambda x: x.reshape(2, 6)),
    "reshape symbolic": (lambda x: x.reshape((x.shape[1], -1)), lambda x: x.reshape(4, -1)),
    "reshape vector": (lambda x: T.reshape(x, x.shape[::-1], ndim=2), lambda x: x.reshape(4, 3)),
    "flatten": (lambda x: x.flatten(), np.ravel),
    "transpose": (lambda x: x.T, np.transpose),
    "swapaxes": (lambda x: x.swapaxes(0, 1), lambda x: x.swapaxes(0, 1)),
    "dimshuffle": (lambda x: x.dimshuffle(1, "x", 0), lambda x: x.T[:, None]),
    "padleft": (lambda x: T.shape_padleft(x, 2), lambda x: x[None, None]),
    "padright": (lambda x: T.shape_padright(x), lambda x: x[..., None]),
    "padaxis": (lambda x: T.shape_padaxis(x, 1), lambda x: x[:, None]),
    "squeeze": (lambda x: x.dimshuffle("x", 0, "x", 1).squeeze(), lambda x: x),
    "join": (lambda x: T.join(0, x, x * 2), lambda x: np.concatenate([x, x * 2])),
    "concatenate": (lambda x: T.concatenate([x, x], axis=-1), lambda x: np.concatenate([x, x], axis=-1)),
    "stack": (lambda x: T.stack([x, -x], axis=1), lambda x: np.stack([x, -x], axis=1)),
    "stacklists": (lambda x: T.stacklists([[x[0, 0], x[0, 1]], [x[1, 0], 7]]), lambda x: [[x[0, 0], x[0, 1]], [x[1, 0], 7]]),
    "repeat": (lambda x: T.repeat(x, 2, axis=1), lambda x: np.repeat(x, 2, axis=1)),
    "tile": (lambda x: T.tile(x, (2, 3)), lambda x: np.tile(x, (2, 3))),
    "roll": (lambda x: T.roll(x, 1, axis=1), lambda x: np.roll(x, 1, axis=1)),
    "shape": (lambda x: x.shape, np.shape),
    "size": (lambda x: x.size, np.size),
    "zeros_like": (lambda x: T.zeros_like(x), np.zeros_like),
    "ones": (lambda x: T.ones((x.shape[0], 2)), lambda x: np.ones((3, 2))),
    "fill": (lambda x: T.fill(x, 3.0), lambda x: np.full_like(x, 3)),
    "alloc": (lambda x: T.alloc(x[0], 2, 4), lambda x: np.broadcast_to(x[0], (2, 4))),
    "diagonal": (lambda x: x.diagonal(), np.diagonal),
    "trace": (lambda x: T.trace(x), np.trace),
    "diag": (lambda x: T.diag(x[0], 1), lambda x: np.diag(x[0], 1)),
    "tril": (lambda x: T.tril(x, -1), lambda x: np.tril(x, -1)),
    "triu": (lambda x: T.triu(x), np.triu),
    "identity_like": (lambda x: T.identity_like(x), lambda x: np.eye(3, 4)),
    "cast": (lambda x: T.cast(x * 10, "int32"), lambda x: (x * 10).astype("int32")),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shapes(name):
    check(*SHAPES[name], X)


def test_ranges_and_grids():
    check(lambda n: T.arange(n), np.arange, np.asarray(5))
    check(lambda n: T.arange(10, n, -2), lambda n: np.arange(10, n, -2), np.asarray(1))
    assert T.arange(3).dtype == "int64" and T.arange(3.0).dtype == "float32" and T.zeros((2,)).dtype == "float64"
    check(lambda n: T.eye(n, 4, 1), lambda n: np.eye(n, 4, 1), np.asarray(3))
    for got, want in zip(values(lambda n: list(T.mgrid[0:n, 1:3]), np.asarray(2)), np.mgrid[0:2, 1:3]):
        np.testing.assert_array_equal(got, want)
    assert [g.broadcastable for g in T.ogrid[0:3, 0:2]] == [(False, True), (True, False)]


def test_split():
    parts = values(lambda x: T.split(x, [1, 3], 2, axis=1), X)
    np.testing.assert_array_equal(parts[0], X[:, :1])
    np.testing.assert_array_equal(parts[1], X[:, 1:])


def test_patterns():
    m, r = T.dmatrix(), T.drow()
    assert T.addbroadcast(m, 0).broadcastable == (True, False) and T.unbroadcast(r, 0).broadcastable == (False, False)
    assert T.patternbroadcast(m, (False, True)).broadcastable == (False, True)
    assert (m + r).broadcastable == (False, False) and (r * 2).broadcastable == (True, False)
    f = function([m], T.addbroadcast(m, 0) + np.zeros((3, 2)))
    assert f(np.ones((1, 2))).shape == (3, 2)
    with pytest.raises(ValueError):
        f(np.ones((3, 2)))


PRODUCTS = [((), (3,)), ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((2, 3, 4), (4,)), ((2, 3, 4), (4, 2)),
            ((2, 3), (5, 3, 4)), ((0, 3), (3, 2)), ((2, 0), (0, 2))]


@pytest.mark.parametrize("a, b", PRODUCTS, ids=str)
def test_dot(a, b):
    generator = np.random.RandomState(1)
    check(T.dot, np.dot, generator.normal(size=a), generator.normal(size=b))


@pytest.mark.parametrize("axes", [0, 1, ((1,), (0,)), (1, 0)], ids=str)
def test_tensordot(axes):
    check(lambda x, y: T.tensordot(x, y, axes), lambda x, y: np.tensordot(x, y, axes), X, X.T.copy())


def test_outer():
    check(T.outer, np.outer, X[0], Y[1])


def part(*items):
    return items if len(items) != 1 else items[0]


N = slice(None)
INDICES = {
    "scalar": part(1), "negative": part(-1), "both": part(1, -2), "slice": part(slice(1, None)), "step": part(slice(None, None, 2)),
    "back": part(slice(None, None, -1)), "column": part(N, 2), "new": part(N, None), "ellipsis": part(Ellipsis, 0),
    "outside": part(slice(1, 100)), "empty": part(slice(2, 1)), "back between": part(N, slice(3, 0, -2)), "list": part([0, 2, 2]),
    "pairs": part([0, 2], [1, 3]), "array": part(np.array([[0, 1], [2, 0]])), "mixed": part(slice(1, None), [0, 3]),
    "scalar and array": part(1, [0, 3]), "mask": part(np.array([True, False, True])), "negative array": part([-1, 0]),
    "nothing": part(np.zeros(0, int)),
}


@pytest.mark.parametrize("name", INDICES)
def test_indexing(name):
    index = INDICES[name]
    check(lambda x: x[index], lambda x: x[index], X)


@pytest.mark.parametrize("name", [n for n in INDICES if n not in ("nothing", "mask", "new")])
def test_setting_and_adding(name):
    index = INDICES[name]
    set_, added = values(lambda x: [T.set_subtensor(x[index], 7.0), T.inc_subtensor(x[index], 2.0)], X)
    expected = X.copy()
    expected[index] = 7
    np.testing.assert_array_equal(set_, expected)
    expected = X.copy()
    np.add.at(expected, index, 2)
    np.testing.assert_allclose(added, expected)


def test_indexing_by_variables():
    x, i, k = T.dmatrix(), T.lscalar(), T.lvector()
    f = function([x, i, k], [x[i], x[i:], x[:i, -i], x[k], x[k, i], x[T.arange(k.shape[0]), k], x[k].T[i:], x[::-i]])
    for position in (1, 2):
        ks = np.array([0, 2, 1])
        want = [X[position], X[position:], X[:position, -position], X[ks], X[ks, position], X[np.arange(3), ks],
                X[ks].T[position:], X[::-position]]
        for got, expected in zip(f(X, position, ks), want):
            np.testing.assert_array_equal(got, expected)


def test_take():
    check(lambda x: T.take(x, [0, 5]), lambda x: np.take(x, [0, 5]), X)
    check(lambda x: x.take([2, 0], axis=1), lambda x: np.take(x, [2, 0], axis=1), X)
    check(lambda x: T.take(x, [9, -9], axis=0, mode="clip"), lambda x: np.take(x, [9, -9], axis=0, mode="clip"), X)
    check(lambda x: T.take(x, [9, -4], axis=0, mode="wrap"), lambda x: np.take(x, [9, -4], axis=0, mode="wrap"), X)


def test_indices_that_are_refused():
    x = T.dmatrix()
    for index in (True, 1.5, "a", [True, False], T.dvector()):
        with pytest.raises((TypeError, IndexError)):
            x[index]
    with pytest.raises(IndexError):
        x[0, 0, 0]
    with pytest.raises(IndexError):
        values(lambda v, i: v[i], X, np.array([0, 3]))
    with pytest.raises(IndexError):
        values(lambda v, i: v[i], X, np.asarray(-4))
    with pytest.raises(TypeError):
        T.set_subtensor(x, 0)


def test_sizes_and_positions_that_kernels_compute():
    x, y, s = T.dmatrix(), T.lvector(), T.dscalar()
    two = T.switch(T.lt(s, 1), 1, 2)
    f = function([x, y, s], [two, x[:two], T.zeros((y.sum(), y.sum() + 1)), T.arange(y.sum() + 1), x[T.argmax(x[0]) - 2],
                             x[T.cast(T.floor(s), "int64") - 2:], x * x.shape[0]])
    want = [2, X[:2], np.zeros((3, 4)), np.arange(4), X[np.argmax(X[0]) - 2], X[1:], X * 3]
    for got, expected in zip(f(X, [1, 2], 3.0), want):
        np.testing.assert_array_equal(got, expected)
