"""The random graphs of tools/fuzz: they reach all rows, repeat by their seed, and find what differs."""
import sys
from pathlib import Path

import numpy as np
import pytest

import croton as theano

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from fuzz import check as checking, rows  # noqa: E402
from fuzz.draw import draw  # noqa: E402
from fuzz.program import Input, Program, Step  # noqa: E402
from fuzz.shrink import shrunk  # noqa: E402

PROGRAM = Program(
    seed=0, sizes={"n": 37, "m": 5}, other_sizes={"n": 3, "m": 64}, outputs=("v3", "v1"),
    inputs=(Input("in0", "float32", ("n", "m"), (False, False), seed=1, layout="reversed"),
            Input("in1", "float32", ("m",), (False,), shared=True, seed=2)),
    steps=(Step("v0", "T.exp(in0)", ("in0",)), Step("v1", "in0.dimshuffle([1, 0])", ("in0",)),
           Step("v2", "v0 * in1", ("v0", "in1")), Step("v3", "v2 - v2.mean(axis=0)", ("v2",))))


def failure_of(program):
    try:
        checking.check(program)
    except checking.Failure as failure:
        return failure
    return None


def test_every_row_is_drawn_or_has_a_reason():
    assert rows.unknown_rows() == []
    assert set(rows.BY_HAND) | set(rows.NOT_DRAWN) <= set(rows.ROWS)


def test_a_seed_gives_a_program():
    assert draw(7).text() == draw(7).text() != draw(8).text()


CHANGES = [lambda y: np.roll(y, 1), lambda y: y * y.dtype.type(1.0001), lambda y: y[::-1]]


@pytest.mark.parametrize("change", CHANGES)
def test_a_wrong_result_is_found_and_cut_down(monkeypatch, change):
    assert failure_of(PROGRAM) is None
    compile_function = theano.function

    def wrong(inputs, outputs, **options):
        function = compile_function(inputs, outputs, **options)
        if not isinstance(options["mode"], checking.Chosen) or options["mode"].provided_optimizer is None:
            return function
        return lambda *values: [change(y) if y.ndim else y for y in function(*values)]

    monkeypatch.setattr(checking.theano, "function", wrong)
    found = failure_of(PROGRAM)
    assert found.kind == "value exact"
    if change is not CHANGES[0]:
        return
    small = shrunk(PROGRAM, lambda p: getattr(failure_of(p), "kind", None), seconds=4)
    assert len(small.steps) < len(PROGRAM.steps) and failure_of(small).kind == found.kind
