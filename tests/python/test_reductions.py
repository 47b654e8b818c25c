"""Reductions, products and network functions, against NumPy."""
import numpy as np
import pytest

import croton as theano
import croton.tensor as T

rng = np.random.RandomState(1)
X = rng.randn(2, 3, 4)
AXES = [None, 0, 1, -1, (0, 2), [1], (0, 1, 2)]


@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("name", ["sum", "prod", "mean", "var", "std", "max", "min"])
def test_against_numpy(name, axis, keepdims):
    x = T.dtensor3("x")
    got = getattr(T, name)(x, axis=axis, keepdims=keepdims).eval({x: X})
    plain = tuple(axis) if isinstance(axis, list) else axis
    expected = getattr(np, name)(X, axis=plain, keepdims=keepdims)
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=1e-12)


@pytest.mark.parametrize("axis", [None, 0, 1, 2], ids=str)
@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_positions(name, axis):
    x = T.dtensor3("x")
    got = getattr(T, name)(x, axis=axis).eval({x: X})
    np.testing.assert_array_equal(got, getattr(np, name)(X, axis=axis))
    assert got.dtype == "int64"


def test_argmin_of_integers_does_not_overflow():
    x = T.bvector("x")
    assert T.argmin(x).eval({x: np.array([3, -128, 127], "int8")}) == 1


@pytest.mark.parametrize("name", ["all", "any"])
def test_logical(name):
    x = T.dmatrix("x")
    v = np.array([[0.0, 1.0], [2.0, 3.0]])
    got = getattr(T, name)(x, axis=1).eval({x: v})
    np.testing.assert_array_equal(got, getattr(np, name)(v, axis=1))
    assert got.dtype == "bool"


@pytest.mark.parametrize("dtype, expected", [
    ("bool", "int64"), ("int8", "int64"), ("uint8", "uint64"), ("float32", "float32"), ("float64", "float64")])
def test_dtype_of_sums(dtype, expected):
    x = T.TensorType(dtype, (False,))("x")
    assert T.sum(x).dtype == expected and T.prod(x).dtype == expected
    assert T.mean(x).dtype == ("float64" if dtype in ("bool", "int8", "uint8") else dtype)


def test_asked_dtypes():
    x = T.fvector("x")
    v = np.array([1e8, 1, -1e8], "float32")
    assert T.sum(x, dtype="float64").eval({x: v}) == 1
    assert T.sum(x, acc_dtype="float64").dtype == "float32"
    with pytest.raises(TypeError):
        T.sum(x, dtype="int64")


def test_nothing_to_reduce():
    x = T.dvector("x")
    empty = np.zeros(0)
    assert T.sum(x).eval({x: empty}) == 0 and T.prod(x).eval({x: empty}) == 1
    with pytest.raises(ValueError):
        T.max(x).eval({x: empty})


@pytest.mark.parametrize("axis", [3, -4, (0, 0)], ids=str)
def test_axes_out_of_range(axis):
    with pytest.raises(ValueError):
        T.sum(T.dtensor3("x"), axis=axis)


@pytest.mark.parametrize("a, b", [
    ((), ()), ((), (3,)), ((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((2, 3), (3, 4)), ((2, 3, 4), (4,)), ((2, 3, 4), (4, 5)),
    ((3,), (2, 3, 4)), ((2, 3), (5, 3, 4)),
], ids=str)
def test_dot(a, b):
    x, y = (T.TensorType("float64", (False,) * len(s))() for s in (a, b))
    u, v = rng.randn(*a), rng.randn(*b)
    got = T.dot(x, y).eval({x: u, y: v})
    np.testing.assert_allclose(got, np.dot(u, v), rtol=1e-12)


@pytest.mark.parametrize("axes", [1, 2, [[1], [0]], [[0, 1], [1, 0]], [1, 0], 0], ids=str)
def test_tensordot(axes):
    x, y = T.dmatrices("xy")
    u, v = rng.randn(3, 3), rng.randn(3, 3)
    np.testing.assert_allclose(T.tensordot(x, y, axes).eval({x: u, y: v}), np.tensordot(u, v, axes), rtol=1e-12)


def test_outer():
    x, y = T.dvectors("xy")
    np.testing.assert_array_equal(T.outer(x, y).eval({x: np.arange(2.0), y: np.arange(3.0)}), np.outer(np.arange(2.0), np.arange(3.0)))


def softmax(v):
    e = np.exp(v - v.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


P, ONE_HOT = softmax(X[0]), np.eye(4)[[2, 0, 1]]
NETWORK = {
    "softmax": (lambda x, t: T.nnet.softmax(x), softmax(X[0])),
    "logsoftmax": (lambda x, t: T.nnet.logsoftmax(x), np.log(softmax(X[0]))),
    "sigmoid": (lambda x, t: T.nnet.sigmoid(x), 1 / (1 + np.exp(-X[0]))),
    "softplus": (lambda x, t: T.nnet.softplus(x), np.log1p(np.exp(X[0]))),
    "relu": (lambda x, t: T.nnet.relu(x), np.maximum(X[0], 0)),
    "leaky": (lambda x, t: T.nnet.relu(x, 0.1), np.where(X[0] > 0, X[0], 0.1 * X[0])),
    "elu": (lambda x, t: T.nnet.elu(x, 0.5), np.where(X[0] > 0, X[0], 0.5 * np.expm1(X[0]))),
    "softsign": (lambda x, t: T.nnet.softsign(x), X[0] / (1 + abs(X[0]))),
    "hard sigmoid": (lambda x, t: T.nnet.hard_sigmoid(x), np.clip(0.2 * X[0] + 0.5, 0, 1)),
    "crossentropy of rows": (lambda x, t: T.nnet.categorical_crossentropy(T.nnet.softmax(x), t), -(ONE_HOT * np.log(P)).sum(1)),
    "crossentropy of positions": (lambda x, t: T.nnet.categorical_crossentropy(T.nnet.softmax(x), T.argmax(t, axis=1)),
                                  -(ONE_HOT * np.log(P)).sum(1)),
    "binary crossentropy": (lambda x, t: T.nnet.binary_crossentropy(T.nnet.sigmoid(x), t),
                            np.log1p(np.exp(X[0])) - ONE_HOT * X[0]),
    "sigmoid binary crossentropy": (lambda x, t: T.nnet.sigmoid_binary_crossentropy(x, t), np.log1p(np.exp(X[0])) - ONE_HOT * X[0]),
}


@pytest.mark.parametrize("name", NETWORK)
def test_network_functions(name):
    make, expected = NETWORK[name]
    x, t = T.dmatrix("x"), T.dmatrix("t")
    got = theano.function([x, t], make(x, t), on_unused_input="ignore")(X[0], ONE_HOT)
    np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_softmax_of_a_vector_is_a_row():
    v = T.dvector("v")
    assert T.nnet.softmax(v).broadcastable == (True, False)


@pytest.mark.parametrize("optimizer", ["fast_run", None])
@pytest.mark.parametrize("name", ["sum", "max", "argmax"])
def test_over_no_axes(name, optimizer):
    x = T.matrix("x")
    reduced = getattr(T, name)(T.exp(x), axis=())
    f = theano.function([x], reduced * 2, mode=theano.Mode("cvm", optimizer))
    a = np.arange(6.0).reshape(2, 3)
    np.testing.assert_allclose(f(a), np.zeros((2, 3)) if name == "argmax" else np.exp(a) * 2, rtol=1e-15)
