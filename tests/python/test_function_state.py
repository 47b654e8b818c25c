"""function(): shared variables, updates, givens, clone, OpFromGraph, and ops written in Python."""
import copy
import pickle
from collections import OrderedDict

import numpy as np
import pytest

import croton as theano
import croton.tensor as T
from croton import function, shared


def test_values_of_shared_variables():
    s = shared(np.array([1.0, 2, 3]), name="s")
    copy = s.get_value()
    copy[0] = 99
    np.testing.assert_array_equal(s.get_value(), [1, 2, 3])
    s.set_value(np.array([4.0, 5]))
    np.testing.assert_array_equal(s.get_value(), [4, 5])
    s.set_value(np.ones(2, "float32"))
    assert s.get_value().dtype == np.float64 and s.name == "s"
    s.container.value = np.array([3.0])
    assert s.container.data[0] == 3 and s.container.storage[0][0] == 3
    s.set_value(np.ones(2))
    s.zero()
    np.testing.assert_array_equal(s.get_value(), [0, 0])


def test_borrowed_values():
    value = np.zeros(3)
    copied, aliased = shared(value), shared(value, borrow=True)
    value[0] = 7
    assert copied.get_value()[0] == 0 and aliased.get_value()[0] == 7
    assert copied.get_value(borrow=True) is copied.get_value(borrow=True)
    before = copied.get_value(borrow=True)
    function([], [], updates=[(copied, copied + 1)])()
    np.testing.assert_array_equal(before, [0, 0, 0])
    np.testing.assert_array_equal(copied.get_value(borrow=True), [1, 1, 1])


@pytest.mark.parametrize("value, dtype, ndim", [(1, "int64", 0), (1.5, "float64", 0), (True, "bool", 0), (np.float32(2), "float32", 0),
                                                (np.zeros((2, 3), "int8"), "int8", 2), (np.zeros((0, 3)), "float64", 2)])
def test_types_of_shared_variables(value, dtype, ndim):
    s = shared(value)
    assert (s.dtype, s.ndim, s.broadcastable) == (dtype, ndim, (False,) * ndim)


@pytest.mark.parametrize("bad", [np.zeros((2, 2)), np.ones(2, "complex128"), "text", None])
def test_values_that_do_not_fit(bad):
    s = shared(np.zeros(3))
    with pytest.raises(TypeError):
        s.set_value(bad)
    np.testing.assert_array_equal(s.get_value(), [0, 0, 0])


@pytest.mark.parametrize("bad", [T.dscalar(), "text", None, object(), np.array(["a"]), {}])
def test_what_cannot_be_shared(bad):
    with pytest.raises(TypeError):
        shared(bad)


def test_broadcastable_shared_variables():
    s = shared(np.ones((1, 3)), broadcastable=(True, False))
    x = T.dmatrix()
    np.testing.assert_array_equal(function([x], x + s)(np.ones((2, 3))), np.full((2, 3), 2.0))


def test_updates_use_old_values():
    a, b = shared(1.0), shared(2.0)
    f = function([], [a, b], updates=[(a, b), (b, a + b)])
    assert [[float(v) for v in f()] for _ in range(3)] == [[1, 2], [2, 3], [3, 5]]
    assert (a.get_value(), b.get_value()) == (5, 8)


@pytest.mark.parametrize("kind", [list, dict, OrderedDict, theano.OrderedUpdates, tuple])
def test_forms_of_updates(kind):
    a, x = shared(1.0), T.dscalar()
    f = function([x], a * x, updates=kind([(a, a + x)]))
    assert [f(2.0), f(3.0), f(1.0)] == [2, 9, 6]


def test_an_update_may_be_a_number_or_know_more():
    a, m = shared(1.0), shared(np.ones((1, 2)))
    function([], [], updates=[(a, 5), (m, T.ones((1, 2)) * 3)])()
    assert a.get_value() == 5
    np.testing.assert_array_equal(m.get_value(), [[3, 3]])


def test_an_update_may_change_sizes():
    a = shared(np.ones(2))
    grow = function([], a.shape[0], updates=[(a, T.concatenate([a, a]))])
    assert [int(grow()) for _ in range(4)] == [2, 4, 8, 16]


def test_default_updates():
    s = shared(0)
    s.default_update = s + 1
    f, g = function([], s), function([], s, no_default_updates=True)
    h, k = function([], s, updates=[(s, s + 10)]), function([], s * 2, no_default_updates=[s])
    assert [int(v) for v in (f(), f(), g(), h(), f(), k(), g())] == [0, 1, 2, 2, 12, 26, 13]


def test_default_updates_reach_further_ones():
    a, b = shared(1.0), shared(10.0)
    a.default_update, b.default_update = a + b, b * 2
    f = function([], a)
    assert [float(f()) for _ in range(3)] == [1, 11, 31]


def test_nothing_changes_when_a_call_fails():
    a, b, x = shared(1.0), shared(np.zeros(2)), T.dvector("x")
    f = function([x], [], updates=[(a, a + 1), (b, b + x)])
    with pytest.raises(ValueError):
        f(np.ones(3))
    assert a.get_value() == 1
    np.testing.assert_array_equal(b.get_value(), [0, 0])
    f(np.ones(2))
    assert a.get_value() == 2


def test_givens():
    data, i, x = shared(np.arange(6.0).reshape(3, 2)), T.lscalar(), T.dvector("x")
    f = function([i], (x ** 2).sum(), givens={x: data[i]})
    assert (f(0), f(2)) == (1, 41)
    w, other = shared(np.array([1.0, 2])), shared(np.array([10.0, 20]))
    y = x * w
    z = y + 1
    one = np.ones(2)
    np.testing.assert_array_equal(function([x], z, givens=[(w, other)])(one), [11, 21])
    np.testing.assert_array_equal(function([x], z, givens={y: x - 5})(one), [-3, -3])
    np.testing.assert_array_equal(function([], z, givens={x: T.constant(np.array([3.0, 3]))})(), [4, 7])
    np.testing.assert_array_equal(function([], z, givens={x: np.array([3.0, 3])})(), [4, 7])


def test_givens_reach_updates():
    a, x, y = shared(1.0), T.dscalar("x"), T.dscalar("y")
    f = function([y], a, updates=[(a, a + x)], givens={x: y * 10})
    f(2)
    assert a.get_value() == 21


def test_copies_of_functions():
    s, n, x = shared(0.0), shared(100.0), T.dscalar("x")
    f = function([x], s + x, updates=[(s, s + x)])
    g, h = f.copy(swap={s: n}), f.copy(delete_updates=True)
    assert [float(v) for v in (f(1), g(1), g(1), h(5), f(1))] == [1, 101, 102, 6, 2]
    assert (s.get_value(), n.get_value()) == (2, 102)


def test_clone_with_replacements():
    x, y, w = T.dvector("x"), T.dvector("y"), shared(np.array([2.0, 2]))
    z = (x * w).sum()
    outputs = [z, theano.clone(z, replace={x: y + 1}), theano.clone(z, {w: T.constant(np.array([5.0, 5]))})]
    outputs += theano.clone([z, x * 3], replace=[(x, y)])
    a, b = np.array([1.0, 2]), np.array([3.0, 4])
    results = function([x, y], outputs)(a, b)
    for result, expected in zip(results, [6, 18, 15, 14, b * 3]):
        np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("inline", [False, True])
def test_op_from_graph(inline):
    x, s = T.dvector(), shared(np.array([1.0, 2]))
    op = theano.OpFromGraph([x], [x * s, x.sum()], inline=inline)
    p, q = op(x + 1)
    value = np.array([3.0, 4])
    a, b, g = function([x], [p, q, T.grad((p ** 2).sum() + q, x)])(value)
    np.testing.assert_allclose(a, (value + 1) * [1, 2])
    np.testing.assert_allclose(b, 9)
    np.testing.assert_allclose(g, 2 * (value + 1) * np.array([1, 4]) + 1)


# ---------------------------------------------------------------------------------------------- ops written in Python


class Scaled(theano.Op):
    __props__ = ("factor",)

    def __init__(self, factor):
        self.factor = factor

    def make_node(self, x):
        x = T.as_tensor_variable(x)
        return theano.Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0] * self.factor

    def infer_shape(self, node, shapes):
        return shapes

    def grad(self, inputs, gradients):
        return [gradients[0] * self.factor]

    def R_op(self, inputs, eval_points):
        return self.grad(inputs, eval_points)


def test_an_op_in_python():
    x, e = T.dmatrix("x"), T.dmatrix("e")
    y = Scaled(3.0)(x)
    assert Scaled(3.0) == Scaled(3.0) and Scaled(3.0) != Scaled(2.0) and str(Scaled(2)) == "Scaled{factor=2}"
    assert y.owner.op == Scaled(3.0) and y.owner.inputs == [x]
    value = np.arange(6.0).reshape(2, 3)
    results = function([x, e], [y + 1, y.shape, T.grad((y ** 2).sum(), x), T.Rop(y, x, e)])(value, value + 1)
    for result, expected in zip(results, [value * 3 + 1, [2, 3], 18 * value, 3 * (value + 1)]):
        np.testing.assert_allclose(result, expected)


def test_as_op():
    @theano.as_op(itypes=[T.dvector, T.dvector], otypes=[T.dvector, T.dscalar])
    def ordered(a, b):
        return np.sort(a + b), np.asarray((a + b).max())
    x = T.dvector("x")
    y, largest = ordered(x + 1, x)
    results = function([x], [y * 2, largest])(np.array([2.0, 1]))
    np.testing.assert_array_equal(results[0], [6, 10])
    assert results[1] == 5
    with pytest.raises(Exception):
        T.grad(y.sum(), x)


def test_errors_in_python_ops_come_through():
    class Broken(Scaled):
        def perform(self, node, inputs, output_storage):
            raise KeyError("inside perform")
    x = T.dvector()
    f = function([x], Broken(1)(x))
    with pytest.raises(KeyError, match="inside perform"):
        f(np.ones(2))


def test_inputs_of_python_ops_are_their_own():
    class Writes(Scaled):
        def perform(self, node, inputs, output_storage):
            inputs[0][...] += 1
            output_storage[0][0] = inputs[0]
    x, value = T.dvector(), np.array([1.0, 2])
    y = x * 1.5
    results = function([x], [Writes(1)(y), y])(value)
    np.testing.assert_array_equal(results[0], [2.5, 4])
    np.testing.assert_array_equal(results[1], [1.5, 3])
    np.testing.assert_array_equal(value, [1, 2])


def test_shared_variables_are_pickled_and_copied():
    s = shared(np.array([[1.0, 2]]), name="s", broadcastable=(True, False))
    s.tag.role, s.own = "weight", 3
    for other in (pickle.loads(pickle.dumps(s)), copy.deepcopy(s)):
        assert (other.type, other.name, other.tag.role, other.own) == (s.type, "s", "weight", 3)
        other.set_value(np.array([[5.0, 6]]))
        np.testing.assert_array_equal(s.get_value(), [[1, 2]])
