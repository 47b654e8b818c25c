"""Lines that take a part of a tensor, or set or add to one: slices, positions, index arrays, also of parts of parts."""
import math


def entries(d, x, most=None):
    """The text of an index of some leading axes."""
    texts = []
    for axis in range(d.random.randint(1, most or x.ndim)):
        n = x.shape[axis]
        kind = d.random.random()
        if kind < 0.2 and n:
            texts.append(position(d, n))
        elif kind < 0.25:
            texts.append("None")
        elif kind < 0.4:
            texts.append(":")
        else:
            texts.append(bounds(d, n, f"{x.name}.shape[{axis}]"))
    if d.chance(0.1):
        texts.append("...")
    return ", ".join(texts)


def position(d, n):
    return str(d.random.randrange(-n, n))


def bounds(d, n, size):
    """start:stop:step, as numbers or from the size."""
    def bound():
        return d.choice(("", "", str(d.random.randint(-n - 2, n + 2)), "1", "-1", "2", f"{size} // 2", f"{size} - 1"))
    return f"{bound()}:{bound()}:{d.choice(('', '', '1', '2', '-1', '-1', '-2', '3', '-3'))}"


def part(d):
    x = d.pick(lambda v: v.ndim > 0)
    return x and d.add(f"{x.name}[{entries(d, x)}]", [x.name])


def region(d):
    """set_subtensor or inc_subtensor of a part, with a constant, with a value of this shape, or with x itself."""
    x = d.pick(lambda v: v.ndim > 0)
    if not x:
        return None
    index = entries(d, x)
    return set_region(d, x, f"{x.name}[{index}]", [x.name])


def set_region(d, x, place, names):
    try:
        _, old = d.computed(place, names)
    except (TypeError, ValueError, IndexError, NotImplementedError):
        return None
    names, roll = list(names), d.random.random()
    if roll < 0.2:
        values = d.constant(x.dtype)
    elif roll < 0.5:
        values = f"{place} * {d.constant(x.dtype)}"
    elif roll < 0.7:
        same = d.pick(lambda v: v.shape == old.shape and v.dtype == x.dtype)
        values = same.name if same else f"{place} + {place}"
        names += [same.name] if same else []
    else:
        made = d.new_input(x.dtype, [1 if d.chance(0.2) else n for n in old.shape][d.choice((0, 0, 1)):])
        values = made.name
        names.append(made.name)
    name = d.choice(("set", "inc"))
    return d.add(f"T.{name}_subtensor({place}, {values})", names)


def index_array(d, n, most):
    """The text of positions below n, at most so many, and the names in it."""
    if n == 0:
        return "np.zeros(0, 'int64')", []
    v = d.pick(lambda v: v.is_integer and v.ndim in (1, 2) and v.value.size <= most) if d.chance(0.4) else None
    if v is None:
        if d.chance(0.3):
            return str([d.random.randrange(-n, n) for _ in range(d.choice((1, 2, 5)))]), []
        rank = d.choice((1, 1, 1, 2))
        size = d.choice([size for size in ("k", "n", 1, 3) if d.sizes.get(size, size) ** rank <= most] or [1])
        v = d.new_input(d.choice(("int64", "int32", "int8", "uint8")), [size] * rank, "plain")
    return f"T.mod({v.name}, np.{v.dtype}({min(n, 100)}))", [v.name]


def advanced(d):
    x = d.pick(lambda v: v.ndim > 0)
    if not x:
        return None
    texts, names = [], [x.name]
    arrays = d.choice((1, 1, 2)) if x.ndim > 1 else 1
    first = d.random.randint(0, x.ndim - arrays)
    texts += [":"] * first
    indexed = x.shape[first:first + arrays]
    rest = max(x.value.size // max(math.prod(indexed), 1), 1)  # elements at each position: an upper bound of the region
    text, used = index_array(d, min(indexed), min(5000, d.most_elements() // rest))
    texts += [text] * arrays
    names += used
    if arrays == 1 and first + 1 < x.ndim and x.shape[first + 1] and d.chance(0.2):
        texts.append(position(d, x.shape[first + 1]))
    place = f"{x.name}[{', '.join(texts)}]"
    return d.add(place, names) if d.chance(0.4) else set_region(d, x, place, names)
