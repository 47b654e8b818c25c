"""croton.batch: an expression over items, over stacks of them."""

import numpy as np
import pytest

import croton
import croton as theano
import croton.tensor as T

R = np.random.RandomState(7)
XS, W, V = R.randn(5, 3), R.randn(3, 4), R.randn(5, 4)


def model(x, w):
    return T.tanh(T.dot(x, w))


ITEM_FUNCTIONS = {
    "dot": (lambda x, w: T.dot(x, w), lambda x, w: x @ w),
    "softmax": (lambda x, w: T.nnet.softmax(model(x, w))[0], lambda x, w: np.exp(np.tanh(x @ w)) / np.exp(np.tanh(x @ w)).sum()),
    "norm": (lambda x, w: T.sqrt((model(x, w) ** 2).sum()), lambda x, w: np.linalg.norm(np.tanh(x @ w))),
    "argmax": (lambda x, w: T.argmax(model(x, w)), lambda x, w: np.argmax(np.tanh(x @ w))),
    "slice": (lambda x, w: x[::-1][:2], lambda x, w: x[::-1][:2]),
    "gather": (lambda x, w: w[T.argmax(x)], lambda x, w: w[np.argmax(x)]),
    "set": (lambda x, w: T.set_subtensor(x[1], w.sum()), lambda x, w: np.array([x[0], w.sum(), x[2]])),
    "outer": (lambda x, w: T.outer(x, x), lambda x, w: np.outer(x, x)),
    "join": (lambda x, w: T.concatenate([x, w[0]]), lambda x, w: np.concatenate([x, w[0]])),
    "alone": (lambda x, w: w * 2, lambda x, w: w * 2),
}


@pytest.mark.parametrize("name", ITEM_FUNCTIONS)
def test_a_function_of_items(name):
    symbolic, reference = ITEM_FUNCTIONS[name]
    xs, w = T.dmatrix("xs"), T.dmatrix("w")
    f = theano.function([xs, w], croton.batch(symbolic, axes=(0, None))(xs, w), on_unused_input="ignore")
    np.testing.assert_allclose(f(XS, W), np.stack([reference(x, W) for x in XS]), rtol=1e-12)


def test_both_arguments_are_stacked():
    xs, vs, w = T.dmatrix("xs"), T.dmatrix("vs"), T.dmatrix("w")
    f = theano.function([xs, vs, w], croton.batch(lambda x, v, w: T.dot(T.dot(x, w), v), axes=(0, 0, None))(xs, vs, w))
    np.testing.assert_allclose(f(XS, V, W), [x @ W @ v for x, v in zip(XS, V)], rtol=1e-12)
    with pytest.raises(ValueError):
        f(XS, V[:4], W)


def test_gradients_of_every_example():
    x, w, xs = T.dvector("x"), T.dmatrix("w"), T.dmatrix("xs")
    cost = (model(x, w) ** 2).sum()
    every = croton.batch(T.grad(cost, w), {x: xs})
    f, one = theano.function([xs, w], every), theano.function([x, w], T.grad(cost, w))
    np.testing.assert_allclose(f(XS, W), np.stack([one(row, W) for row in XS]), rtol=1e-12)
    assert every.ndim == 3


def test_the_gradient_of_a_batch():
    x, w, xs = T.dvector("x"), T.dmatrix("w"), T.dmatrix("xs")
    norms = croton.batch(T.sqrt((model(x, w) ** 2).sum()), {x: xs})
    f = theano.function([xs, w], T.grad(norms.sum(), [xs, w]))
    T.verify_grad(lambda a, b: croton.batch(lambda x, w: T.sqrt((model(x, w) ** 2).sum()), axes=(0, None))(a, b).sum(),
                  [XS, W], rng=np.random.RandomState(1))
    assert [g.shape for g in f(XS, W)] == [XS.shape, W.shape]


def test_several_outputs_and_batches_of_batches():
    x, xs = T.dvector("x"), T.dmatrix("xs")
    largest, smallest = croton.batch([x.max(), x.min()], {x: xs})
    f = theano.function([xs], [largest, smallest])
    np.testing.assert_array_equal(f(XS), [XS.max(axis=1), XS.min(axis=1)])
    cube = T.dtensor3("cube")
    g = theano.function([cube], croton.batch(croton.batch(lambda v: T.exp(v).sum()))(cube))
    data = R.randn(2, 3, 4)
    np.testing.assert_allclose(g(data), np.exp(data).sum(axis=2))


@pytest.mark.parametrize(
    "wrong, error",
    [
        (lambda x, xs: croton.batch(3), TypeError),
        (lambda x, xs: croton.batch(x * 2, {}), ValueError),
        (lambda x, xs: croton.batch(x * 2, {x: x}), TypeError),
        (lambda x, xs: croton.batch(x * 2, {x: T.fmatrix()}), TypeError),
        (lambda x, xs: croton.batch(lambda a: a, axes=(0, 0))(xs), ValueError),
        (lambda x, xs: croton.batch(lambda a: a, axes=(1,))(xs), ValueError),
        (lambda x, xs: croton.batch(lambda a: a)(T.dscalar()), ValueError),
    ],
)
def test_wrong_use(wrong, error):
    with pytest.raises(error):
        wrong(T.dvector("x"), T.dmatrix("xs"))
