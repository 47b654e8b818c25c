"""Index expressions, and setting and adding to regions, against NumPy."""
import numpy as np
import pytest

import croton as theano
import croton.tensor as T

A = np.arange(60.0).reshape(3, 4, 5)
ROWS, COLUMNS = np.array([2, 0, 1]), np.array([1, 3, 3])

INDICES = {
    "integer": np.s_[1],
    "negative": np.s_[-1],
    "two": np.s_[1, -2],
    "slice": np.s_[1:3],
    "step": np.s_[::2],
    "backwards": np.s_[::-1, 3:0:-2],
    "beyond": np.s_[1:100, -100:2],
    "empty": np.s_[2:1],
    "mixed": np.s_[1:, 2, ::-1],
    "ellipsis": np.s_[..., 1],
    "ellipsis in the middle": np.s_[0, ..., 1:3],
    "new axis": np.s_[:, None, 1],
    "new axes": np.s_[None, ..., None],
    "all": np.s_[...],
    "rows": np.s_[ROWS],
    "negative rows": np.s_[-ROWS],
    "two arrays": np.s_[ROWS, COLUMNS],
    "array and integer": np.s_[ROWS, 1],
    "integer and array": np.s_[1, COLUMNS],
    "apart": np.s_[ROWS, :, COLUMNS],
    "integer apart": np.s_[1, :, COLUMNS],
    "slice and array": np.s_[1:, COLUMNS],
    "array and slice": np.s_[ROWS, ::-1],
    "array at the end": np.s_[:, 1:, COLUMNS],
    "array and new axis": np.s_[ROWS, None],
    "matrix of rows": np.s_[ROWS.reshape(3, 1)],
    "broadcast": np.s_[ROWS.reshape(3, 1), COLUMNS.reshape(1, 3)],
    "list": np.s_[[2, 0]],
    "no rows": np.s_[np.zeros(0, int)],
    "mask": np.s_[A[:, 0, 0] > 10],
    "mask of two axes": np.s_[A[:, :, 0] > 10],
}
# Nothing of these is an index, so in Theano too they are no regions.
NO_REGIONS = ("new axes",)
regions = pytest.mark.parametrize("index", [v for k, v in INDICES.items() if k not in NO_REGIONS],
                                  ids=[k for k in INDICES if k not in NO_REGIONS])
by_name = pytest.mark.parametrize("index", INDICES.values(), ids=INDICES.keys())


@by_name
def test_value(index):
    x = T.dtensor3("x")
    got = x[index].eval({x: A})
    np.testing.assert_array_equal(got, A[index])
    assert x[index].ndim == A[index].ndim


@by_name
def test_gradient(index):
    x = T.dtensor3("x")
    part = x[index]
    g = T.grad((part ** 2).sum(), x)
    expected = np.zeros_like(A)
    np.add.at(expected, index, 2 * A[index])
    np.testing.assert_allclose(g.eval({x: A}), expected)


@regions
def test_set(index):
    x, v = T.dtensor3("x"), T.dscalar("v")
    got = theano.function([x, v], T.set_subtensor(x[index], v))(A, -1.0)
    expected = A.copy()
    expected[index] = -1.0
    np.testing.assert_array_equal(got, expected)


@regions
def test_increment_by_an_array(index):
    x = T.dtensor3("x")
    values = np.random.RandomState(0).rand(*A[index].shape)
    y = T.TensorType("float64", (False,) * values.ndim)("y")
    got = theano.function([x, y], T.inc_subtensor(x[index], y))(A, values)
    expected = A.copy()
    np.add.at(expected, index, values)
    np.testing.assert_allclose(got, expected)


def test_symbolic_bounds():
    x, i, j, k = T.dvector("x"), T.lscalar("i"), T.lscalar("j"), T.iscalar("k")
    f = theano.function([x, i, j, k], x[i:j:k])
    v = np.arange(7.0)
    for start in (-9, -3, 0, 2, 9):
        for stop in (-9, -2, 0, 5, 9):
            for step in (-3, -1, 1, 2):
                np.testing.assert_array_equal(f(v, start, stop, step), v[start:stop:step])
    with pytest.raises(ValueError):
        f(v, 0, 3, 0)


def test_symbolic_positions():
    x, i = T.dmatrix("x"), T.ivector("i")
    v = np.arange(12.0).reshape(3, 4)
    np.testing.assert_array_equal(x[T.arange(i.shape[0]), i].eval({x: v, i: np.array([3, 0, 1], "int32")}), [3, 4, 9])


@pytest.mark.parametrize("index", [3, -4, np.array([0, 3])], ids=str)
def test_out_of_range(index):
    x = T.dvector("x")
    i = T.as_tensor_variable(index)
    f = theano.function([x], x[i])
    with pytest.raises(IndexError):
        f(np.zeros(3))


@pytest.mark.parametrize("index, error", [
    (np.s_[0, 0], IndexError), (np.s_[..., ...], IndexError), (1.5, TypeError), (True, TypeError), ([True, False], TypeError),
    ("a", TypeError),
], ids=str)
def test_refused(index, error):
    with pytest.raises(error):
        T.dvector("x")[index]


def test_duplicates_accumulate_and_the_last_one_wins():
    x = T.dvector("x")
    v = np.zeros(3)
    np.testing.assert_array_equal(T.inc_subtensor(x[[0, 0, 1]], 1).eval({x: v}), [2, 1, 0])
    np.testing.assert_array_equal(T.set_subtensor(x[[0, 0, 1]], [5, 6, 7]).eval({x: v}), [6, 7, 0])


def test_regions_of_regions():
    x = T.dmatrix("x")
    v = np.arange(12.0).reshape(3, 4)
    # The first argument's own array is the one that is copied: here x[1:], not x.
    np.testing.assert_array_equal(T.set_subtensor(x[1:][0], 0).eval({x: v}), [[0, 0, 0, 0], v[2]])
    # Transposed and reshaped regions go back to their array.
    np.testing.assert_array_equal(T.set_subtensor(x[1:].T, np.full((4, 2), 9.0)).eval({x: v})[1:], np.full((2, 4), 9.0))
    expected = v.copy()
    expected[:, 1] += 1
    np.testing.assert_array_equal(T.inc_subtensor(x[:, 1].dimshuffle("x", 0), 1).eval({x: v}), expected)
    np.testing.assert_array_equal(T.inc_subtensor(x[:, 1].reshape((3, 1)), 1).eval({x: v}), expected)


def bool_vector(name):
    return T.TensorType("bool", [False])(name)


@pytest.mark.parametrize("kind, part_kind, base, part, add", [
    (T.zvector, T.zvector, [1 + 2j, 3 + 4j, 5j], [1 - 7j], np.add),
    (T.cvector, T.fvector, [1 + 2j, 3 + 4j, 5j], [2.5], np.add),
    (bool_vector, bool_vector, [True, True, False], [True], np.logical_or),
])
def test_updates_of_complex_and_bool_vectors(kind, part_kind, base, part, add):
    x, y = kind("x"), part_kind("y")
    base, part = np.array(base, x.dtype), np.array(part, y.dtype)
    for index in (slice(1, 2), [1]):
        expected = base.copy()
        expected[index] = part
        np.testing.assert_array_equal(theano.function([x, y], T.set_subtensor(x[index], y))(base, part), expected)
        expected[index] = add(base[index], part)
        np.testing.assert_array_equal(theano.function([x, y], T.inc_subtensor(x[index], y))(base, part), expected)


@pytest.mark.parametrize("make", [
    lambda x, y: T.set_subtensor(x, 1.0), lambda x, y: T.set_subtensor(x[0], T.dmatrix()), lambda x, y: T.inc_subtensor(y, 1),
])
def test_regions_that_are_none(make):
    x = T.dvector("x")
    with pytest.raises(TypeError):
        make(x, x + 1)


def test_take():
    x = T.dtensor3("x")
    for axis in (None, 0, 1, -1):
        np.testing.assert_array_equal(T.take(x, [1, 0, 2], axis=axis).eval({x: A}), np.take(A, [1, 0, 2], axis=axis))
    np.testing.assert_array_equal(x.take([-7, 9], axis=1, mode="clip").eval({x: A}), np.take(A, [-7, 9], axis=1, mode="clip"))
    np.testing.assert_array_equal(x.take([-7, 9], axis=1, mode="wrap").eval({x: A}), np.take(A, [-7, 9], axis=1, mode="wrap"))


def test_diagonals():
    x = T.dtensor3("x")
    for offset in (-1, 0, 2):
        np.testing.assert_array_equal(x.diagonal(offset, 0, 2).eval({x: A}), A.diagonal(offset, 0, 2))
    m = T.dmatrix("m")
    assert T.trace(m).eval({m: A[0]}) == np.trace(A[0])


@pytest.mark.parametrize("optimizer", ["fast_run", None])
def test_bounds_that_the_call_computes(optimizer):
    """What is checked of a region is read from memory, so its bounds are there before the update runs."""
    x, k, v = T.dvector("x"), T.dvector("k"), T.dvector("v")
    start = T.cast(k.sum(), "int64")
    mode = theano.Mode("cvm", optimizer)
    put = theano.function([x, k, v], T.set_subtensor(x[start:], v), mode=mode)
    added = theano.function([x], T.inc_subtensor(x[x.shape[0] - 1:2:-1], 5.0), mode=mode)
    np.testing.assert_array_equal(put(np.zeros(5), np.ones(2), np.ones(3)), [0, 0, 1, 1, 1])
    np.testing.assert_array_equal(added(np.zeros(5)), [0, 0, 0, 5, 5])
    for ones, values in ((2, 300), (4, 3), (9, 1)):
        with pytest.raises(ValueError, match="the values have size"):
            put(np.zeros(5), np.ones(ones), np.ones(values))
