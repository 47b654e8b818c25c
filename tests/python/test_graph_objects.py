"""The graph as Python objects: identity, attributes, op objects, memory, and NumPy arrays on the left."""
import gc
import threading
import weakref

import numpy as np
import pytest

import croton as theano
import croton.tensor as T


def on_small_stack(work):
    """Runs work() on a thread with 512 KiB of stack; what it raises is raised here."""
    result = []

    def run():
        try:
            result.append(work())
        except BaseException as error:
            result.append(error)

    old = threading.stack_size(512 * 1024)
    try:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(old)
    if isinstance(result[0], BaseException):
        raise result[0]
    return result[0]


def test_the_same_object_comes_back():
    x, y = T.dvectors("xy")
    z = x + y
    assert z.owner.inputs[0] is x and z.owner.inputs[1] is y
    assert z.owner.outputs == [z] and z.owner.outputs[0] is z and z.index == 0
    assert x.owner is None and x.index is None


def test_attributes_stay_with_a_variable_that_only_the_graph_holds():
    x = T.dvector("x")
    middle = T.exp(x)
    middle.note, middle.tag.role = "kept", "hidden"
    z = middle * 2
    del middle
    gc.collect()
    again = z.owner.inputs[0]
    assert again.note == "kept" and again.tag.role == "hidden"


def test_attributes_stay_through_gradients():
    x = T.dvector("x")
    x.note = "mine"
    g = T.grad(T.exp(x).sum(), x)
    del x
    gc.collect()
    (leaf,) = [v for v in theano.gof.graph.inputs([g]) if v.name == "x"]
    assert leaf.note == "mine"


def test_all_outputs_of_a_node_stay():
    x = T.dmatrix("x")
    largest, position = T.max_and_argmax(x, axis=1)
    position.note = 1
    del position
    gc.collect()
    assert largest.owner.outputs[1].note == 1 and largest.owner.outputs[1].dtype == "int64"


def test_cycles_through_variables_are_collected():
    x = T.dvector("x")
    z = x * 2
    z.me = [z, x]
    x.user = z
    seen = weakref.ref(x), weakref.ref(z)
    del x, z
    gc.collect()
    assert seen[0]() is None and seen[1]() is None


def test_cycles_through_functions_are_collected():
    x = T.dvector("x")
    f = theano.function([x], x * 2)
    f.me, x.f = f, f
    seen = weakref.ref(f), weakref.ref(x)
    del f, x
    gc.collect()
    assert seen[0]() is None and seen[1]() is None


def test_a_deep_chain_builds_differentiates_prints_and_is_freed():
    def work():
        x = T.dvector("x")
        y = x
        for _ in range(20000):
            y = y + x
        g = T.grad(y.sum(), x)
        lines = theano.printing.debugprint(y, depth=3, file="str").splitlines()
        count = len(theano.gof.graph.ancestors([y]))
        seen = weakref.ref(y)
        del y, g
        gc.collect()
        return lines[0], count, seen() is None

    first, count, freed = on_small_stack(work)
    assert first.startswith("Elemwise{add,no_inplace}") and count == 20001 and freed


def test_op_objects():
    x = T.dmatrix("x")
    assert T.exp(x).owner.op == T.exp and hash(T.exp(x).owner.op) == hash(T.exp)
    assert T.exp(x).owner.op != T.log
    assert isinstance(T.exp(x).owner.op, T.Elemwise)
    assert type((x + x).owner.op.scalar_op).__name__ == "Add"
    assert isinstance(x.T.owner.op, T.DimShuffle) and x.T.owner.op.new_order == (1, 0)
    assert type(T.sum(x, axis=1).owner.op).__name__ == "Sum" and T.sum(x, axis=1).owner.op.axis == (1,)
    assert isinstance(x[0].owner.op, T.Subtensor)
    assert T.sum(x, axis=1).owner.op == T.sum(x + 1, axis=1).owner.op != T.sum(x, axis=0).owner.op


def test_equality_of_variables_is_identity():
    x, y = T.dvectors("xy")
    assert (x == y) is False and (x == x) is True and len({x, y, x}) == 2
    assert x + y is not x + y


def test_truth():
    x, y = T.dscalars("xy")
    assert bool(x) and bool(T.eq(x, y))
    for comparison in (x < y, x <= y, x > y, x >= y):
        with pytest.raises(TypeError):
            bool(comparison)


@pytest.mark.parametrize("make, expected", [
    (lambda a, x: a * x, lambda a, v: a * v),
    (lambda a, x: a + x, lambda a, v: a + v),
    (lambda a, x: a - x, lambda a, v: a - v),
    (lambda a, x: a / x, lambda a, v: a / v),
    (lambda a, x: a // x, lambda a, v: a // v),
    (lambda a, x: a % x, lambda a, v: a % v),
    (lambda a, x: a ** x, lambda a, v: a ** v),
    (lambda a, x: a < x, lambda a, v: a < v),
    (lambda a, x: np.exp(x), lambda a, v: np.exp(v)),
    (lambda a, x: np.maximum(a, x), lambda a, v: np.maximum(a, v)),
    (lambda a, x: np.float32(2) * x, lambda a, v: np.float32(2) * v),
    (lambda a, x: np.dot(1, 1) * abs(-x), lambda a, v: abs(v)),
])
def test_numpy_on_the_left_is_symbolic(make, expected):
    x = T.dvector("x")
    a, v = np.array([1.0, 2.0, 3.0]), np.array([2.0, 0.5, 4.0])
    made = make(a, x)
    assert isinstance(made, T.TensorVariable)
    np.testing.assert_allclose(made.eval({x: v}), expected(a, v))


def test_iteration_needs_a_known_length():
    x = T.dvector("x")
    with pytest.raises((TypeError, ValueError)):         # Theano: ValueError for vectors, TypeError for the rest
        iter(x)
    sizes = list(T.dmatrix("m").shape)
    assert len(sizes) == 2
    with pytest.raises(TypeError):
        len(x)


def test_eval_keeps_its_function():
    x = T.dscalar("x")
    y = x * 2
    assert y.eval({x: 1.0}) == 2 and y.eval({x: 4.0}) == 8 and len(y._fn_cache) == 1


def test_names():
    x = T.dvector()
    assert x.name is None and str(x) == "<TensorType(float64, vector)>"
    x.name = "x"
    assert x.name == "x" and str(x) == "x"
    with pytest.raises(TypeError):
        x.name = 3


def test_lines_of_the_user_are_remembered():
    x = T.dvector("x")
    y = x + 1  # this line
    assert "test_graph_objects.py" in theano.gof.utils.get_variable_trace_string(y)
