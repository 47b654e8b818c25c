"""Cuts a failing program down to what still fails in the same way."""
import re
import time
from dataclasses import replace


def candidates(program):
    """Smaller programs, the smallest first."""
    p = program
    for k in range(len(p.steps) - 1, -1, -1):  # an earlier value as the only result
        if p.outputs != (p.steps[k].name,):
            yield replace(p, outputs=(p.steps[k].name,), updates=())
    for name in p.outputs:
        if len(p.outputs) > 1:
            yield replace(p, outputs=tuple(o for o in p.outputs if o != name))
    for pair in p.updates:
        yield replace(p, updates=tuple(u for u in p.updates if u != pair))
    for k, step in enumerate(p.steps):  # a line replaced by one of its operands
        for used in step.uses:
            yield with_steps(p, k, step.name, used)
    for k, step in enumerate(p.steps):  # a line replaced by an input is out of reach; by zero it is not
        if not step.whole and step.uses:
            yield replace_step(p, k, replace(step, text=f"T.zeros_like({step.uses[0]})", uses=step.uses[:1]))
    for i in p.inputs:
        for change in ({"layout": "C"}, {"shared": False}, {"style": "whole"}, {"style": "plain"}):
            if any(getattr(i, field) != value for field, value in change.items()):
                yield replace(p, inputs=tuple(replace(j, **change) if j is i else j for j in p.inputs),
                              updates=tuple(u for u in p.updates if change != {"shared": False} or u[0] != i.name))
    for letter, size in p.sizes.items():
        for smaller in {1, 2, 3, size // 2, size - 1}:
            if 0 <= smaller < size:
                yield replace(p, sizes={**p.sizes, letter: smaller})
    if p.other_sizes != p.sizes:
        yield replace(p, other_sizes=dict(p.sizes))
        yield replace(p, sizes=dict(p.other_sizes))
    for name in p.excluded:
        yield replace(p, excluded=tuple(e for e in p.excluded if e != name))


def replace_step(program, k, step):
    return replace(program, steps=program.steps[:k] + (step,) + program.steps[k + 1:])


def with_steps(program, removed, name, used):
    """Without a line: what named it names `used`."""
    word = re.compile(rf"\b{name}\b")
    def renamed(names):
        return tuple(used if n == name else n for n in names)
    steps = tuple(replace(s, text=word.sub(used, s.text), uses=renamed(s.uses))
                  for k, s in enumerate(program.steps) if k != removed)
    return replace(program, steps=steps, outputs=tuple(dict.fromkeys(renamed(program.outputs))),
                   updates=tuple((a, used if b == name else b) for a, b in program.updates))


def shrunk(program, kind_of, seconds=60):
    """`kind_of(program)` says how one fails, or None."""
    wanted, end = kind_of(program), time.time() + seconds
    found = True
    while found:
        found = False
        for candidate in candidates(program):
            if time.time() > end:
                return program
            smaller = candidate.without_unused()
            if smaller != program and kind_of(smaller) == wanted:
                program, found = smaller, True
                break
    return program
