"""Programs as data: inputs, lines of Python that make variables, results. What is drawn, run, printed and cut down."""
from dataclasses import dataclass, field, replace

import numpy as np

import croton as theano
import croton.tensor as T
from croton import ifelse  # noqa: F401  (programs use theano.ifelse)
from croton import _core
from croton._ops import RowOp

from .arrays import array

HEADER = """import numpy as np
import croton as theano
import croton.tensor as T
import croton.ifelse
from croton import _core
from croton._ops import RowOp
from fuzz.arrays import array
"""


@dataclass(frozen=True)
class Input:
    """An argument or a shared variable. `sizes` are numbers, or letters that stand for sizes of the program."""

    name: str
    dtype: str
    sizes: tuple
    ones: tuple  # per axis: whether it is known to have size one
    shared: bool = False
    style: str = "plain"  # of the values
    layout: str = "C"
    seed: int = 0

    def shape(self, sizes):
        return tuple(sizes[s] if isinstance(s, str) else s for s in self.sizes)

    def value_text(self, sizes):
        return f"array({self.dtype!r}, {self.shape(sizes)}, {self.seed}, {self.style!r}, {self.layout!r})"

    def value(self, sizes, layout=None):
        return array(self.dtype, self.shape(sizes), self.seed, self.style, layout or self.layout)

    def variable_text(self, sizes):
        if self.shared:
            return f"theano.shared({self.value_text(sizes)}, name={self.name!r}, broadcastable={self.ones})"
        return f"T.TensorType({self.dtype!r}, {self.ones})({self.name!r})"


@dataclass(frozen=True)
class Step:
    """One line, `name = text`. The text names earlier steps and inputs."""

    name: str
    text: str
    uses: tuple
    whole: bool = False  # asks for the graph above its operands (gradients), not only for their types


@dataclass(frozen=True)
class Program:
    seed: int
    sizes: dict  # letter -> number
    other_sizes: dict = field(default_factory=dict)  # of a second call
    inputs: tuple = ()
    steps: tuple = ()
    outputs: tuple = ()  # names
    updates: tuple = ()  # (name of a shared variable, name)
    excluded: tuple = ()  # rewrite rules that the mode `random` leaves out

    def arguments(self):
        return [i for i in self.inputs if not i.shared]

    def shared(self):
        return [i for i in self.inputs if i.shared]

    def without_unused(self):
        """The same without what nothing needs."""
        needed = set(self.outputs) | {name for pair in self.updates for name in pair}
        steps = []
        for step in reversed(self.steps):
            if step.name in needed:
                steps.append(step)
                needed.update(step.uses)
        inputs = tuple(i for i in self.inputs if i.name in needed)
        return replace(self, steps=tuple(reversed(steps)), inputs=inputs)

    def build(self):
        """The variables by name."""
        names = namespace()
        for i in self.inputs:
            names[i.name] = eval(i.variable_text(self.sizes), names)
        for step in self.steps:
            names[step.name] = eval(step.text, names)
        return names

    def text(self, mode="'FAST_RUN'"):
        """A program that runs by itself, with `tools` and the package on the path."""
        lines = [HEADER]
        lines += [f"{i.name} = {i.variable_text(self.sizes)}" for i in self.inputs]
        lines += [f"{step.name} = {step.text}" for step in self.steps]
        arguments = ", ".join(i.name for i in self.arguments())
        updates = ", ".join(f"({target}, {value})" for target, value in self.updates)
        lines.append(f"f = theano.function([{arguments}], [{', '.join(self.outputs)}], updates=[{updates}], mode={mode}, "
                     "on_unused_input='ignore')")
        values = ", ".join(i.value_text(self.sizes) for i in self.arguments())
        lines.append(f"print(f({values}))")
        lines += [f"print({i.name}.get_value())" for i in self.shared()]
        return "\n".join(lines) + "\n"


def namespace():
    """What the lines of programs may name."""
    return {"np": np, "theano": theano, "T": T, "RowOp": RowOp, "array": array, "_core": _core}
