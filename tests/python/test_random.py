"""Random streams: the bits of NumPy's RandomState and of MRG31k3p, states, seeding, default updates, copies."""
import copy
import pickle

import numpy as np
import pytest

import croton as theano
import croton.tensor as T
from croton.sandbox.multinomial import MultinomialFromUniform
from croton.sandbox.rng_mrg import MRG_RandomStreams, guess_n_streams
from croton.tensor import raw_random
from croton.tensor.shared_randomstreams import RandomStreams

SEED = 902340


def numpy_state(seed=SEED):
    """The state of the first random variable of RandomStreams(seed)."""
    return np.random.RandomState(int(np.random.RandomState(seed).randint(2 ** 30)))


ROW = np.array([0.5, 1.0, 2.0])
# How Theano's streams draw, and the same with NumPy's generator r.
DRAWS = {
    "uniform": (lambda s: s.uniform((3, 4)), lambda r: r.uniform(size=(3, 4))),
    "uniform range": (lambda s: s.uniform((1000,), -2, 5.5), lambda r: r.uniform(-2, 5.5, (1000,))),
    "uniform float32": (lambda s: s.uniform((700,), dtype="float32"), lambda r: r.uniform(size=700).astype("float32")),
    "uniform float16": (lambda s: s.uniform((7,), dtype="float16"), lambda r: r.uniform(size=7).astype("float16")),
    "uniform scalar": (lambda s: s.uniform(()), lambda r: np.array(r.uniform())),
    "uniform broadcast": (lambda s: s.uniform((2, 3), ROW, 9.0), lambda r: r.uniform(ROW, 9.0, (2, 3))),
    "uniform by arguments": (lambda s: s.uniform(low=ROW, high=ROW[:, None] + 3), lambda r: r.uniform(ROW, ROW[:, None] + 3)),
    "uniform borrowed": (lambda s: s.uniform((4, -1), ROW, 9.0), lambda r: r.uniform(ROW, 9.0, (4, 3))),
    "uniform empty": (lambda s: s.uniform((0, 3)), lambda r: r.uniform(size=(0, 3))),
    "normal": (lambda s: s.normal((5, 5)), lambda r: r.normal(size=(5, 5))),
    "normal shifted": (lambda s: s.normal((2001,), 3, 0.25), lambda r: r.normal(3, 0.25, 2001)),
    "normal broadcast": (lambda s: s.normal((2, 3), ROW, 2 * ROW), lambda r: r.normal(ROW, 2 * ROW, (2, 3))),
    "binomial": (lambda s: s.binomial((100,)), lambda r: r.binomial(1, 0.5, 100)),
    "binomial counts": (lambda s: s.binomial((50, 3), 20, [0.1, 0.5, 0.9]), lambda r: r.binomial(20, [0.1, 0.5, 0.9], (50, 3))),
    "binomial many": (lambda s: s.binomial((300,), 400, 0.3), lambda r: r.binomial(400, 0.3, 300)),
    "binomial most": (lambda s: s.binomial((300,), 10000, 0.97), lambda r: r.binomial(10000, 0.97, 300)),
    "binomial edges": (lambda s: s.binomial((2, 4), [0, 1, 5, 9], [[0.0], [1.0]]), lambda r: r.binomial([0, 1, 5, 9], [[0.0], [1.0]], (2, 4))),
    "binomial float": (lambda s: s.binomial((9,), 3, 0.5, dtype="float32"), lambda r: r.binomial(3, 0.5, 9).astype("float32")),
    "poisson": (lambda s: s.poisson((400,), 4.2), lambda r: r.poisson(4.2, 400)),
    "poisson large": (lambda s: s.poisson((400,), 77.5), lambda r: r.poisson(77.5, 400)),
    "poisson mixed": (lambda s: s.poisson((20, 3), [0.0, 3.0, 1e6]), lambda r: r.poisson([0.0, 3.0, 1e6], (20, 3))),
    "integers": (lambda s: s.random_integers((200,), -5, 5), lambda r: r.randint(-5, 6, 200)),
    "integers wide": (lambda s: s.random_integers((60,), -2**40, 2**50), lambda r: r.randint(-2**40, 2**50 + 1, 60)),
    "integers 32 bits": (lambda s: s.random_integers((60,), 0, 2**32 - 1), lambda r: r.randint(0, 2**32, 60)),
    "integers broadcast": (lambda s: s.random_integers((4, 2), [0, 10], [5, 10]), lambda r: r.randint([0, 10], [6, 11], (4, 2))),
    "integers int8": (lambda s: s.random_integers((9,), 0, 9, dtype="int8"), lambda r: r.randint(0, 10, 9).astype("int8")),
    "permutation": (lambda s: s.permutation(n=20), lambda r: r.permutation(20)),
    "permutations": (lambda s: s.permutation((2, 3), 7), lambda r: np.array([[r.permutation(7) for _ in range(3)] for _ in range(2)])),
    "permutation of none": (lambda s: s.permutation((2,), 0), lambda r: np.zeros((2, 0), "int64")),
    "choice": (lambda s: s.choice((50,), 9), lambda r: r.choice(9, 50)),
    "choice of values": (lambda s: s.choice((6,), ROW, dtype="float64"), lambda r: r.choice(ROW, 6)),
    "choice once": (lambda s: s.choice((4, 2), 9, replace=False), lambda r: r.choice(9, (4, 2), False)),
    "choice weighted": (lambda s: s.choice((30,), 3, p=[0.2, 0.5, 0.3]), lambda r: r.choice(3, 30, True, [0.2, 0.5, 0.3])),
    "choice weighted once": (lambda s: s.choice((3,), 4, False, [0.6, 0.2, 0.1, 0.1]), lambda r: r.choice(4, 3, False, [0.6, 0.2, 0.1, 0.1])),
    "choice of one": (lambda s: s.choice(()), lambda r: np.array(r.choice(2))),
    "multinomial": (lambda s: s.multinomial((5,), 10, [0.2, 0.3, 0.5]), lambda r: r.multinomial(10, [0.2, 0.3, 0.5], 5)),
    "multinomial of many": (lambda s: s.multinomial((5,), 900, [0.25, 0.25, 0.5]), lambda r: r.multinomial(900, [0.25, 0.25, 0.5], 5)),
    "multinomial lines": (lambda s: s.multinomial(n=[4, 9], pvals=[[0.5, 0.5], [0.125, 0.875]]),
                          lambda r: np.array([r.multinomial(4, [0.5, 0.5]), r.multinomial(9, [0.125, 0.875])])),
}


@pytest.mark.parametrize("name", DRAWS)
def test_draws_are_those_of_numpy(name):
    build, reference = DRAWS[name]
    variable, state = build(RandomStreams(SEED)), numpy_state()
    f = theano.function([], variable)
    for _ in range(3):
        got, wanted = f(), reference(state)
        assert got.dtype == variable.dtype and variable.ndim == got.ndim
        np.testing.assert_array_equal(got, wanted)
        assert got.dtype == wanted.dtype or "integers" in name or "choice" in name
    assert raw_random.random_state_type.values_eq(variable.rng.get_value(), state)


def test_draws_of_one_state_follow_each_other():
    state = raw_random.random_state_type("state")
    after, first = raw_random.normal(state, (3,))
    after, second = raw_random.uniform(after, (2,))
    after, third = raw_random.random_integers(after, (5,), 0, 100)
    r = np.random.RandomState(8)
    f = theano.function([state], [first, second, third, after])
    got = f(np.random.RandomState(8))
    for value, wanted in zip(got, (r.normal(size=3), r.uniform(size=2), r.randint(0, 101, 5))):
        np.testing.assert_array_equal(value, wanted)
    assert isinstance(got[3], np.random.RandomState) and raw_random.random_state_type.values_eq(got[3], r)
    again = f(np.random.RandomState(8))
    np.testing.assert_array_equal(got[0], again[0])


def test_a_state_is_an_input_with_an_update():
    state = raw_random.random_state_type("state")
    after, drawn = raw_random.uniform(state, (2,), -1, 1)
    f = theano.function([theano.In(state, value=np.random.RandomState(3), update=after, mutable=True)], drawn)
    r = np.random.RandomState(3)
    for _ in range(2):
        np.testing.assert_array_equal(f(), r.uniform(-1, 1, 2))
    assert isinstance(f[state], np.random.RandomState)
    g = theano.function([theano.In(state, value=np.random.RandomState(3))], drawn)
    np.testing.assert_array_equal(g(), g())


def test_sizes_may_be_symbolic():
    x, n = T.dmatrix("x"), T.iscalar("n")
    streams = RandomStreams(SEED)
    like_x = streams.uniform(x.shape)
    f = theano.function([x, n], [like_x, streams.normal((n, 2)), streams.uniform(T.stack([n, n + 1]))])
    for rows in (2, 5):
        a, b, c = f(np.ones((rows, 3)), rows + 1)
        assert a.shape == (rows, 3) and b.shape == (rows + 1, 2) and c.shape == (rows + 1, rows + 2)
    with pytest.raises(ValueError):
        f(np.ones((1, 1)), -1)
    np.testing.assert_array_equal(theano.function([x], like_x.shape)(np.ones((4, 3))), [4, 3])


def test_shuffled_rows_keep_their_elements():
    x = T.dmatrix()
    shuffled = RandomStreams(77).shuffle_row_elements(x)
    f = theano.function([x], [shuffled, shuffled.permutation])
    values = np.arange(40.0).reshape(4, 10)
    rows, orders = f(values)
    np.testing.assert_array_equal(rows, np.take_along_axis(values, orders, 1))
    assert not np.array_equal(rows, values)


# ------------------------------------------------------------------------------------------------------ MRG31k3p

M1, M2 = 2147483647, 2147462579


def mrg_integers(states, count):
    """The definition of the generator: integers from 1 to 2^31 - 1, one stream after the other in turn."""
    states, drawn = [[int(w) for w in s] for s in states], []
    for k in range(count):
        x11, x12, x13, x21, x22, x23 = states[k % len(states)]
        first = (2**22 * x12 + (2**7 + 1) * x13) % M1
        second = (2**15 * x21 + (2**15 + 1) * x23) % M2
        states[k % len(states)] = [first, x11, x12, second, x21, x22]
        drawn.append(first - second + (M1 if first <= second else 0))
    return np.array(drawn, "int64"), np.array(states, "int32")


@pytest.mark.parametrize("streams", (1, 2, 15, 16, 17, 40, 700))
@pytest.mark.parametrize("dtype", ("float64", "float32", "float16"))
def test_mrg_streams_are_those_of_the_definition(streams, dtype):
    for count in (1, 5, 16, 33, 1500):
        rng = MRG_RandomStreams(1234)
        variable = rng.uniform((count,), dtype=dtype, nstreams=streams)
        state = rng.state_updates[0][0]
        integers, after = mrg_integers(state.get_value(), count)
        got = theano.function([], variable)()
        if dtype == "float64":
            wanted = integers * 2.0**-31
        elif dtype == "float32":
            wanted = integers.astype("float32") * np.float32(4.6566126e-10)
        else:
            wanted = (((integers & 0x7FFF) + 1) * float(np.float16(3.0458e-05))).astype("float16")
        np.testing.assert_array_equal(got, wanted)
        np.testing.assert_array_equal(state.get_value(), after)


def test_mrg_streams_lie_2_to_72_steps_apart():
    rng = MRG_RandomStreams([1, 2, 3, 4, 5, 6])
    first = np.array([[0, 2**22, 2**7 + 1], [1, 0, 0], [0, 1, 0]], object)
    second = np.array([[2**15, 0, 2**15 + 1], [1, 0, 0], [0, 1, 0]], object)

    def ahead(state, log_steps):
        parts = []
        for matrix, modulus, words in ((first, M1, state[:3]), (second, M2, state[3:])):
            for _ in range(log_steps):
                matrix = matrix.dot(matrix) % modulus
            parts += list(matrix.dot(np.array([int(w) for w in words], object)) % modulus)
        return parts
    states = rng.get_substream_rstates(4, "float64", inc_rstate=False)
    for k in range(3):
        assert list(states[k + 1]) == ahead(states[k], 72)
    rng.inc_rstate()
    assert list(rng.rstate) == ahead([1, 2, 3, 4, 5, 6], 134)


def test_mrg_numbers_of_streams():
    assert [guess_n_streams(s) for s in ((), (4,), (6,), (7,), (12, 5), (1000, 1000))] == [1, 4, 6, 1, 10, 15360]
    assert guess_n_streams(T.lvector()) == guess_n_streams((T.lscalar(), 2)) == 15360
    rng = MRG_RandomStreams(3)
    rng.uniform((60,))
    rng.uniform((60,), nstreams=7)
    assert [s.get_value().shape for s, *_ in rng.updates()] == [(10, 6), (7, 6)]


def test_mrg_distributions():
    rng = MRG_RandomStreams(42)
    u, n, b = rng.uniform((10001,), -1, 3), rng.normal((100, 101), 2.0, 0.5), rng.binomial((10001,), p=0.3)
    t = rng.truncated_normal((10000,), 1.0, 2.0)
    assert [v.dtype for v in (u, n, b, t)] == ["float64", "float64", "int64", "float64"]
    x, y, z, w = theano.function([], [u, n, b, t])()
    assert -1 < x.min() and x.max() < 3 and abs(x.mean() - 1) < 0.05
    assert y.shape == (100, 101) and abs(y.mean() - 2) < 0.02 and abs(y.std() - 0.5) < 0.02
    assert set(z) == {0, 1} and abs(z.mean() - 0.3) < 0.02
    bound = 2 * 2.0 / 0.87962566103423978
    assert abs(w - 1).max() <= bound * (1 + 1e-6) and abs(w.mean() - 1) < 0.05 and abs(w.std() - 2) < 0.05


def test_normals_are_the_transform_of_box_and_muller():
    for size in ((6,), (3, 3), 5):
        count = int(np.prod(size))
        even = count + count % 2
        z = theano.function([], MRG_RandomStreams(8).normal(size, dtype="float64"))().ravel()
        u = theano.function([], MRG_RandomStreams(8).uniform((even,), dtype="float64", nstreams=60 * 256))()
        radius, angle = np.sqrt(-2 * np.log(u[:even // 2])), 2 * np.pi * u[even // 2:]
        wanted = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])[:count]
        np.testing.assert_allclose(z, wanted, rtol=1e-13)


def test_choices_by_uniform_numbers():
    rng, p = MRG_RandomStreams(5), T.matrix()
    f = theano.function([p], [rng.multinomial(pvals=p, n=50), rng.choice(p=p, size=2, replace=False), rng.multinomial(pvals=p)])
    weights = np.array([[0.1, 0.6, 0.3], [0.0, 0.5, 0.5]])
    for _ in range(20):
        counts, chosen, once = f(weights)
        assert (counts.sum(1) == 50).all() and counts[1, 0] == 0 and (once.sum(1) == 1).all()
        assert (chosen[:, 0] != chosen[:, 1]).all() and (chosen[1] != 0).all() and chosen.shape == (2, 2)


# ------------------------------------------------------------------------------------------- states and updates

STREAMS = [lambda seed=SEED: RandomStreams(seed), lambda seed=123: MRG_RandomStreams(seed)]


@pytest.mark.parametrize("make", STREAMS, ids=("RandomStreams", "MRG"))
def test_seeding_starts_again(make):
    rng = make()
    f = theano.function([], [rng.uniform((5,)), rng.normal((4,)), rng.uniform((3,))])
    first, second = f(), f()
    rng.seed()
    third = f()
    rng.seed(99)
    other = f()
    for a, b, c, d in zip(first, second, third, other):
        np.testing.assert_array_equal(a, c)
        assert not np.array_equal(a, b) and not np.array_equal(a, d)
    assert not np.array_equal(first[0][:3], first[2])


@pytest.mark.parametrize("make", STREAMS, ids=("RandomStreams", "MRG"))
def test_default_updates(make):
    rng = make()
    u = rng.uniform((3,))
    state, after = rng.updates()[0][:2]
    fixed = theano.function([], u, no_default_updates=True)
    np.testing.assert_array_equal(fixed(), fixed())
    skipped = theano.function([], u, no_default_updates=[state])
    np.testing.assert_array_equal(skipped(), fixed())
    moving, explicit = theano.function([], u), theano.function([], u, updates=[(state, after)])
    values = [fixed(), moving(), explicit(), moving()]
    np.testing.assert_array_equal(values[0], values[1])
    assert len({v.tobytes() for v in values[1:]}) == 3
    assert not theano.function([], u + u - 2 * u)().any()
    assert hasattr(state, "default_update") and not hasattr(theano.shared(0.0), "default_update")


@pytest.mark.parametrize("make", STREAMS, ids=("RandomStreams", "MRG"))
def test_states_are_read_set_and_replaced(make):
    rng = make()
    u = rng.uniform((3,))
    state = rng.updates()[0][0]
    f = theano.function([], u)
    kept = state.get_value(borrow=True)
    first = f()
    state.set_value(kept)
    np.testing.assert_array_equal(f(), first)
    other = theano.shared(kept)
    state_before = state.get_value()
    swapped = theano.function([], u, givens=[(state, other)], no_default_updates=True)
    np.testing.assert_array_equal(swapped(), first)
    copied = f.copy(swap={state: theano.shared(kept)})
    np.testing.assert_array_equal(copied(), first)
    equal = raw_random.random_state_type.values_eq if state.type == raw_random.random_state_type else np.array_equal
    assert equal(state.get_value(), state_before)


@pytest.mark.parametrize("make", STREAMS, ids=("RandomStreams", "MRG"))
@pytest.mark.parametrize("duplicate", (copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))), ids=("deepcopy", "pickle"))
def test_copies_draw_the_same(make, duplicate):
    rng = make()
    u = rng.uniform((4,)) + rng.normal((4,))
    rng2, u2 = duplicate((rng, u))
    f, g = theano.function([], u), theano.function([], u2)
    h = duplicate(f)
    for _ in range(2):
        value = f()
        np.testing.assert_array_equal(value, g())
        np.testing.assert_array_equal(value, h())
    rng.seed(5)
    assert not np.array_equal(f(), g())
    rng2.seed(5)
    rng.seed(5)
    np.testing.assert_array_equal(f(), g())


@pytest.mark.parametrize("make", STREAMS, ids=("RandomStreams", "MRG"))
def test_equal_draws_of_one_state_are_one(make):
    rng = make()
    first = rng.uniform((3,))
    second = theano.clone(first + 1)
    f = theano.function([], [first, second], no_default_updates=True)
    draws = [n for n in f.maker.fgraph.toposort() if type(n.op).__name__ in ("RandomFunction", "mrg_uniform")]
    assert len(draws) == 1
    np.testing.assert_array_equal(f()[0] + 1, f()[1])


def test_gradients_go_around_the_draws():
    x, p = T.dmatrix("x"), T.dscalar("p")
    for rng in (RandomStreams(3), MRG_RandomStreams(3)):
        mask = rng.binomial(x.shape, p=p, dtype="float64")
        y = (x * mask).sum()
        f = theano.function([x, p], [T.grad(y, x), mask])
        gradient, drawn = f(np.ones((3, 4)), 0.5)
        np.testing.assert_array_equal(gradient, drawn)
        with pytest.raises(theano.gradient.NullTypeGradError):
            T.grad(T.sum(rng.normal((3,), p)), p)
    w, unis = T.dmatrix("w"), T.dvector("unis")
    with pytest.raises(theano.gradient.NullTypeGradError):
        T.grad(theano.gradient.undefined_grad(w).sum(), w)
    gradient = T.grad(T.sum(MultinomialFromUniform("float64")(w, unis)), w)
    assert not theano.function([w, unis], gradient, on_unused_input="ignore")(np.ones((2, 2)) / 2, np.ones(2) / 2).any()


MASKS = """
import numpy as np, croton as theano, croton.tensor as T
from croton.sandbox.rng_mrg import MRG_RandomStreams
rng = MRG_RandomStreams(7)
x = T.fmatrix()
f = theano.function([x], [rng.binomial(x.shape, p=0.5, dtype="float32") * x, rng.normal(x.shape), rng.uniform((777, 333))])
value = np.ones((301, 1031), "float32")
import hashlib
print(hashlib.sha256(b"".join(a.tobytes() for _ in range(2) for a in f(value))).hexdigest())
"""


def test_bits_do_not_depend_on_threads():
    import os
    import subprocess
    import sys
    seen = {subprocess.run([sys.executable, "-c", MASKS], env=dict(os.environ, CROTON_NUM_THREADS=threads), capture_output=True,
                           text=True, check=True).stdout for threads in ("1", "4")}
    assert len(seen) == 1
