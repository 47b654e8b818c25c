"""Draws from NumPy's RandomState as ops (Theano's theano.tensor.raw_random): state in, (state after the draws, draws) out."""
import functools

import numpy as np

from .. import _core
from .._convert import as_tensor_variable, cast
from .._ops import class_named
from .._types import Type, _other_types
from .._variable import Variable, wrap, wrap_all
from ..configuration import config
from ..scalar import upcast


class RandomStateType(Type):
    """The type of a numpy.random.RandomState. In the engine its value is a vector of words."""

    _kind = "random_state"

    def _key(self):
        return ("random_state", "uint32", (False,))

    def __eq__(self, other):
        return type(self) is type(other)

    def __hash__(self):
        return hash(type(self))

    def __str__(self):
        return "RandomStateType"

    __repr__ = __str__

    def filter(self, data, strict=False, allow_downcast=None):
        if not self.is_valid_value(data):
            raise TypeError("expected a numpy.random.RandomState, not %s" % type(data).__name__)
        return data

    def is_valid_value(self, value):
        return type(value) == np.random.RandomState

    def values_eq(self, a, b):
        a, b = a.get_state(), b.get_state()
        return a[0] == b[0] and np.array_equal(a[1], b[1]) and a[2:4] == b[2:4] and (not a[3] or a[4] == b[4])

    values_eq_approx = values_eq

    @staticmethod
    def may_share_memory(a, b):
        return a is b

    def _to_engine(self, data, strict=False, allow_downcast=None):
        """The words of the twister, the place of the next one, and a normal number that waits: whether there is one, its bits."""
        state = self.filter(data).get_state(legacy=False)
        if state["bit_generator"] != "MT19937":
            raise TypeError("the state of %s cannot be drawn from, only that of MT19937" % state["bit_generator"])
        key, place, has_normal, normal = state["state"]["key"], state["state"]["pos"], state["has_gauss"], state["gauss"]
        waiting = np.array([normal if has_normal else 0.0]).view("uint32")
        return np.concatenate([key, np.array([place, has_normal], "uint32"), waiting]).astype("uint32", copy=False)

    def _from_engine(self, words):
        state = np.random.RandomState(0)
        state.set_state(("MT19937", words[:624], int(words[624]), int(words[625]), float(words[626:].copy().view("float64")[0])))
        return state


random_state_type = RandomStateType()
_other_types["random_state"] = random_state_type
_ROWS = {"uniform": 2, "normal": 2, "binomial": 2, "poisson": 1, "random_integers": 2, "choice": 3, "permutation": 1, "multinomial": 2}


class RandomFunction(class_named("RandomFunction")):
    """RandomFunction(fn, outtype, ndim_added=0)(state, shape, *args): draws of the type `outtype` by the RandomState's method
    that `fn` names, or by one of this module's helpers."""

    def __init__(self, fn, outtype, inplace=False, ndim_added=0):
        name = getattr(fn, "__name__", fn).replace("_helper", "")
        if name not in _ROWS:
            raise NotImplementedError("RandomFunction(%r): Theano has this; Croton does not yet" % (name,))
        row = name if name.startswith("random_") else "random_" + name
        super().__init__(row, [_core.dtype_code(outtype.dtype)], "RandomFunction{%s}" % name)
        self.fn, self.outtype, self.inplace, self.ndim_added = fn, outtype, inplace, ndim_added

    def make_node(self, r, shape, *args):
        return self(r, shape, *args)[0].owner

    def __call__(self, r, shape, *args, **options):
        args = [as_tensor_variable(a) for a in args]
        places = self.outtype.ndim - self.ndim_added
        if isinstance(shape, Variable) or len(shape):
            sizes, _ = _sizes(places, shape, [])
        else:
            sizes, _ = _sizes(None, None, args) if places else ([], 0)
        if len(sizes) != places:
            raise ValueError("Shape mismatch: self.outtype.ndim (%i) != len(shape) (%i) + self.ndim_added (%i)"
                             % (self.outtype.ndim, len(sizes), self.ndim_added))
        state, drawn = _draw(self._row, r, args, sizes, self.outtype.dtype)
        from . import patternbroadcast
        return [state, patternbroadcast(drawn, self.outtype.broadcastable)]


def _draw(row, random_state, args, sizes, dtype):
    if not isinstance(random_state, Variable):
        raise TypeError("the random state is a variable of type RandomStateType, not %r" % (random_state,))
    code = _core.dtype_code(config.floatX if dtype == "floatX" else str(np.dtype(dtype)))
    return wrap_all(_core.apply(row, [random_state._var] + [a._var for a in args] + [s._var for s in sizes], [code]))


def _borrowed_size(place, ndim, args):
    """The size that -1 stands for: that of the arguments along this axis."""
    overlapping = [a for a in args if place >= ndim - a.ndim]
    if not overlapping:
        raise ValueError("Auto-shape of -1 must overlap with the shape of one of the broadcastable inputs")
    for a in overlapping:
        axis = place + a.ndim - ndim
        if not a.broadcastable[axis]:
            return a.shape[axis]
    return as_tensor_variable(1)


def _sizes(ndim, size, args):
    """(sizes of the draws as scalars, their number): from a tuple, a vector, or, without one, from the arguments."""
    least = max([a.ndim for a in args], default=0)
    if isinstance(size, (tuple, list)):
        if ndim is not None and len(size) != ndim:
            raise ValueError("ndim should be equal to len(shape), but\n", "ndim = %s, len(shape) = %s, shape = %s"
                             % (ndim, len(size), size))
        ndim, sizes = len(size), []
        for place, s in enumerate(size):
            if not isinstance(s, Variable) and s < -1:
                raise ValueError("negative shape", s)
            borrowed = not isinstance(s, Variable) and s == -1
            sizes.append(_borrowed_size(place, ndim, args) if borrowed else as_tensor_variable(s))
    elif size is None:
        if not args:
            raise TypeError("_infer_ndim_bcast cannot infer shape without either shape or args")
        template = functools.reduce(lambda a, b: a + b, args)
        ndim = template.ndim
        sizes = [as_tensor_variable(1) if one else template.shape[k] for k, one in enumerate(template.broadcastable)]
    else:
        vector = as_tensor_variable(size)
        if vector.ndim != 1:
            raise TypeError("shape must be a vector or list of scalar, got '%s'" % vector)
        ndim = _core.vector_length(vector._var) if ndim is None else ndim
        if ndim is None:
            raise ValueError("length not known: %s" % vector)
        sizes = [wrap(v) for v in _core.vector_elements(vector._var, ndim)]
    for s in sizes:
        if s.dtype not in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"):
            raise TypeError("shape must be an integer vector or list", s.dtype)
    if least > ndim:
        raise ValueError("ndim should be at least as big as required by args value", (ndim, least), args)
    return sizes, ndim


def _continuous(row, random_state, size, args, ndim, dtype):
    args = [as_tensor_variable(a) for a in args]
    sizes, _ = _sizes(ndim, size, args)
    return _draw(row, random_state, args, sizes, dtype or upcast(config.floatX, *[a.dtype for a in args]))


def uniform(random_state, size=None, low=0.0, high=1.0, ndim=None, dtype=None):
    """Numbers between low and high. Without a size the draws have the shape of low + high; without a dtype that of low and
    high, but at least floatX."""
    return _continuous("random_uniform", random_state, size, (low, high), ndim, dtype)


def normal(random_state, size=None, avg=0.0, std=1.0, ndim=None, dtype=None):
    """Normal numbers with this mean and this standard deviation."""
    return _continuous("random_normal", random_state, size, (avg, std), ndim, dtype)


def binomial(random_state, size=None, n=1, p=0.5, ndim=None, dtype="int64", prob=None):
    """How many of n trials succeed, each with probability p."""
    from . import unbroadcast
    args = [as_tensor_variable(n), as_tensor_variable(p if prob is None else prob)]
    sizes, ndim = _sizes(ndim, size, args)
    state, drawn = _draw("random_binomial", random_state, args, sizes, dtype)
    return [state, unbroadcast(drawn, *range(ndim)) if any(drawn.broadcastable) else drawn]


def random_integers(random_state, size=None, low=0, high=1, ndim=None, dtype="int64"):
    """Integers between low and high, both included."""
    args = [as_tensor_variable(low), as_tensor_variable(high)]
    return _draw("random_integers", random_state, args, _sizes(ndim, size, args)[0], dtype)


def choice(random_state, size=None, a=2, replace=True, p=None, ndim=None, dtype="int64"):
    """Elements of the vector a, or integers below the scalar a, with or without replacement; p has their probabilities."""
    replace = as_tensor_variable(int(replace) if isinstance(replace, bool) else replace)
    # No probabilities are an empty vector.
    weights = as_tensor_variable([] if p is None or (isinstance(p, (list, tuple)) and not p) else p)
    sizes = _sizes(ndim, size, [])[0]
    return _draw("random_choice", random_state, [as_tensor_variable(a), replace, weights], sizes, dtype)


def poisson(random_state, size=None, lam=1.0, ndim=None, dtype="int64"):
    """Poisson numbers of the rate lam."""
    return _draw("random_poisson", random_state, [as_tensor_variable(lam)], _sizes(ndim, size, [])[0], dtype)


def permutation(random_state, size=None, n=1, ndim=None, dtype="int64"):
    """Orders of the integers below n along a last axis, as many as the size says: one without a size."""
    if size is None or (isinstance(size, (tuple, list)) and not len(size)):
        if ndim not in (None, 1):
            raise TypeError("You asked for just one permutation but asked for more then 1 dimensions.")
        sizes = []
    else:
        sizes = _sizes(ndim, size, [])[0]
    return _draw("random_permutation", random_state, [cast(as_tensor_variable(n), "int64")], sizes, dtype)


def multinomial(random_state, size=None, n=1, pvals=[0.5, 0.5], ndim=None, dtype="int64"):
    """How often each outcome comes in n trials, along a last axis; pvals has the probabilities along its last axis."""
    n, pvals = as_tensor_variable(n), as_tensor_variable(pvals)
    sizes = _sizes(ndim, size, [n, pvals.T[0].T])[0]
    return _draw("random_multinomial", random_state, [n, pvals], sizes, dtype)


class RandomStreamsBase(object):
    """The distributions, for a class that has gen(distribution, ...)."""

    def binomial(self, size=None, n=1, p=0.5, ndim=None, dtype="int64", prob=None):
        """How many of n trials succeed, each with probability p."""
        return self.gen(binomial, size, n, p if prob is None else prob, ndim=ndim, dtype=dtype)

    def uniform(self, size=None, low=0.0, high=1.0, ndim=None, dtype=None):
        """Numbers between low and high."""
        return self.gen(uniform, size, low, high, ndim=ndim, dtype=dtype)

    def normal(self, size=None, avg=0.0, std=1.0, ndim=None, dtype=None):
        """Normal numbers with this mean and this standard deviation."""
        return self.gen(normal, size, avg, std, ndim=ndim, dtype=dtype)

    def random_integers(self, size=None, low=0, high=1, ndim=None, dtype="int64"):
        """Integers between low and high, both included."""
        return self.gen(random_integers, size, low, high, ndim=ndim, dtype=dtype)

    def choice(self, size=None, a=2, replace=True, p=None, ndim=None, dtype="int64"):
        """Elements of the vector a, or integers below the scalar a."""
        return self.gen(choice, size, a, replace, p, ndim=ndim, dtype=dtype)

    def poisson(self, size=None, lam=None, ndim=None, dtype="int64"):
        """Poisson numbers of the rate lam."""
        return self.gen(poisson, size, lam, ndim=ndim, dtype=dtype)

    def permutation(self, size=None, n=1, ndim=None, dtype="int64"):
        """Orders of the integers below n along a last axis."""
        return self.gen(permutation, size, n, ndim=ndim, dtype=dtype)

    def multinomial(self, size=None, n=1, pvals=[0.5, 0.5], ndim=None, dtype="int64"):
        """How often each outcome comes in n trials, along a last axis."""
        return self.gen(multinomial, size, n, pvals, ndim=ndim, dtype=dtype)

    def shuffle_row_elements(self, input):
        """The input with every row (last axis) shuffled. The order is the attribute `permutation` of the result."""
        from . import permute_row_elements
        order = self.permutation(size=input.shape[:-1], n=input.shape[-1], ndim=input.ndim - 1)
        shuffled = permute_row_elements(input, order)
        shuffled.permutation = order
        return shuffled
