"""Draws programs: from a seed always the same one, line by line, each line computed at once to know shapes and values."""
import math
import random
from dataclasses import replace

import numpy as np

import croton as theano
import croton.tensor as T
from croton._modes import Mode

from . import lines, rows
from .arrays import LAYOUTS, STYLES
from .program import Input, Program, Step, namespace

INTERPRETER = Mode("py", None)
REFUSALS = (TypeError, ValueError, NotImplementedError, IndexError, MemoryError)  # what a line that makes no sense may raise
FLOATS = ("float32", "float64", "float64", "float32", "float16")
OTHERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool", "complex64", "complex128")
# Around nothing, the widths of vectors, unrolled loops, and tiles.
SIZES = {
    "tiny": (0, 1, 2, 3, 4, 5, 7), "vector": (1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 37, 63, 64, 65, 127, 131),
    "tile": (1023, 1024, 1025, 2049, 4095, 4096, 4097, 509), "large": (66000, 131, 40961, 300, 521, 257, 100003),
}
ELEMENTS = {"tiny": 2000, "vector": 5000, "tile": 9000, "large": 400000}


class Value:
    """A name with what is known of it."""

    def __init__(self, name, variable, value):
        self.name, self.variable, self.value = name, variable, value
        self.dtype, self.shape, self.ndim = str(value.dtype), value.shape, value.ndim
        self.ones = tuple(variable.broadcastable)
        self.is_float, self.is_complex = self.dtype.startswith("float"), self.dtype.startswith("complex")
        self.is_integer = "int" in self.dtype


def room(shape, sizes):
    """Elements of an input, or what its memory may have room for where some axis has none."""
    return math.prod(max(sizes.get(s, s), 1) for s in shape)


class Drawer:
    """A program that grows. `random` decides everything."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.seed = seed
        self.scale = self.random.choice(("tiny", "tiny", "vector", "vector", "vector", "tile", "tile", "large"))
        self.sizes = {letter: self.random.choice(SIZES[self.scale]) for letter in "nm"}
        self.sizes["k"] = self.random.choice(SIZES["tiny"])
        self.dtypes = [self.random.choice(FLOATS)] * 4 + [self.random.choice(FLOATS + OTHERS) for _ in range(3)]
        self.inputs, self.steps, self.values, self.full = [], [], [], namespace()
        self.style = "plain" if self.chance(0.7) else self.random.choice(STYLES)

    def most_elements(self):
        """Of a value. What may have more of them than its operands is bounded before it is computed."""
        return 4 * ELEMENTS[self.scale]

    def chance(self, p):
        return self.random.random() < p

    def choice(self, options):
        return self.random.choice(list(options))

    # ------------------------------------------------------------------------------------------------------ inputs

    def new_input(self, dtype=None, shape=None, style=None):
        """An input of a drawn shape, or of this one, of which axes may be stretched."""
        dtype = dtype or self.choice(self.dtypes)
        if shape is None:
            shape = self.drawn_sizes()
        sizes = tuple(s if isinstance(s, str) else self.letter(s) for s in shape)
        ones = tuple(s == 1 and self.chance(0.7) for s in sizes)
        kind = style or (self.style if self.chance(0.8) else "plain")
        layout = "C" if self.chance(0.4) else self.choice(LAYOUTS)
        made = Input(f"in{len(self.inputs)}", dtype, sizes, ones, self.chance(0.25), kind, layout, self.random.randrange(1000))
        self.inputs.append(made)
        variable = T.TensorType(dtype, ones)(made.name)
        value = np.array(made.value(self.sizes))
        self.full[made.name] = eval(made.variable_text(self.sizes), self.full)
        self.values.append(Value(made.name, variable, value))
        return self.values[-1]

    def letter(self, size):
        """The letter of a size: the axis then follows it when the sizes change."""
        letters = [letter for letter, n in self.sizes.items() if n == size]
        return letters[0] if letters and size > 1 else int(size)

    def drawn_sizes(self):
        rank = self.choice((0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4))
        sizes = []
        for _ in range(rank):
            sizes.append(self.choice(("n", "m", "n", "m", "k", "k", 1, 2, 3)))
            while room(sizes, self.sizes) > ELEMENTS[self.scale]:
                sizes[-1] = self.choice((1, 2, 3, 5))
                if room(sizes[:-1], self.sizes) * 5 > ELEMENTS[self.scale]:
                    sizes.pop()
                    break
        return sizes

    # --------------------------------------------------------------------------------------------------- operands

    def pick(self, fits=lambda v: True):
        """A value, more often a late one; None where there is none."""
        found = [v for v in self.values if fits(v)]
        if not found:
            return None
        late = found[-4:]
        return self.choice(late if self.chance(0.6) else found)

    def partner(self, x, dtype=None):
        """The text of an operand that broadcasts with x, and the names in it."""
        def fits(v):
            padded = (1,) * (x.ndim - v.ndim) + v.shape
            flags = (True,) * (x.ndim - v.ndim) + v.ones
            same_dtype = dtype is None or v.dtype == dtype
            return v.ndim <= x.ndim and same_dtype and all(o or n == s for n, o, s in zip(padded, flags, x.shape))
        roll = self.random.random()
        if roll < 0.5:
            found = self.pick(fits)
            if found:
                return found.name, (found.name,)
        if roll < 0.62:
            return self.constant(dtype or x.dtype), ()
        if roll < 0.75 and (dtype or x.dtype) == x.dtype:
            return self.aliased(x), (x.name,)
        shape = [1 if self.chance(0.25) else n for n in x.shape]
        made = self.new_input(dtype, shape[self.choice((0, 0, 0, len(shape))):] if self.chance(0.5) else shape)
        if not fits(made):  # axes of size one that are not known to be
            return self.constant(dtype or x.dtype), ()
        return made.name, (made.name,)

    def aliased(self, x):
        """The same memory once more."""
        if x.ndim == 0:
            return x.name
        axis = self.random.randrange(x.ndim)
        texts = [x.name, "%s[%s::-1]" % (x.name, ":, " * axis)]
        if x.ndim == 2 and x.shape[0] == x.shape[1]:
            texts.append(x.name + ".T")
        return self.choice(texts)

    def constant(self, dtype):
        number = self.choice((0, 1, 2, -1, 3, 0.5, -2.5, 7))
        kind = np.dtype(dtype).kind
        if kind == "b":
            return f"np.bool_({bool(number)})"
        if kind in "iu":
            return f"np.{dtype}({abs(int(number)) if kind == 'u' else int(number)})"
        return f"np.{dtype}({number})"

    # ----------------------------------------------------------------------------------------------------- lines

    def computed(self, text, uses, whole=False):
        """The values of a line; raises what the engine raises. The variables are one, or a list."""
        names = namespace()
        if whole:
            names.update(self.full)
            arguments = [(names[i.name], np.array(i.value(self.sizes))) for i in self.inputs if not i.shared]
        else:
            leaves = {v.name: v for v in self.values if v.name in uses}
            names.update({name: v.variable for name, v in leaves.items()})
            arguments = [(v.variable, v.value) for v in leaves.values()]
        variable = eval(text, names)
        if not hasattr(variable, "broadcastable"):
            raise TypeError("not a tensor")
        if variable.ndim > 5:
            raise ValueError("too many axes")
        function = theano.function([a for a, _ in arguments], variable, mode=INTERPRETER, on_unused_input="ignore")
        value = np.asarray(function(*[v for _, v in arguments]))
        if value.size > self.most_elements():
            raise ValueError("too many elements")
        return variable, value

    def add(self, text, uses, whole=False):
        """A line, if it makes sense: its Value, or None."""
        name = f"v{len(self.steps)}"
        try:
            variable, value = self.computed(text, uses, whole)
            full = eval(text, self.full)
        except REFUSALS:
            return None
        if self.is_wild(value) and self.chance(0.9):
            return None
        leaf = T.TensorType(variable.dtype, variable.broadcastable)(name)
        self.steps.append(Step(name, text, tuple(uses), whole))
        self.full[name] = full
        self.values.append(Value(name, leaf, value))
        return self.values[-1]

    def is_wild(self, value):
        """Mostly NaN or huge: little can be seen in it."""
        if self.style == "special" or value.dtype.kind not in "fc" or not value.size:
            return False
        with np.errstate(all="ignore"):
            return np.mean(~(np.abs(value.astype("complex128")) < 1e6)) > 0.2


def draw(seed):
    """The program of a seed."""
    d = Drawer(seed)
    for _ in range(d.choice((1, 1, 2, 3))):
        d.new_input()
    wanted, tries = d.choice((1, 3, 5, 8, 12, 18, 25)), 0
    while len(d.steps) < wanted and tries < 6 * wanted + 20:
        tries += 1
        lines.draw_line(d)
    return finished(d)


def finished(d):
    """With results: the last value, some others, updates of the shared variables, other sizes."""
    names = [v.name for v in d.values]
    outputs = list(dict.fromkeys([names[-1]] + [d.choice(names) for _ in range(d.choice((0, 0, 1, 1, 2, 4)))]))
    updates = []
    for i in d.inputs:
        if i.shared and d.chance(0.8):
            types = [v.name for v in d.values if v.dtype == i.dtype and v.ones == i.ones]
            updates.append((i.name, d.choice(types[-5:])))
            if d.chance(0.5) and updates[-1][1] in outputs and len(outputs) > 1:
                outputs.remove(updates[-1][1])
    for scale in (d.scale if d.scale != "large" else "tile", "vector", "tiny"):  # of the second sizes: the first that fits
        other = {"n": d.choice(SIZES[scale]), "m": d.choice(SIZES[scale]), "k": d.choice(SIZES["tiny"])}
        if all(room(i.sizes, other) <= d.most_elements() for i in d.inputs):
            break
    program = Program(d.seed, d.sizes, other, tuple(d.inputs), tuple(d.steps), tuple(outputs), tuple(updates))
    return replace(program, excluded=tuple(rows.some_rules(d))).without_unused()
