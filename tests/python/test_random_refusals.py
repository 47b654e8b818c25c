"""Random variables that cannot be made or drawn: an exception that says so, never anything else."""
import numpy as np
import pytest

import croton as theano
import croton.tensor as T
from croton.sandbox.rng_mrg import MRG_RandomStreams, mrg_uniform
from croton.tensor import raw_random
from croton.tensor.shared_randomstreams import RandomStreams

ROW = np.array([0.5, 1.0, 2.0])


def _drawn(variable, *values):
    return theano.function([], variable)(*values)


BAD = {
    "size of floats": lambda: RandomStreams(1).uniform((2.5,)),
    "size as a matrix": lambda: RandomStreams(1).uniform(T.lmatrix()),
    "size as floats": lambda: RandomStreams(1).uniform(T.dvector(), ndim=2),
    "size of unknown length": lambda: RandomStreams(1).uniform(T.lvector()),
    "wrong ndim": lambda: RandomStreams(1).uniform((2, 3), ndim=1),
    "ndim below the arguments": lambda: RandomStreams(1).uniform((2,), low=np.ones((2, 2))),
    "negative size": lambda: _drawn(RandomStreams(1).uniform((-3,))),
    "size that borrows nothing": lambda: RandomStreams(1).uniform((-1, 2), low=ROW[:2]),
    "arguments that do not fit": lambda: _drawn(RandomStreams(1).uniform((2,), low=ROW)),
    "complex bound": lambda: RandomStreams(1).uniform((2,), low=T.zvector()),
    "complex draws": lambda: RandomStreams(1).uniform((2,), dtype="complex64"),
    "negative deviation": lambda: _drawn(RandomStreams(1).normal((2,), 0, -1)),
    "probability above one": lambda: _drawn(RandomStreams(1).binomial((2,), 1, 1.5)),
    "probability that is no number": lambda: _drawn(RandomStreams(1).binomial((2,), 1, np.nan)),
    "negative trials": lambda: _drawn(RandomStreams(1).binomial((2,), -1, 0.5)),
    "bounds in the wrong order": lambda: _drawn(RandomStreams(1).random_integers((2,), 5, 3)),
    "negative rate": lambda: _drawn(RandomStreams(1).poisson((2,), -1.0)),
    "rate without a size": lambda: RandomStreams(1).poisson(lam=1.0),
    "choice of nothing": lambda: _drawn(RandomStreams(1).choice((2,), 0)),
    "choice of a matrix": lambda: RandomStreams(1).choice((2,), np.ones((2, 2))),
    "too many once": lambda: _drawn(RandomStreams(1).choice((5,), 3, False)),
    "weights of another length": lambda: _drawn(RandomStreams(1).choice((5,), 3, True, [0.5, 0.5])),
    "weights that add up to less": lambda: _drawn(RandomStreams(1).choice((5,), 2, True, [0.3, 0.3])),
    "permutation of a negative number": lambda: _drawn(RandomStreams(1).permutation(n=-2)),
    "permutation of two numbers": lambda: RandomStreams(1).permutation(n=T.lvector()),
    "multinomial of too much": lambda: _drawn(RandomStreams(1).multinomial((2,), 5, [0.9, 0.9])),
    "multinomial with negative weights": lambda: _drawn(RandomStreams(1).multinomial((2,), 5, [-0.5, 0.9])),
    "state that is none": lambda: raw_random.uniform(T.dvector(), (2,)),
    "state as a number": lambda: T.exp(raw_random.random_state_type()),
    "shared state set to an array": lambda: theano.shared(np.random.RandomState(1)).set_value(np.zeros(628, "uint32")),
    "another generator": lambda: theano.shared(np.random.RandomState(np.random.PCG64(1))),
    "mrg seed of zero": lambda: MRG_RandomStreams(0),
    "mrg seed too large": lambda: MRG_RandomStreams(2147483647),
    "mrg seeds of zero": lambda: MRG_RandomStreams([0, 0, 0, 1, 2, 3]),
    "mrg five seeds": lambda: MRG_RandomStreams([1, 2, 3, 4, 5]),
    "mrg size as a list": lambda: MRG_RandomStreams(1).uniform([2]),
    "mrg size of zero": lambda: MRG_RandomStreams(1).uniform((0,)),
    "mrg unknown option": lambda: MRG_RandomStreams(1).uniform((2,), scale=3),
    "mrg integers": lambda: MRG_RandomStreams(1).uniform((2,), dtype="int64"),
    "mrg binomial of two": lambda: MRG_RandomStreams(1).binomial((2,), n=2),
    "mrg multinomial of a vector": lambda: MRG_RandomStreams(1).multinomial(pvals=ROW),
    "mrg choice with replacement": lambda: MRG_RandomStreams(1).choice(p=np.ones((1, 2)) / 2),
    "mrg too many once": lambda: _drawn(MRG_RandomStreams(1).choice(3, p=np.ones((1, 2)) / 2, replace=False)),
    "mrg normal size of floats": lambda: MRG_RandomStreams(1).normal((2.0,)),
    "mrg states of another width": lambda: _drawn(raw_apply(np.ones((3, 5), "int32"))),
    "mrg no states": lambda: _drawn(raw_apply(np.ones((0, 6), "int32"))),
    "mrg states of floats": lambda: raw_apply(np.ones((3, 6))),
}


def raw_apply(states):
    return mrg_uniform.new(theano.shared(states), None, "float64", (4,))[1]


@pytest.mark.parametrize("name", BAD)
def test_bad_calls_are_refused(name):
    with pytest.raises((TypeError, ValueError, NotImplementedError)):
        BAD[name]()
