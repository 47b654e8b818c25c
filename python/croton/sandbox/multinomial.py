"""Choices by uniform numbers (Theano's theano.sandbox.multinomial)."""
import warnings

from .. import _core
from .._convert import as_tensor_variable, cast
from .._ops import class_named


class MultinomialFromUniform(class_named("MultinomialFromUniform")):
    """MultinomialFromUniform(odtype)(pvals, unis, n=1): how often each outcome comes by n uniform numbers per line of pvals.
    The dtype 'auto' is that of pvals."""

    _automatic = staticmethod(lambda pvals: pvals.dtype)
    _row_name = "multinomial_from_uniform"

    def __init__(self, odtype):
        super().__init__(self._row_name, text="%s{%s}" % (type(self).__name__, odtype))
        self.odtype = odtype

    def __call__(self, pvals, unis, n=1, **options):
        pvals, unis, n = as_tensor_variable(pvals), as_tensor_variable(unis), cast(as_tensor_variable(n), "int64")
        dtype = self._automatic(pvals) if self.odtype == "auto" else self.odtype
        self._ints = (_core.dtype_code(dtype),)
        return super().__call__(pvals, unis, n, **options)


class ChoiceFromUniform(MultinomialFromUniform):
    """ChoiceFromUniform(odtype)(pvals, unis, n=1): n outcomes per line of pvals, each another one. 'auto' is int64."""

    _automatic = staticmethod(lambda pvals: "int64")
    _row_name = "choice_from_uniform"

    def __init__(self, odtype, replace=False):
        if replace:
            raise NotImplementedError("ChoiceFromUniform(replace=True): Theano has this; Croton does not yet")
        super().__init__(odtype)
        self.replace = replace


class MultinomialWOReplacementFromUniform(ChoiceFromUniform):
    def __init__(self, *args, **kwargs):
        warnings.warn("MultinomialWOReplacementFromUniform is deprecated, use ChoiceFromUniform instead.", DeprecationWarning,
                      stacklevel=2)
        super().__init__(*args, **kwargs)
