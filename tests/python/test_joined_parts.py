"""Parts behind one another: each is computed where it lies in the result."""
import numpy as np
import pytest

import croton
import croton.tensor as T

LENGTHS = [(0, 1, 2), (3, 0, 70), (70, 3, 1), (1, 1, 1), (0, 0, 0), (300, 65, 17)]


def parts(dtype, axis, lengths, rng):
    shapes = [[5, 4, 33] for _ in lengths]
    for shape, length in zip(shapes, lengths):
        shape[axis] = length
    return [(rng.standard_normal(shape) * 10).astype(dtype) for shape in shapes]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "bool"])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_parts_of_all_lengths_and_layouts(dtype, axis, rng):
    x = [T.tensor3(dtype=dtype) for _ in range(3)]
    f = croton.function(x, T.concatenate(x, axis=axis))
    for lengths in LENGTHS:
        values = parts(dtype, axis, lengths, rng)
        turned = [np.asfortranarray(v)[::-1] for v in values]
        for given in (values, turned, [values[0], turned[1], values[2]]):
            np.testing.assert_array_equal(f(*given), np.concatenate(given, axis))


def test_computed_parts_of_several_dtypes_are_one_kernel(rng):
    x, y, z = T.matrix("x"), T.fmatrix("y"), T.row("z")
    joined = T.concatenate([T.exp(x), T.cast(y, "int8") + 1, z * 2, T.ones_like(x)[:, ::-1]], axis=0)
    f = croton.function([x, y, z], joined, profile=True)
    a, b, c = rng.standard_normal((6, 50)), rng.standard_normal((3, 50)).astype("float32") * 9, rng.standard_normal((1, 50))
    expected = np.concatenate([np.exp(a), b.astype("int8") + np.int8(1), c * 2, np.ones_like(a)])
    np.testing.assert_allclose(f(a, b, c), expected, rtol=1e-15)
    assert sum(step.startswith("  kernel ") for step in f.dump("program").splitlines()) == 1


def test_a_part_that_is_reduced_or_used_twice(rng):
    x = T.matrix("x")
    costly = T.exp(x)
    f = croton.function([x], [T.concatenate([costly, x.sum(axis=0, keepdims=True), costly * 2]), costly.sum()])
    a = rng.standard_normal((7, 40))
    joined, total = f(a)
    e = np.exp(a)
    np.testing.assert_allclose(joined, np.concatenate([e, a.sum(axis=0, keepdims=True), e * 2]), rtol=1e-13)
    np.testing.assert_allclose(total, e.sum(), rtol=1e-13)


def test_sizes_that_differ():
    x, y = T.matrices("x", "y")
    f = croton.function([x, y], T.concatenate([x, y]))
    with pytest.raises(ValueError, match="concatenation axis"):
        f(np.ones((2, 3)), np.ones((2, 4)))


def test_parts_shared_among_threads(rng):
    x = [T.matrix() for _ in range(4)]
    f = croton.function(x, T.concatenate([T.tanh(v) for v in x], axis=1))
    values = [rng.standard_normal((900, width)) for width in (1, 700, 0, 333)]
    np.testing.assert_allclose(f(*values), np.concatenate([np.tanh(v) for v in values], axis=1), rtol=1e-15)
