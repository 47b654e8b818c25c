"""Flags: values, files, the environment, change_flags, and what is said about wrong ones."""
import os
import subprocess
import sys

import pytest

import croton as theano
import croton.tensor as T
from croton import change_flags, config


def in_new_process(code, **environment):
    """The output of a program with these environment variables."""
    run = subprocess.run([sys.executable, "-c", code], env={**os.environ, "THEANORC": "", **environment}, capture_output=True,
                         text=True)
    return run.stdout.strip() + run.stderr.strip().splitlines()[-1] if run.returncode else run.stdout.strip()


def test_defaults():
    assert config.floatX == "float64" and config.on_unused_input == "raise" and config.blas.ldflags == ""


def test_float_x_of_new_variables():
    with change_flags(floatX="float32"):
        assert T.vector().dtype == "float32" and T.zeros(2).dtype == "float32" and T.dvector().dtype == "float64"
        assert T.vector(dtype="floatX").dtype == "float32" and T.cast(T.dscalar(), "floatX").dtype == "float32"
    assert T.vector().dtype == "float64"


def test_change_flags_as_a_decorator_and_after_errors():
    @change_flags(floatX="float32")
    def made():
        return T.vector()

    assert made().dtype == "float32" and config.floatX == "float64"
    with pytest.raises(ZeroDivisionError):
        with change_flags(floatX="float32"):
            1 / 0
    assert config.floatX == "float64"


@pytest.mark.parametrize("value", ["float33", 3])
def test_wrong_values(value):
    with pytest.raises(ValueError):
        config.floatX = value
    with pytest.raises(ValueError):
        with change_flags(floatX=value):
            pass
    assert config.floatX == "float64"


def test_unknown_names():
    with pytest.raises(AttributeError, match="Did you mean 'floatX'"):
        config.floatx
    with pytest.raises(AttributeError, match="Did you mean 'optimizer'"):
        config.optimiser = "o1"
    with pytest.raises(ValueError):
        change_flags(no_such_flag=1)


def test_flags_of_theano_without_effect_are_accepted():
    assert config.warn.subtensor_merge_bug is False and config.gcc.cxxflags == "" and config.device == "cpu"
    config.warn.subtensor_merge_bug = True
    assert config.warn.subtensor_merge_bug is True


def test_flags_fixed_at_the_start():
    with pytest.raises(Exception, match="after initialization"):
        config.device = "gpu"


SHOW = "import croton; c = croton.config; print(c.floatX, c.mode, c.optimizer_excluding, c.blas.ldflags)"


def test_environment():
    assert in_new_process(SHOW, THEANO_FLAGS="floatX=float32,mode=FAST_COMPILE, optimizer_excluding=fusion:inplace,blas__ldflags=-lx") == (
        "float32 FAST_COMPILE fusion:inplace -lx")
    assert "Did you mean 'floatX'" in in_new_process(SHOW, THEANO_FLAGS="floadX=float32")
    assert "float16x" in in_new_process(SHOW, THEANO_FLAGS="floatX=float16x")


def test_files(tmp_path):
    file = tmp_path / "rc"
    file.write_text("[global]\nfloatX = float32\nmode = FAST_RUN\n[blas]\nldflags = -lmine\n[nobody]\nknows = this\n")
    assert in_new_process(SHOW, THEANORC=str(file), THEANO_FLAGS="mode=FAST_COMPILE") == "float32 FAST_COMPILE  -lmine"


@pytest.mark.parametrize("mode", [None, "FAST_RUN", "FAST_COMPILE", theano.Mode(), theano.Mode(linker="py"), theano.Mode(optimizer=None),
                                  theano.Mode().excluding("fusion"), theano.Mode().including("fast_math").excluding("inplace")],
                         ids=str)
def test_modes_give_the_same(mode):
    x = T.dvector("x")
    f = theano.function([x], [T.exp(x) * 2 + 1, x.sum()], mode=mode)
    values = f([0.0, 1.0])
    assert values[0].tolist() == pytest.approx([3, 6.43656365691809]) and values[1] == 1


def test_wrong_modes():
    x = T.dvector("x")
    with pytest.raises(ValueError, match="FAST_RUN"):
        theano.function([x], x, mode="FASTRUN")
    with pytest.raises(ValueError):
        theano.Mode(optimizer="o5")


def test_test_values():
    import numpy as np
    with change_flags(compute_test_value="raise"):
        x = T.dvector("x")
        x.tag.test_value = np.array([1.0, 2.0])
        y = x * 2 + 1
        np.testing.assert_array_equal(y.tag.test_value, [3, 5])
        with pytest.raises(ValueError):
            x + T.dvector("no value")
        with pytest.raises(ValueError):
            x + np.ones(3)
