"""The random graphs of tools/fuzz: they reach all rows, repeat by their seed, and find what differs."""
import sys
from pathlib import Path

import numpy as np
import pytest

import croton as theano

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from fuzz import check as checking, rows  # noqa: E402
from fuzz.draw import Drawer, draw  # noqa: E402
from fuzz.indexing import advanced  # noqa: E402
from fuzz.program import Input, Program, Step, namespace  # noqa: E402
from fuzz.rows import dot  # noqa: E402
from fuzz.shrink import shrunk  # noqa: E402

PROGRAM = Program(
    seed=0, sizes={"n": 37, "m": 5}, other_sizes={"n": 3, "m": 64}, outputs=("v3", "v1"),
    inputs=(Input("in0", "float32", ("n", "m"), (False, False), seed=1, layout="reversed"),
            Input("in1", "float32", ("m",), (False,), shared=True, seed=2)),
    steps=(Step("v0", "T.exp(in0)", ("in0",)), Step("v1", "in0.dimshuffle([1, 0])", ("in0",)),
           Step("v2", "v0 * in1", ("v0", "in1")), Step("v3", "v2 - v2.mean(axis=0)", ("v2",))))


def test_every_row_is_drawn_or_has_a_reason():
    assert rows.unknown_rows() == []
    assert set(rows.BY_HAND) | set(rows.NOT_DRAWN) <= set(rows.ROWS)


def test_a_seed_gives_a_program():
    assert draw(7).text() == draw(7).text() != draw(8).text()


CHANGES = [lambda y: np.roll(y, 1), lambda y: y * y.dtype.type(1.0001), lambda y: y[::-1]]


@pytest.mark.parametrize("change", CHANGES)
def test_a_wrong_result_is_found_and_cut_down(monkeypatch, change):
    assert checking.failure_of(PROGRAM) is None
    compile_function = theano.function

    def wrong(inputs, outputs, **options):
        function = compile_function(inputs, outputs, **options)
        if not isinstance(options["mode"], checking.Chosen) or options["mode"].provided_optimizer is None:
            return function
        return lambda *values: [change(y) if y.ndim else y for y in function(*values)]

    monkeypatch.setattr(checking.theano, "function", wrong)
    found = checking.failure_of(PROGRAM)
    assert found.kind == "value exact"
    if change is not CHANGES[0]:
        return
    small = shrunk(PROGRAM, lambda p: getattr(checking.failure_of(p), "kind", None), seconds=4)
    assert len(small.steps) < len(PROGRAM.steps) and checking.failure_of(small).kind == found.kind


@pytest.mark.parametrize("line, shapes", [(advanced, ((5, "n"), ("n",))), (dot, ((5000, 1), (1, 5000), (1, "n")))], ids=["index", "dot"])
def test_no_line_computes_more_elements_than_it_may(monkeypatch, line, shapes):
    """The engine says how many there would be without computing them."""
    counted = []

    def count(drawer, text, uses, whole=False):
        names = namespace()
        names.update({v.name: v.variable for v in drawer.values})
        sizes = eval(text, names).shape
        arguments = {v.name: v for v in drawer.values if v.name in uses}.values()
        f = theano.function([v.variable for v in arguments], sizes, on_unused_input="ignore")
        counted.append(int(np.prod(f(*[v.value for v in arguments]))))
        assert counted[-1] <= drawer.most_elements()
        raise TypeError("counted")

    monkeypatch.setattr(Drawer, "computed", count)
    for seed in range(60):
        drawer = Drawer(seed)
        drawer.scale, drawer.sizes = "large", {"n": 66000, "m": 40961, "k": 5}
        for shape in shapes:
            drawer.new_input(drawer.choice(("int32", "int64")), shape, "plain")
        line(drawer)
    assert max(counted) > 1000


def test_an_error_of_the_engine_s_own_is_a_failure(monkeypatch):
    def broken(inputs, outputs, **options):
        def call(*values):
            raise theano.InternalError("no way")
        return call

    monkeypatch.setattr(checking.theano, "function", broken)
    assert checking.failure_of(PROGRAM).kind == "InternalError"
