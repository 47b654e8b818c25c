"""Symbolic loops, as Theano's scan_module has them."""
from . import scan_utils  # noqa: F401
from .scan import scan  # noqa: F401
from .scan_utils import until  # noqa: F401
from .scan_views import foldl, foldr, map, reduce  # noqa: F401
