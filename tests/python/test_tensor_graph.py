"""The graph as Python sees it: identity of variables and ops, attributes that stay, deep graphs, collection of cycles."""
import gc
import weakref

import numpy as np
import pytest

import croton as theano
import croton.tensor as T
from croton import function


def test_one_object_for_one_variable():
    x, y = T.dmatrix("x"), T.dvector("y")
    z = T.exp(x) + y
    exp, padded = z.owner.inputs
    assert exp.owner.inputs[0] is x and padded.owner.inputs[0] is y
    assert z.owner.outputs[0] is z and z.owner is z.owner.outputs[0].owner
    assert x.owner is None and z.index == 0


def test_attributes_stay_with_a_variable():
    x = T.dscalar("x")
    inner = x * 2
    inner.mine = [1]
    inner.tag.test_value = 3.0
    inner.name = "inner"
    z = inner + 1
    del inner
    gc.collect()
    found = z.owner.inputs[0]
    assert found.mine == [1] and found.tag.test_value == 3.0 and found.name == "inner"


def test_ops_compare_by_what_they_do():
    x = T.dmatrix()
    assert T.exp(x).owner.op == T.exp and T.exp(x).owner.op != T.log
    assert (x + 1).owner.op == T.add and (x / 2).owner.op == T.true_div
    assert isinstance((x + 1).owner.op, T.Elemwise)
    assert x.T.owner.op == x.dimshuffle(1, 0).owner.op != x.dimshuffle(0, "x", 1).owner.op
    assert x.sum(0).owner.op == x.sum(axis=[0]).owner.op != x.sum(1).owner.op
    assert len({T.exp(x).owner.op, T.exp(x * 2).owner.op, T.log(x).owner.op}) == 2
    assert T.exp(x).owner.op.scalar_op == T.exp.scalar_op


def test_cycles_through_attributes_are_collected():
    x = T.dvector("x")
    z = T.tanh(x)
    x.back = z
    gone = weakref.ref(x), weakref.ref(z)
    del x, z
    gc.collect()
    assert [g() for g in gone] == [None, None]


def test_deep_chains():
    x = T.dscalar("x")
    z = x
    for _ in range(100_000):
        z = z + 1
    steps, v = 0, z
    while v.owner is not None:
        v, steps = v.owner.inputs[0], steps + 1
    assert v is x and steps == 100_000
    del z, v
    gc.collect()


def test_truth_of_variables():
    x, y = T.dscalars("x", "y")
    assert bool(x) and bool(x + y) and bool(T.eq(x, y))
    for compared in (x < y, x <= y, x > y, x >= y):
        with pytest.raises(TypeError):
            bool(compared)
    assert x != y and x == x and x in [y, x]


def test_refusals():
    x, y = T.dvector("x"), T.dmatrix("y")
    with pytest.raises(TypeError):
        iter(y)
    with pytest.raises((TypeError, ValueError)):
        sum(x)
    with pytest.raises(TypeError):
        len(x)
    with pytest.raises(TypeError):
        x[0] = 1
    with pytest.raises(TypeError):
        x + "text"
    with pytest.raises(T.AsTensorError):
        T.exp(object())
    with pytest.raises(TypeError):
        T.as_tensor_variable(True)


def test_missing_names():
    with pytest.raises(AttributeError, match="Theano has this; Croton does not yet"):
        T.topk
    with pytest.raises(AttributeError, match="Did you mean 'concatenate'"):
        T.concatenat
    assert not hasattr(T, "__wrapped__")


def test_names_of_variables():
    x = T.dmatrix("x")
    assert (str(x), str(T.exp(x)), x.name, (x + 1).name) == ("x", "Elemwise{exp,no_inplace}.0", None or "x", None)
    x.name = "renamed"
    assert str(x) == "renamed" and x.copy(name="copy").name == "copy"
    assert str(T.dmatrix) == "TensorType(float64, matrix)"


@pytest.mark.parametrize("one, plural, dtype, ndim", [
    ("dscalar", "dscalars", "float64", 0), ("ivector", "ivectors", "int32", 1), ("lmatrix", "lmatrices", "int64", 2),
    ("frow", "frows", "float32", 2), ("ftensor4", "ftensor4s", "float32", 4)])
def test_constructors(one, plural, dtype, ndim):
    v = getattr(T, one)("v")
    assert (v.name, v.dtype, v.ndim) == ("v", dtype, ndim) and v.type == getattr(T, one)
    several = getattr(T, plural)
    assert [w.name for w in several("a", "b")] == ["a", "b"] == [w.name for w in several("ab")]
    assert len(several(3)) == 3 and several("a").name == "a"


def test_all_eighty_constructors():
    shapes = ["scalar", "vector", "row", "col", "matrix"] + ["tensor%d" % n for n in range(3, 8)]
    dtypes = dict(b="int8", w="int16", i="int32", l="int64", f="float32", d="float64", c="complex64", z="complex128")
    for prefix, dtype in dtypes.items():
        for shape in shapes:
            assert getattr(T, prefix + shape).dtype == dtype
    assert T.row().broadcastable == (True, False) and T.col().broadcastable == (False, True)
    with theano.change_flags(floatX="float32"):
        assert T.matrix().dtype == "float32" and T.matrix(dtype="int8").dtype == "int8"
    made = T.tensor(dtype="float32", broadcastable=(False, True), name="t")
    assert made.type == T.TensorType("float32", (False, True)) and made.name == "t"


@pytest.mark.parametrize("value, dtype", [(1, "int8"), (200, "int16"), (40000, "int32"), (2**40, "int64"), (0.5, "float32"),
                                          (1.1, "float64"), (True, "int8"), (np.float32(1.1), "float32"), ([1, 2], "int64"),
                                          (np.ones((1, 2), "uint8"), "uint8")])
def test_literals(value, dtype):
    c = T.constant(value)
    assert c.dtype == dtype
    np.testing.assert_array_equal(c.data, value)
    assert c.broadcastable == tuple(size == 1 for size in np.shape(value))


def test_values_of_constants():
    assert T.get_scalar_constant_value(T.constant(3)) == 3
    assert T.get_scalar_constant_value(T.constant(3) + 1) == 4
    assert T.get_scalar_constant_value(T.zeros((2, 2))) == 0
    with pytest.raises(T.NotScalarConstantError):
        T.get_scalar_constant_value(T.dscalar())
    x = T.dmatrix()
    assert T.get_vector_length(x.shape) == 2 and T.get_vector_length(T.stack([x[0, 0], 1, 2])) == 3
    with pytest.raises(ValueError):
        T.get_vector_length(T.lvector())


def test_numpy_hands_over():
    x = T.dvector("x")
    a = np.array([1.0, 2, 3])
    made = [a * x, np.exp(x), np.float64(2) * x, a - x, np.add(x, a), a < x, np.maximum(x, 2.0)]
    expected = [a * a, np.exp(a), 2 * a, a - a, a + a, a < a, np.maximum(a, 2)]
    assert all(isinstance(m, theano.Variable) for m in made)
    for got, want in zip(function([x], made)(a), expected):
        np.testing.assert_allclose(got, want)
