"""Patches of images as rows of a matrix, and back (Theano's theano.tensor.nnet.neighbours)."""
from ..._convert import as_tensor_variable, cast

MODES = ("valid", "ignore_borders", "wrap_centered", "half", "full")


def _pair(value):
    value = value if isinstance(value, (tuple, list)) else as_tensor_variable(value)
    return [value[0], value[1]]


def _places(size, length, step, mode):
    """(number of patches x length) positions along an axis, which may lie outside where the mode pads."""
    from .. import arange
    reach = {"valid": 0, "ignore_borders": 0, "half": length // 2, "full": length - 1, "wrap_centered": (length - 1) // 2}[mode]
    if mode == "wrap_centered":
        count = (size + step - 1) // step
    else:
        count = (size + 2 * reach - length) // step + 1
    first = arange(count) * step - reach
    return first.dimshuffle(0, "x") + arange(length).dimshuffle("x", 0)


def _checked(ten4, lengths, steps, mode):
    """The images, after a check in each call that patches fill them."""
    from .. import specify_shape
    sizes = [ten4.shape[0], ten4.shape[1]]
    for axis, length, step in zip((2, 3), lengths, steps):
        reach = {"half": length // 2, "full": length - 1}.get(mode, 0)
        size = ten4.shape[axis]
        sizes.append((size + 2 * reach - length) // step * step + length - 2 * reach)
    return specify_shape(ten4, sizes)


def images2neibs(ten4, neib_shape, neib_step=None, mode="valid"):
    """Each patch of neib_shape of each image in a stack (images, channels, rows, columns) as a row. Patches start neib_step apart:
    all inside and filling the image ('valid'), all inside ('ignore_borders'), around each place and going on at the other side
    ('wrap_centered'), or with zeros around the image, half a patch ('half') or all but one element ('full')."""
    from .. import clip, switch
    ten4 = as_tensor_variable(ten4)
    if ten4.ndim != 4:
        raise TypeError("ten4 should be a 4d-tensor (ndim 4), not %d" % ten4.ndim)
    if mode not in MODES:
        raise NotImplementedError("The mode %s is not one of %s" % (mode, ", ".join(MODES)))
    lengths, steps = _pair(neib_shape), _pair(neib_shape if neib_step is None else neib_step)
    if mode in ("valid", "half", "full"):
        ten4 = _checked(ten4, lengths, steps, mode)
    rows, columns = (_places(ten4.shape[axis], length, step, mode) for axis, length, step in zip((2, 3), lengths, steps))
    rows, columns = rows.dimshuffle(0, "x", 1, "x"), columns.dimshuffle("x", 0, "x", 1)
    height, width = ten4.shape[2], ten4.shape[3]
    if mode == "wrap_centered":
        patches = ten4[:, :, rows % height, columns % width]
    else:
        patches = ten4[:, :, clip(rows, 0, height - 1), clip(columns, 0, width - 1)]
    if mode in ("half", "full"):
        inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        patches = switch(inside, patches, as_tensor_variable(0).astype(ten4.dtype))
    return patches.reshape((-1, lengths[0] * lengths[1]), ndim=2)


def neibs2images(neibs, neib_shape, original_shape, mode="valid"):
    """The images of which images2neibs(images, neib_shape, mode=mode) made these rows; with zeros where no patch was."""
    from .. import set_subtensor, zeros
    neibs = as_tensor_variable(neibs)
    if neibs.ndim != 2:
        raise TypeError("neibs should be a matrix, not of %d axes" % neibs.ndim)
    height, width = _pair(neib_shape)
    sizes = as_tensor_variable(original_shape)
    images, channels, rows, columns = [cast(sizes[k], "int64") for k in range(4)]
    if mode not in ("valid", "ignore_borders"):
        raise NotImplementedError("neibs2images do not support mode=%s" % mode)
    down, across = rows // height, columns // width
    patches = neibs.reshape((images, channels, down, across, height, width), ndim=6).dimshuffle(0, 1, 2, 4, 3, 5)
    filled = patches.reshape((images, channels, down * height, across * width), ndim=4)
    if mode == "valid":
        return filled.reshape((images, channels, rows, columns), ndim=4)
    whole = zeros((images, channels, rows, columns), dtype=neibs.dtype)
    return set_subtensor(whole[:, :, :down * height, :across * width], filled)
