"""Ops written in Python: perform, grad, properties, several outputs, errors, threads."""
import gc
import threading
import weakref

import numpy as np
import pytest

import croton as theano
import croton.tensor as T


class Scale(theano.Op):
    """factor * x, with everything an op may define."""

    __props__ = ("factor",)
    performed = 0

    def __init__(self, factor):
        self.factor = factor

    def make_node(self, x):
        x = T.as_tensor_variable(x)
        return theano.Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        type(self).performed += 1
        output_storage[0][0] = inputs[0] * self.factor

    def grad(self, inputs, output_gradients):
        return [output_gradients[0] * self.factor]

    def R_op(self, inputs, eval_points):
        return [eval_points[0] * self.factor]

    def infer_shape(self, node, shapes):
        return shapes


class QuotientAndRest(theano.Op):
    __props__ = ()
    itypes, otypes = [T.lvector, T.lscalar], [T.lvector, T.lvector]

    def perform(self, node, inputs, output_storage):
        output_storage[0][0], output_storage[1][0] = np.divmod(*inputs)


class Raises(theano.Op):
    itypes, otypes = [T.dvector], [T.dvector]

    def perform(self, node, inputs, output_storage):
        raise KeyError("from perform")


V = np.array([1.0, 2.0, 3.0])


def test_value_beside_engine_ops():
    x = T.dvector("x")
    y = Scale(3)(x + 1) * 2
    np.testing.assert_array_equal(theano.function([x], y)(V), 6 * (V + 1))


def test_gradients():
    x = T.dvector("x")
    cost = (Scale(3)(x) ** 2).sum()
    np.testing.assert_array_equal(T.grad(cost, x).eval({x: V}), 18 * V)
    point = T.dvector("p")
    np.testing.assert_array_equal(theano.Rop(Scale(3)(x), x, point).eval({point: V}), 3 * V)
    theano.gradient.verify_grad(Scale(2.5), [V], rng=np.random.RandomState(0))


def test_identity_of_its_nodes():
    x = T.dvector("x")
    op = Scale(3)
    y = op(x)
    assert y.owner.op is op and y.owner.inputs[0] is x and y.owner.outputs[0] is y
    assert Scale(3) == op != Scale(4) and hash(Scale(3)) == hash(op)


def test_equal_applications_run_once():
    x = T.dvector("x")
    f = theano.function([x], Scale(3)(x) + Scale(3)(x))
    Scale.performed = 0
    np.testing.assert_array_equal(f(V), 6 * V)
    assert Scale.performed == 1


def test_several_outputs():
    a, b = T.lvector("a"), T.lscalar("b")
    quotient, rest = QuotientAndRest()(a, b)
    values = theano.function([a, b], [quotient, rest])(np.array([7, -7]), 3)
    np.testing.assert_array_equal(values, [[2, -3], [1, 2]])
    assert rest.owner is quotient.owner and rest.index == 1


def test_its_exceptions_arrive_and_the_function_still_works():
    x = T.dvector("x")
    f = theano.function([x], Raises()(x))
    for _ in range(2):
        with pytest.raises(KeyError, match="from perform"):
            f(V)


def test_wrong_results_are_refused():
    class Wrong(theano.Op):
        itypes, otypes = [T.dvector], [T.dvector]

        def perform(self, node, inputs, output_storage):
            output_storage[0][0] = np.zeros((2, 2))

    class Nothing(theano.Op):
        itypes, otypes = [T.dvector], [T.dvector]

        def perform(self, node, inputs, output_storage):
            pass

    x = T.dvector("x")
    with pytest.raises(TypeError):
        theano.function([x], Wrong()(x))(V)
    with pytest.raises(ValueError):
        theano.function([x], Nothing()(x))(V)


def test_inputs_of_perform_can_be_changed_without_harm():
    class Greedy(theano.Op):
        itypes, otypes = [T.dvector], [T.dvector]

        def perform(self, node, inputs, output_storage):
            inputs[0] += 1
            output_storage[0][0] = inputs[0]

    x = T.dvector("x")
    mine = V.copy()
    np.testing.assert_array_equal(theano.function([x], Greedy()(x))(mine), V + 1)
    np.testing.assert_array_equal(mine, V)


def test_what_is_missing_is_said():
    class Bare(theano.Op):
        pass

    x = T.dvector("x")
    with pytest.raises(NotImplementedError):
        Bare()(x)
    with pytest.raises((NotImplementedError, TypeError)):
        T.grad(Raises()(x).sum(), x)


def test_as_op():
    @theano.as_op(itypes=[T.dvector, T.dvector], otypes=[T.dscalar])
    def inner(a, b):
        return np.asarray(a @ b)

    x = T.dvector("x")
    assert inner(x, x * 2).eval({x: V}) == 28


def test_calls_from_threads():
    x = T.dvector("x")
    f = theano.function([x], Scale(2)(x) + 1)
    results = []

    def work(k):
        for _ in range(50):
            results.append(np.array_equal(f(np.full(3, k)), np.full(3, 2.0 * k + 1)))

    threads = [threading.Thread(target=work, args=(float(k),)) for k in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert len(results) == 200 and all(results)


def test_its_nodes_are_collected():
    x = T.dvector("x")
    y = Scale(3)(x)
    f = theano.function([x], y)
    f(V)
    seen = weakref.ref(y), weakref.ref(x)
    del x, y, f
    gc.collect()
    assert seen[0]() is None and seen[1]() is None


def test_calls_of_python_are_recorded(record_property):
    class Says(Scale):
        has_effect = True

    x, k = T.dvector("x"), T.lvector("k")
    outputs = [Says(3)(2 * x), *QuotientAndRest()(k, T.constant(np.int64(2)))]
    f = theano.function([x, k], outputs, profile=True)
    np.testing.assert_array_equal(f(V, [4, 5])[2], [0, 1])
    calls = sorted(step["name"] for step in f.profile.data()[0]["steps"] if step["kind"] == "host")
    assert calls == ["host_effect_op(float64) -> float64", "host_op(int64, int64) -> int64, int64"]
    record_property("host_calls", "; ".join(calls))
