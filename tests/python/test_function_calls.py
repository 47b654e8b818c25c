"""function(): forms of inputs, outputs and calls."""
import gc
import threading
import weakref

import numpy as np
import pytest

import croton as theano
import croton.tensor as T
from croton import In, Out, function, shared


def two():
    return T.dscalars("x", "y")


def test_forms_of_outputs():
    x = T.dvector("x")
    value = np.array([1.0, 2.0])
    assert isinstance(function([x], x + 1)(value), np.ndarray)
    assert [type(r) for r in (function([x], [x + 1])(value), function([x], (x + 1, x))(value))] == [list, list]
    assert len(function([x], (x + 1, x))(value)) == 2
    named = function([x], {"b": x + 1, "a": x * 2})(value)
    assert sorted(named) == ["a", "b"]
    np.testing.assert_array_equal(named["a"], value * 2)
    np.testing.assert_array_equal(named["b"], value + 1)
    assert function([], [])() == []
    assert not function([x], None, on_unused_input="ignore")(value)
    np.testing.assert_array_equal(function([x], Out(x * 3, borrow=True))(value), value * 3)


def test_a_result_of_rank_0_is_an_ndarray():
    x = T.dvector()
    result = function([x], x.sum())(np.ones(3))
    assert isinstance(result, np.ndarray) and result.shape == () and result == 3


@pytest.mark.parametrize("args, keywords, expected", [
    ((3, 1), {}, 2), ((), {"x": 3, "y": 1}, 2), ((3,), {"y": 1}, 2), ((3.5, np.float64(1)), {}, 2.5), ((np.array(3), 1), {}, 2),
])
def test_positional_and_keyword_arguments(args, keywords, expected):
    x, y = two()
    assert function([x, y], x - y)(*args, **keywords) == expected


@pytest.mark.parametrize("args, keywords, text", [
    ((1,), {}, "Missing required input: y"), ((), {}, "Missing required input: x"), ((1, 2, 3), {}, "Too many"),
    ((1,), {"x": 2, "y": 3}, "Too many"), ((1,), {"x": 2}, "Multiple values"), ((1,), {"z": 3}, "Unknown input or state: z"),
])
def test_wrong_arguments(args, keywords, text):
    x, y = two()
    with pytest.raises(TypeError, match=text):
        function([x, y], x - y)(*args, **keywords)


def test_defaults_and_names():
    x, y, w = T.dscalars("x", "y", "w")
    f = function([x, In(y, value=1), In(w, value=2, name="weight")], (x + y) * w)
    assert [f(33), f(33, 2), f(33, 0, 1), f(33, weight=1), f(33, weight=1, y=0)] == [68, 70, 33, 34, 33]
    with pytest.raises(TypeError):
        f(33, w=2)
    assert f["y"] == 1
    f["y"] = 5
    assert f(1) == 12


def test_short_forms_of_inputs():
    x, y = two()
    assert function([x, (y, 7.0)], x + y)(1) == 8
    assert function([("a", x), ("b", y, 2.0)], x * y)(a=4) == 8


def test_an_input_with_an_update_keeps_state():
    s, x = T.dscalar("s"), T.dscalar("x")
    f = function([x, In(s, update=s + x, value=10.0)], s * 2)
    assert [f(1), f(2), f(3)] == [20, 22, 26]
    assert f["s"] == 16
    f[s] = 100.0
    assert f(1) == 200 and f["s"] == 101
    g = function([x, In(s, update=s + x, value=10.0)], s * 2)
    assert g(0) == 20, "two functions do not share their states"


def test_inputs_are_not_written_to():
    x = T.dvector()
    f = function([x], [T.set_subtensor(x[0], 5.0), x + 1])
    value = np.array([1.0, 2.0])
    np.testing.assert_array_equal(f(value)[0], [5, 2])
    np.testing.assert_array_equal(value, [1, 2])


def test_results_are_fresh():
    x = T.dvector()
    value = np.array([1.0, 2.0])
    a, b = function([x], [x, x])(value)
    assert not np.shares_memory(a, value) and not np.shares_memory(a, b)
    f = function([x], x * 2)
    first, second = f(value), f(value + 1)
    np.testing.assert_array_equal(first, [2, 4])
    np.testing.assert_array_equal(second, [4, 6])
    first[:] = 9
    np.testing.assert_array_equal(f(value), [2, 4])


base = np.arange(24.0).reshape(4, 6)
frozen = base.copy()
frozen.setflags(write=False)
LAYOUTS = [
    ("contiguous", base), ("Fortran order", np.asfortranarray(base)), ("every second", base[::2, ::3]), ("backwards", base[::-1, ::-1]),
    ("transposed", base.T), ("read-only", frozen), ("byte-swapped", base.astype(">f8")), ("0 rows", base[:0]), ("0 columns", base[:, :0]),
    ("broadcast", np.broadcast_to(np.float64(2), (3, 4))), ("NaN", np.array([[np.nan, np.inf, -np.inf]])), ("one", np.ones((1, 1))),
    ("list", [[1, 2], [3, 4]]), ("list of floats", [[1.5, 2.0]]), ("float32", np.ones((2, 2), "float32")), ("int8", np.ones((2, 3), "int8")),
    ("bool", np.array([[True, False]])),
]


@pytest.mark.parametrize("value", [pytest.param(v, id=name) for name, v in LAYOUTS])
def test_arrays_of_any_layout(value):
    x = T.dmatrix("x")
    f = function([x], [x * 2 + 1, x.sum(axis=0), x.T])
    plain = np.array(value, "float64")
    for result, expected in zip(f(value), [plain * 2 + 1, plain.sum(axis=0), plain.T]):
        np.testing.assert_allclose(result, expected, rtol=1e-14)
        assert result.dtype == np.float64 and result.shape == expected.shape


def test_unaligned_memory():
    memory = np.zeros(8 * 4 + 1, np.uint8)
    value = memory[1:].view("float64")
    value[:] = [1, 2, 3, 4]
    assert not value.flags.aligned
    x = T.dvector()
    np.testing.assert_array_equal(function([x], x * 2)(value), [2, 4, 6, 8])


@pytest.mark.parametrize("dtype", ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32",
                                   "float64"])
def test_dtypes_come_back(dtype):
    x = T.TensorType(dtype, (False,))()
    value = np.array([0, 1, 1], dtype)
    result = function([x], x)(value)
    assert result.dtype == value.dtype
    np.testing.assert_array_equal(result, value)


@pytest.mark.parametrize("value", [3, 3.0, np.float32(3), np.int16(3), np.array(3.0), True])
def test_scalars(value):
    x = T.dscalar("x")
    assert function([x], x + 1)(value) == float(value) + 1


NUMBERS = [3, 2.5, True, np.bool_(True), np.int8(-3), np.uint8(200), np.int32(7), np.int64(2 ** 53 + 1), np.uint64(2 ** 63), np.float16(0.5),
           np.float32(0.1), np.float64(0.1), 2 ** 53, 2 ** 53 + 1, 2 ** 70]


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "float32", "float64"])
@pytest.mark.parametrize("number", NUMBERS, ids=repr)
def test_numbers_are_taken_exactly_or_refused(number, dtype):
    """The call's own way for numbers agrees with the package's, which reads and checks the value."""
    x = T.scalar("x", dtype=dtype)
    f = function([x], x)
    try:
        expected = x.type.filter(number)
    except TypeError:
        with pytest.raises(TypeError, match="index 0"):
            f(number)
    else:
        result = f(number)
        assert result.dtype == expected.dtype and result == expected


@pytest.mark.parametrize("given", ["bool", "int8", "int64", "uint64", "float16", "float32", "float64", "complex64"])
@pytest.mark.parametrize("dtype", ["int32", "float32", "float64"])
def test_arrays_of_other_dtypes(given, dtype):
    x = T.matrix("x", dtype=dtype)
    f = function([x], x)
    value = np.arange(12).reshape(3, 4).astype(given)
    for array in (value, value.T[::-1], value[:, ::2], value[:0]):
        try:
            expected = x.type.filter(array)
        except TypeError:
            with pytest.raises(TypeError, match="index 0"):
                f(array)
        else:
            result = f(array)
            assert result.dtype == dtype
            np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("value", [1.0, 1, np.float64(1), np.ones((), "float32"), np.ones(())])
def test_strict_inputs_convert_nothing(value):
    f = function([In(T.dscalar("x"), strict=True)], T.constant(1.0), on_unused_input="ignore")
    if isinstance(value, np.ndarray) and value.dtype == "float64":
        assert f(value) == 1
    else:
        with pytest.raises(TypeError):
            f(value)


def test_downcast_only_where_allowed():
    x = T.fvector("x")
    value = np.array([1.1])
    with pytest.raises(TypeError, match="without risking loss of precision"):
        function([x], x)(value)
    assert function([x], x, allow_input_downcast=True)(value).dtype == np.float32
    assert function([In(x, allow_downcast=True)], x)(value).dtype == np.float32
    with pytest.raises(TypeError):
        function([In(T.dvector("s"), strict=True)], T.constant(1.0), on_unused_input="ignore")([1.0])
    i = T.bscalar("i")
    assert function([i], i, allow_input_downcast=True)(300) == 44
    with pytest.raises(TypeError):
        function([i], i)(300)


def test_a_python_float_may_become_floatX():
    theano.config.floatX = "float32"
    x = T.fscalar("x")
    assert function([x], x)(0.1) == np.float32(0.1)


def test_eval():
    x, y = two()
    z = x * y + 1
    assert z.eval({x: 2.0, y: 3.0}) == 7
    assert z.eval({x: 1.0, y: 1.0}) == 2
    assert (shared(3.0) * 2).eval() == 6
    with pytest.raises(theano.MissingInputError):
        z.eval({x: 1.0})


def test_what_a_function_tells_of_itself():
    x = T.dvector("x")
    w = shared(np.ones(2), name="w")
    f = function([x], (x * w).sum(), name="weighted", profile=True)
    assert f.name == "weighted"
    assert f.get_shared() == [w]
    assert [i.variable for i in f.maker.inputs] == [x, w]
    assert f.maker.fgraph.toposort()
    f(np.ones(2))
    assert f.profile.fct_callcount >= 0
    assert "test_function_calls.py" in function([x], x).name


@pytest.mark.parametrize("mode", ["FAST_RUN", "FAST_COMPILE", theano.Mode(linker="py"), theano.Mode(optimizer=None),
                                  theano.Mode(optimizer="merge"), theano.Mode().excluding("fusion")])
def test_modes_agree(mode, rng):
    x = T.dmatrix("x")
    y = T.tanh(x - x.mean(axis=0)).sum(axis=1) * 2
    value = rng.normal(size=(5, 7))
    np.testing.assert_allclose(function([x], y, mode=mode)(value), np.tanh(value - value.mean(0)).sum(1) * 2, rtol=1e-12)


def test_unknown_modes():
    x = T.dscalar()
    with pytest.raises(ValueError, match="FAST_RUN"):
        function([x], x, mode="FAST_RUNN")


def test_calls_from_many_threads(rng):
    x = T.dmatrix("x")
    f = function([x], T.exp(x).sum(axis=1))
    values = [rng.normal(size=(40 + k, 30)) for k in range(8)]
    wrong = []

    def work(value):
        for _ in range(20):
            if not np.allclose(f(value), np.exp(value).sum(axis=1)):
                wrong.append(value.shape)
    threads = [threading.Thread(target=work, args=(v,)) for v in values]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_functions_and_variables_are_collected():
    x = T.dvector("x")
    f = function([x], x * 2)
    x.owner_of_function = f                      # a cycle through the variable
    gone = weakref.ref(f)
    del f, x
    gc.collect()
    assert gone() is None
