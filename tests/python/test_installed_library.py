"""The C++ library installed into a folder: a program outside the tree finds it by CMake, and runs without Python."""
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import croton

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
BUILD = Path(croton.__file__).parents[2]


def cached(name):
    """A setting of the build that these tests run from; "" where there is none."""
    cache = BUILD / "CMakeCache.txt"
    found = cache.exists() and re.search(rf"^{name}:\w+=(.*)$", cache.read_text(), re.MULTILINE)
    return found[1] if found else ""


pytestmark = [
    pytest.mark.skipif(not cached("CMAKE_CXX_COMPILER"), reason="Croton is installed here, not run from a build folder"),
    pytest.mark.skipif(cached("CROTON_SANITIZE") != "", reason="a program without sanitizers cannot load an instrumented library"),
]


def run(*command, **options):
    finished = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def test_example_outside_the_tree(tmp_path):
    prefix, source, build, data = (tmp_path / name for name in ("prefix", "source", "build", "digits.csv"))
    run("cmake", "--install", BUILD, "--prefix", prefix)
    source.mkdir()
    for name in ("CMakeLists.txt", "digits.cpp"):
        shutil.copy(EXAMPLES / name, source)
    run("cmake", "-S", source, "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_CXX_COMPILER={cached('CMAKE_CXX_COMPILER')}")
    run("cmake", "--build", build)
    run(sys.executable, EXAMPLES / "export_digits.py", data)
    # Nothing of this process's environment: neither Python's variables nor paths of libraries.
    output = run(build / "digits", data, 5, cwd=tmp_path, env={})
    errors = [float(percent) for percent in re.findall(r"test error +([\d.]+) %", output)]
    assert len(errors) == 5 and errors[-1] < 10
    libraries = run("ldd", build / "digits")
    assert str(prefix) in libraries and "python" not in libraries
