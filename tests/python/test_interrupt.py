"""Ctrl-C in the middle of a call: KeyboardInterrupt, state as before, and the function still works."""
import os
import signal
import threading

import numpy as np
import pytest

import croton as theano
import croton.tensor as T


def interrupt_soon():
    timer = threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    return timer


def test_a_long_call_is_interrupted_and_changes_nothing():
    n = T.lscalar("n")
    state = theano.shared(np.float64(1))
    total = T.sum(T.sqrt(T.arange(n).astype("float64")))
    f = theano.function([n], total, updates=[(state, state + total)])
    assert f(5) == pytest.approx(np.sqrt(np.arange(5.0)).sum())
    before = state.get_value()
    timer = interrupt_soon()
    try:
        with pytest.raises(KeyboardInterrupt):
            f(10**13)                          # hours, if nothing stopped it
    finally:
        timer.join()
    assert state.get_value() == before
    assert f(3) == pytest.approx(1 + np.sqrt(2))


def test_the_handler_of_python_is_back_afterwards():
    x = T.dvector("x")
    handler = signal.getsignal(signal.SIGINT)
    theano.function([x], T.exp(x))(np.zeros(10))
    assert signal.getsignal(signal.SIGINT) is handler
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(10**7):                 # the signal arrives between two steps of Python
            pass
