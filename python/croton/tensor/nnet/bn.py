"""Batch normalisation (Theano's theano.tensor.nnet.bn)."""
import numpy as np

from ..._convert import as_tensor_variable
from ...configuration import config


def batch_normalization(inputs, gamma, beta, mean, std, mode="low_mem"):
    """(inputs - mean) * gamma / std + beta. Both modes give the same here: what is fused needs no memory."""
    if mode not in ("low_mem", "high_mem"):
        raise ValueError('mode must be either "low_mem", "high_mem"')
    inputs = as_tensor_variable(inputs)
    return (inputs - mean) * (gamma / std) + beta


def _normalised_axes(axes, ndim):
    """(the axes over which is normalised, the others)."""
    if isinstance(axes, str):
        if axes not in ("per-activation", "spatial"):
            raise ValueError("invalid axes: %s" % axes)
        axes = (0,) if axes == "per-activation" else (0,) + tuple(range(2, ndim))
    elif isinstance(axes, (int, np.integer)):
        axes = (int(axes),)
    elif isinstance(axes, (tuple, list, np.ndarray)) and len(axes):
        axes = tuple(int(a) for a in axes)
    else:
        raise ValueError("invalid axes: %s" % str(axes))
    axes = tuple(sorted(axes))
    if any(a < 0 or a >= ndim for a in axes):
        raise ValueError("axes should be less than ndim (<%d), but %s given" % (ndim, str(axes)))
    return axes, tuple(a for a in range(ndim) if a not in axes)


class _Parameters:
    """Scales, means and the like: with one axis per axis that stays, or with all axes, of which the normalised ones broadcast."""

    def __init__(self, inputs, axes, first):
        self.ndim = inputs.ndim
        self.axes, self.kept = _normalised_axes(axes, self.ndim)
        self.rank = self.ndim if first.ndim == self.ndim else len(self.kept)

    def require(self, names, *parameters):
        if any(p.ndim != self.rank for p in parameters):
            raise ValueError("%s dimensionality must match the number of non-normalized axes, or have the same number of dimensions as "
                             "the inputs; got %s instead of %d" % (names, " and ".join(str(p.ndim) for p in parameters), self.rank))

    def broadcast(self, parameter):
        from .. import addbroadcast
        if self.rank == self.ndim:
            return addbroadcast(parameter, *self.axes)
        return parameter.dimshuffle(*[self.kept.index(a) if a in self.kept else "x" for a in range(self.ndim)])

    def reduced(self, parameter):
        return parameter if self.rank == self.ndim else parameter.dimshuffle(*self.kept)


def _checked_epsilon(epsilon):
    epsilon = np.asarray(epsilon, config.floatX)[()]
    if epsilon < np.asarray(1e-5, config.floatX):
        raise ValueError("epsilon must be at least 1e-5, got %s" % str(epsilon))
    return epsilon


def batch_normalization_train(inputs, gamma, beta, axes="per-activation", epsilon=1e-4, running_average_factor=0.1,
                              running_mean=None, running_var=None):
    """The inputs normalised over `axes`, scaled by gamma and moved by beta; their mean; the inverse of their deviation; and, where
    running averages are given, these moved towards the mean and the unbiased variance by running_average_factor."""
    from .. import cast, inv, patternbroadcast, sqrt
    inputs, gamma, beta = as_tensor_variable(inputs), as_tensor_variable(gamma), as_tensor_variable(beta)
    parameters = _Parameters(inputs, axes, gamma)
    parameters.require("gamma and beta", gamma, beta)
    if (running_mean is None) != (running_var is None):
        raise ValueError("running_mean and running_var must either both be given or both be omitted")
    epsilon = _checked_epsilon(epsilon)
    mean = inputs.mean(parameters.axes, keepdims=True)
    variance = inputs.var(parameters.axes, keepdims=True)
    inverse = inv(sqrt(variance + epsilon))
    out = (inputs - mean) * (parameters.broadcast(gamma) * inverse) + parameters.broadcast(beta)
    results = [out, parameters.reduced(mean), parameters.reduced(inverse)]
    if running_mean is not None:
        running = [as_tensor_variable(running_mean), as_tensor_variable(running_var)]
        parameters.require("running_mean and running_var", *running)
        count = 1
        for axis in parameters.axes:
            count = count * cast(inputs.shape[axis], mean.dtype)
        for old, new in zip(running, (mean, variance * (count / (count - 1)))):
            moved = parameters.broadcast(old) * (1 - running_average_factor) + new * running_average_factor
            results.append(patternbroadcast(parameters.reduced(moved), old.broadcastable))
    return tuple(results)


def batch_normalization_test(inputs, gamma, beta, mean, var, axes="per-activation", epsilon=1e-4):
    """The inputs normalised by a given mean and variance, scaled by gamma and moved by beta."""
    from .. import sqrt
    inputs = as_tensor_variable(inputs)
    gamma, beta, mean, var = [as_tensor_variable(p) for p in (gamma, beta, mean, var)]
    parameters = _Parameters(inputs, axes, gamma)
    parameters.require("gamma and beta", gamma, beta)
    parameters.require("mean and var", mean, var)
    epsilon = _checked_epsilon(epsilon)
    gamma, beta, mean, var = [parameters.broadcast(p) for p in (gamma, beta, mean, var)]
    return (inputs - mean) * (gamma / sqrt(var + epsilon)) + beta
