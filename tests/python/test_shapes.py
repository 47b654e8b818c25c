"""Shapes, creation and joining of arrays, against NumPy."""
import numpy as np
import pytest

import croton as theano
import croton.tensor as T

V, M, C = np.arange(4.0), np.arange(12.0).reshape(3, 4), np.arange(24.0).reshape(2, 3, 4)

CASES = {
    "reshape": (lambda v, m, c: m.reshape((4, 3)), lambda v, m, c: m.reshape(4, 3)),
    "reshape -1": (lambda v, m, c: m.reshape((2, -1)), lambda v, m, c: m.reshape(2, -1)),
    "reshape by shape": (lambda v, m, c: v.reshape((1, v.shape[0])), lambda v, m, c: v.reshape(1, 4)),
    "reshape by a vector": (lambda v, m, c: c.reshape(c.shape[::-1]), lambda v, m, c: c.reshape(4, 3, 2)),
    "reshape by joined vectors": (lambda v, m, c: c.reshape(T.concatenate([c.shape[:1], [12]])), lambda v, m, c: c.reshape(2, 12)),
    "flatten": (lambda v, m, c: c.flatten(), lambda v, m, c: c.ravel()),
    "flatten to 2": (lambda v, m, c: c.flatten(2), lambda v, m, c: c.reshape(2, 12)),
    "transpose": (lambda v, m, c: c.T, lambda v, m, c: c.T),
    "transpose axes": (lambda v, m, c: c.transpose(1, 2, 0), lambda v, m, c: c.transpose(1, 2, 0)),
    "swapaxes": (lambda v, m, c: T.swapaxes(c, 0, -1), lambda v, m, c: c.swapaxes(0, -1)),
    "dimshuffle": (lambda v, m, c: m.dimshuffle(1, "x", 0), lambda v, m, c: m.T[:, None, :]),
    "pad left": (lambda v, m, c: T.shape_padleft(v, 2), lambda v, m, c: v[None, None]),
    "pad right": (lambda v, m, c: T.shape_padright(v), lambda v, m, c: v[:, None]),
    "pad axis": (lambda v, m, c: T.shape_padaxis(m, -2), lambda v, m, c: m[:, None, :]),
    "squeeze": (lambda v, m, c: T.squeeze(m.dimshuffle("x", 0, "x", 1)), lambda v, m, c: m),
    "shape": (lambda v, m, c: c.shape, lambda v, m, c: np.array([2, 3, 4])),
    "size": (lambda v, m, c: m.size, lambda v, m, c: np.int64(12)),
    "zeros": (lambda v, m, c: T.zeros((v.shape[0], 2)), lambda v, m, c: np.zeros((4, 2))),
    "ones of int": (lambda v, m, c: T.ones(3, dtype="int32"), lambda v, m, c: np.ones(3, "int32")),
    "zeros_like": (lambda v, m, c: T.zeros_like(c), lambda v, m, c: np.zeros_like(c)),
    "ones_like": (lambda v, m, c: T.ones_like(m, dtype="int8"), lambda v, m, c: np.ones_like(m, "int8")),
    "alloc": (lambda v, m, c: T.alloc(v, 3, 4), lambda v, m, c: np.broadcast_to(v, (3, 4))),
    "fill": (lambda v, m, c: T.fill(m, 7.1), lambda v, m, c: np.full_like(m, 7.1)),
    "arange": (lambda v, m, c: T.arange(v.shape[0]), lambda v, m, c: np.arange(4)),
    "arange of three": (lambda v, m, c: T.arange(5, 0, -2), lambda v, m, c: np.arange(5, 0, -2)),
    "arange of floats": (lambda v, m, c: T.arange(0, 1, 0.25), lambda v, m, c: np.arange(0, 1, 0.25, "float32")),
    "eye": (lambda v, m, c: T.eye(3, 4, 1), lambda v, m, c: np.eye(3, 4, 1)),
    "tril": (lambda v, m, c: T.tril(m, 1), lambda v, m, c: np.tril(m, 1)),
    "triu": (lambda v, m, c: T.triu(m, -1), lambda v, m, c: np.triu(m, -1)),
    "diag": (lambda v, m, c: T.diag(v, -1), lambda v, m, c: np.diag(v, -1)),
    "join": (lambda v, m, c: T.join(1, m, m), lambda v, m, c: np.concatenate([m, m], 1)),
    "concatenate": (lambda v, m, c: T.concatenate([c, c], axis=-2), lambda v, m, c: np.concatenate([c, c], -2)),
    "join of dtypes": (lambda v, m, c: T.concatenate([v, T.arange(2)]), lambda v, m, c: np.concatenate([v, [0, 1]])),
    "stack": (lambda v, m, c: T.stack([m, m + 1], axis=1), lambda v, m, c: np.stack([m, m + 1], 1)),
    "stack of scalars": (lambda v, m, c: T.stack([v[0], v[1] * 2]), lambda v, m, c: np.array([0.0, 2.0])),
    "a list is stacked": (lambda v, m, c: T.as_tensor_variable([v[0], 1, v[3]]), lambda v, m, c: np.array([0.0, 1.0, 3.0])),
    "repeat": (lambda v, m, c: T.repeat(m, 2, axis=1), lambda v, m, c: np.repeat(m, 2, 1)),
    "repeat all": (lambda v, m, c: T.repeat(m, 3), lambda v, m, c: np.repeat(m, 3)),
    "tile": (lambda v, m, c: T.tile(m, (2, 3)), lambda v, m, c: np.tile(m, (2, 3))),
    "roll": (lambda v, m, c: T.roll(m, 1, axis=1), lambda v, m, c: np.roll(m, 1, 1)),
    "one hot": (lambda v, m, c: T.to_one_hot(T.as_tensor_variable(np.array([2, 0])), 3), lambda v, m, c: np.eye(3)[[2, 0]]),
}


@pytest.mark.parametrize("name", CASES)
def test_against_numpy(name):
    symbolic, plain = CASES[name]
    v, m, c = T.dvector("v"), T.dmatrix("m"), T.dtensor3("c")
    got = theano.function([v, m, c], symbolic(v, m, c), on_unused_input="ignore")(V, M, C)
    expected = plain(V, M, C)
    assert got.shape == expected.shape and got.dtype == expected.dtype
    np.testing.assert_array_equal(got, expected)


def test_split():
    x = T.dvector("x")
    parts = theano.function([x], T.split(x, [1, 0, 3], 3))(V)
    assert [list(p) for p in parts] == [[0.0], [], [1.0, 2.0, 3.0]]


@pytest.mark.parametrize("make", [
    lambda m: m.reshape((-1, -1)), lambda m: m.reshape((-2, 3)), lambda m: m.dimshuffle(0), lambda m: m.dimshuffle(0, 0),
    lambda m: m.dimshuffle(0, 5), lambda m: m.flatten(3), lambda m: T.zeros((-1,)), lambda m: m.reshape(T.lvector()),
    lambda m: m.transpose(0), lambda m: T.concatenate([]),
])
def test_refused_when_built(make):
    with pytest.raises((ValueError, IndexError)):
        make(T.dmatrix("m"))


@pytest.mark.parametrize("make", [
    lambda m, n: m.reshape((n, 5)), lambda m, n: m.reshape((n, -1)), lambda m, n: T.zeros((n - 100,)),
    lambda m, n: T.join(0, m, T.zeros((1, n))), lambda m, n: m + T.zeros((n, 1)).dimshuffle(0, 1), lambda m, n: T.addbroadcast(m, 0),
    lambda m, n: T.specify_shape(m, (n, 4)),
])
def test_refused_in_a_call(make):
    m, n = T.dmatrix("m"), T.lscalar("n")
    f = theano.function([m, n], make(m, n), on_unused_input="ignore")
    with pytest.raises((ValueError, AssertionError)):
        f(M, 7)


def test_patterns():
    r, m = T.drow("r"), T.dmatrix("m")
    assert (r + m).broadcastable == (False, False) and (r * 2).broadcastable == (True, False)
    assert T.addbroadcast(m, 0).broadcastable == (True, False) and T.unbroadcast(r, 0).broadcastable == (False, False)
    assert m.dimshuffle("x", 0, 1).broadcastable == (True, False, False)
    assert m.reshape((1, -1)).broadcastable == (True, False)
    assert T.patternbroadcast(m, (False, True)).broadcastable == (False, True)


@pytest.mark.parametrize("optimizer", ["fast_run", None])
def test_a_size_that_a_kernel_of_the_same_space_computes(optimizer):
    x = T.vector("x")
    single = T.arange(T.any(x, axis=0).dimshuffle("x").shape[0])
    f = theano.function([x], T.arange(single.shape[0]), mode=theano.Mode("cvm", optimizer))
    np.testing.assert_array_equal(f(np.ones(3)), [0])


def test_a_scalar_whose_size_another_scalar_gives():
    x = T.imatrix("x")
    part = x[x.shape[0] - 1:-860:3, :]
    f = theano.function([x], T.set_subtensor(part[-1:part.shape[0] // 2:3, -3], np.int32(-1)), mode=theano.Mode("cvm", None))
    assert f(np.zeros((1025, 3), "int32")).shape == (0, 3)
