"""Small parts of Theano's theano.gof.utils."""
from .. import _core
from .._variable import scratchpad

MethodNotDefined = NotImplementedError


def hash_from_code(text):
    """A hash of text that is the same in every process."""
    import hashlib
    return hashlib.md5(text if isinstance(text, bytes) else text.encode()).hexdigest()


def get_variable_trace_string(v):
    """Where a variable was made."""
    return _core.line_text(v._var.line)


__all__ = ["scratchpad"]
