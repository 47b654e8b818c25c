"""Programs written for Theano, run through install_as_theano(), in a process of their own."""
import subprocess
import sys
import textwrap

import pytest


def run(program):
    code = "import croton\ncroton.install_as_theano()\n" + textwrap.dedent(program)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[:-1]


def test_logistic_regression():
    lines = run("""
        import numpy
        import theano
        import theano.tensor as T
        from theano import function, shared
        rng = numpy.random.RandomState(0)
        N, feats = 100, 7
        D = (rng.randn(N, feats), rng.randint(size=N, low=0, high=2))
        x, y = T.dmatrix("x"), T.dvector("y")
        w, b = shared(rng.randn(feats), name="w"), shared(0., name="b")
        p_1 = 1 / (1 + T.exp(-T.dot(x, w) - b))
        prediction = p_1 > 0.5
        xent = -y * T.log(p_1) - (1 - y) * T.log(1 - p_1)
        cost = xent.mean() + 0.01 * (w ** 2).sum()
        gw, gb = T.grad(cost, [w, b])
        train = function(inputs=[x, y], outputs=[prediction, xent], updates=((w, w - 0.1 * gw), (b, b - 0.1 * gb)))
        predict = function(inputs=[x], outputs=prediction)
        first = train(D[0], D[1])[1].mean()
        for i in range(500):
            pred, err = train(D[0], D[1])
        print(err.mean() < first, (predict(D[0]) == D[1]).mean() > 0.5)
    """)
    assert lines == ["True True"]


def test_names_of_submodules():
    lines = run("""
        import theano.tensor.nnet as nnet
        from theano.tensor.nnet.nnet import softmax
        from theano.tensor.basic import TensorConstant
        from theano.compile.sharedvalue import SharedVariable
        from theano.gof import Apply, Op, Variable
        from theano.gof.fg import MissingInputError
        from theano.compile.function_module import UnusedInputError
        from theano.gradient import DisconnectedInputError, grad
        from theano.configparser import change_flags
        from theano.printing import debugprint, pp
        from theano.ifelse import ifelse
        import theano, theano.tensor as T
        print(theano.tensor is T, nnet.softmax is softmax, isinstance(theano.shared(1.0), SharedVariable))
        print(callable(T.var), callable(theano.compile.function))
    """)
    assert lines == ["True True True", "True True"]


def test_what_is_not_there_yet_says_so():
    lines = run("""
        import theano, theano.tensor as T
        for get in (lambda: theano.scan_checkpoints, lambda: T.nnet.conv2d, lambda: __import__("theano.tensor.signal.pool"), lambda: T.topk):
            try:
                get()
            except (AttributeError, ImportError) as error:
                print("Theano has this; Croton does not yet" in str(error))
    """)
    assert lines == ["True"] * 4


@pytest.mark.parametrize("verbosity", ["low", "high"])
def test_an_error_names_the_line(verbosity, tmp_path):
    program = tmp_path / "mine.py"
    program.write_text(textwrap.dedent("""
        import croton
        croton.install_as_theano()
        import numpy as np, theano, theano.tensor as T
        theano.config.exception_verbosity = %r
        x, y = T.dvectors("xy")
        z = x + y          # here
        try:
            theano.function([x, y], z * 2)(np.ones(2), np.ones(3))
        except ValueError as error:
            print(error)
    """ % verbosity))
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True)
    assert "mine.py" in done.stdout and "line 7" in done.stdout and "z = x + y" in done.stdout, done.stdout + done.stderr
