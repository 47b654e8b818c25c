"""Matrix products against NumPy: stacks of matrices, layouts of operands, sizes of zero and one, gradients, failures."""
import numpy as np
import pytest

import croton
import croton.tensor as T

LAYOUTS = {
    "contiguous": lambda x: x,
    "transposed": lambda x: np.ascontiguousarray(x.swapaxes(-1, -2)).swapaxes(-1, -2),
    "every second": lambda x: np.repeat(x, 2, axis=-1)[..., ::2],
    "reversed": lambda x: np.ascontiguousarray(x[..., ::-1])[..., ::-1],
    "stack reversed": lambda x: np.ascontiguousarray(x[::-1])[::-1],
}
SHAPES = [(1000, 16, 16, 16), (7, 3, 5, 2), (1, 4, 4, 4), (0, 2, 2, 2), (3, 0, 2, 2), (3, 2, 0, 2), (3, 2, 2, 0), (50, 1, 9, 1),
          (6, 40, 70, 33)]
BOUNDS = {"float32": 1e-5, "float64": 1e-13}


def batched(dtype):
    a, b = T.tensor3("a", dtype=dtype), T.tensor3("b", dtype=dtype)
    return croton.function([a, b], T.batched_dot(a, b)), croton.function(
        [a, b], croton.grad(T.sqr(T.batched_dot(a, b)).sum(), [a, b]))


@pytest.mark.parametrize("dtype", BOUNDS)
def test_stacks_of_every_layout(dtype):
    f, gradients = batched(dtype)
    assert "gemm" in f.dump("program")
    generator = np.random.default_rng(1)
    for count, m, k, n in SHAPES:
        for left in LAYOUTS.values():
            for right in LAYOUTS.values():
                a = left(generator.uniform(-1, 1, (count, m, k)).astype(dtype))
                b = right(generator.uniform(-1, 1, (count, k, n)).astype(dtype))
                product = np.matmul(a, b)
                np.testing.assert_allclose(f(a, b), product, atol=BOUNDS[dtype] * max(k, 1))
                by_a, by_b = gradients(a, b)
                bound = 10 * BOUNDS[dtype] * max(m, n, k, 1) ** 2
                np.testing.assert_allclose(by_a, 2 * product @ b.swapaxes(1, 2), atol=bound)
                np.testing.assert_allclose(by_b, 2 * a.swapaxes(1, 2) @ product, atol=bound)


@pytest.mark.parametrize("shapes", [((3, 2, 4), (4, 4, 2)), ((3, 2, 4), (3, 5, 2))])
def test_stacks_that_do_not_fit(shapes):
    f, _ = batched("float64")
    total = croton.shared(np.zeros(3))
    a, b = T.tensor3("a"), T.tensor3("b")
    step = croton.function([a, b], T.batched_dot(a, b).sum(), updates=[(total, total + 1)], allow_input_downcast=True)
    with pytest.raises(ValueError):
        f(*map(np.ones, shapes))
    with pytest.raises(ValueError):
        step(*(np.ones(shape, croton.config.floatX) for shape in shapes))
    np.testing.assert_array_equal(total.get_value(), np.zeros(3))


def test_stacks_of_stacks():
    a, b = np.random.default_rng(2).normal(size=(2, 3, 4, 5)), np.random.default_rng(3).normal(size=(3, 5, 2))
    x, y = T.tensor4("x", dtype="float64"), T.tensor3("y", dtype="float64")
    many = croton.batch(T.batched_dot, axes=(0, None))(x, y)
    np.testing.assert_allclose(croton.function([x, y], many)(a, b), a @ b, rtol=1e-12)
