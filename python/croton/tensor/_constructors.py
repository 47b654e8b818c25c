"""Constructors of symbolic inputs: scalar ... tensor7 for every dtype prefix, and their plurals."""
from .._types import TensorType
from ..configuration import config

PATTERNS = {"scalar": (), "vector": (False,), "row": (True, False), "col": (False, True), "matrix": (False, False)}
PATTERNS.update(("tensor%d" % n, (False,) * n) for n in range(3, 8))
PREFIXES = {"b": "int8", "w": "int16", "i": "int32", "l": "int64", "f": "float32", "d": "float64", "c": "complex64", "z": "complex128"}
_PLURALS = {"scalar": "scalars", "vector": "vectors", "row": "rows", "col": "cols", "matrix": "matrices"}
_PLURALS.update(("tensor%d" % n, "tensor%ds" % n) for n in range(3, 8))


def tensor(*args, **kwargs):
    """A variable of any dtype and pattern: tensor(dtype='float32', broadcastable=(False, True), name='x')."""
    name = kwargs.pop("name", None)
    return TensorType(*args, **kwargs)(name=name)


def _plural(constructor):
    def several(*names, **options):
        if len(names) == 1 and isinstance(names[0], int) and not isinstance(names[0], bool):
            names = (None,) * names[0]
        elif len(names) == 1:
            names = names[0]
            if len(names) == 1:                          # a name of one letter: one variable, as in Theano
                return constructor(names, **options)
        return [constructor(name, **options) for name in names]
    several.__doc__ = "Several at once: by names, by a text whose letters are the names, or by a count."
    return several


def _float_x(shape, pattern):
    def constructor(name=None, dtype=None):
        return TensorType(config.floatX if dtype is None else dtype, pattern)(name)
    constructor.__name__ = shape
    constructor.__doc__ = "A symbolic %s of dtype floatX, unless another is given." % shape
    return constructor


def constructors():
    """All of them, by name."""
    made = {"tensor": tensor}
    for shape, pattern in PATTERNS.items():
        made[shape] = _float_x(shape, pattern)
        made[_PLURALS[shape]] = _plural(made[shape])
        for prefix, dtype in PREFIXES.items():
            made[prefix + shape] = TensorType(dtype, pattern)
            if prefix in "lifd":
                made[prefix + _PLURALS[shape]] = _plural(made[prefix + shape])
    return made
