"""Grids of coordinates by indexing: mgrid[0:3, 0:n] and ogrid[0:3, 0:n]."""
from ._structure import alloc, arange


class _Grid:
    """As NumPy's: `mgrid` has the sizes of the whole grid, `ogrid` one long axis per part."""

    def __init__(self, whole):
        self._whole = whole

    def __getitem__(self, slices):
        slices = slices if isinstance(slices, tuple) else (slices,)
        ranges = [arange(0 if s.start is None else s.start, s.stop, 1 if s.step is None else s.step) for s in slices]
        after = len(ranges) - 1
        grids = [r.dimshuffle(*["x"] * k, 0, *["x"] * (after - k)) for k, r in enumerate(ranges)]
        if not self._whole:
            return grids
        sizes = [r.shape[0] for r in ranges]
        return [alloc(grid, *sizes) for grid in grids]


mgrid, ogrid = _Grid(True), _Grid(False)
