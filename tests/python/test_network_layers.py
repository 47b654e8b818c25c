"""Batch normalisation, patches of images, confusion matrices and the softmax of two levels, against NumPy."""
import numpy as np
import pytest

import croton as theano
import croton.tensor as T
from croton.tensor.nnet import bn, neighbours

R = np.random.RandomState(3)


def variable(value):
    return T.TensorType(str(value.dtype), (False,) * value.ndim)()


def run(build, *values):
    variables = [variable(v) for v in values]
    return theano.function(variables, build(*variables), on_unused_input="ignore")(*values)


@pytest.mark.parametrize("axes, shape", [("per-activation", (5, 3)), ("spatial", (4, 3, 2, 2)), ((0, 2), (4, 3, 2)), (1, (4, 3))])
@pytest.mark.parametrize("whole", (False, True), ids=("short", "whole"))
def test_batch_normalisation(axes, shape, whole):
    over = {"per-activation": (0,), "spatial": (0, 2, 3)}.get(axes, axes if isinstance(axes, tuple) else (axes,))
    full = tuple(1 if a in over else n for a, n in enumerate(shape))
    short = full if whole else tuple(n for a, n in enumerate(shape) if a not in over)
    x = R.randn(*shape)
    gamma, beta, mean = (R.randn(*short) for _ in range(3))
    var = R.rand(*short) + 0.5
    m, v, count = x.mean(over, keepdims=True), x.var(over, keepdims=True), x.size // np.prod(full)
    spread = [p.reshape(full) for p in (gamma, beta, mean, var)]
    out, got_mean, inverse, new_mean, new_var = run(
        lambda *a: list(bn.batch_normalization_train(*a[:3], axes=axes, epsilon=1e-3, running_average_factor=0.25, running_mean=a[3],
                                                     running_var=a[4])), x, gamma, beta, mean, var)
    np.testing.assert_allclose(out, (x - m) / np.sqrt(v + 1e-3) * spread[0] + spread[1], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(got_mean, m.reshape(short), rtol=1e-10)
    np.testing.assert_allclose(inverse, 1 / np.sqrt(v + 1e-3).reshape(short), rtol=1e-10)
    np.testing.assert_allclose(new_mean, 0.75 * mean + 0.25 * m.reshape(short), rtol=1e-10)
    np.testing.assert_allclose(new_var, 0.75 * var + 0.25 * (v * count / (count - 1)).reshape(short), rtol=1e-10)
    fixed = run(lambda *a: bn.batch_normalization_test(*a, axes=axes), x, gamma, beta, mean, var)
    np.testing.assert_allclose(fixed, (x - spread[2]) / np.sqrt(spread[3] + 1e-4) * spread[0] + spread[1], rtol=1e-10, atol=1e-12)


def test_gradients_of_batch_normalisation():
    for axes, shape, short in (("per-activation", (4, 3), (3,)), ("spatial", (2, 3, 2, 2), (3,))):
        T.verify_grad(lambda x, g, b: bn.batch_normalization_train(x, g, b, axes=axes)[0], [R.randn(*shape), R.randn(*short), R.randn(*short)],
                      rng=R)


def patches(x, shape, step, mode):
    """The definition: zeros, or the other side, around the image; patches in the order of their places."""
    (c, d), (a, b) = shape, step
    if mode == "wrap_centered":
        rows = [[(i - (c - 1) // 2 + k) % x.shape[2] for k in range(c)] for i in range(0, x.shape[2], a)]
        columns = [[(j - (d - 1) // 2 + k) % x.shape[3] for k in range(d)] for j in range(0, x.shape[3], b)]
    else:
        reach = {"half": (c // 2, d // 2), "full": (c - 1, d - 1)}.get(mode, (0, 0))
        x = np.pad(x, ((0, 0), (0, 0), (reach[0],) * 2, (reach[1],) * 2))
        rows = [range(i, i + c) for i in range(0, x.shape[2] - c + 1, a)]
        columns = [range(j, j + d) for j in range(0, x.shape[3] - d + 1, b)]
    return np.array([x[n, k][np.ix_(r, s)].ravel() for n in range(x.shape[0]) for k in range(x.shape[1]) for r in rows for s in columns])


@pytest.mark.parametrize("mode, shape, step", [
    ("valid", (2, 2), None), ("valid", (2, 3), (1, 1)), ("valid", (1, 6), None), ("ignore_borders", (3, 4), None),
    ("ignore_borders", (2, 2), (2, 3)), ("wrap_centered", (3, 3), None), ("wrap_centered", (3, 5), (1, 1)), ("half", (3, 3), (1, 1)),
    ("full", (2, 3), (1, 1)), ("half", (3, 3), (3, 1))])
def test_patches_of_images(mode, shape, step):
    x = R.randn(2, 3, 4, 6)
    got = run(lambda v: neighbours.images2neibs(v, shape, step, mode), x)
    np.testing.assert_array_equal(got, patches(x, shape, step or shape, mode))


def test_patches_must_fill_the_images():
    with pytest.raises((TypeError, ValueError, AssertionError)):
        run(lambda v: neighbours.images2neibs(v, (3, 2)), np.zeros((1, 1, 4, 6)))
    for bad in (lambda: neighbours.images2neibs(T.matrix(), (2, 2)), lambda: neighbours.neibs2images(T.vector(), (2, 2), (1, 1, 4, 4)),
                lambda: neighbours.images2neibs(T.tensor4(), (2, 2), mode="other")):
        with pytest.raises((TypeError, ValueError, NotImplementedError)):
            bad()


def test_images_from_patches():
    x = R.randn(2, 3, 5, 7)
    whole = run(lambda v: neighbours.neibs2images(neighbours.images2neibs(v, (2, 3), mode="ignore_borders"), (2, 3), v.shape, "ignore_borders"), x)
    wanted = x.copy()
    wanted[:, :, 4:] = wanted[:, :, :, 6:] = 0
    np.testing.assert_array_equal(whole, wanted)
    T.verify_grad(lambda v: neighbours.images2neibs(v, (2, 2), (1, 1)), [R.randn(1, 2, 3, 4)], rng=R)


def test_confusion_matrix():
    actual, predicted = R.randint(0, 6, 40) * 2, R.randint(0, 5, 40) * 3
    counts, classes = run(lambda a, b: T.nnet.confusion_matrix(a, b), actual, predicted)
    np.testing.assert_array_equal(classes, np.unique(np.concatenate([actual, predicted])))
    wanted = [[np.sum((actual == a) & (predicted == b)) for b in classes] for a in classes]
    np.testing.assert_array_equal(counts, wanted)
    assert counts.dtype == "int64"
    with pytest.raises(ValueError):
        T.nnet.confusion_matrix(T.lmatrix(), T.lvector())


def test_softmax_of_two_levels():
    lines, features, classes, per_class, outputs = 4, 5, 3, 4, 11
    x, w1, b1 = R.randn(lines, features), R.randn(features, classes), R.randn(classes)
    w2, b2, target = R.randn(classes, features, per_class), R.randn(classes, per_class), R.randint(0, outputs, lines)

    def softmax(z):
        e = np.exp(z - z.max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True)
    inner = softmax(np.einsum("nf,cfo->nco", x, w2) + b2)
    wanted = (softmax(x.dot(w1) + b1)[:, :, None] * inner).reshape(lines, -1)[:, :outputs]
    sizes = (lines, outputs, classes, per_class)
    got = run(lambda x, w1, b1, w2, b2: T.nnet.h_softmax(x, *sizes, w1, b1, w2, b2), x, w1, b1, w2, b2)
    np.testing.assert_allclose(got, wanted, rtol=1e-10)
    chosen = run(lambda x, w1, b1, w2, b2, t: T.nnet.h_softmax(x, *sizes, w1, b1, w2, b2, t), x, w1, b1, w2, b2, target)
    np.testing.assert_allclose(chosen, wanted[np.arange(lines), target], rtol=1e-10)
