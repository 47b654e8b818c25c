"""What Theano kept in theano.sandbox: the streams of MRG31k3p, and choices by uniform numbers."""
from . import multinomial, rng_mrg  # noqa: F401
