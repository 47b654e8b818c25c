"""The typed stubs are what tools/stubs.py writes today, type checkers accept programs with them, and calls give what they say."""
import os
import pathlib
import subprocess
import sys

import pytest

import croton.tensor as T
from croton import Variable

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import stub_types  # noqa: E402
import stubs  # noqa: E402

PROGRAM = pathlib.Path(__file__).parent / "typed_program.py"
WRONG = {
    "croton.tensor.expp(1)": "has no attribute",
    "croton.tensor.exp(1).no_such_method()": "has no attribute",
    "croton.tensor.matrix(name=3)": "incompatible type",
    "croton.function()": "Missing positional argument",
    "x: int = croton.tensor.matrix().dtype": "Incompatible types",
}


def mypy(folder, *arguments):
    environment = {**os.environ, "MYPYPATH": str(ROOT / "python"), "MYPY_CACHE_DIR": str(folder)}
    return subprocess.run([sys.executable, "-m", "mypy", "--strict", *arguments], env=environment, capture_output=True, text=True,
                          check=False)


def test_stubs_are_fresh():
    assert not [str(path) for path in stubs.stale(stubs.all_stubs())], "run tools/stubs.py"


def test_mypy_accepts_a_program_and_sees_mistakes(tmp_path):
    wrong = tmp_path / "wrong.py"
    wrong.write_text("import croton\nimport croton.tensor\n" + "\n".join(WRONG) + "\n")
    result = mypy(tmp_path, str(PROGRAM), str(wrong))
    errors = [line for line in result.stdout.splitlines() if ": error:" in line]
    for number, (code, message) in enumerate(WRONG.items(), 3):
        assert any(f"wrong.py:{number}: error:" in line and message in line for line in errors), f"{code}\n{result.stdout}"
    assert len(errors) == len(WRONG), result.stdout


def test_the_typed_program_runs():
    subprocess.run([sys.executable, str(PROGRAM)], check=True)


CALLABLE = [name for name, value in vars(T).items() if not name.startswith("_") and callable(value) and not isinstance(value, type)]


@pytest.mark.parametrize("name", CALLABLE)
def test_calls_give_what_the_stubs_say(name):
    """With the first arguments that the function takes; those that want others are passed over."""
    value = getattr(T, name)
    home = f"{value.__module__}.{name}" if hasattr(value, "__name__") else f"{type(value).__name__}.__call__"
    said = stub_types.result_of(home)
    for arguments in ([T.matrix()], [T.vector()], [T.matrix(), T.matrix()], [T.vector(), 1], [T.scalar(), T.vector()], [3], ["a"]):
        try:
            result = value(*arguments)
        except Exception:
            continue
        if said == stub_types.TENSOR:
            assert isinstance(result, Variable), home
        elif said == stub_types.TENSORS:
            assert isinstance(result, list) and all(isinstance(item, Variable) for item in result), home
        elif said.startswith("_b.tuple[@"):
            assert isinstance(result, (list, tuple)) and all(isinstance(item, Variable) for item in result), home
        return
