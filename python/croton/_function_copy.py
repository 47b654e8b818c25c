"""Copies of compiled functions: with other shared variables, by the module copy, and through pickles."""
import copy

from ._builders import clone
from ._function import Function, _build
from ._io import In
from ._pickle import VERSION, check_version
from .sharedvalue import SharedVariable


def _inputs_now(self):
    """The inputs with the defaults and states that the function has now."""
    result = []
    for i, state, default in zip(self._ins, self._states, self._defaults):
        i = copy.copy(i)
        if not isinstance(i.value, SharedVariable):
            i.value = default if state is None else state.get_value()
        result.append(i)
    return result


def _copy(self, share_memory=False, swap=None, delete_updates=False, name=None, profile=None):
    """Another function of the same graph: with other shared variables (`swap`), or without updates."""
    recipe = dict(self._recipe, inputs=_inputs_now(self))
    if name is not None:
        recipe["name"] = name
    if profile is not None:
        recipe["profile"] = profile
    swap = dict(swap or {})
    for old, new in swap.items():
        if old.type != new.type:
            raise ValueError("The type of the swapped variables differs: %s and %s" % (old.type, new.type))
    if delete_updates:
        recipe["updates"], recipe["no_default_updates"] = [], True
        recipe["inputs"] = [In(i.variable, name=i.name, value=i.value) for i in recipe["inputs"]]
    else:
        recipe["updates"] = [(swap.get(a, a), b) for a, b in recipe["updates"]]
    # Givens take effect all at once, so what one puts in is swapped here.
    recipe["givens"] = [(v, clone(value, swap)) for v, value in recipe["givens"]] + list(swap.items())
    return _build(**recipe)


def _reduce(self):
    """Pickled and deeply copied as what it was made from, with the updates that it has; loading it compiles it again."""
    updates = [(target, value) for target, value in self._shared if not any(target is state for state in self._states)]
    # A shared variable that the user gave as the value of an input with an update is made a state again from that input.
    recipe = dict(self._recipe, inputs=_inputs_now(self), updates=updates, no_default_updates=True,
                  profile=bool(self._recipe["profile"]))
    return _restored, (VERSION, recipe, bool(self.trust_input))


def _restored(version, recipe, trust_input):
    check_version(version)
    f = _build(**recipe)
    f.trust_input = trust_input
    return f


Function.copy, Function.__reduce__, Function.__copy__ = _copy, _reduce, lambda self: self.copy()
