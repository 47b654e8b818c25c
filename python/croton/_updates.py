"""OrderedUpdates: a dict of updates that keeps its order and can be joined with +."""
from collections import OrderedDict


class OrderedUpdates(OrderedDict):
    """Updates of shared variables, in the order in which they were given."""

    def __setitem__(self, key, value):
        from .sharedvalue import SharedVariable
        if not isinstance(key, SharedVariable):
            raise TypeError("OrderedUpdates keys must inherit from SharedVariable", key)
        super().__setitem__(key, value)

    def update(self, other=None):
        if other is None:
            return
        for key, value in (other.items() if hasattr(other, "items") else other):
            if key in self and self[key] is not value:
                raise KeyError("Collision", key)
            self[key] = value

    def __add__(self, other):
        joined = OrderedUpdates()
        joined.update(self)
        joined.update(other)
        return joined

    def __radd__(self, other):
        joined = OrderedUpdates()
        joined.update(other)
        joined.update(self)
        return joined
