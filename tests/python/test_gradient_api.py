"""Gradients from Python: forms of the calls, what stops a gradient, products with Jacobians, checks by finite differences."""
import numpy as np
import pytest

import croton as theano
import croton.tensor as T
from croton import function, gradient, shared


def value_of(inputs, output, *values):
    return function(inputs, output, on_unused_input="ignore")(*values)


def test_forms_of_wrt():
    x, y = T.dscalars("x", "y")
    cost = x ** 2 * y
    one, many, both = T.grad(cost, x), T.grad(cost, [x, y]), T.grad(cost, (x, y))
    assert not isinstance(one, (list, tuple)) and isinstance(many, list) and isinstance(both, tuple)
    assert [float(v) for v in value_of([x, y], [one] + many + list(both), 2.0, 3.0)] == [12, 12, 4, 12, 4]


def test_wrt_may_be_shared_or_intermediate():
    w, x = shared(np.array([1.0, 2])), T.dvector()
    h = x * w
    gradients = value_of([x], T.grad((h ** 2).sum(), [w, h, x]), np.array([3.0, 4]))
    for found, expected in zip(gradients, [[18, 64], [6, 16], [6, 32]]):
        np.testing.assert_allclose(found, expected)


def test_names():
    x = T.dscalar("x")
    cost = x ** 2
    cost.name = "cost"
    assert T.grad(cost, x).name == "(dcost/dx)"
    assert T.grad(cost, x, add_names=False).name is None


@pytest.mark.parametrize("mode, kind", [("raise", theano.gradient.DisconnectedInputError), ("maybe", ValueError)])
def test_disconnected_inputs_raise(mode, kind):
    x, y = T.dscalars("x", "y")
    with pytest.raises(kind):
        T.grad(x ** 2, y, disconnected_inputs=mode)


def test_disconnected_inputs_give_zero():
    x, y = T.dscalars("x", "y")
    found = T.grad(x ** 2, [x, y], disconnected_inputs="ignore")
    assert [float(v) for v in value_of([x, y], found, 2.0, 3.0)] == [4, 0]
    with pytest.warns(UserWarning):
        T.grad(x ** 2, y, disconnected_inputs="warn")
    options = dict(disconnected_inputs="ignore")
    assert T.grad(x ** 2, [x, y], return_disconnected="None", **options)[1] is None
    assert type(T.grad(x ** 2, [x, y], return_disconnected="Disconnected", **options)[1].type).__name__ == "DisconnectedType"


def test_consider_constant_and_known_gradients():
    x, gy = T.dvector("x"), T.dvector("gy")
    a, value = x ** 2, np.array([1.0, 2, 3])
    cost = (a * x).sum()
    np.testing.assert_allclose(value_of([x], T.grad(cost, x), value), 3 * value ** 2)
    np.testing.assert_allclose(value_of([x], T.grad(cost, x, consider_constant=[a]), value), value ** 2)
    y = T.tanh(x)
    found = value_of([x, gy], T.grad(None, x, known_grads={y: gy}), value, value + 1)
    np.testing.assert_allclose(found, (value + 1) * (1 - np.tanh(value) ** 2))


def test_stops():
    x = T.dscalar()
    assert value_of([x], T.grad(x * gradient.zero_grad(x ** 2), x), 3.0) == 9
    assert value_of([x], T.grad(x * gradient.disconnected_grad(x ** 2), x), 3.0) == 9
    assert value_of([x], T.grad(gradient.zero_grad(x ** 2), x), 3.0) == 0
    with pytest.raises(gradient.DisconnectedInputError):
        T.grad(gradient.disconnected_grad(x ** 2), x)


@pytest.mark.parametrize("cost, kind, text", [
    (lambda x: x ** 2, TypeError, "cost must be a scalar"), (lambda x: None, (ValueError, AssertionError), "cost"), (lambda x: 3, TypeError, ""),
])
def test_costs_that_cannot_be(cost, kind, text):
    x = T.dvector("x")
    with pytest.raises(kind, match=text or None):
        T.grad(cost(x), x)


def test_integers_have_float_gradients():
    i, s = T.lscalar("i"), T.dscalar("s")
    assert T.grad(i * s, i).dtype == "float64"
    assert [float(v) for v in value_of([i, s], T.grad(i * s, [i, s]), 3, 2.0)] == [2, 3]


def test_higher_derivatives():
    x = T.dscalar()
    d = T.exp(x * 2) + x ** 5
    for expected in (lambda v: 2 * np.exp(2 * v) + 5 * v ** 4, lambda v: 4 * np.exp(2 * v) + 20 * v ** 3,
                     lambda v: 8 * np.exp(2 * v) + 60 * v ** 2):
        d = T.grad(d, x)
        np.testing.assert_allclose(value_of([x], d, 0.7), expected(0.7))


def test_products_with_the_jacobian(rng):
    x, w, e = T.dvector("x"), T.dmatrix("w"), T.dvector("e")
    a, m, v = rng.normal(size=3), rng.normal(size=(2, 3)), rng.normal(size=3)
    y = T.tanh(T.dot(w, x))
    right, left = value_of([x, w, e], [T.Rop(y, x, e), T.Lop(y, x, T.ones((2,)))], a, m, v)
    slope = (1 - np.tanh(m @ a) ** 2)[:, None] * m
    np.testing.assert_allclose(right, slope @ v)
    np.testing.assert_allclose(left, slope.sum(0))


def test_hessian_times_vector_in_two_ways(rng):
    x, e = T.dvector("x"), T.dvector("e")
    g = T.grad(T.sum(x ** 2 * T.exp(x[::-1])), x)
    a, b = value_of([x, e], [T.grad((g * e).sum(), x), T.Rop(g, x, e)], rng.normal(size=4), rng.normal(size=4))
    np.testing.assert_allclose(a, b)


def test_gradients_of_a_part():
    x = T.dvector("x")
    w1, w2 = shared(np.full((2, 3), 0.3)), shared(np.full((3, 2), 0.2))
    hidden = T.tanh(T.dot(x, w1))
    cost = T.sqr(T.tanh(T.dot(hidden, w2))).sum()
    upper, after = theano.subgraph_grad(wrt=[w2], end=[hidden], cost=cost)
    lower, _ = theano.subgraph_grad(wrt=[w1], end=[x], start=dict(zip([hidden], after)))
    found = value_of([x], [lower[0], upper[0]] + T.grad(cost, [w1, w2]), np.array([1.0, 2]))
    np.testing.assert_allclose(found[0], found[2])
    np.testing.assert_allclose(found[1], found[3])


CHECKED = {
    "elementwise": lambda x: T.tanh(x) * T.exp(-x) + T.log1p(x ** 2),
    "broadcast": lambda x: x + x.sum(axis=0) * x.mean(axis=1, keepdims=True),
    "product": lambda x: T.dot(x, x.T),
    "softmax": lambda x: T.nnet.softmax(x),
    "log of softmax": lambda x: T.log(T.nnet.softmax(x)),
    "index": lambda x: x[1:, ::-1] * 2,
    "gather": lambda x: x[[0, 1, 1], [1, 0, 2]],
    "set": lambda x: T.set_subtensor(x[0], x[1] ** 2),
    "increment": lambda x: T.inc_subtensor(x[:, 1], x[:, 0]),
    "maximum": lambda x: x.max(axis=1),
    "join and reshape": lambda x: T.concatenate([x, x ** 2], axis=1).reshape((3, 4)),
    "switch": lambda x: T.switch(x > 0, x, x ** 3),
}


@pytest.mark.parametrize("name", CHECKED)
def test_against_finite_differences(name, rng):
    gradient.verify_grad(CHECKED[name], [rng.normal(size=(2, 3))], rng=rng)


def test_a_wrong_gradient_is_found(rng):
    with pytest.raises(Exception, match="(?i)gradient"):
        gradient.verify_grad(lambda x: gradient.zero_grad(x ** 2), [np.array([1.0, 2])], rng=rng)


@pytest.mark.parametrize("name", ["sigmoid", "softplus", "relu", "elu", "selu", "softsign", "hard_sigmoid", "softmax", "logsoftmax",
                                  "ultra_fast_sigmoid"])
def test_activations(name, rng):
    value = rng.normal(size=(3, 4)) * 2
    exp = np.exp(value - value.max(1, keepdims=True))
    expected = {
        "sigmoid": lambda v: 1 / (1 + np.exp(-v)), "softplus": lambda v: np.log1p(np.exp(v)), "relu": lambda v: np.maximum(v, 0),
        "elu": lambda v: np.where(v > 0, v, np.expm1(v)), "softsign": lambda v: v / (1 + abs(v)),
        "selu": lambda v: 1.0507009873554805 * np.where(v > 0, v, 1.6732632423543772 * np.expm1(v)),
        "hard_sigmoid": lambda v: np.clip(0.2 * v + 0.5, 0, 1), "softmax": lambda v: exp / exp.sum(1, keepdims=True),
        "logsoftmax": lambda v: np.log(exp / exp.sum(1, keepdims=True)), "ultra_fast_sigmoid": lambda v: 1 / (1 + np.exp(-v))}[name](value)
    x = T.dmatrix()
    tolerance = 0.03 if name == "ultra_fast_sigmoid" else 1e-12
    np.testing.assert_allclose(value_of([x], getattr(T.nnet, name)(x), value), expected, rtol=tolerance, atol=tolerance)
    if name != "ultra_fast_sigmoid":
        gradient.verify_grad(getattr(T.nnet, name), [value], rng=rng)


def test_losses(rng):
    p, t, y = rng.uniform(0.1, 0.9, (4, 3)), rng.uniform(0, 1, (4, 3)), np.array([0, 2, 1, 1], "int32")
    x, target, labels = T.dmatrix(), T.dmatrix(), T.ivector()
    np.testing.assert_allclose(value_of([x, target], T.nnet.binary_crossentropy(x, target), p, t), -(t * np.log(p) + (1 - t) * np.log(1 - p)))
    np.testing.assert_allclose(value_of([x, target], T.nnet.categorical_crossentropy(x, target), p, t), -(t * np.log(p)).sum(1))
    np.testing.assert_allclose(value_of([x, labels], T.nnet.categorical_crossentropy(x, labels), p, y), -np.log(p[range(4), y]))
    logits = np.log(p / (1 - p))
    np.testing.assert_allclose(value_of([x, target], T.nnet.sigmoid_binary_crossentropy(x, target), logits, t),
                               -(t * np.log(p) + (1 - t) * np.log(1 - p)))
    zero = value_of([x, target], T.grad(T.nnet.sigmoid_binary_crossentropy(x, target).sum(), x), np.zeros((1, 1)), np.full((1, 1), 0.3))
    np.testing.assert_allclose(zero, 0.2)


def test_softmax_of_a_vector_is_a_row():
    x = T.dvector()
    assert T.nnet.softmax(x).broadcastable == (True, False)
    assert value_of([x], T.nnet.softmax(x), np.zeros(4)).shape == (1, 4)


def test_jacobians(rng):
    x, w = T.dvector("x"), T.dmatrix("w")
    a, m = rng.normal(size=3), rng.normal(size=(2, 3))
    y = x ** 2 * x.sum()
    found = gradient.jacobian(y, x)
    assert found.broadcastable == (False, False)
    np.testing.assert_allclose(value_of([x], found, a), np.diag(2 * a * a.sum()) + (a ** 2)[:, None])
    by_x, by_w = value_of([x, w], gradient.jacobian(T.tanh(T.dot(w, x)), [x, w]), a, m)
    slope = 1 - np.tanh(m @ a) ** 2
    np.testing.assert_allclose(by_x, slope[:, None] * m)
    np.testing.assert_allclose(by_w, np.einsum("i,ij,k->ijk", slope, np.eye(2), a))
    with pytest.raises(ValueError):
        gradient.jacobian(w, x)


def test_hessians(rng):
    x, a = T.dvector("x"), rng.normal(size=3)
    found = value_of([x], gradient.hessian((x ** 3).sum() + x[0] * x[1], x), a)
    expected = np.diag(6 * a)
    expected[0, 1] = expected[1, 0] = 1
    np.testing.assert_allclose(found, expected)
