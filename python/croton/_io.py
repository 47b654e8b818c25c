"""Inputs and outputs of functions with more said about them: In, Out, Param."""
from ._variable import Variable


class In:
    """An input of a function: a default `value`, a `name` for calls, an `update` that makes it a state of the function."""

    def __init__(self, variable, name=None, value=None, update=None, mutable=None, strict=False, allow_downcast=None,
                 autoname=True, implicit=None, borrow=None, shared=False):
        if not isinstance(variable, Variable):
            raise TypeError("In() takes a variable, not %r" % (variable,))
        self.variable = variable
        self.name = variable.name if autoname and name is None else name
        self.value = value
        self.update = update
        self.mutable = bool(mutable)
        self.strict = strict
        self.allow_downcast = allow_downcast
        self.implicit = bool(implicit)
        self.borrow = bool(borrow)
        self.shared = shared

    def __str__(self):
        return "In(%s%s)" % (self.variable, " -> %s" % self.update if self.update is not None else "")

    __repr__ = __str__


SymbolicInput = In


class Param(In):
    """Theano's older name of In."""

    def __init__(self, variable, default=None, name=None, mutable=False, strict=False, allow_downcast=None, implicit=None,
                 borrow=None):
        super().__init__(variable, name=name, value=default, mutable=mutable, strict=strict, allow_downcast=allow_downcast,
                         implicit=implicit, borrow=borrow)


class Out:
    """An output of a function."""

    def __init__(self, variable, borrow=False):
        self.variable = variable
        self.borrow = borrow

    def __repr__(self):
        return "Out(%s,%s)" % (self.variable, self.borrow)


SymbolicOutput = Out
