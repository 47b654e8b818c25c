"""Graphs that are deep, or whose parts are used again at each level: linear work, and no recursion with their depth."""
import pickle
import threading

import numpy as np
import pytest

import croton as theano
import croton.tensor as T

SMALL_STACK = 512 * 1024


@pytest.fixture
def on_small_stack():
    """Runs a function on a thread whose stack a recursion over a long chain would not fit."""
    def run(work):
        results = []
        before = threading.stack_size(SMALL_STACK)
        thread = threading.Thread(target=lambda: results.append(work()))
        thread.start()
        threading.stack_size(before)
        thread.join()
        assert len(results) == 1
        return results[0]
    return run


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


# Name -> levels, the argument's shape, one level in Croton, the same in NumPy. Most would take for ever if a kernel computed each
# level anew for each way that leads to it, or kept all levels in one kernel.
LEVELS = {
    "stencils": (20, (60,), lambda z, x: (z[2:] - 2 * z[1:-1] + z[:-2]) / 4, lambda z, x: (z[2:] - 2 * z[1:-1] + z[:-2]) / 4),
    "joins": (14, (3,), lambda z, x: T.concatenate([z, z[1:]]), lambda z, x: np.concatenate([z, z[1:]])),
    "joined arguments": (200, (2,), lambda z, x: T.concatenate([z, x]), lambda z, x: np.concatenate([z, x])),
    "means of rows": (150, (3, 4), lambda z, x: (z - z.mean(axis=1, keepdims=True)) / 2 + x,
                      lambda z, x: (z - z.mean(axis=1, keepdims=True)) / 2 + x),
    "softmax": (60, (3, 4), lambda z, x: T.nnet.softmax(z) + x, lambda z, x: softmax(z) + x),
    "slices": (1500, (1510,), lambda z, x: z[1:], lambda z, x: z[1:]),
    "slices of results": (300, (310,), lambda z, x: T.tanh(z)[1:], lambda z, x: np.tanh(z)[1:]),
    "sizes": (300, (320,), lambda z, x: T.set_subtensor(z[:z.shape[0] // 2], 1)[1:], lambda z, x: np.r_[np.ones(len(z) // 2), z[len(z) // 2:]][1:]),
    "arithmetic": (2000, (5,), lambda z, x: T.sin(z) * x, lambda z, x: np.sin(z) * x),
    "doubling": (1000, (3,), lambda z, x: z + z, lambda z, x: z + z),
}


@pytest.mark.parametrize("name", LEVELS)
def test_chains(name, on_small_stack, rng):
    levels, shape, level, reference = LEVELS[name]
    x = T.TensorType("float64", (False,) * len(shape))("x")
    value = rng.rand(*shape)

    def work():
        z = x
        for _ in range(levels):
            z = level(z, x)
        return theano.function([x], z)(value)

    expected = value
    for _ in range(levels):
        expected = reference(expected, value)
    np.testing.assert_allclose(on_small_stack(work), expected, rtol=1e-9)


def test_gradient_of_a_long_chain(on_small_stack):
    x = T.dvector("x")

    def work():
        z = x
        for _ in range(300):
            z = T.sin(z) + x
        return theano.function([x], T.grad(z.sum(), x))(np.array([0.3, 2.0]))

    z, slope = np.array([0.3, 2.0]), np.ones(2)
    for _ in range(300):
        z, slope = np.sin(z) + [0.3, 2.0], np.cos(z) * slope + 1
    np.testing.assert_allclose(on_small_stack(work), slope, rtol=1e-9)


def test_what_is_used_twice_at_each_level_is_walked_once(on_small_stack):
    x, y = T.dscalars("x", "y")

    def work():
        z = x
        for _ in range(1000):
            z = z + z
        copy = pickle.loads(pickle.dumps(z))
        slope = T.grad(z, x)
        printed = theano.printing.debugprint([z, slope], file="str")
        values = theano.function([x], [z, slope])(1.0) + [theano.clone(z, {x: y * 2}).eval({y: 0.5})]
        return len(printed.splitlines()), len(list(theano.gof.graph.ancestors([copy]))), values

    lines, nodes, values = on_small_stack(work)
    assert lines < 10_000 and nodes == 1001
    assert [float(v) for v in values] == [2.0**1000] * 3
