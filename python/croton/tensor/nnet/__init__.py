"""Activations and losses of neural networks (Theano's theano.tensor.nnet)."""
from ... import _core, _missing
from ..._convert import as_tensor_variable
from ..._ops import Elemwise, classes as _classes
from ..._variable import wrap

sigmoid = Elemwise("sigmoid")
softplus = Elemwise("softplus")
Softmax, LogSoftmax, SoftmaxGrad = (_classes[name] for name in ("Softmax", "LogSoftmax", "SoftmaxGrad"))
softmax_op = Softmax("softmax")


def softmax(c):
    """exp(c) / sum(exp(c)) along the last axis. A vector gives a matrix of one row."""
    return wrap(_core.softmax(as_tensor_variable(c)._var, False))


def logsoftmax(c):
    """log(softmax(c)), without overflow."""
    return wrap(_core.softmax(as_tensor_variable(c)._var, True))


def softmax_graph(c):
    """softmax() written with exp and sum."""
    from .. import exp, sum
    c = as_tensor_variable(c)
    return exp(c) / sum(exp(c), axis=-1, keepdims=True)


def softmax_with_bias(x, b):
    """softmax(x + b)."""
    return softmax(as_tensor_variable(x) + b)


def relu(x, alpha=0):
    """x where positive, else alpha * x."""
    x = as_tensor_variable(x)
    plain = isinstance(alpha, (int, float)) and alpha == 0
    return wrap(_core.relu(x._var, None if plain else as_tensor_variable(alpha)._var))


def elu(x, alpha=1):
    """x where positive, else alpha * (exp(x) - 1)."""
    from .. import expm1, switch
    x = as_tensor_variable(x)
    return switch(x > 0, x, alpha * expm1(x))


def selu(x):
    """elu() scaled so that means and variances stay."""
    return 1.0507009873554804934193349852946 * elu(x, 1.6732632423543772848170429916717)


def softsign(x):
    """x / (1 + |x|)."""
    return wrap(_core.softsign(as_tensor_variable(x)._var))


def hard_sigmoid(x):
    """0.2 x + 0.5, clipped to [0, 1]."""
    return wrap(_core.hard_sigmoid(as_tensor_variable(x)._var))


def ultra_fast_sigmoid(x):
    """Theano's approximation of the sigmoid by three pieces, of error below 0.03. The sigmoid itself is as fast here."""
    from .. import abs_, sgn, switch
    half = 0.5 * as_tensor_variable(x)
    size = abs_(half)
    near = 1.5 * size / (1 + size)
    middle = 0.935409070603099 + 0.0458812946797165 * (size - 1.7)
    return 0.5 * (sgn(half) * switch(size < 1.7, near, switch(size < 3, middle, 0.99505475368673)) + 1)


def binary_crossentropy(output, target):
    """-(t log(o) + (1 - t) log(1 - o)), for each element."""
    return wrap(_core.binary_crossentropy(as_tensor_variable(output)._var, as_tensor_variable(target)._var))


def sigmoid_binary_crossentropy(output, target):
    """binary_crossentropy(sigmoid(output), target), without overflow."""
    return wrap(_core.sigmoid_binary_crossentropy(as_tensor_variable(output)._var, as_tensor_variable(target)._var))


def categorical_crossentropy(coding_dist, true_dist):
    """-sum(t log(c)) of each row; the truth is rows like them, or the positions of the ones."""
    return wrap(_core.categorical_crossentropy(as_tensor_variable(coding_dist)._var, as_tensor_variable(true_dist)._var))


def crossentropy_softmax_1hot_with_bias(x, b, y_idx, **options):
    """(categorical_crossentropy(softmax(x + b), y_idx), softmax(x + b))."""
    return crossentropy_softmax_1hot(as_tensor_variable(x) + b, y_idx)


def crossentropy_softmax_1hot(x, y_idx, **options):
    """(categorical_crossentropy(softmax(x), y_idx), softmax(x))."""
    p = softmax(x)
    return categorical_crossentropy(p, y_idx), p


def crossentropy_softmax_argmax_1hot_with_bias(x, b, y_idx, **options):
    """The losses, the softmax, and the position of the largest of each row."""
    from .. import argmax
    loss, p = crossentropy_softmax_1hot_with_bias(x, b, y_idx)
    return loss, p, argmax(p, axis=1)


def crossentropy_softmax_max_and_argmax_1hot_with_bias(x, b, y_idx, **options):
    """The losses, the softmax, the largest of each row and its position."""
    from .. import max_and_argmax
    loss, p = crossentropy_softmax_1hot_with_bias(x, b, y_idx)
    return [loss, p] + max_and_argmax(p, axis=1)


def crossentropy_softmax_max_and_argmax_1hot(x, y_idx, **options):
    """The same without a bias."""
    from .. import max_and_argmax
    loss, p = crossentropy_softmax_1hot(x, y_idx)
    return [loss, p] + max_and_argmax(p, axis=1)


def confusion_matrix(actual, pred):
    """[counts, classes]: how often each class was taken for each other one; both are vectors of classes."""
    from .. import concatenate, dot, eq, neq, nonzero, ones_like, sort
    actual, pred = as_tensor_variable(actual), as_tensor_variable(pred)
    for name, x in (("actual", actual), ("pred", pred)):
        if x.ndim != 1:
            raise ValueError("%s should be 1-d tensor variable" % name)
    classes = sort(concatenate([actual, pred]))
    is_new = concatenate([ones_like(classes[:1], dtype="bool"), neq(classes[1:], classes[:-1])])
    classes = classes[nonzero(is_new)[0]]
    hot = [eq(x.dimshuffle(0, "x"), classes.dimshuffle("x", 0)).astype("float64") for x in (actual, pred)]
    return [dot(hot[0].T, hot[1]).astype("int64"), classes]


def h_softmax(x, batch_size, n_outputs, n_classes, n_outputs_per_class, W1, b1, W2, b2, target=None):
    """The softmax over outputs in classes: of the class (W1, b1) times that within the class (W2, b2, a stack with one item per
    class). With a target for each line only its probability, else those of all outputs."""
    from .. import arange, batched_dot, dot, tensordot
    class_probs = softmax(dot(x, W1) + b1)
    if target is None:
        inner = tensordot(x, W2, [[1], [1]]) + b2.dimshuffle("x", 0, 1)
        inner = softmax(inner.reshape((-1, n_outputs_per_class), ndim=2)).reshape((batch_size, n_classes, -1), ndim=3)
        outer = class_probs.dimshuffle(0, 1, "x") * inner
        return outer.reshape((batch_size, -1), ndim=2)[:, :n_outputs]
    target = as_tensor_variable(target).flatten()
    of_class, within = target // n_outputs_per_class, target % n_outputs_per_class
    inner = softmax(batched_dot(x, W2[of_class]) + b2[of_class])
    lines = arange(batch_size)
    return class_probs[lines, of_class] * inner[lines, within]


from . import bn, neighbours  # noqa: E402
from .bn import batch_normalization, batch_normalization_test, batch_normalization_train  # noqa: E402

__getattr__, __dir__ = _missing.attributes(__name__, globals())
