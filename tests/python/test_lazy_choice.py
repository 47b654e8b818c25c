"""ifelse computes, checks and calls only what the chosen side needs."""

import numpy as np
import pytest

import croton as theano
import croton.tensor as T
from croton.ifelse import ifelse

X = np.arange(12.0).reshape(3, 4) / 7
Y = np.cos(X)


class Counted(theano.Op):
    """The identity, counting its runs."""

    itypes, otypes = [T.dmatrix], [T.dmatrix]

    def __init__(self):
        self.runs = 0

    def perform(self, node, inputs, output_storage):
        self.runs += 1
        output_storage[0][0] = inputs[0].copy()


@pytest.fixture
def variables():
    return T.lscalar("c"), T.dmatrix("x"), T.dmatrix("y")


@pytest.mark.parametrize("mode", ["FAST_RUN", "FAST_COMPILE"])
def test_only_the_chosen_side_runs(variables, mode):
    c, x, y = variables
    left, right = Counted(), Counted()
    f = theano.function([c, x, y], ifelse(c, left(x) + 1, right(T.exp(y)) * 2), mode=mode)
    np.testing.assert_allclose(f(1, X, Y), X + 1)
    assert (left.runs, right.runs) == (1, 0)
    np.testing.assert_allclose(f(0, X, Y), np.exp(Y) * 2)
    assert (left.runs, right.runs) == (1, 1)


def test_what_both_need_runs_once(variables):
    c, x, y = variables
    op = Counted()
    shared_part = op(x)
    f = theano.function([c, x], [ifelse(c, shared_part * 2, T.tanh(shared_part)), shared_part.sum()])
    for k, want in [(1, X * 2), (0, np.tanh(X))]:
        value, total = f(k, X)
        np.testing.assert_allclose(value, want)
        np.testing.assert_allclose(total, X.sum())
    assert op.runs == 2


def test_checks_of_the_other_side_do_not_run(variables):
    c, x, y = variables
    f = theano.function([c, x, y], [ifelse(c, (x + y).sum(axis=0), x.sum(axis=0)), y.sum(axis=1)])
    short = Y[:2]
    value, rest = f(0, X, short)
    np.testing.assert_allclose(value, X.sum(axis=0))
    np.testing.assert_allclose(rest, short.sum(axis=1))  # y has sizes of its own here
    with pytest.raises(ValueError, match="mis-match"):
        f(1, X, short)


def test_nested_with_other_shapes_and_gradients(variables):
    n, x, y = variables
    z = ifelse(T.eq(n, 0), x[0], ifelse(T.eq(n, 1), y[:, 0], (x * y)[1:].sum(axis=1)))
    f = theano.function([n, x, y], [z * 2, z.shape[0]])
    g = theano.function([n, x, y], T.grad(z.sum(), [x, y]))
    first, column, last = np.zeros((3, 4)), np.zeros((3, 4)), np.ones((3, 4))
    first[0], column[:, 0], last[0] = 1, 1, 0
    values = [X[0], Y[:, 0], (X * Y)[1:].sum(axis=1)]
    gradients = [(first, 0 * Y), (0 * X, column), (last * Y, last * X)]
    for k in range(3):
        value, length = f(k, X, Y)
        np.testing.assert_allclose(value, values[k] * 2)
        assert length == len(values[k])
        for got, want in zip(g(k, X, Y), gradients[k]):
            np.testing.assert_allclose(got, want)


def test_several_values_and_shared_state(variables):
    c, x, y = variables
    p, q = ifelse(c, [x + 1, y], [y, x * 3])
    f = theano.function([c, x, y], [p, q, p + q])
    for k, want in [(1, [X + 1, Y]), (0, [Y, X * 3])]:
        for got, expected in zip(f(k, X, Y), want + [want[0] + want[1]]):
            np.testing.assert_allclose(got, expected)
    state = theano.shared(np.arange(3.0))
    step = theano.function([c], ifelse(c, state, state * 2), updates=[(state, ifelse(c, state + 1, state))])
    before = step(1)
    np.testing.assert_allclose(before, [0, 1, 2])
    np.testing.assert_allclose(step(0), [2, 4, 6])
    np.testing.assert_allclose(before, [0, 1, 2])
    np.testing.assert_allclose(state.get_value(), [1, 2, 3])


def test_an_index_error_of_the_chosen_side_only(variables):
    c, x, y = variables
    i = T.lvector("i")
    f = theano.function([c, x, i], ifelse(c, x[i].sum(), x.sum()))
    np.testing.assert_allclose(f(0, X, [7]), X.sum())
    with pytest.raises(IndexError):
        f(1, X, [7])
