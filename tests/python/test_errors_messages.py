"""Bad input: the error's type, what it tells, and the user's line in it."""
import inspect
import os
import subprocess
import sys

import numpy as np
import pytest

import croton as theano
import croton.tensor as T
from croton import function, shared

HERE = os.path.basename(__file__)


def line_here(form='%s", line %d,'):
    """The caller's file and line, as a message shows them."""
    return form % (HERE, inspect.currentframe().f_back.f_lineno)


def text_of(kind, run):
    with pytest.raises(kind) as caught:
        run()
    return str(caught.value)


def test_sizes_that_differ_at_a_call():
    x, y = T.dmatrix("x"), T.dmatrix("y")
    z, line = x + y, line_here()
    f = function([x, y], z * 2)
    text = text_of(ValueError, lambda: f(np.ones((2, 3)), np.ones((4, 3))))
    assert "Input dimension mis-match" in text and "2" in text and "4" in text
    assert line in text


def test_undeclared_broadcasting():
    x, y = T.dmatrix("x"), T.dmatrix("y")
    f = function([x, y], x + y)
    text = text_of(ValueError, lambda: f(np.ones((1, 3)), np.ones((2, 3))))
    assert "Input dimension mis-match" in text


def test_sizes_of_products_that_differ():
    x, y = T.dmatrix("x"), T.dmatrix("y")
    z, line = T.dot(x, y), line_here()
    text = text_of(ValueError, lambda: function([x, y], z)(np.ones((2, 7)), np.ones((4, 3))))
    assert "7" in text and "4" in text and line in text


def test_narrowing_an_array():
    x = T.fmatrix("x")
    f, line = function([x], x * 2), line_here("%s:%d")
    text = text_of(TypeError, lambda: f(np.ones((2, 2))))
    assert "Bad input argument to theano function with name" in text and "at index 0 (0-based)" in text and line in text
    assert "TensorType(float32, matrix) cannot store a value of dtype float64 without risking loss of precision" in text
    assert "allow_input_downcast=True" in text


@pytest.mark.parametrize("value, text", [(np.ones(3), "Wrong number of dimensions"), (np.ones((2, 2, 2)), "Wrong number of dimensions"),
                                         ("text", "at index 1"), (None, "at index 1"), (np.ones((2, 2), "complex128"), "complex128"),
                                         ([[1, 2], [3]], "at index 1"), (object(), "at index 1")])
def test_arguments_that_do_not_fit(value, text):
    x, y = T.dscalar("x"), T.dmatrix("y")
    f = function([x, y], x * y)
    message = text_of((TypeError, ValueError), lambda: f(1.0, value))
    assert text in message and "index 1" in message


def test_a_variable_given_as_an_argument():
    x = T.dvector("x")
    assert "Variable" in text_of(TypeError, lambda: function([x], x)(T.dvector()))


def test_size_of_a_broadcastable_axis():
    x = T.drow("x")
    text = text_of(TypeError, lambda: function([x], x)(np.ones((2, 3))))
    assert "broadcastable" in text


@pytest.mark.parametrize("update, text", [
    (lambda a: T.cast(a, "float64"), "dtype"), (lambda a: T.stack([a, a]), "rank"), (lambda a: a * np.float64(1.1), "dtype")])
def test_updates_of_another_type(update, text):
    a = shared(np.float32(1), name="a")
    message = text_of(TypeError, lambda: function([], [], updates=[(a, update(a))]))
    assert "An update must have the same type as the original shared variable (shared_var=a" in message and text in message


def test_updates_that_cannot_be():
    a, x = shared(1.0), T.dscalar("x")
    assert "SharedVariable" in text_of(TypeError, lambda: function([x], [], updates=[(x, x + 1)]))
    assert "already" in text_of(ValueError, lambda: function([], [], updates=[(a, a + 1), (a, a + 2)]))
    text_of(TypeError, lambda: function([], [], updates=[a]))
    text_of(TypeError, lambda: function([], [], updates=[(a, "text")]))


def test_givens_of_another_type():
    x = T.dvector("x")
    text_of((TypeError, ValueError), lambda: function([x], x * 2, givens={x: T.dmatrix()}))


def test_missing_and_unused_inputs():
    x, y = T.dscalars("x", "y")
    assert "y" in text_of(theano.MissingInputError, lambda: function([x], x + y))
    text = text_of(theano.UnusedInputError, lambda: function([x, y], x))
    assert "y" in text and "on_unused_input" in text
    assert function([x, y], x, on_unused_input="ignore")(1, 2) == 1
    with pytest.warns(UserWarning, match="y"):
        assert function([x, y], x, on_unused_input="warn")(1, 2) == 1
    theano.config.on_unused_input = "ignore"
    assert function([x, y], x)(1, 2) == 1
    text_of(theano.UnusedInputError, lambda: function([x, x], x))


@pytest.mark.parametrize("arguments", [lambda x: (x, x), lambda x: (x, [x]), lambda x: (theano.In(x), x), lambda x: ("x", x)])
def test_inputs_that_are_no_list(arguments):
    text = text_of(TypeError, lambda: function(*arguments(T.dscalar("x"))))
    assert "function([x], y)" in text


@pytest.mark.parametrize("inputs", [[3], [None], ["x"], [T.constant(1.0)], [shared(1.0)]])
def test_inputs_that_cannot_be(inputs):
    text_of(TypeError, lambda: function(inputs, T.constant(1.0)))


def test_outputs_that_cannot_be():
    text_of(TypeError, lambda: function([], [3]))
    text_of(TypeError, lambda: function([], "text"))
    text_of((TypeError, AssertionError), lambda: function([], {1: T.constant(1.0)}))


def test_index_out_of_range_in_a_fused_kernel():
    x, i = T.dvector("x"), T.lvector("i")
    picked, line = T.exp(x)[i], line_here()
    f = function([x, i], (picked * 2).sum())
    text = text_of(IndexError, lambda: f(np.ones(3), np.array([0, 7, 1])))
    assert "7" in text and "3" in text and line in text
    text_of(IndexError, lambda: f(np.ones(3), np.array([-4])))
    k = T.lscalar("k")
    g = function([x, k], x[k] + 1)
    text_of(IndexError, lambda: g(np.ones(3), 3))
    assert g(np.ones(3), -3) == 2


@pytest.mark.parametrize("size", [-1, 2 ** 40, 2 ** 62])
def test_sizes_that_cannot_be(size):
    n = T.lscalar("n")
    made, line = T.alloc(1.0, n, 4), line_here()
    f = function([n], made)
    assert line in text_of((ValueError, MemoryError), lambda: f(size))
    assert f(2).shape == (2, 4)


def test_reshape_to_another_number_of_elements():
    x, n = T.dvector("x"), T.lscalar("n")
    f = function([x, n], x.reshape((n, 2)))
    text_of(ValueError, lambda: f(np.ones(6), 4))
    assert f(np.ones(6), 3).shape == (3, 2)


def test_mistyped_names_and_names_that_are_not_there_yet():
    assert "Did you mean 'softplus'" in text_of(AttributeError, lambda: T.nnet.softpuls)
    assert "Did you mean 'function'" in text_of(AttributeError, lambda: theano.functoin)
    assert "Theano has this; Croton does not yet" in text_of(AttributeError, lambda: theano.scan_checkpoints)
    assert "Theano has this; Croton does not yet" in text_of(AttributeError, lambda: T.nnet.conv2d)
    with pytest.raises(ImportError):
        from croton import not_there  # noqa: F401


def test_mistyped_flags():
    assert "Did you mean 'floatX'" in text_of(AttributeError, lambda: theano.config.floatx)
    assert "floatX" in text_of(AttributeError, lambda: setattr(theano.config, "floatY", "float32"))
    text = text_of(ValueError, lambda: setattr(theano.config, "floatX", "float23"))
    assert "float32" in text


@pytest.mark.parametrize("flags, text", [("floatx=float32", "floatX"), ("floatX", "name=value"), ("floatX=float23", "float32")])
def test_bad_flags_of_the_environment(flags, text):
    environment = dict(os.environ, THEANO_FLAGS=flags, PYTHONPATH=os.pathsep.join(p for p in sys.path if p))
    done = subprocess.run([sys.executable, "-c", "import croton"], env=environment, capture_output=True, text=True)
    assert done.returncode != 0 and text in done.stderr


def test_flags_of_the_environment():
    environment = dict(os.environ, THEANO_FLAGS="floatX=float32,device=cpu,optimizer_excluding=fusion,warn.round=False,"
                       "gcc.cxxflags=-O2,on_unused_input=ignore", PYTHONPATH=os.pathsep.join(p for p in sys.path if p))
    program = ("import croton as theano, croton.tensor as T; print(theano.config.floatX, T.matrix().dtype, "
               "theano.config.gcc.cxxflags, theano.config.optimizer_excluding)")
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert done.stdout.split() == ["float32", "float32", "-O2", "fusion"], done.stderr


def test_change_flags():
    with theano.change_flags(floatX="float32"):
        assert T.matrix().dtype == "float32"
    assert T.matrix().dtype == "float64"
    with pytest.raises(ValueError):
        theano.change_flags(floatx="float32")


def test_truth_of_comparisons():
    x, y = T.dscalars("x", "y")
    assert bool(x) and bool(x + y) and (x == x) and not (x == y)
    for comparison in (x < y, x <= y, x > y, x >= y):
        with pytest.raises(TypeError):
            bool(comparison)


def test_install_as_theano():
    program = ("import croton; croton.install_as_theano()\n"
               "import theano, theano.tensor as T, theano.tensor.nnet, theano.gradient\n"
               "from theano.compile.ops import as_op\nfrom theano.configparser import change_flags\nfrom theano.gof import Apply\n"
               "assert theano is croton\nx = T.dscalar()\nprint(theano.function([x], T.nnet.sigmoid(x))(0.0))\n"
               "try:\n    import theano.sparse\nexcept ImportError as error:\n    print(error)\n")
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(p for p in sys.path if p))
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert done.stdout.startswith("0.5"), done.stderr
    assert "Theano has this; Croton does not yet" in done.stdout


def test_printing():
    x = T.dscalar("x")
    y = T.exp(x) + x ** 2
    assert theano.pp(y) == "(exp(x) + (x ** TensorConstant{2}))"
    text = theano.printing.debugprint(y, file="str")
    assert all(part in text for part in ("Elemwise{add", "Elemwise{exp", "Elemwise{pow", "x [id"))
    assert theano.printing.debugprint(function([x], y), file="str")
