"""Values of inputs: every dtype, styles of numbers, and ways to lie in memory."""
import numpy as np

LAYOUTS = ("C", "F", "reversed", "strided", "offset", "unaligned", "stretched", "permuted", "frozen")
STYLES = ("plain", "positive", "whole", "special", "unit")
SPECIAL = (0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 0.5, 2.0, 1e-40, -3e38, 1e-320)


def numbers(dtype, shape, random, style):
    """A contiguous array."""
    kind = np.dtype(dtype).kind
    if kind == "b":
        return np.asarray(random.rand(*shape) < 0.5)
    if kind in "iu":
        low, high = (0 if kind == "u" else -9), 10
        if style == "special":
            facts = np.iinfo(dtype)
            return np.asarray(random.choice(np.array([facts.min, facts.max, 0, 1, facts.max // 2], dtype), shape))
        if style == "positive":
            low = 1
        return np.asarray(random.randint(low, high, shape), dtype)
    if kind == "c":
        part = "float32" if dtype == "complex64" else "float64"
        return np.asarray(numbers(part, shape, random, style) + 1j * numbers(part, shape, random, style), dtype)
    if style == "whole":
        return np.asarray(random.randint(-4, 5, shape), dtype)
    if style == "unit":
        return np.asarray(random.rand(*shape), dtype)
    values = random.rand(*shape) * 3 if style == "positive" else random.rand(*shape) * 6 - 3
    if style == "special":
        values = np.where(random.rand(*shape) < 0.3, random.choice(SPECIAL, shape), values)
    with np.errstate(over="ignore"):
        return np.asarray(values, dtype)


def lying(values, layout):
    """The same values in other memory."""
    values = np.asarray(values)
    if layout == "F":
        return np.array(values, order="F")
    if layout == "permuted":
        return np.array(values.swapaxes(0, -1), order="C").swapaxes(0, -1) if values.ndim > 1 else values.copy()
    if layout == "reversed":
        turned = values[tuple(slice(None, None, -1) for _ in values.shape)].copy()
        return turned[tuple(slice(None, None, -1) for _ in values.shape)]
    if layout == "strided" and values.size and values.ndim:
        wide = np.zeros([2 * n + 1 for n in values.shape], values.dtype)
        part = wide[tuple(slice(1, 2 * n + 1, 2) for n in values.shape)]
        part[...] = values
        return part
    if layout in ("offset", "unaligned"):
        skipped = values.itemsize if layout == "offset" else 1
        memory = np.zeros(values.nbytes + skipped, np.int8)
        part = memory[skipped:skipped + values.nbytes].view(values.dtype).reshape(values.shape)
        part[...] = values
        return part
    if layout == "stretched" and values.ndim:  # other values: those of the first row
        return np.broadcast_to(values[:1], values.shape)
    result = values.copy()
    if layout == "frozen":
        result.flags.writeable = False
    return result


def array(dtype, shape, seed, style="plain", layout="C"):
    """The value of an input: equal arguments give equal values."""
    return lying(numbers(dtype, tuple(shape), np.random.RandomState(seed), style), layout)
