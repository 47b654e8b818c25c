"""Pickling and copying: variables, graphs, functions, and the objects of users that hold them."""
import copy
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

import croton
from croton import In, function, shared, tensor as T
from croton import _pickle


def through_pickle(value):
    return pickle.loads(pickle.dumps(value))


BOTH = pytest.mark.parametrize("duplicate", [through_pickle, copy.deepcopy], ids=["pickle", "deepcopy"])


class Doubled(croton.Op):
    """An op in Python, found by name when it is loaded."""

    __props__ = ("factor",)

    def __init__(self, factor):
        self.factor = factor

    def make_node(self, x):
        return croton.Apply(self, [x], [x.type(), T.lscalar()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0] * self.factor
        output_storage[1][0] = np.asarray(inputs[0].size)

    def grad(self, inputs, gradients):
        return [gradients[0] * self.factor]


@croton.as_op([T.dvector], [T.dvector])
def reversed_vector(x):
    return x[::-1].copy()


class Classifier:
    """As DeepLearningTutorials' LogisticRegression: shared and symbolic variables as attributes."""

    def __init__(self, x, n_in, n_out):
        self.W = shared(np.arange(n_in * n_out, dtype="float64").reshape(n_in, n_out) / 10, name="W", borrow=True)
        self.b = shared(np.zeros(n_out), name="b")
        self.p_y_given_x = T.nnet.softmax(T.dot(x, self.W) + self.b)
        self.y_pred = T.argmax(self.p_y_given_x, axis=1)
        self.params = [self.W, self.b]
        self.input = x

    def cost(self, y):
        return -T.mean(T.log(self.p_y_given_x)[T.arange(y.shape[0]), y])


def values_of(inputs, outputs, arguments):
    return function(inputs, outputs)(*arguments)


@BOTH
def test_variables_of_one_pickle_share_their_graph(duplicate):
    x, y = T.dmatrix("x"), T.ivector("y")
    model = Classifier(x, 3, 2)
    cost = model.cost(y)
    gradients = T.grad(cost, model.params)
    other, y2, cost2, gradients2 = duplicate((model, y, cost, gradients))
    assert other.input is not x and other.input.name == "x" and other.W.name == "W"
    assert other.params[0] is other.W and other.y_pred.owner.inputs[0] is other.p_y_given_x
    assert croton.pp(cost2) == croton.pp(cost)
    np.testing.assert_array_equal(other.W.get_value(), model.W.get_value())
    data = np.random.RandomState(3).randn(4, 3), np.array([0, 1, 1, 0], "int32")
    expected = values_of([x, y], [cost] + gradients, data)
    for a, b in zip(values_of([other.input, y2], [cost2] + gradients2, data), expected):
        np.testing.assert_array_equal(a, b)
    other.W.set_value(np.zeros((3, 2)))
    np.testing.assert_array_equal(function([other.input], other.p_y_given_x)(data[0]), np.full((4, 2), 0.5))
    np.testing.assert_array_equal(values_of([x, y], [cost] + gradients, data)[0], expected[0])


def _sample_graphs():
    x, v, i, n = T.dmatrix("x"), T.dvector("v"), T.lvector("i"), T.lscalar("n")
    broken_up = T.max_and_argmax(x, axis=1)
    body = croton.OpFromGraph([x, v], [T.dot(x, v) * 2, v + 1])
    arguments = {x: np.arange(6.0).reshape(2, 3), v: np.array([0.5, -1, 2]), i: np.array([1, 0, 1]), n: 2}
    cases = {
        "elementwise": T.tanh(x) * T.sqr(x).astype("float32") + 3,
        "indices": x[::-1, 1:n] + T.set_subtensor(x[0], v)[:, :1],
        "advanced": T.inc_subtensor(x[i], 1.5),
        "several outputs": broken_up[0] + broken_up[1],
        "shapes": T.concatenate([x.T, x.reshape((3, n))], axis=1) + T.alloc(1.0, 3, 1),
        "constants": x + np.array([[1.0, np.nan, np.inf]]),
        "polygamma": T.tri_gamma(abs(v) + 1),
        "order": T.argsort(v) + T.cumsum(v),
        "lazy": croton.ifelse.ifelse(T.lt(n, 3), v, v * 2),
        "gradient of a lazy one": T.grad(croton.ifelse.ifelse(T.lt(n, 3), v, v * 2).sum(), v),
        "body": body(x, v)[0].sum() + body(x, v)[1],
        "gradient of a body": T.grad(body(x, v)[0].sum(), x),
        "gradients that stop": croton.gradient.disconnected_grad(v) + croton.gradient.zero_grad(v),
        "python op": Doubled(3)(v)[0] + Doubled(3)(v)[1],
        "gradient of a python op": T.grad(Doubled(3)(v)[0].sum(), v),
        "decorated function": reversed_vector(v * 2),
        "complex": T.real(T.complex(v, v + 1) * 1j),
    }
    return [pytest.param(case, arguments, id=name) for name, case in cases.items()]


@BOTH
@pytest.mark.parametrize("output,arguments", _sample_graphs())
def test_graphs_of_all_kinds(output, arguments, duplicate):
    inputs = list(arguments)
    again, inputs2 = duplicate((output, inputs))
    assert again is not output and again.type == output.type
    assert croton.printing.debugprint(again, file="str") == croton.printing.debugprint(output, file="str")
    expected, found = (function(ins, out, on_unused_input="ignore")(*arguments.values())
                       for ins, out in ((inputs, output), (inputs2, again)))
    np.testing.assert_array_equal(found, expected)


@BOTH
def test_names_tags_types_and_lines_go_along(duplicate):
    x = T.TensorType("float32", (True, False), name="narrow")("x")
    hidden = x * 2
    hidden.name = "hidden"
    hidden.tag.role = "weight"
    hidden.own = [x]
    y = hidden.sum()
    y2 = duplicate(y)
    hidden2 = y2.owner.inputs[0]
    assert (hidden2.name, hidden2.tag.role) == ("hidden", "weight")
    assert hidden2.own[0] is hidden2.owner.inputs[0]
    assert hidden2.own[0].type == x.type and hidden2.own[0].type.name == "narrow"
    here = "test_pickle.py"
    assert here in croton._core.line_text(hidden2._var.line)
    assert hidden2._var.line == hidden._var.line


@BOTH
def test_attributes_may_lead_back(duplicate):
    x = T.dscalar("x")
    y = x + 1
    x.tag.used_by, y.tag.me, y.node = y, y, y.owner
    s = shared(1.0, name="s")
    s.default_update, s.me = s + x, s
    y2, s2 = duplicate((y, s))
    assert y2.tag.me is y2 and y2.owner.inputs[0].tag.used_by is y2 and y2.node is y2.owner
    assert s2.me is s2 and s2.default_update.owner.inputs[0] is s2
    assert s2.default_update.owner.inputs[1] is y2.owner.inputs[0]


@BOTH
def test_nodes_and_ops(duplicate):
    x = T.dmatrix()
    node = T.nnet.softmax(x * 2).owner
    again = duplicate(node)
    assert again.outputs[0].owner is again and again.op == node.op and type(again.op) is type(node.op)
    for op in (T.tanh, T.exp, T.true_div, x.sum(axis=1).owner.op, x.T.owner.op, x[1:].owner.op, T.add.scalar_op,
               Doubled(2), reversed_vector):
        assert duplicate(op) == op and type(duplicate(op)) is type(op) and str(duplicate(op)) == str(op)


@BOTH
def test_shared_variables_around_one_value(duplicate):
    s = shared(np.zeros(2), name="s")
    t = s.clone()
    s2, t2 = duplicate((s, t))
    s2.set_value(np.ones(2))
    np.testing.assert_array_equal(t2.get_value(), [1, 1])
    np.testing.assert_array_equal(t.get_value(), [0, 0])


def test_shallow_copies_share():
    s = shared(np.zeros(2), name="s")
    copy.copy(s).set_value(np.ones(2))
    np.testing.assert_array_equal(s.get_value(), [1, 1])


@BOTH
def test_long_graphs(duplicate):
    x = T.dscalar("x")
    y = x
    for _ in range(5000):
        y = y + 1
    y2 = duplicate(y)
    inputs = croton.gof.graph.inputs([y2])
    assert function([v for v in inputs if v.name == "x"], y2)(1.0) == 5001


@BOTH
def test_functions_are_compiled_again(duplicate):
    x, W = T.dvector("x"), shared(np.ones(2), name="W")
    count = shared(0, name="count")
    count.default_update = count + 1
    f = function([x, In(T.dscalar("k"), value=3.0, name="k")], {"y": (x * W).sum() + count}, updates=[(W, W + x)],
                 givens={}, name="step", on_unused_input="ignore", allow_input_downcast=True)
    f(np.ones(2))
    f.trust_input = True
    g, W2, count2 = duplicate((f, W, count))
    assert g.name == "step" and g.trust_input is True
    np.testing.assert_array_equal(W2.get_value(), [2, 2])
    assert (count2.get_value(), count.get_value()) == (1, 1)
    assert g(np.ones(2))["y"] == f(np.ones(2))["y"] == 5
    g(np.ones(2))
    np.testing.assert_array_equal(W2.get_value(), [4, 4])
    np.testing.assert_array_equal(W.get_value(), [3, 3])
    assert (count2.get_value(), count.get_value()) == (3, 2)


def _function_with_states():
    a, x, s = T.dscalar(), T.dscalar("x"), T.dscalar("s")
    return function([x, In(a, value=1.0, name="a"), In(s, value=0.0, update=s + a * x, mutable=True)], s + a * x)


@pytest.mark.parametrize("duplicate", [through_pickle, copy.deepcopy, copy.copy], ids=["pickle", "deepcopy", "copy"])
def test_states_and_defaults_of_functions(duplicate):
    """Theano's own test of this (compile/tests/test_function_module.py, test_copy)."""
    f = _function_with_states()
    f(2, 5)
    f["a"] = 4.0
    g = duplicate(f)
    assert (g["a"], g["s"]) == (4.0, 10.0)
    assert f(2) == g(2) == 18
    assert f(2) == g(2) == 26
    f(1, 2)
    assert f(1) != g(1)


@BOTH
def test_givens_modes_profiles_and_swapped_copies(duplicate):
    x, y = T.dvector("x"), T.dvector("y")
    data = shared(np.arange(3.0), name="data")
    for mode in (None, "FAST_COMPILE", croton.Mode(linker="py", optimizer=None)):
        f = function([y], x + y, givens={x: data * 2}, mode=mode, profile=True)
        g = duplicate(f)
        np.testing.assert_array_equal(g(np.ones(3)), [1, 3, 5])
        assert g.maker.mode.linker == f.maker.mode.linker and g.profile.fct_callcount == 1
    other = shared(np.ones(3), name="other")
    np.testing.assert_array_equal(duplicate(f.copy(swap={data: other}))(np.ones(3)), [3, 3, 3])


def test_other_formats_are_refused(monkeypatch):
    x = T.dvector("x")
    f = function([x], x * 2)
    for value in (x, x * 2, T.constant(1.0), shared(1.0), Doubled(2)(x)[0], f):
        with monkeypatch.context() as m:
            m.setattr(_pickle, "VERSION", 99)
            m.setattr(croton.sharedvalue, "VERSION", 99)
            m.setattr(croton._function_copy, "VERSION", 99)
            data = pickle.dumps(value)
        with pytest.raises(ValueError, match="another version of Croton: its format is 99"):
            pickle.loads(data)


def test_an_unknown_row_is_named():
    with pytest.raises(ValueError, match="'warp', which this version of Croton does not know"):
        croton._core.node_of_data("warp", [], [], "", [], [], ("", 0, "", ""))


PROGRAM = """
import pickle, numpy as np, {package} as theano
from logistic import LogisticRegression
with open({path!r}, "rb") as f:
    classifier, predict = pickle.load(f)
again = theano.function(inputs=[classifier.input], outputs=classifier.y_pred)
x = np.random.RandomState(1).randn(5, 4)
assert (again(x) == predict(x)).all()
print(again(x).tolist(), theano.pp(classifier.y_pred))
"""

MODULE = """
import numpy, croton as theano
T = theano.tensor
class LogisticRegression(object):
    def __init__(self, input, n_in, n_out):
        self.W = theano.shared(value=numpy.random.RandomState(0).randn(n_in, n_out), name='W', borrow=True)
        self.b = theano.shared(value=numpy.zeros((n_out,)), name='b', borrow=True)
        self.p_y_given_x = T.nnet.softmax(T.dot(input, self.W) + self.b)
        self.y_pred = T.argmax(self.p_y_given_x, axis=1)
        self.params = [self.W, self.b]
        self.input = input
"""


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_another_process_loads_it(tmp_path, monkeypatch, protocol):
    (tmp_path / "logistic.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("logistic", None)
    from logistic import LogisticRegression
    classifier = LogisticRegression(T.dmatrix("x"), 4, 3)
    predict = function([classifier.input], classifier.y_pred)
    path = tmp_path / "best_model.pkl"
    with open(path, "wb") as f:
        pickle.dump((classifier, predict), f, protocol)
    sys.modules.pop("logistic")
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join([str(tmp_path)] + [p for p in sys.path if p]))
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(package="croton", path=str(path))], env=environment,
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    labels, text = done.stdout.rstrip("\n").split("] ", 1)
    x = np.random.RandomState(1).randn(5, 4)
    assert labels + "]" == str(predict(x).tolist()) and text == croton.pp(classifier.y_pred)


def test_a_function_without_a_name_of_its_own_is_refused_when_it_is_pickled():
    op = croton.as_op([T.dvector], [T.dvector])(lambda x: x)
    with pytest.raises((pickle.PicklingError, AttributeError), match="lambda"):
        pickle.dumps(op(T.dvector()))
