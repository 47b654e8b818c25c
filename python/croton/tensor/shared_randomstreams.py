"""RandomStreams: random variables that draw from NumPy's generator, each with a state of its own (Theano's module of that name)."""
import numpy as np

from .. import _core
from .._variable import leaf_classes
from ..sharedvalue import SharedVariable, _adopt, shared, shared_constructor
from . import raw_random


class RandomStateSharedVariable(SharedVariable):
    """A shared numpy.random.RandomState. What is given out is a RandomState of its own: changing it changes nothing else
    until it is set."""

    def get_value(self, borrow=False, return_internal_type=False):
        return self.type._from_engine(_core.shared_value(self._var, True))

    def set_value(self, new_value, borrow=False):
        _core.set_shared_value(self._var, self.type._to_engine(new_value), True)

    value = property(get_value, set_value)


leaf_classes["shared", "random_state"] = RandomStateSharedVariable


@shared_constructor
def randomstate_constructor(value, name=None, strict=False, allow_downcast=None, borrow=False):
    """A shared variable around a RandomState."""
    if not isinstance(value, np.random.RandomState):
        raise TypeError("not a RandomState: %r" % (value,))
    words = raw_random.random_state_type._to_engine(value)
    return _adopt(_core.shared(words, [False], name or "", True, "random_state"), RandomStateSharedVariable)


class RandomStreams(raw_random.RandomStreamsBase):
    """Makes random variables; the seed (None or an integer) decides what all of them draw."""

    def __init__(self, seed=None):
        self.state_updates = []
        self.default_instance_seed = seed
        self.gen_seedgen = np.random.RandomState(seed)

    def updates(self):
        """Pairs of each state and the state after it."""
        return list(self.state_updates)

    def seed(self, seed=None):
        """Gives every random variable made so far a new state, which depends on the seed only."""
        seedgen = np.random.RandomState(self.default_instance_seed if seed is None else seed)
        for old_r, new_r in self.state_updates:
            old_r.set_value(np.random.RandomState(int(seedgen.randint(2 ** 30))), borrow=True)

    def __getitem__(self, item):
        return item.get_value(borrow=True)

    def __setitem__(self, item, val):
        item.set_value(val, borrow=True)

    def gen(self, op, *args, **kwargs):
        """The draws of op(state, *args, **kwargs) from a new state. They carry it as `rng`, with its update as `update`."""
        state = shared(np.random.RandomState(int(self.gen_seedgen.randint(2 ** 30))))
        state.tag.is_rng = True
        new_state, out = op(state, *args, **kwargs)
        out.rng = state
        out.update = (state, new_state)
        self.state_updates.append(out.update)
        state.default_update = new_state
        return out
