"""Elementwise work on transposed operands, which runs over tiles: every dtype, ragged sizes, permutations, threads."""
import numpy as np
import pytest

import croton
import croton.tensor as T

R = np.random.RandomState(5)
SIZES = [(1, 1), (5, 7), (16, 16), (17, 64), (64, 129), (200, 3), (3, 200), (300, 270), (0, 4)]


def sample(shape, dtype):
    return (R.standard_normal(shape) * 10).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int8", "int16", "int64", "bool"])
def test_a_transposed_operand_beside_another(dtype):
    x, y = T.matrix("x", dtype=dtype), T.matrix("y", dtype=dtype)
    function = croton.function([x, y], T.switch(T.eq(x.T, y), x.T, y))
    for rows, columns in SIZES:
        a, b = sample((rows, columns), dtype), sample((columns, rows), dtype)
        np.testing.assert_array_equal(function(a, b), np.where(a.T == b, a.T, b))


def test_several_operands_and_results_across():
    x, y, v = T.matrix("x"), T.fmatrix("y"), T.vector("v")
    function = croton.function([x, y, v], [x.T * v - y.T, (x + 1).T + y.T + v.dimshuffle("x", 0), T.tanh(y.T)])
    for rows, columns in SIZES:
        a, b, c = sample((rows, columns), "float64"), sample((rows, columns), "float32"), sample(rows, "float64")
        first, second, third = function(a, b, c)
        np.testing.assert_array_equal(first, a.T * c - b.T)
        np.testing.assert_array_equal(second, (a + 1).T + b.T + c)
        np.testing.assert_allclose(third, np.tanh(b.T), rtol=1e-6)


def test_one_variable_across_and_along():
    x = T.matrix("x")
    function = croton.function([x], x + x.T)
    a = sample((150, 150), "float64")
    np.testing.assert_array_equal(function(a), a + a.T)


@pytest.mark.parametrize("axes", [(0, 2, 1), (2, 1, 0), (1, 2, 0), (2, 0, 1), (1, 0, 2)])
def test_permutations_of_three_axes(axes):
    x, y = T.tensor3("x"), T.tensor3("y")
    function = croton.function([x, y], x.transpose(*axes) * 2 + y)
    a = sample((30, 41, 70), "float64")
    b = sample(a.transpose(axes).shape, "float64")
    np.testing.assert_array_equal(function(a, b), a.transpose(axes) * 2 + b)


def test_columns_that_are_sliced_and_reversed():
    x, y = T.matrix("x"), T.matrix("y")
    function = croton.function([x, y], x[::-1].T + y[:, ::2] * x[::3, 5:].T[0, 0])
    a, b = sample((90, 140), "float64"), sample((140, 180), "float64")
    np.testing.assert_array_equal(function(a, b), a[::-1].T + b[:, ::2] * a[0, 5])


def test_threads_share_the_tiles():
    x, y = T.fmatrix("x"), T.fmatrix("y")
    function = croton.function([x, y], T.sqrt(abs(x.T)) + y)
    a, b = sample((1100, 900), "float32"), sample((900, 1100), "float32")
    np.testing.assert_array_equal(function(a, b), np.sqrt(np.abs(a.T)) + b)


def test_arguments_that_lie_across():
    x, y = T.matrix("x"), T.matrix("y")
    function = croton.function([x, y], [x + y, T.exp2(x)])
    a, b = sample((140, 90), "float64"), sample((90, 140), "float64")
    wide = sample((90, 300), "float64")
    for first, second in [(a.T, b), (b, a.T), (a.T, a.T), (wide[:, 7:147], b), (wide[:, ::2][:, :140], a.T)]:
        total, power = function(first, second)
        np.testing.assert_array_equal(total, first + second)
        np.testing.assert_allclose(power, np.exp2(first), rtol=1e-15)
