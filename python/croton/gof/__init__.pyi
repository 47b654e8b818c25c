"""Types of croton.gof: written by tools/stubs.py from the live module."""
# mypy: disable-error-code="override"
import builtins as _b
import typing as _t
from collections.abc import Callable as _Callable, Iterator as _Iterator, Mapping as _Mapping, Sequence as _Sequence
import croton
import croton._types

from croton._variable import Apply as Apply
from croton._variable import Constant as Constant
from croton._types import Generic as Generic
from croton import MissingInputError as MissingInputError
from croton._python_op import Op as Op
from croton._python_op import Op as PureOp
from croton._types import Type as Type
from croton._variable import Variable as Variable
generic: croton._types.Generic
from croton.gof import graph as graph
from croton.gof import utils as utils
