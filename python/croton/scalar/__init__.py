"""Scalar ops, as `node.op.scalar_op` shows them, under the names of Theano's theano.scalar."""
from .. import _core, _missing
from .._ops import ROWS as _ROWS
from .._ops import scalar_op as _scalar_op

for _name, _row in _ROWS.items():
    if _row["elementwise"]:
        globals()[_name] = _scalar_op(_name)
        globals()[type(_scalar_op(_name)).__name__] = type(_scalar_op(_name))


def upcast(dtype, *dtypes):
    """The dtype that holds values of all of these."""
    for other in dtypes:
        dtype = _core.promote(dtype, other)
    return dtype


all_types = ("bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128").split()
__getattr__, __dir__ = _missing.attributes(__name__, globals())
