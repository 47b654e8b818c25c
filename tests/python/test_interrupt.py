"""Ctrl-C in the middle of a call: KeyboardInterrupt, state as before, and the function still works."""
import contextlib
import ctypes
import functools
import operator
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import croton as theano
import croton.tensor as T

HOURS = 10**13  # elements, if nothing stopped the call


def slow_sum(**options):
    n = T.lscalar("n")
    total = T.sum(T.sqrt(T.arange(n).astype("float64")))
    return theano.function([n], total, **({"updates": options["updates"](total)} if options else {}))


@pytest.fixture(autouse=True)
def interrupts_arrive():
    """A job started in the background inherits that SIGINT is ignored, and so would the programs started here."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def interrupt_soon(seconds=0.3):
    timer = threading.Timer(seconds, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    try:
        yield
    finally:
        timer.join()


@contextlib.contextmanager
def handler_of_sigint(handler):
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class Perform(theano.gof.Op):
    """The identity on a scalar; runs a Python function first."""
    __props__ = ("function",)

    def __init__(self, function):
        self.function = function

    def make_node(self, x):
        return theano.gof.Apply(self, [x], [x.type()])

    def perform(self, node, inputs, outputs):
        self.function()
        outputs[0][0] = inputs[0].copy()


def test_a_long_call_is_interrupted_and_changes_nothing():
    state = theano.shared(np.float64(1))
    f = slow_sum(updates=lambda total: [(state, state + total)])
    assert f(5) == pytest.approx(np.sqrt(np.arange(5.0)).sum())
    before = state.get_value()
    with interrupt_soon(), pytest.raises(KeyboardInterrupt):
        f(HOURS)
    assert state.get_value() == before
    assert f(3) == pytest.approx(1 + np.sqrt(2))


def test_a_long_map_is_interrupted():
    x = T.dvector("x")
    y = x
    for _ in range(10):
        y = T.tanh(T.erf(y) + x)
    f = theano.function([x], y)
    value = np.full(2 * 10**7, 0.7)            # some seconds
    expected = f(value[:2])
    with interrupt_soon(0.2), pytest.raises(KeyboardInterrupt):
        f(value)
    np.testing.assert_array_equal(f(value[:2]), expected)


def test_the_handler_of_python_is_back_afterwards():
    x = T.dvector("x")
    handler = signal.getsignal(signal.SIGINT)
    f = theano.function([x], T.exp(x))
    f(np.zeros(10))
    f(np.zeros(10**6))
    assert signal.getsignal(signal.SIGINT) is handler
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(10**7):                 # the signal arrives between two steps of Python
            pass


def test_a_signal_that_is_noted_but_not_handled_when_the_call_begins_stops_it():
    f = slow_sum()
    f(3)
    note = ctypes.pythonapi.PyErr_SetInterrupt
    note.restype = None
    with pytest.raises(KeyboardInterrupt):     # no step of Python lies between the two calls
        list(map(operator.call, (note, functools.partial(f, HOURS))))
    assert f(2) == 1


def test_no_signal_between_short_calls_is_lost_or_stops_a_later_call():
    x = T.dvector("x")
    short = theano.function([x], x + 1)
    long = theano.function([x], T.exp(x).sum())
    few, many = np.zeros(3), np.zeros(10**6)
    for _ in range(5):
        with interrupt_soon(0.02), pytest.raises(KeyboardInterrupt):
            while True:
                short(few)
                long(many)
        for _ in range(20):
            assert long(many) == 10**6


def test_a_handler_of_the_user_that_raises_stops_the_call():
    class Stop(Exception):
        pass

    def handler(number, frame):
        raise Stop

    f = slow_sum()
    with handler_of_sigint(handler):
        with interrupt_soon(), pytest.raises(Stop):
            f(HOURS)
        assert signal.getsignal(signal.SIGINT) is handler
    assert f(2) == 1


def test_a_handler_of_the_user_that_returns_lets_the_call_go_on():
    f = slow_sum()
    count = 5 * 10**8                          # about a second
    ran = []
    state = theano.shared(np.int64(0))
    f = slow_sum(updates=lambda total: [(state, state + 1)])
    with handler_of_sigint(lambda number, frame: ran.append(state.get_value())):
        with interrupt_soon(0.1):
            result = f(count)
    assert ran == [0]                          # once, in the middle of the call
    assert state.get_value() == 1
    assert result == pytest.approx(2 / 3 * count**1.5, rel=1e-6)


def test_an_ignored_signal_changes_nothing():
    f = slow_sum()
    with handler_of_sigint(signal.SIG_IGN), interrupt_soon(0.05):
        assert f(10**8) == pytest.approx(2 / 3 * 10**12, rel=1e-6)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_calls_on_other_threads_are_not_stopped():
    f = slow_sum()
    count, results, done = 3 * 10**8, [], threading.Event()

    def work():
        results.append(f(count))
        done.set()

    threading.Thread(target=work).start()
    with interrupt_soon(0.1), pytest.raises(KeyboardInterrupt):
        f(HOURS)
    with interrupt_soon(0.05), pytest.raises(KeyboardInterrupt):
        done.wait()
        time.sleep(10)                         # should the thread be done that early
    assert done.wait(60)
    assert results == [pytest.approx(2 / 3 * count**1.5, rel=1e-6)]


def test_a_signal_during_an_op_in_python_is_python_s():
    n = T.lscalar("n")
    f = theano.function([n], T.arange(Perform(lambda: time.sleep(10))(n)).sum())
    with interrupt_soon(0.1), pytest.raises(KeyboardInterrupt):
        f(3)


def test_an_op_in_python_may_catch_the_interrupt_and_a_later_one_still_stops():
    def catch():
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(10)
        caught.append(1)

    caught = []
    n = T.lscalar("n")
    f = theano.function([n], T.sum(T.sqrt(T.arange(Perform(catch)(n)).astype("float64"))))
    assert f(2) == 1
    assert caught == [1]                       # and the call was not made again
    with interrupt_soon(), pytest.raises(KeyboardInterrupt):
        f(HOURS)
    assert caught == [1, 1]


def test_a_call_within_a_call_is_interrupted():
    inner = slow_sum()
    n = T.lscalar("n")
    f = theano.function([n], Perform(lambda: inner(HOURS))(n) + 1)
    with interrupt_soon(), pytest.raises(KeyboardInterrupt):
        f(1)
    assert inner(2) == 1


PROGRAM = """
import threading, time
import croton as theano, croton.tensor as T
n = T.lscalar()
f = theano.function([n], T.sum(T.sqrt(T.arange(n).astype('float64'))))
f(3)
for count in (10**13, 3 * 10**8):
    threading.Thread(target=f, args=(count,), daemon=True).start()
time.sleep(0.2)
print('done', flush=True)
"""


def test_the_interpreter_ends_while_threads_are_in_calls():
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "done\n", "")
