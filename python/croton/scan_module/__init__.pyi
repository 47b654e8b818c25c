"""Types of croton.scan_module: written by tools/stubs.py from the live module."""
# mypy: disable-error-code="override"
import builtins as _b
import typing as _t
from collections.abc import Callable as _Callable, Iterator as _Iterator, Mapping as _Mapping, Sequence as _Sequence
import croton
import croton.scan_module

from croton.scan_module.scan_views import foldl as foldl
from croton.scan_module.scan_views import foldr as foldr
from croton.scan_module.scan_views import map as map
from croton.scan_module.scan_views import reduce as reduce
from croton.scan_module.scan import scan as scan
from croton.scan_module import scan_utils as scan_utils
from croton.scan_module import scan_views as scan_views
from croton.scan_module.scan_utils import until as until
