"""Whether two results agree: the same bits, or as near as the moved references say."""
import numpy as np

FACTOR = 64  # of the largest move: the chance that a sound result lies farther from a few samples is below 1e-9


def same_bits(a, b):
    """Elementwise; all NaN are alike."""
    if a.dtype.kind == "c":
        return same_bits(a.real, b.real) & same_bits(a.imag, b.imag)
    if a.dtype.kind != "f":
        return a == b
    equal = np.asarray(a == b) & (np.signbit(a) == np.signbit(b))
    return equal | (np.isnan(a) & np.isnan(b))


def all_same(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and bool(np.all(same_bits(a, b)))


def near(got, expected, samples, bits):
    """Elementwise: whether `got` is allowed. With `bits`, an element that no sample moves must have the same bits; else
    it may also leave what has overflowed or is undefined in the reference."""
    wide = "complex256" if got.dtype.kind == "c" else "longdouble"
    with np.errstate(all="ignore"):
        exact = same_bits(got, expected)
        if got.dtype.kind not in "fc":
            moved = np.zeros(got.shape, bool)
            for s in samples:
                moved |= s != expected
            return exact | moved
        x, y = got.astype(wide), expected.astype(wide)
        spread, undefined = np.zeros(got.shape, "longdouble"), np.zeros(got.shape, bool)
        for s in samples:
            spread = np.maximum(spread, np.abs(s.astype(wide) - y))
            undefined |= np.isfinite(s) != np.isfinite(expected)
        spread = np.where(np.isnan(spread), 0, spread)
        if not bits:
            part = np.finfo(got.real.dtype)
            spread = spread + np.where(np.isfinite(y), np.abs(y), 0) * part.eps + part.tiny * part.eps
            undefined |= ~np.isfinite(expected)
        return exact | undefined | (np.abs(x - y) <= FACTOR * spread)
