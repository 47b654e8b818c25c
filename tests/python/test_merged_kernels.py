"""Kernels that are made one: sums of columns beside rows, updates of the same places, parts of zeros, scalars."""
import numpy as np
import pytest

import croton
import croton.tensor as T
from croton import _core

SHAPES = [(1, 1), (3, 5), (0, 4), (4, 0), (7, 100), (8, 64), (9, 65), (100, 1000), (4096, 33), (5000, 7)]


def kernels_of(function):
    return [line for line in function.dump("program").splitlines() if line.startswith("  kernel ")]


def row_and_column_results(x, w):
    """Reductions of both kinds over the same values; those of columns use results of rows."""
    centred = x - x.sum(axis=1, keepdims=True)
    return [centred, (x * w).sum(axis=0) * 2, (centred * w).sum(axis=0), x.max(axis=1)]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
def test_columns_beside_rows(dtype, rng):
    x, w = (T.matrix(name, dtype=dtype) for name in "xw")
    f = croton.function([x, w], row_and_column_results(x, w))
    assert len(kernels_of(f)) == 2
    for shape in SHAPES[:3] + SHAPES[4:]:  # a maximum of nothing is an error
        a, b = ((rng.standard_normal(shape) * 10).astype(dtype) for _ in range(2))
        centred = a - a.sum(axis=1, keepdims=True, dtype=a.dtype)
        expected = [centred, (a * b).sum(axis=0) * 2, (centred * b).sum(axis=0), a.max(axis=1)]
        for got, value in zip(f(a, b), expected):
            scale = np.abs(value).max(initial=1) * np.sqrt(shape[0])
            np.testing.assert_allclose(got, value, rtol=0, atol=scale * (1e-5 if dtype == "float32" else 1e-13))


def test_positions_and_maxima_of_columns_beside_rows(rng):
    x = T.matrix("x")
    total = x.sum(axis=1, keepdims=True)
    f = croton.function([x], [total, (x - total).argmax(axis=0), x.min(axis=0), x.argmax(axis=0)])
    for shape in SHAPES[4:]:
        a = rng.randint(-3, 4, shape).astype("float64")
        t = a.sum(axis=1, keepdims=True)
        for got, value in zip(f(a), [t, (a - t).argmax(axis=0), a.min(axis=0), a.argmax(axis=0)]):
            np.testing.assert_array_equal(got, value)


def test_columns_of_stacks_of_rows(rng):
    x = T.tensor3("x")
    f = croton.function([x], [x.sum(axis=2), T.exp(x - x.max(axis=2, keepdims=True)).sum(axis=(0, 1)), x.sum(axis=1)])
    a = rng.standard_normal((13, 11, 40))
    expected = [a.sum(axis=2), np.exp(a - a.max(axis=2, keepdims=True)).sum(axis=(0, 1)), a.sum(axis=1)]
    for values in (a, np.asfortranarray(a)):
        for got, value in zip(f(values), expected):
            np.testing.assert_allclose(got, value, rtol=1e-12, atol=1e-12)


def test_columns_have_the_same_bits_for_any_number_of_threads(rng):
    x, w = T.matrices("x", "w")
    f = croton.function([x, w], row_and_column_results(x, w))
    a, b = rng.standard_normal((2, 3001, 257))
    before, results = _core.thread_count(), []
    try:
        for threads in (1, 2, 5):
            _core.set_thread_count(threads)
            results.append([r.tobytes() for r in f(a, b)])
    finally:
        _core.set_thread_count(before)
    assert results[0] == results[1] == results[2]


def test_what_follows_from_columns_stays_apart(rng):
    x = T.matrix("x")
    rows, columns = x.sum(axis=1, keepdims=True), (x * x.sum(axis=1, keepdims=True)).sum(axis=0)
    f = croton.function([x], [x - rows, columns, (x - columns).sum(axis=1), x / columns])
    a = rng.standard_normal((65, 30))
    r = a.sum(axis=1, keepdims=True)
    c = (a * r).sum(axis=0)
    for got, value in zip(f(a), [a - r, c, (a - c).sum(axis=1), a / c]):
        np.testing.assert_allclose(got, value, rtol=1e-10, atol=1e-10)


def test_updates_of_the_same_places_are_one_kernel(rng):
    index, values = T.lvector("index"), T.vector("values")
    zeros = T.zeros(50)
    sums = T.inc_subtensor(zeros[index], values)
    others = [T.inc_subtensor(zeros[index], values ** 2 + 1), T.inc_subtensor(T.zeros(50, "int32")[index], 1)]
    f = croton.function([index, values], [sums, *others])
    assert len([k for k in kernels_of(f) if "copy" not in k]) == 1
    for size in (0, 1, 1000):
        i, v = rng.randint(-50, 50, size), rng.standard_normal(size)
        expected = [np.zeros(50), np.zeros(50), np.zeros(50, "int32")]
        for place, terms in zip(expected, (v, v ** 2 + 1, 1)):
            np.add.at(place, i, terms)
        for got, value in zip(f(i, v), expected):
            np.testing.assert_allclose(got, value, rtol=1e-14)
    with pytest.raises(IndexError, match="index 50 is out of bounds"):
        f(np.array([0, 50]), np.ones(2))


def test_an_update_that_needs_another_one_follows_it(rng):
    index, values = T.lvector("index"), T.vector("values")
    first = T.inc_subtensor(T.zeros(9)[index], values)
    second = T.inc_subtensor(T.zeros(9)[index], first[index])
    f = croton.function([index, values], [first, second])
    i, v = rng.randint(0, 9, 40), rng.standard_normal(40)
    one, two = np.zeros(9), np.zeros(9)
    np.add.at(one, i, v)
    np.add.at(two, i, one[i])
    for got, value in zip(f(i, v), (one, two)):
        np.testing.assert_allclose(got, value, rtol=1e-14)


def test_the_gradient_of_what_was_taken_apart_is_one_join(rng):
    flat = T.vector("flat")
    scale, rest, gap = flat[0], flat[5:], flat[1:3]
    cost = T.exp(scale) * (rest ** 2).sum() + (gap * flat[0]).sum() + scale ** 2
    f = croton.function([flat], croton.grad(cost, flat))
    assert not any("subtensor" in k for k in kernels_of(f))
    for size in (5, 6, 90):
        a = rng.standard_normal(size)
        expected = np.zeros(size)
        expected[0] = np.exp(a[0]) * (a[5:] ** 2).sum() + a[1:3].sum() + 2 * a[0]
        expected[1:3] = a[0]
        expected[5:] = np.exp(a[0]) * 2 * a[5:]
        np.testing.assert_allclose(f(a), expected, rtol=1e-13)
    for size in (1, 2, 4):  # slices of what is not there are short
        a = rng.standard_normal(size)
        assert f(a).shape == (size,)
    with pytest.raises((IndexError, AssertionError, ValueError)):
        f(np.ones(0))


@pytest.mark.parametrize("size", [4, 7, 20])
def test_parts_of_matrices_of_zeros(size, rng):
    x, rows = T.matrix("x"), T.matrix("rows")
    made = T.set_subtensor(T.zeros_like(x)[:2], rows)
    made = T.inc_subtensor(made[3], x.sum(axis=0))
    made = T.inc_subtensor(made[3], 1)
    f = croton.function([x, rows], made)
    a, r = rng.standard_normal((size, 6)), rng.standard_normal((2, 6))
    expected = np.zeros((size, 6))
    expected[:2] = r
    expected[3] = a.sum(axis=0) + 1
    np.testing.assert_allclose(f(a, r), expected, rtol=1e-14)
    with pytest.raises((ValueError, AssertionError)):
        f(a, r[:1].repeat(3, axis=0))


def test_scalars_are_one_kernel():
    a, b = T.scalars("a", "b")
    f = croton.function([a, b], [T.exp(a), T.sin(b), T.exp(a) * T.sin(b), T.log(b)])
    assert len(kernels_of(f)) == 1
    np.testing.assert_allclose(f(0.5, 2.0), [np.exp(0.5), np.sin(2), np.exp(0.5) * np.sin(2), np.log(2)], rtol=1e-15)
