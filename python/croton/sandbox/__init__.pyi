"""Types of croton.sandbox: written by tools/stubs.py from the live module."""
# mypy: disable-error-code="override"
import builtins as _b
import typing as _t
from collections.abc import Callable as _Callable, Iterator as _Iterator, Mapping as _Mapping, Sequence as _Sequence
import croton

from croton.sandbox import multinomial as multinomial
from croton.sandbox import rng_mrg as rng_mrg
