"""f.cfunc: calls through the C interface give what calls from Python give, and errors change nothing."""
import ctypes
import gc

import numpy as np
import pytest

import croton
import croton.tensor as T

x, y, s = T.dmatrix("x"), T.dvector("y"), T.dscalar("s")
k = T.lscalar("k")


def c_call(c, inputs, outputs):
    """`inputs` and `outputs` are ndarrays; the status of the call."""
    arrays = list(inputs) + list(outputs)
    data = (ctypes.c_void_p * max(1, len(arrays)))(*[a.ctypes.data for a in arrays])
    sizes = [n for a in arrays for n in a.shape]
    return c.call(c.context, data, (ctypes.c_int64 * max(1, len(sizes)))(*sizes))


A, B = np.arange(6.0).reshape(2, 3), np.array([1.0, -2.0, 0.5])
CASES = {
    "map": ([x, y], [x * y + 1], [A, B]),
    "several outputs": ([x, y], [T.exp(y), x.sum(axis=1), x.T], [A, B]),
    "scalars": ([s, k], [s * k], [np.array(2.5), np.array(4)]),
    "product": ([x, y], [T.dot(x, y)], [A, B]),
    "empty": ([x], [x * 2], [np.zeros((0, 3))]),
    "lazy": ([s, y], [croton.ifelse.ifelse(T.lt(s, 1), y, -y)], [np.array(2.0), B]),
    "no inputs": ([], [T.arange(4)], []),
}


@pytest.mark.parametrize("name", CASES)
def test_calls_from_c_give_the_same(name):
    inputs, outputs, arguments = CASES[name]
    f = croton.function(inputs, outputs)
    expected = f(*arguments)
    results = [np.full(e.shape, 7, dtype=e.dtype) for e in map(np.asarray, expected)]
    assert c_call(f.cfunc, arguments, results) == 0, f.cfunc.error()
    for result, value in zip(results, expected):
        np.testing.assert_array_equal(result, value)


def test_outputs_may_be_inputs():
    f = croton.function([y], [y[::-1] * 2])
    memory = B.copy()
    assert c_call(f.cfunc, [memory], [memory]) == 0
    np.testing.assert_array_equal(memory, B[::-1] * 2)


def test_updates_happen_and_errors_change_nothing():
    state = croton.shared(np.zeros(3), name="state")
    f = croton.function([y], [state.sum()], updates=[(state, state + y)])
    out = np.zeros(())
    assert c_call(f.cfunc, [B], [out]) == 0
    np.testing.assert_array_equal(state.get_value(), B)
    assert c_call(f.cfunc, [np.ones(4)], [out]) == 1
    assert f.cfunc.error()
    np.testing.assert_array_equal(state.get_value(), B)


@pytest.mark.parametrize("given, wanted", [((3,), "size"), ((2, 2), "shape")])
def test_wrong_sizes_are_errors(given, wanted):
    if len(given) == 1:
        column = T.TensorType("float64", (False, True))("column")
        f = croton.function([column], [column + 1])
        assert c_call(f.cfunc, [np.zeros((1, 3))], [np.zeros((1, 3))]) == 1
    else:
        f = croton.function([x], [x + 1])
        assert c_call(f.cfunc, [A], [np.zeros(given)]) == 1
    assert wanted in f.cfunc.error()


def test_scalar_signature():
    t = T.dscalar("t")
    f = croton.function([s, t], s ** 2 - 3 * t)
    assert f.cfunc.call_scalars(2, (ctypes.c_double * 2)(5.0, 2.0), f.cfunc.context) == 19.0
    assert np.isnan(f.cfunc.call_scalars(1, (ctypes.c_double * 1)(5.0), f.cfunc.context))
    assert croton.function([y], y.sum()).cfunc.call_scalars is None


def test_pointers_outlive_the_function():
    c = croton.function([y], y + 1).cfunc
    gc.collect()
    out = np.zeros(3)
    assert c_call(c, [B], [out]) == 0
    np.testing.assert_array_equal(out, B + 1)


def test_scipy_takes_it():
    scipy = pytest.importorskip("scipy")
    integrate = pytest.importorskip("scipy.integrate")
    c = croton.function([s], s ** 2).cfunc
    value, _ = integrate.quad(scipy.LowLevelCallable(c.call_scalars, c.context), 0, 3)
    assert abs(value - 9) < 1e-9


def test_python_ops_are_refused():
    @croton.as_op(itypes=[T.dvector], otypes=[T.dvector])
    def doubled(v):
        return v * 2
    f = croton.function([y], doubled(y))
    with pytest.raises(NotImplementedError, match="Python"):
        f.cfunc
