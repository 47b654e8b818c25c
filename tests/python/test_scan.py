"""Symbolic loops against plain Python loops: taps, lengths, directions, nesting, gradients, updates, errors."""
import itertools

import numpy as np
import pytest

import croton as theano
import croton.tensor as T
from croton.scan_module import until

STEP = 1e-6


def numeric_gradient(f, x):
    g = np.zeros_like(x)
    for k in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[k] += STEP
        down[k] -= STEP
        g[k] = (f(up) - f(down)) / (2 * STEP)
    return g


def check(outputs, inputs, values, reference):
    """Values against the loop in Python, gradients of the sum of squares against differences, Rop against both."""
    f = theano.function(inputs, outputs)
    expected = reference(*values)
    for got, value in zip(f(*values), expected):
        assert got.shape == value.shape
        np.testing.assert_allclose(got, value, rtol=1e-12, atol=1e-12)
    cost = sum((o ** 2).sum() for o in outputs)
    gradients = theano.function(inputs, T.grad(cost, inputs, disconnected_inputs="ignore"))(*values)
    for k, gradient in enumerate(gradients):
        def changed(x):
            return sum((o ** 2).sum() for o in reference(*values[:k], x, *values[k + 1:]))
        np.testing.assert_allclose(gradient, numeric_gradient(changed, values[k]), rtol=1e-5, atol=1e-7)
    directions = [x.clone() for x in inputs]
    along = theano.function(inputs + directions, T.Rop(cost, inputs, directions))
    moved = [np.cos(np.arange(v.size)).reshape(v.shape) for v in values]
    np.testing.assert_allclose(along(*values, *moved), sum((g * d).sum() for g, d in zip(gradients, moved)), rtol=1e-9)


SEQUENCE_TAPS = [[0], [-1], [2], [-2, 0], [-1, 1], [0, 1], [-3, -1], [1, 3]]
STATE_TAPS = [[-1], [-2], [-2, -1], [-3, -1], [-1, -3, -2]]


@pytest.mark.parametrize("taps, backwards", itertools.product(SEQUENCE_TAPS, [False, True]))
def test_taps_of_sequences(taps, backwards, rng):
    x = T.vector("x")
    out, _ = theano.scan(lambda *rows: sum(row * (k + 1) for k, row in enumerate(rows)) ** 2,
                         sequences=[dict(input=x, taps=taps)], go_backwards=backwards)

    def loop(a):
        low, high = min(taps + [0]), max(taps + [0])
        times = range(-low, len(a) - high)
        made = [sum(a[t + tap] * (k + 1) for k, tap in enumerate(taps)) ** 2 for t in times]
        return [np.array(made[::-1] if backwards else made)]
    check([out], [x], [rng.standard_normal(7)], loop)


@pytest.mark.parametrize("taps, backwards", itertools.product(STATE_TAPS, [False, True]))
def test_taps_of_states(taps, backwards, rng):
    x, start, weights = T.matrix("x"), T.matrix("start"), T.matrix("weights")

    def step(row, *rest):
        earlier, w = rest[:-1], rest[-1]
        return T.tanh(row + sum(T.dot(e, w) / (k + 1) for k, e in enumerate(earlier)))
    out, _ = theano.scan(step, sequences=x, outputs_info=[dict(initial=start[0] if taps == [-1] else start, taps=taps)], non_sequences=weights,
                         go_backwards=backwards)

    def loop(a, s, w):
        trace = list(s)
        for row in a[::-1] if backwards else a:
            trace.append(np.tanh(row + sum(trace[tap] @ w / (k + 1) for k, tap in enumerate(taps))))
        return [np.array(trace[len(s):]).reshape(-1, 3)]
    check([out], [x, start, weights],
          [rng.standard_normal((5, 3)), rng.standard_normal((-min(taps), 3)), rng.standard_normal((3, 3)) / 2], loop)


def test_several_outputs_and_sequences_of_different_lengths(rng):
    x, y, a0, b0 = T.vector("x"), T.matrix("y"), T.scalar("a0"), T.vector("b0")
    (a, made, b), _ = theano.scan(lambda u, v, a, b: (a * u + b.sum(), a * v, T.sin(b + v) * u), sequences=[x, y],
                                  outputs_info=[a0, None, dict(initial=b0)])

    def loop(u, v, p, q):
        first, second, third = [], [], []
        for s, row in zip(u, v):
            second.append(p * row)
            p, q = p * s + q.sum(), np.sin(q + row) * s
            first.append(p)
            third.append(q)
        return [np.array(first), np.array(second), np.array(third)]
    values = [rng.standard_normal(4), rng.standard_normal((6, 2)), np.asarray(0.3), rng.standard_normal(2)]
    check([a, made, b], [x, y, a0, b0], values, loop)


def test_a_loop_inside_a_loop(rng):
    x, scale = T.matrix("x"), T.scalar("scale")

    def row(values, scale):
        inner, _ = theano.scan(lambda v, s: T.tanh(v * scale + s), sequences=values, outputs_info=T.zeros(()))
        return inner[-1] + inner.sum()
    out, _ = theano.scan(row, sequences=x, non_sequences=scale)

    def loop(a, c):
        made = []
        for values in a:
            s, trace = 0.0, []
            for v in values:
                s = np.tanh(v * c + s)
                trace.append(s)
            made.append(s + sum(trace))
        return [np.array(made)]
    check([out], [x, scale], [rng.standard_normal((3, 4)), np.asarray(0.7)], loop)


def test_second_gradients(rng):
    x, w = T.vector("x"), T.scalar("w")
    out, _ = theano.scan(lambda u, s, w: T.tanh(w * s + u), sequences=x, outputs_info=T.zeros(()), non_sequences=w)
    first = T.grad(out[-1], w)
    second = theano.function([x, w], T.grad(first, w))
    slope = theano.function([x, w], first)
    a = rng.standard_normal(6)
    np.testing.assert_allclose(second(a, 0.4), (slope(a, 0.4 + STEP) - slope(a, 0.4 - STEP)) / (2 * STEP), rtol=1e-7)


def test_truncated_gradients(rng):
    x, w = T.vector("x"), T.scalar("w")
    a = rng.standard_normal(6)
    for steps in (1, 2, 6, 9):
        out, _ = theano.scan(lambda u, s, w: T.tanh(w * s + u), sequences=x, outputs_info=T.zeros(()), non_sequences=w,
                             truncate_gradient=steps)
        whole, _ = theano.scan(lambda u, s, w: T.tanh(w * s + u), sequences=x, outputs_info=T.zeros(()), non_sequences=w)
        got, all_steps = theano.function([x, w], [T.grad(out[-1], x), T.grad(whole[-1], x)])(a, 0.7)
        np.testing.assert_allclose(got[-steps:], all_steps[-steps:], rtol=1e-12)
        assert not got[:-steps].any()


def test_until(rng):
    limit, growth = T.scalar("limit"), T.scalar("growth")
    values, _ = theano.scan(lambda v, limit, growth: (v * growth, until(v * growth > limit)), outputs_info=T.ones(()),
                            non_sequences=[limit, growth], n_steps=1000)
    f = theano.function([limit, growth], [values, T.grad(values[-1], growth)])
    got, slope = f(40.0, 2.0)
    np.testing.assert_array_equal(got, 2.0 ** np.arange(1, 7))
    np.testing.assert_allclose(slope, 6 * 2.0 ** 5)
    assert f(0.0, 2.0)[0].shape == (1,)


def test_numbers_of_steps():
    n, x = T.lscalar("n"), T.scalar("x")
    out, _ = theano.scan(lambda v: v * 2, outputs_info=x, n_steps=n)
    f = theano.function([n, x], [out, T.grad(out.sum(), x)])
    for count in (0, 1, 5):
        powers = 2.0 ** np.arange(1, count + 1)
        got, slope = f(count, 3.0)
        np.testing.assert_array_equal(got, 3 * powers)
        assert slope == powers.sum()
    with pytest.raises(ValueError, match="number of steps is negative: -1"):
        f(-1, 3.0)


def test_shared_variables_are_found_and_updated():
    state, rate, x = theano.shared(1.0), theano.shared(0.5), T.vector("x")
    out, updates = theano.scan(lambda u: (u * rate + state, {state: state + u}), sequences=x)
    f = theano.function([x], out, updates=updates)
    np.testing.assert_array_equal(f([1, 2, 3]), [1.5, 3.0, 5.5])
    assert state.get_value() == 7
    np.testing.assert_array_equal(f([1.0]), [7.5])


def test_what_does_not_depend_on_the_step_is_computed_before_the_loop(rng):
    x, w = T.matrix("x"), T.matrix("w")
    costly = T.exp(w)
    out, _ = theano.scan(lambda row: T.dot(row, costly), sequences=x)
    f = theano.function([x, w], out)
    body = out.owner.inputs
    assert costly in body
    a, b = rng.standard_normal((4, 3)), rng.standard_normal((3, 2))
    np.testing.assert_allclose(f(a, b), a @ np.exp(b), rtol=1e-13)


def test_a_million_steps_and_any_layout(rng):
    x = T.vector("x")
    total, _ = theano.scan(lambda v, s: s + v, sequences=x, outputs_info=T.zeros(()))
    f = theano.function([x], total[-1])
    a = rng.randint(0, 5, 100_000).astype("float64")
    assert f(a) == a.sum()
    assert f(a[::-2]) == a[::-2].sum()
    y = T.matrix("y")
    g = theano.function([y], theano.scan(lambda r: r * 2, sequences=y)[0])
    b = np.asfortranarray(rng.standard_normal((5, 7)))
    np.testing.assert_array_equal(g(b), b * 2)
    np.testing.assert_array_equal(g(b[::-1, ::2]), b[::-1, ::2] * 2)


def test_views():
    x = T.vector("x")
    zero = T.zeros(())
    outs = [theano.map(lambda a: a ** 2, x)[0], theano.reduce(lambda a, s: s + a, x, zero)[0],
            theano.foldl(lambda a, s: s * 2 + a, x, zero)[0], theano.foldr(lambda a, s: s * 2 + a, x, zero)[0]]
    squares, total, left, right = theano.function([x], outs)([1, 2, 3])
    np.testing.assert_array_equal(squares, [1, 4, 9])
    assert (total, left, right) == (6, 11, 17)


ERRORS = [
    (lambda x, n: theano.scan(lambda: T.ones(())), ValueError, "no number of steps"),
    (lambda x, n: theano.scan(lambda u, a: T.stack([a, u]), sequences=x, outputs_info=T.zeros(())), ValueError, "1 dimension"),
    (lambda x, n: theano.scan(lambda u, a: a + u, sequences=x, outputs_info=T.constant(0.0)), ValueError, "has dtype float32"),
    (lambda x, n: theano.scan(lambda u: (u, u), sequences=x, outputs_info=[None]), ValueError, "2 outputs, outputs_info 1"),
    (lambda x, n: theano.scan(lambda u: u, sequences=x, outputs_info=[dict(taps=[-1])]), ValueError, "initial state"),
    (lambda x, n: theano.scan(lambda u, a: u, sequences=x, outputs_info=[dict(initial=x, taps=[0])]), ValueError, "smaller then 0"),
    (lambda x, n: theano.scan(lambda u: u, sequences=n), ValueError, "is a scalar"),
    (lambda x, n: theano.scan(lambda u: "no", sequences=x), (ValueError, TypeError), "no"),
    (lambda x, n: theano.scan(lambda u: u * n, sequences=x, strict=True), theano.gof.MissingInputError, "non_sequences"),
]


@pytest.mark.parametrize("number", range(len(ERRORS)))
def test_errors(number):
    make, error, text = ERRORS[number]
    with pytest.raises(error, match=text):
        make(T.vector("x"), T.scalar("n"))


def test_errors_of_calls():
    x, n, start = T.vector("x"), T.lscalar("n"), T.vector("start")
    f = theano.function([x, n], theano.scan(lambda u: u * 2, sequences=x, n_steps=n)[0])
    with pytest.raises(ValueError, match="4 steps were asked for, but sequence 0 has only 3 rows"):
        f(np.ones(3), 4)
    g = theano.function([start, n], theano.scan(lambda a, b: a + b, outputs_info=dict(initial=start, taps=[-2, -1]), n_steps=n)[0])
    with pytest.raises(ValueError, match="2 initial values are needed"):
        g(np.ones(1), 4)
    h = theano.function([start, n], theano.scan(lambda a: T.concatenate([a, a]), outputs_info=start, n_steps=n)[0])
    with pytest.raises(ValueError):
        h(np.ones(3), 2)
    np.testing.assert_array_equal(f(np.ones(3), 2), [2, 2])
