"""Results that are views of inputs are copied: every order of axes, steps in both directions, every size of element."""

import itertools

import numpy as np
import pytest

import croton as theano
import croton.tensor as T


def copied(view, value):
    x = T.as_tensor_variable(value).type()
    return theano.function([x], view(x))(value)


@pytest.mark.parametrize("dtype", ["int8", "float16", "float32", "float64", "complex128"])
def test_every_order_of_axes(dtype):
    value = np.arange(5 * 33 * 19).reshape(5, 33, 19).astype(dtype)
    for order in itertools.permutations(range(3)):
        for steps in ((1, 1, 1), (-1, 1, -2), (2, -3, 1)):
            cut = tuple(slice(None, None, step) for step in steps)
            got = copied(lambda x: x.dimshuffle(order)[cut], value)
            np.testing.assert_array_equal(got, value.transpose(order)[cut])
            assert got.flags.c_contiguous


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (1, 1), (1, 17), (17, 1), (1030, 517), (16, 16), (512, 1024)])
def test_sizes_of_planes(shape):
    value = np.arange(np.prod(shape), dtype="float32").reshape(shape)
    np.testing.assert_array_equal(copied(lambda x: x.T, value), value.T)
    np.testing.assert_array_equal(copied(lambda x: x[:, ::-1], value), value[:, ::-1])
    np.testing.assert_array_equal(copied(lambda x: x[::2, 1::3].T, value), value[::2, 1::3].T)
