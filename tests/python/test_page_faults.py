"""Warm calls take no fresh memory: outputs come from blocks that were used before, and so touch no new page."""
import resource

import numpy as np
import pytest

import croton
import croton.tensor as T


def faults_of_calls(function, arguments, calls):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(calls):
        function(*arguments)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def faults_of_warm_calls(function, *arguments, calls=100):
    for _ in range(20):
        function(*arguments)
    # On a busy machine a thread may get its first share of the work, and with it its own packing block, only now.
    return min(faults_of_calls(function, arguments, calls) for _ in range(3))


@pytest.mark.parametrize("size", [1_000, 100_000, 1_000_000, 8_000_000])
def test_maps_and_reductions_fault_no_pages(size):
    x = T.fvector("x")
    function = croton.function([x], [x * 2, (x + 1).sum(), T.exp(x)[::2].max()])
    values = np.linspace(0, 1, size, dtype="float32")
    assert faults_of_warm_calls(function, values) <= 20  # one fresh page per call would be 100


def test_a_training_step_faults_no_pages():
    rng = np.random.default_rng(1)
    x, y = T.matrices("x", "y")
    w = croton.shared(rng.standard_normal((500, 400)), "w")
    loss = T.sqr(T.tanh(T.dot(x, w)) - y).mean()
    step = croton.function([x, y], loss, updates=[(w, w - 0.01 * croton.grad(loss, w))])
    arguments = rng.standard_normal((300, 500)), rng.standard_normal((300, 400))
    assert faults_of_warm_calls(step, *arguments) <= 20  # one fresh page per call would be 100


def test_results_that_are_kept_and_dropped_fault_no_pages():
    x = T.dvector("x")
    function = croton.function([x], x + 1)
    kept = [None] * 3

    def call(values, turn=iter(range(1000))):
        kept[next(turn) % 3] = function(values)

    assert faults_of_warm_calls(call, np.ones(1_000_000)) <= 20  # one fresh page per call would be 100
