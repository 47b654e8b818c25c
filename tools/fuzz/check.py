"""Runs one program in every way, and says where two of them differ."""
import numpy as np

import croton as theano
from croton import _core
from croton._modes import Mode

from . import noise, rows
from .compare import all_same, near
from .noise import Noise

SAMPLES, MORE_SAMPLES = 3, 12
LIMIT_OF_REFERENCE = 20000  # elements of all values: the interpreter takes them one by one
ERRORS = (TypeError, ValueError, IndexError, NotImplementedError, ZeroDivisionError, MemoryError)

NO_MAXIMUM = "zero-size array to reduction operation"  # local_log_sum_exp takes one, as in Theano, also of no elements


class Chosen(Mode):
    """A mode with parts that users cannot set."""

    def __init__(self, optimizer="fast_run", excluding=(), **parts):
        super().__init__("cvm", optimizer, excluding=excluding)
        self._parts = parts

    def settings(self):
        return {**super().settings(), **self._parts}


class Failure(Exception):
    """Two ways differ. `kind` stays the same while the program is cut down."""

    def __init__(self, kind, text):
        super().__init__(text)
        self.kind = kind


def modes(program):
    """Name -> the mode, and whether the same bits as the reference are due where no result of an inexact row comes in."""
    return {
        "plain": (Chosen(None, fuse=False), True),
        "fused": (Chosen(None), True),
        "exact": (Chosen(excluding=rows.accurate_rules()), True),
        "fast": (Chosen(), False),
        "checked": (Chosen(checked=True, verify=True), False),
        "random": (Chosen(excluding=program.excluded), False),
    }


def arguments(program):
    """Of four calls: contiguous, the same in other memory, other sizes, and the first ones again."""
    lying = [i.value(program.sizes) for i in program.arguments()]
    plain = [np.array(v, order="C") for v in lying]
    other = [i.value(program.other_sizes or program.sizes) for i in program.arguments()]
    return [plain, lying, other, plain]


def state(program, names):
    return [np.array(names[i.name].get_value()) for i in program.shared()]


def reset(program, names):
    for i in program.shared():
        names[i.name].set_value(i.value(program.sizes))


class Run:
    """What the calls of one function gave: results and states, or errors."""

    def __init__(self, program, names, function, calls):
        reset(program, names)
        self.results, self.errors, self.states, held = [], [], [], []
        for values in calls:
            before = [v.copy() for v in values]
            try:
                results = function(*values)
                held.append((results, [np.array(r) for r in results]))
                self.results.append(held[-1][1])
                self.errors.append(None)
            except ERRORS as error:
                self.results.append(None)
                self.errors.append(f"{type(error).__name__}: {error}")
            except Exception as error:
                raise Failure(type(error).__name__, f"a call raises what is no refusal: {error!r}") from None
            self.states.append(state(program, names))
            if not all(all_same(a, b) for a, b in zip(before, values)):
                raise Failure("argument", "a call has changed its arguments")
        for given, copies in held:
            if not all(all_same(np.asarray(a), b) for a, b in zip(given, copies)):
                raise Failure("result", "a later call has changed an earlier result")

    def everything(self, call):
        return (self.results[call] or []) + self.states[call]


class Reference:
    """The interpreter on the graph as it was written, and moved runs when they are asked for."""

    def __init__(self, program, names, calls):
        self.program, self.names, self.calls = program, names, calls
        self.function = noise.reference(names, program)
        self.moved = {Noise.INEXACT: [], Noise.ALL: []}
        self.run = self.at(Noise.NONE)

    def at(self, level):
        Noise.level = level
        try:
            return Run(self.program, self.names, self.function, self.calls)
        finally:
            Noise.level = Noise.NONE

    def samples(self, level, count):
        while len(self.moved[level]) < count:
            self.moved[level].append(self.at(level))
        return self.moved[level]


def describe(names, k, got, expected, wrong):
    at = tuple(int(n) for n in np.argwhere(wrong)[0]) if got.ndim else ()
    return (f"{names[k]}{list(at)}: {got[at]!r}, the reference has {expected[at]!r} "
            f"({int(np.sum(wrong))} of {got.size} elements differ)")


def compare(mode, run, reference, bits):
    """Raises a Failure unless each result of each call is as near to the reference as it must be."""
    program, level = reference.program, Noise.INEXACT if bits else Noise.ALL
    names = list(program.outputs) + [i.name for i in program.shared()]
    for call, error in enumerate(reference.run.errors):
        if error:
            return  # the states are others from here on
        if run.errors[call] and not bits and NO_MAXIMUM in run.errors[call]:
            return
        if run.errors[call]:
            raise Failure(f"error {mode}", f"call {call} fails: {run.errors[call]}")
        for k, expected in enumerate(reference.run.everything(call)):
            got = run.everything(call)[k]
            if got.dtype != expected.dtype:
                raise Failure(f"type {mode}", f"call {call}, {names[k]}: {got.dtype}, the reference has {expected.dtype}")
            if all_same(got, expected):
                continue
            for count in (SAMPLES, MORE_SAMPLES):
                moved = [m.everything(call)[k] for m in reference.samples(level, count) if not m.errors[call]]
                if len(moved) < count or any(m.shape != expected.shape for m in moved):
                    return  # sizes or errors that depend on roundings
                if got.shape != expected.shape:
                    raise Failure(f"shape {mode}", f"call {call}, {names[k]}: {got.shape}, the reference has {expected.shape}")
                right = near(got, expected, moved, bits)
                if np.all(right):
                    break
            else:
                raise Failure(f"value {mode}", f"call {call}, " + describe(names, k, got, expected, ~right))


def kind_of(error):
    return error and error.split(":")[0]


def same(what, one, other, first=None, second=None):
    """Raises a Failure unless two runs, or two calls of them, gave the same bits."""
    for call in range(len(one.errors)) if first is None else [None]:
        a, b = (call, call) if first is None else (first, second)
        if kind_of(one.errors[a]) != kind_of(other.errors[b]):
            raise Failure(what, f"{what}: call {a}: {one.errors[a]} and {other.errors[b]}")
        for k, (x, y) in enumerate(zip(one.everything(a), other.everything(b))):
            if not all_same(x, y):
                raise Failure(what, f"{what}: call {a}, result {k} differs: {x.ravel()[:4]} and {y.ravel()[:4]}")


def check(program):
    """Raises a Failure where two ways to run the program differ."""
    names = program.build()
    calls = arguments(program)
    big = max([v.size for values in calls for v in values] + [i.value(program.sizes).size for i in program.shared()] + [0])
    reference = Reference(program, names, calls) if big <= LIMIT_OF_REFERENCE else None
    runs = {}
    for mode, (how, bits) in modes(program).items():
        try:
            function = theano.function([names[i.name] for i in program.arguments()], [names[o] for o in program.outputs],
                                       updates=[(names[a], names[b]) for a, b in program.updates], mode=how,
                                       on_unused_input="ignore")
        except Exception as error:
            raise Failure(f"compile {mode}", f"mode {mode}: {type(error).__name__}: {error}") from None
        runs[mode] = Run(program, names, function, calls)
        if mode == "fast":
            threads = _core.thread_count()
            for count in (1, 5):
                _core.set_thread_count(count)
                again = Run(program, names, function, calls)
                same(f"threads {count}", runs["fast"], again)
            _core.set_thread_count(threads)
        if reference:
            compare(mode, runs[mode], reference, bits)
    same("checked", runs["fast"], runs["checked"])
    if not program.updates:
        if not any("dot(" in step.text for step in program.steps):  # how a product adds up depends on its operands' strides
            same("layout", runs["fast"], runs["fast"], 0, 1)
        same("repeated", runs["fast"], runs["fast"], 0, 3)


def failure_of(program):
    """How the program fails: a Failure, or None."""
    try:
        check(program)
    except Failure as failure:
        return failure
    return None
