"""The examples run from beginning to end and say all that they promise; what they are compiled to is recorded."""
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import croton

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
PACKAGES = Path(croton.__file__).parents[1]
PROGRAMS = PACKAGES.parent / "bin"
MESSAGE = re.compile(r"^  Message: (.*)$", re.MULTILINE)
COUNTS = re.compile(r"^    Kernels: (\d+), library calls: (\d+), host calls: (\d+)$", re.MULTILINE)
HOST_LINE = re.compile(r"s +Host +\d+ +\d+   (.*)$", re.MULTILINE)


def output_of(*command):
    """What a program prints, and at the end of a Python program, on stderr, the profile of each of its functions."""
    environment = dict(os.environ, PYTHONPATH=str(PACKAGES), THEANO_FLAGS="profile=True")
    words = [str(word) for word in command]
    finished = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    return finished.stdout + finished.stderr


def functions_in(output, name, record_property):
    """The names of the functions whose profiles were printed. Records their kernels and host calls: tools/fallbacks.py."""
    counts, functions = COUNTS.findall(output), [Path(message).name for message in MESSAGE.findall(output)]
    assert counts and len(counts) == len(functions)
    for function in sorted(set(functions)):
        # The least of what its processes print: where one passed a strided argument, it has the kernels of two programs.
        kernels, libraries, hosts = min(tuple(map(int, c)) for f, c in zip(functions, counts) if f == function)
        text = f"{name}, {function}: {kernels} kernels, {libraries} library calls, {hosts} host calls"
        record_property("kernels", text)
    record_property("host_calls", "; ".join(sorted(set(HOST_LINE.findall(output)))))
    return sorted(set(functions))


def test_program_of_the_readme(record_property, tmp_path):
    program = tmp_path / "step.py"
    program.write_text(re.search(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)[1])
    assert functions_in(output_of(sys.executable, program), "README.md", record_property) == ["step.py:9"]


def test_demo_runs(record_property):
    text = output_of(sys.executable, EXAMPLES / "digits.py", "--quick")
    for promised in (
        "Mean test error over 1 seeds",
        "Compile time",
        "1 thread",
        "NumPy, the same step",
        "Function profiling",
        "ValueError: Shape mismatch",
        "hidden = T.tanh(T.dot(x, W) + b)",
        "Next:",
    ):
        assert promised in text, promised
    assert functions_in(text, "examples/digits.py", record_property) == ["errors", "step"]


@pytest.mark.skipif(not (PROGRAMS / "digits").exists(), reason="the C++ programs are built only in a developer's build folder")
def test_digits_in_cpp(record_property, tmp_path):
    data = tmp_path / "digits.csv"
    output_of(sys.executable, EXAMPLES / "export_digits.py", data)
    text = output_of(PROGRAMS / "digits", data, 5, "profile")
    test_errors = [float(percent) for percent in re.findall(r"test error +([\d.]+) %", text)]
    assert len(test_errors) == 5 and test_errors[-1] < 10
    assert functions_in(text, "examples/digits.cpp", record_property) == ["error", "step"]


def test_images_are_disjoint_and_enlarged():
    sys.path.insert(0, str(EXAMPLES))
    try:
        import digits_data
    finally:
        sys.path.remove(str(EXAMPLES))
    data = digits_data.load(3)
    assert data.train_images.shape == ((1797 - digits_data.TEST_BASE_IMAGES) * digits_data.COPIES, 784)
    assert data.test_images.shape == (digits_data.TEST_BASE_IMAGES, 784)
    assert data.train_images.dtype == "float32" and data.train_labels.dtype == "int32"
    assert 0 <= data.test_images.min() and data.test_images.max() == 1

    def base(image, shifts=(-1, 0, 1)):
        """The 8x8 image, found by the shift whose enlargement gives the image back."""
        for down in shifts:
            for right in shifts:
                small = image.reshape(28, 28)[2 + down : 26 + down : 3, 2 + right : 26 + right : 3]
                if (digits_data.enlarge(small[None], [(down, right)])[0] == image).all():
                    return small.tobytes()
        raise AssertionError("not an enlarged digit")

    train = {base(image) for image in data.train_images[:: digits_data.COPIES]}
    assert not train & {base(image) for image in data.test_images}
