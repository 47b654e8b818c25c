"""The bounds of the elementary functions hold, and docs/accuracy.md is what tools/accuracy.py makes today."""
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import accuracy  # noqa: E402


def run_tool(option, isa):
    environment = {**os.environ, "CROTON_ISA": isa}
    return subprocess.run([sys.executable, str(ROOT / "tools" / "accuracy.py"), option], env=environment, capture_output=True,
                          text=True, check=False)


def test_bounds_hold_and_the_document_is_fresh():
    result = run_tool("--check", "avx2")
    assert result.returncode == 0, result.stderr


def test_bounds_hold_with_wider_vectors():
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        if "avx512dq" not in lines.read():
            pytest.skip("this processor has no AVX-512")
    result = run_tool("--bounds", "avx512")
    assert result.returncode == 0, result.stderr


def test_every_promise_has_a_reference():
    assert set(accuracy.promised_rows()) == set(accuracy.REFERENCES)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("got, exact, error", [
    (1.0, 1.0, 0), (1.5, 1.25, None), (0.0, 0.0, 0), (-0.0, 0.0, np.inf), (np.nan, 1.0, np.inf), (1.0, np.nan, np.inf),
    (np.nan, np.nan, 0), (np.inf, np.inf, 0), (1.0, np.inf, np.inf), (-np.inf, np.inf, np.inf)])
def test_errors_are_counted_in_units_in_the_last_place(dtype, got, exact, error):
    wide = np.array([exact], np.longdouble)
    if error is None:
        error = 0.25 / np.finfo(dtype).eps
    assert accuracy.errors_in_ulps(np.array([got], dtype), wide)[0] == error


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("exact", [1.0, 3.7, 1e-30, 1e30])
def test_the_next_number_is_one_unit_away(dtype, exact):
    exact = dtype(exact)
    got = np.array([np.nextafter(exact, dtype(np.inf))], dtype)
    assert accuracy.errors_in_ulps(got, np.array([exact], np.longdouble))[0] == 1
