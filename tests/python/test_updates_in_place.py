"""New values of shared variables are written over the old ones where nothing can see the difference."""

import numpy as np
import pytest

import croton as theano
import croton.tensor as T

START = np.linspace(-1, 1, 12).reshape(3, 4)
OTHER = np.linspace(2, 3, 12).reshape(3, 4)
G = np.sin(np.arange(12.0)).reshape(3, 4)


def momentum(w, m, g):
    velocity = 0.9 * m - 0.1 * g
    return [(m, velocity), (w, w + velocity)], lambda w, m: (w + 0.9 * m - 0.1 * G, 0.9 * m - 0.1 * G)


def swap(w, m, g):
    return [(w, m + g), (m, w - g)], lambda w, m: (m + G, w - G)


def flipped(w, m, g):
    return [(w, w + (w * 2)[::-1])], lambda w, m: (w + (w * 2)[::-1], m)


def transposed_square(w, m, g):
    return [(w, w + T.dot(w, w.T).sum() + w[0])], lambda w, m: (w + (w @ w.T).sum() + w[0], m)


def scaled_by_a_part(w, m, g):
    return [(w, w * w[0, 0].dimshuffle("x", "x"))], lambda w, m: (w * w[0, 0], m)


def plain(w, m, g):
    return [(w, w - 0.1 * g)], lambda w, m: (w - 0.1 * G, m)


def other_unread(w, m, g):
    return [(w, w - g), (m, T.exp(g) * 2)], lambda w, m: (w - G, np.exp(G) * 2)


def read_by_the_other(w, m, g):
    return [(w, w - g), (m, m + w)], lambda w, m: (w - G, m + w)


def read_flipped_by_the_other(w, m, g):
    return [(w, w - g), (m, m + w[::-1])], lambda w, m: (w - G, m + w[::-1])


PRODUCT = G @ G.T @ G


def product(g):
    return T.dot(T.dot(g, g.T), g)


def product_added(w, m, g):
    return [(w, w - 0.1 * product(g))], lambda w, m: (w - 0.1 * PRODUCT, m)


def products_added_to_both(w, m, g):
    return [(w, 0.5 * w + product(g)), (m, product(g * 2) - m)], lambda w, m: (0.5 * w + PRODUCT, 8 * PRODUCT - m)


def product_of_the_old_value(w, m, g):
    return [(w, w - T.dot(T.dot(g, g.T), w))], lambda w, m: (w - G @ G.T @ w, m)


def product_scaled_by_the_old_value(w, m, g):
    return [(w, w + w[0, 0] * product(g))], lambda w, m: (w + w[0, 0] * PRODUCT, m)


def product_added_to_a_view(w, m, g):
    return [(w, w[::-1] + product(g))], lambda w, m: (w[::-1] + PRODUCT, m)


def product_added_to_what_the_other_reads(w, m, g):
    return [(w, w + product(g)), (m, m * w[::-1])], lambda w, m: (w + PRODUCT, m * w[::-1])


def product_added_and_multiplied(w, m, g):
    new = w + product(g)
    return [(w, new), (m, T.dot(T.dot(new, new.T), m))], lambda w, m: (w + PRODUCT, (w + PRODUCT) @ (w + PRODUCT).T @ m)


def outer_product_added(w, m, g):
    return [(w, w + T.outer(g[:, 0], g[1]))], lambda w, m: (w + np.outer(G[:, 0], G[1]), m)


CASES = {
    product_added: 1, products_added_to_both: 2, product_of_the_old_value: 0, product_scaled_by_the_old_value: 0,
    product_added_to_a_view: 0, product_added_to_what_the_other_reads: 1, product_added_and_multiplied: 0,
    outer_product_added: 1,
    momentum: 2, plain: 1, other_unread: 2, read_by_the_other: 2, read_flipped_by_the_other: 1,
    swap: 0, flipped: 0, transposed_square: 0, scaled_by_a_part: 0,
}


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.__name__)
def test_values_and_the_number_in_place(case):
    w, m, g = theano.shared(START.copy()), theano.shared(OTHER.copy()), T.dmatrix("g")
    updates, reference = case(w, m, g)
    f = theano.function([g], (w * m).sum(), updates=updates, on_unused_input="ignore")
    assert sum("in place" in line for line in f.dump("program").splitlines()) == CASES[case]
    expected = START, OTHER
    for _ in range(3):
        np.testing.assert_allclose(f(G), (expected[0] * expected[1]).sum(), rtol=1e-12)
        expected = reference(*expected)
        np.testing.assert_allclose(w.get_value(), expected[0], rtol=1e-12)
        np.testing.assert_allclose(m.get_value(), expected[1], rtol=1e-12)


def test_a_kernel_that_reads_an_old_value_runs_before_it_is_overwritten():
    w, v, g = theano.shared(START.copy()), theano.shared(np.zeros(4)), T.dmatrix("g")
    f = theano.function([g], [], updates=[(w, w - g), (v, v - w[0])])
    assert sum("in place" in line for line in f.dump("program").splitlines()) == 1
    total = np.zeros(4)
    for k in range(3):
        f(G)
        total = total - (START - k * G)[0]
        np.testing.assert_allclose(v.get_value(), total, rtol=1e-12, atol=1e-15)


def test_a_value_that_somebody_holds_is_not_overwritten():
    w, g = theano.shared(START.copy()), T.dmatrix("g")
    read = theano.function([], w)
    step = theano.function([g], w, updates=[(w, w - g)])
    held, borrowed = read(), w.get_value(borrow=True, return_internal_type=True)
    kept = np.array(borrowed)
    before = step(G)
    np.testing.assert_array_equal(held, START)
    np.testing.assert_array_equal(before, START)
    np.testing.assert_array_equal(borrowed, kept)
    np.testing.assert_allclose(w.get_value(), START - G)


def test_a_product_is_not_added_to_a_value_that_somebody_holds():
    w, g = theano.shared(START.copy()), T.dmatrix("g")
    read, step = theano.function([], w), theano.function([g], [], updates=[(w, w + product(g))])
    assert "in place of shared 0" in step.dump("program")
    held = read()
    step(G)
    np.testing.assert_array_equal(held, START)
    np.testing.assert_allclose(w.get_value(), START + PRODUCT, rtol=1e-12)


def test_a_failing_call_adds_no_product():
    w, g, i = theano.shared(START.copy()), T.dmatrix("g"), T.lvector("i")
    step = theano.function([g, i], g[i].sum(), updates=[(w, w + product(g))])
    with pytest.raises(IndexError):
        step(G, [9])
    with pytest.raises(ValueError):
        step(G[:2], [0])
    np.testing.assert_array_equal(w.get_value(), START)


def test_a_failing_call_changes_nothing():
    w, m, g, i = theano.shared(START.copy()), theano.shared(OTHER.copy()), T.dmatrix("g"), T.lvector("i")
    step = theano.function([g, i], [], updates=[(w, w - g), (m, m * g[i].sum())])
    with pytest.raises(IndexError):
        step(G, [9])
    np.testing.assert_array_equal(w.get_value(), START)
    np.testing.assert_array_equal(m.get_value(), OTHER)
    with pytest.raises(ValueError):
        step(G[:2], [0])
    np.testing.assert_array_equal(w.get_value(), START)


def rows_added(w, i, g):
    return T.inc_subtensor(w[i], -0.1 * g), lambda w, i, g: np.add.at(w, i, -0.1 * g)


def rows_set(w, i, g):
    return T.set_subtensor(w[i], T.tanh(g)), lambda w, i, g: w.__setitem__(i, np.tanh(g))


def slice_added(w, i, g):
    return T.inc_subtensor(w[2:7], g[:5]), lambda w, i, g: w.__setitem__(slice(2, 7), w[2:7] + g[:5])


def gathered_and_added(w, i, g):
    return T.inc_subtensor(w[i], w[i] * g), lambda w, i, g: np.add.at(w, i, w[i] * g)


@pytest.mark.parametrize("case", [rows_added, rows_set, slice_added, gathered_and_added], ids=lambda c: c.__name__)
def test_regions_of_a_shared_variable(case):
    start = np.random.RandomState(3).rand(50, 6)
    w, i, g = theano.shared(start.copy()), T.lvector("i"), T.dmatrix("g")
    value, change = case(w, i, g)
    step = theano.function([i, g], [], updates=[(w, value)], on_unused_input="ignore")
    assert "in place of shared 0" in step.dump("program")
    rows, rest = np.array([3, 49, 3, -1, 0, 3]), np.random.RandomState(4).randn(6, 6)
    want = start.copy()
    for _ in range(3):
        change(want, rows, rest)
        step(rows, rest)
        np.testing.assert_allclose(w.get_value(), want, rtol=1e-12)
    held = theano.function([], w.T)  # a view of a value that somebody reads
    before, kept = held(), w.get_value().T
    step(rows, rest)
    np.testing.assert_array_equal(before, kept)
    if case is not slice_added:  # all or nothing: the last index is the wrong one
        now = w.get_value()
        with pytest.raises(IndexError):
            step([0, 1, 2, 3, 4, 50], rest)
        np.testing.assert_array_equal(w.get_value(), now)


def test_a_chain_of_changes_shares_its_memory():
    x, v = T.dmatrix("x"), T.dvector("v")
    y = T.exp(x)
    kept = y
    for k in range(6):
        y = T.set_subtensor(y[k], v * k)
    f = theano.function([x, v], [(y * 2).sum(axis=0)])
    g = theano.function([x, v], [(y * 2).sum(axis=0), kept * 3])
    data, row = np.random.RandomState(5).rand(8, 5), np.arange(5.0)
    want = np.exp(data)
    want[:6] = np.outer(np.arange(6), row)
    np.testing.assert_allclose(f(data, row), [(want * 2).sum(axis=0)])
    total, old = g(data, row)
    np.testing.assert_allclose(total, (want * 2).sum(axis=0))
    np.testing.assert_allclose(old, np.exp(data) * 3)
    assert "buffer 2" not in f.dump("program")


def test_what_is_changed_and_read_later_keeps_its_memory():
    x, v = T.dmatrix("x"), T.dvector("v")
    y = T.exp(x)
    changed = T.set_subtensor(y[1], v)
    f = theano.function([x, v], y * 3 + changed)
    data, row = np.random.RandomState(6).rand(4, 5), np.arange(5.0)
    want = np.exp(data)
    want[1] = row
    np.testing.assert_allclose(f(data, row), np.exp(data) * 3 + want)


def test_sizes_that_change_between_calls():
    w, g = theano.shared(START.copy()), T.dmatrix("g")
    doubled = theano.function([], [], updates=[(w, w * 2)])
    replaced = theano.function([g], w, updates=[(w, T.exp(g))])
    for rows in (3, 8, 1, 0, 3000, 2):
        w.set_value(np.ones((rows, 4)))
        doubled()
        doubled()
        np.testing.assert_array_equal(w.get_value(), np.full((rows, 4), 4.0))
    for rows in (3, 0, 700, 700, 5):
        before = w.get_value()
        np.testing.assert_array_equal(replaced(np.zeros((rows, 4))), before)
        np.testing.assert_array_equal(w.get_value(), np.ones((rows, 4)))


VIEWS = {
    "transposed": lambda y: y.T,
    "rows from the second on": lambda y: y[1:],
    "a view of a view": lambda y: y[1:].T[::-1],
    "a new axis": lambda y: y.dimshuffle(1, "x", 0),
}


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_of_a_new_value_in_place_is_a_result(name):
    view = VIEWS[name]
    w = theano.shared(START.copy())
    y = w * 2 + 1
    f = theano.function([], view(y), updates=[(w, y)])
    plain = theano.function([], view(y), updates=[(w, y)], mode=theano.Mode(linker="cvm", optimizer=None))
    x = T.dmatrix("x")
    want = START.copy()
    for function in (f, plain, plain, f):
        want = want * 2 + 1
        expected = theano.function([x], view(x))(want)
        held = w.get_value(borrow=True)
        np.testing.assert_array_equal(function(), expected)
        np.testing.assert_array_equal(w.get_value(), want)
        del held
