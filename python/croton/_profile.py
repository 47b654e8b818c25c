"""Profiles of functions: collected by the engine, printed in Theano's layout."""
import atexit
import sys

from . import _core
from .configuration import config


class ProfileStats:
    """The profile of one function, or of several together."""

    def __init__(self, atexit_print=True, flag_time_thunks=None, **options):
        self._functions = []

    def add(self, function):
        self._functions.append(function)

    @property
    def fct_callcount(self):
        return sum(_core.function_profile(f)["calls"] for f in self._functions)

    @property
    def fct_call_time(self):
        return sum(_core.function_profile(f)["call_seconds"] for f in self._functions)

    def data(self):
        """The figures, one dict per function."""
        return [_core.function_profile(f) for f in self._functions]

    def summary(self, file=None, n_ops_to_print=None, n_apply_to_print=None):
        """Prints the tables (to stderr unless told otherwise)."""
        if file is None:
            file = sys.stdout if config.profiling.destination == "stdout" else sys.stderr
        for f in self._functions:
            print(_core.function_summary(f), file=file)


_remembered = []


def remember(profile):
    """With the flag profile=True every function's profile is printed at the end of the program."""
    if not _remembered:
        atexit.register(lambda: [p.summary() for p in _remembered])
    _remembered.append(profile)
