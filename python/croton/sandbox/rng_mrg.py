"""Random numbers from streams of MRG31k3p, drawn in parallel (Theano's theano.sandbox.rng_mrg)."""
import warnings

import numpy as np

from .. import _core
from .._convert import as_tensor_variable, cast, size_variables
from .._ops import class_named
from .._variable import Variable, wrap_all
from ..configuration import config
from ..gradient import undefined_grad
from ..scalar import upcast
from ..sharedvalue import shared
from .multinomial import ChoiceFromUniform, MultinomialFromUniform

M1, M2 = 2**31 - 1, 2**31 - 21069  # the moduli of the two parts
_DEFAULT_STREAMS = 60 * 256
_integers = (int, np.integer)


class mrg_uniform(class_named("mrg_uniform")):
    """The op behind MRG_RandomStreams.uniform: (states, sizes) -> (states after the draws, samples)."""

    @classmethod
    def new(cls, rstate, ndim, dtype, size):
        sizes = size_variables(size)
        if sizes is None:
            ndim = _core.vector_length(size._var) if ndim is None else ndim
            if ndim is None or ndim < 0:
                raise ValueError("length not known: %s" % size)
            sizes = _core.vector_elements(size._var, ndim)
        return wrap_all(_core.apply("mrg_uniform", [as_tensor_variable(rstate)._var] + sizes, [_core.dtype_code(dtype)]))


def guess_n_streams(size, warn=False):
    """How many streams are drawn from: a sixth of the samples, 60 * 256 at most, and as many where the size is not known."""
    if isinstance(size, (tuple, list)) and all(isinstance(i, int) for i in size):
        count = 1
        for s in size:
            count *= s
        return min(count // 6 if count > 6 else count, _DEFAULT_STREAMS)
    if warn:
        warnings.warn("MRG_RandomStreams Can't determine #streams from size (%s), guessing 60*256" % str(size), stacklevel=3)
    return _DEFAULT_STREAMS


class MRG_RandomStreams(object):
    """Makes random variables, each with streams of its own. The seed is an integer, or six of them."""

    def __init__(self, seed=12345):
        self.state_updates = []
        self.default_instance_seed = seed
        self.set_rstate(seed)

    def updates(self):
        """Pairs of each state and the state after it, with size and number of streams."""
        return list(self.state_updates)

    def set_rstate(self, seed):
        """The state from which the next random variable's streams are made."""
        if isinstance(seed, int):
            if seed == 0:
                raise ValueError("seed should not be 0", seed)
            if seed >= M2:
                raise ValueError("seed should be less than %i" % M2, seed)
            seed = [seed] * 6
        elif len(seed) != 6:
            raise TypeError("seed should be 1 integer or 6 integers")
        for which, part, modulus in (("first", seed[:3], M1), ("last", seed[3:], M2)):
            if all(x == 0 for x in part):
                raise ValueError("The %s 3 values of seed should not be all 0" % which, seed)
            if any(x >= modulus for x in part):
                raise ValueError("The %s 3 values of seed should be less than %i" % (which, modulus), seed)
        self.rstate = np.asarray(seed, dtype="int32")

    def seed(self, seed=None):
        """Gives every random variable made so far new streams, which depend on the seed only."""
        self.set_rstate(self.default_instance_seed if seed is None else seed)
        for old_r, new_r, size, nstreams in self.state_updates:
            nstreams = self.n_streams(size) if nstreams is None else nstreams
            rstates = self.get_substream_rstates(nstreams, new_r.owner.outputs[1].dtype)
            assert old_r.get_value(borrow=True).shape == rstates.shape
            old_r.set_value(rstates, borrow=True)

    def inc_rstate(self):
        """Skips 2^134 steps, to the start of the next random variable's streams."""
        self.rstate = _core.next_stream_family(self.rstate)

    def get_substream_rstates(self, n_streams, dtype, inc_rstate=True):
        """A matrix with the states of streams that lie 2^72 steps apart."""
        assert isinstance(dtype, str)
        assert 0 < n_streams < 2**72
        states = _core.stream_states(self.rstate, int(n_streams))
        if inc_rstate:
            self.inc_rstate()
        return states

    def n_streams(self, size):
        return guess_n_streams(size)

    def pretty_return(self, node_rstate, new_rstate, sample, size, nstreams):
        sample.rstate = node_rstate
        sample.update = (node_rstate, new_rstate)
        self.state_updates.append((node_rstate, new_rstate, size, nstreams))
        node_rstate.default_update = new_rstate
        return sample

    def uniform(self, size, low=0.0, high=1.0, ndim=None, dtype=None, nstreams=None, **kwargs):
        """Numbers between low and high, both excluded. Without a dtype that of low and high, but at least floatX."""
        low, high = as_tensor_variable(low), as_tensor_variable(high)
        if dtype is None:
            dtype = upcast(config.floatX, low.dtype, high.dtype)
        dtype = config.floatX if dtype == "floatX" else str(np.dtype(dtype))
        low, high = undefined_grad(cast(low, dtype)), undefined_grad(cast(high, dtype))
        _check_tuple(size)
        states = self.get_substream_rstates(self.n_streams(size) if nstreams is None else nstreams, dtype)
        options = {"target": kwargs.pop("target")} if "target" in kwargs else {}
        if kwargs:
            raise TypeError("uniform() got unexpected keyword arguments %s" % (str(kwargs.keys())))
        node_rstate = shared(states, **options)
        node_rstate.tag.is_rng = True
        u = self.pretty_return(node_rstate, *mrg_uniform.new(node_rstate, ndim, dtype, size), size=size, nstreams=nstreams)
        r = u * (high - low) + low
        if u.type.broadcastable != r.type.broadcastable:
            raise NotImplementedError("Increase the size to match the broadcasting pattern of `low` and `high` arguments")
        return r

    def binomial(self, size=None, n=1, p=0.5, ndim=None, dtype="int64", nstreams=None, **kwargs):
        """1 with probability p, else 0."""
        if n != 1:
            raise NotImplementedError("MRG_RandomStreams.binomial with n > 1")
        p = undefined_grad(as_tensor_variable(p))
        return cast(self.uniform(size=size, nstreams=nstreams, **kwargs) < p, dtype)

    def multinomial(self, size=None, n=1, pvals=None, ndim=None, dtype="int64", nstreams=None, **kwargs):
        """How often each outcome comes in n trials; one distribution per line of pvals, whose values are not checked."""
        if pvals is None:
            raise TypeError("You have to specify pvals")
        pvals = undefined_grad(as_tensor_variable(pvals))
        if size is not None:
            if any(isinstance(i, int) and i <= 0 for i in size):
                raise ValueError("The specified size contains a dimension with value <= 0", size)
            raise ValueError("Provided a size argument to MRG_RandomStreams.multinomial, which does not use the size argument.")
        if ndim is not None:
            raise ValueError("Provided an ndim argument to MRG_RandomStreams.multinomial, which does not use the ndim argument.")
        if pvals.ndim != 2:
            raise NotImplementedError("MRG_RandomStreams.multinomial only implemented for pvals.ndim = 2")
        unis = self.uniform(size=pvals[:, 0].shape * n, ndim=1, nstreams=nstreams, **kwargs)
        return MultinomialFromUniform(dtype)(pvals, unis, as_tensor_variable(n))

    def choice(self, size=1, a=None, replace=True, p=None, ndim=None, dtype="int64", nstreams=None, **kwargs):
        """`size` different outcomes per line of p, which has their probabilities. Only replace=False is defined."""
        if replace:
            raise NotImplementedError("MRG_RandomStreams.choice only works without replacement for now.")
        if a is not None:
            raise TypeError("For now, a has to be None in MRG_RandomStreams.choice. Sampled values are between 0 and p.shape[1]-1")
        if p is None:
            raise TypeError("For now, p has to be specified in MRG_RandomStreams.choice.")
        p = undefined_grad(as_tensor_variable(p))
        if ndim is not None:
            raise ValueError("ndim argument to MRG_RandomStreams.choice is not used.")
        if p.ndim != 2:
            raise NotImplementedError("MRG_RandomStreams.choice is only implemented for p.ndim = 2")
        unis = self.uniform(size=p[:, 0].shape * size, ndim=1, nstreams=nstreams, **kwargs)
        return ChoiceFromUniform(odtype=dtype)(p, unis, as_tensor_variable(size))

    def multinomial_wo_replacement(self, size=None, n=1, pvals=None, ndim=None, dtype="int64", nstreams=None, **kwargs):
        """choice() under its older name."""
        warnings.warn("MRG_RandomStreams.multinomial_wo_replacement() is deprecated and will be removed in the next release of "
                      "Theano. Please use MRG_RandomStreams.choice() instead.")
        assert size is None
        return self.choice(size=n, a=None, replace=False, p=pvals, dtype=dtype, nstreams=nstreams, ndim=ndim, **kwargs)

    def normal(self, size, avg=0.0, std=1.0, ndim=None, dtype=None, nstreams=None, truncate=False, **kwargs):
        """Normal numbers by the transform of Box and Muller; truncate=True keeps them within two deviations."""
        size = _check_size(size)
        avg, std = undefined_grad(as_tensor_variable(avg)), undefined_grad(as_tensor_variable(std))
        if dtype is None:
            dtype = upcast(config.floatX, avg.dtype, std.dtype)
        dtype = config.floatX if dtype == "floatX" else str(np.dtype(dtype))
        avg, std = cast(avg, dtype), cast(std, dtype)
        count = size.prod(dtype="int64")  # a variable in any case, so that there are 60 * 256 streams
        even = count + count % 2
        options = dict(ndim=1, dtype=dtype, nstreams=nstreams, **kwargs)
        uniform = self.uniform((even,), low=0.0, high=1.0, **options)
        drawn = self._pairs(uniform, even // 2, dtype, truncate, options)[:count]
        return drawn.reshape(size, ndim=ndim) * std + avg

    def _pairs(self, uniform, half, dtype, truncate, options):
        """The transform of both halves, behind one another. What lies too far away is drawn again, with the same angle."""
        from .. import tensor
        radius = tensor.sqrt(-2.0 * tensor.log(uniform[:half]))
        theta = np.array(2.0 * np.pi, dtype=dtype) * uniform[half:]
        cosine, sine = tensor.cos(theta), tensor.sin(theta)
        first, second = radius * cosine, radius * sine
        if not truncate:
            return tensor.join(0, first, second)
        far = [(z < -2.0) | (z > 2.0) for z in (first, second)]
        near = [z[tensor.nonzero(~f)] for z, f in zip((first, second), far)]
        places = [tensor.nonzero(f)[0] for f in far]
        again = self.uniform((places[0].size + places[1].size,), low=tensor.constant(1.0 / np.e**2, dtype=dtype), high=1.0, **options)
        radius = tensor.sqrt(-2.0 * tensor.log(again))
        fixed = radius[:places[0].size] * cosine[places[0]], radius[places[0].size:] * sine[places[1]]
        return tensor.join(0, near[0], fixed[0], near[1], fixed[1])

    def truncated_normal(self, size, avg=0.0, std=1.0, ndim=None, dtype=None, nstreams=None, **kwargs):
        """Normal numbers within two deviations, of the given standard deviation."""
        from .. import tensor
        std = std / tensor.constant(0.87962566103423978)  # of the normal distribution truncated at 2
        return self.normal(size=size, avg=avg, std=std, truncate=True, ndim=ndim, dtype=dtype, nstreams=nstreams, **kwargs)


MRG_RandomStream = MRG_RandomStreams


def _check_tuple(size):
    if not isinstance(size, tuple):
        if not (isinstance(size, Variable) and size.ndim == 1):
            raise TypeError("size must be a tuple of int or a Theano Variable with 1 dimension, got %s of type %s" % (size, type(size)))
        return
    assert all(isinstance(i, _integers + (Variable,)) for i in size), "size must be a tuple of int or a Theano variable"
    if any(isinstance(i, _integers) and i <= 0 for i in size):
        raise ValueError("The specified size contains a dimension with value <= 0", size)


def _check_size(size):
    """The size of normal() as a vector variable."""
    from ..tensor import constant, stack
    if isinstance(size, Variable):
        if size.ndim > 1:
            raise ValueError("Theano variable must have 1 dimension to be a valid size.", size)
        return size if size.ndim == 1 else stack([size])
    if isinstance(size, _integers):
        return constant([size], ndim=1)
    if not isinstance(size, (tuple, list)):
        raise ValueError("Size must be a int, tuple, list or Theano variable.", size)
    for i in size:
        if isinstance(i, Variable):
            if i.ndim != 0:
                raise ValueError("Non-scalar Theano variable in size", size, i)
        elif not isinstance(i, _integers):
            raise ValueError("Only Theano variables and integers are allowed in a size-tuple.", size, i)
        elif i <= 0:
            raise ValueError("Non-positive dimensions not allowed in size.", size, i)
    return as_tensor_variable(size, ndim=1)
