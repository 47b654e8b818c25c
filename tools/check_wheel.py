"""Trains a step with the installed package, and fails if libraries of the system had a part in it: for tools/wheel.py."""
import re
import sys
import time
from pathlib import Path

import numpy as np
import numpy.random
import numpy.testing

# What every Linux system has.
EVERYWHERE = re.compile(r"(ld-linux-x86-64|libc|libm|libdl|libpthread|librt|libutil|libgcc_s|libstdc\+\+|libz)\.so[.\d]*$")


def mapped_libraries():
    lines = Path("/proc/self/maps").read_text().splitlines()
    paths = {line.split(maxsplit=5)[5] for line in lines if line.count("/")}
    return {Path(path) for path in paths if ".so" in Path(path).name}


def train(theano, T):
    """One step of a softmax regression, and the same step in NumPy."""
    rng = numpy.random.default_rng(0)
    images, labels, rate = rng.standard_normal((40, 30)), rng.integers(0, 5, 40).astype("int32"), 0.5
    x, y = T.matrix("x"), T.ivector("y")
    weights = theano.shared(np.zeros((30, 5)))
    cost = -T.mean(T.log(T.nnet.softmax(T.dot(x, weights)))[T.arange(y.shape[0]), y])
    step = theano.function([x, y], cost, updates=[(weights, weights - rate * T.grad(cost, weights))])
    first, second = float(step(images, labels)), float(step(images, labels))
    wanted = -rate * images.T @ (np.full((40, 5), 0.2) - np.eye(5)[labels]) / len(labels)
    logits = images @ wanted
    expected = np.mean(np.log(np.exp(logits).sum(1)) - logits[np.arange(40), labels])
    numpy.testing.assert_allclose([first, second], [np.log(5), expected], rtol=1e-10)


def main():
    before = mapped_libraries()  # with those of numpy.random and numpy.testing, which the training uses
    start = time.perf_counter()
    import croton
    seconds = time.perf_counter() - start
    import croton.tensor
    train(croton, croton.tensor)
    sorted_values = croton.function([], croton.tensor.sort(croton.tensor.arange(9.)[::-1]))()
    numpy.testing.assert_array_equal(sorted_values, np.arange(9))
    inside = Path(sys.prefix).resolve()
    new = mapped_libraries() - before
    foreign = [path for path in new if inside not in path.parents and not EVERYWHERE.match(path.name)]
    if foreign or not any("croton_llvm" in path.name for path in new):
        raise SystemExit(f"check_wheel: from outside the environment: {', '.join(map(str, foreign)) or 'nothing'}; "
                         f"inside: {', '.join(path.name for path in new)}")
    print(f"check_wheel: trained a step on {len(new)} libraries; importing took {seconds * 1e3:.0f} ms beyond NumPy")


if __name__ == "__main__":
    main()
