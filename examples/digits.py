"""Trains a network on real images of digits, then shows what Croton did: speed, profile, and what an error looks like."""
import argparse
import os
import subprocess
import sys
import time

import numpy as np

import croton as theano
import croton.tensor as T
import digits_data

theano.config.floatX = "float32"

BATCH, HIDDEN, CLASSES = 20, 500, 10
EPOCHS, RATE, DECAY, L2 = 15, 0.1, 0.92, 1e-4


class Network:
    """784 pixels - 500 tanh units - 10 classes, with its compiled training step and test."""

    def __init__(self, seed, profile=False):
        random = np.random.RandomState(seed)
        x, y, rate = T.matrix("x"), T.ivector("y"), T.scalar("rate")
        self.parameters = W, b, V, c = [theano.shared(v, name=n) for n, v in zip("WbVc", start_values(random))]
        hidden = T.tanh(T.dot(x, W) + b)
        p = T.nnet.softmax(T.dot(hidden, V) + c)
        cost = -T.mean(T.log(p)[T.arange(y.shape[0]), y]) + np.float32(L2) * (T.sum(W**2) + T.sum(V**2))
        updates = [(v, v - rate * g) for v, g in zip(self.parameters, T.grad(cost, self.parameters))]

        begun = time.perf_counter()
        self.step = theano.function([x, y, rate], cost, updates=updates, name="step", profile=profile)
        self.errors = theano.function([x, y], T.mean(T.neq(T.argmax(p, axis=1), y)), name="errors")
        self.compile_seconds = time.perf_counter() - begun


def start_values(random):
    bound = np.sqrt(6 / (784 + HIDDEN))
    W = random.uniform(-bound, bound, (784, HIDDEN)).astype("float32")
    return W, np.zeros(HIDDEN, "float32"), np.zeros((HIDDEN, CLASSES), "float32"), np.zeros(CLASSES, "float32")


def show_progress(done, total, text):
    """A bar that is written over, on a terminal only."""
    if sys.stdout.isatty():
        width = 30 * done // total
        print(f"\r  [{'#' * width}{'.' * (30 - width)}] {text}", end="" if done < total else "\r\033[K", flush=True)


def train(seed, epochs):
    """Prints each epoch; gives the test error and the seconds of the whole run."""
    data = digits_data.load(seed)
    random = np.random.RandomState(seed + 1000)
    begun = time.perf_counter()
    network = Network(seed)
    steps = len(data.train_labels) // BATCH
    for epoch in range(epochs):
        order = random.permutation(len(data.train_labels))
        rate = np.float32(RATE * DECAY**epoch)
        cost, epoch_begun = 0.0, time.perf_counter()
        for k in range(steps):
            chosen = order[k * BATCH : (k + 1) * BATCH]
            cost += network.step(data.train_images[chosen], data.train_labels[chosen], rate)
            if k % 20 == 19 or k + 1 == steps:
                show_progress(k + 1, steps, f"epoch {epoch + 1}")
        seconds = time.perf_counter() - epoch_begun
        error = 100 * float(network.errors(data.test_images, data.test_labels))
        speed = steps * BATCH / seconds
        print(f"  epoch {epoch + 1:2}  cost {float(cost) / steps:.4f}  test error {error:5.2f} %  {speed:8,.0f} images/s")
    return error, time.perf_counter() - begun


def images_per_second(step, seconds):
    """The best of several short measurements of `step(x, y, rate)`, which other work on the machine disturbs least."""
    data = digits_data.load()
    x, y, rate = data.train_images[:BATCH].copy(), data.train_labels[:BATCH].copy(), np.float32(0.01)
    for _ in range(5):
        step(x, y, rate)
    best, end = 0.0, time.perf_counter() + seconds
    while time.perf_counter() < end or not best:
        begun = time.perf_counter()
        for _ in range(20):
            step(x, y, rate)
        best = max(best, 20 * BATCH / (time.perf_counter() - begun))
    return best


def numpy_step(parameters):
    """The same step by hand."""
    W, b, V, c = (v.copy() for v in parameters)
    decay = np.float32(2 * L2)

    def step(x, y, rate):
        hidden = np.tanh(x @ W + b)
        z = hidden @ V + c
        z -= z.max(axis=1, keepdims=True)
        p = np.exp(z)
        p /= p.sum(axis=1, keepdims=True)
        rows = np.arange(len(y))
        cost = -np.log(p[rows, y]).mean() + np.float32(L2) * ((W**2).sum() + (V**2).sum())
        p[rows, y] -= 1
        p /= len(y)
        back = p @ V.T * (1 - hidden**2)
        gradients = x.T @ back + decay * W, back.sum(axis=0), hidden.T @ p + decay * V, p.sum(axis=0)
        for value, gradient in zip((W, b, V, c), gradients):
            value -= rate * gradient
        return cost

    return step


def measured(what, seconds, **environment):
    """Images/s of a new process, so that neither measurement disturbs the other (a pool of threads is made once)."""
    command = [sys.executable, os.path.abspath(__file__), "--only-speed", what, str(seconds)]
    return float(subprocess.check_output(command, env={**os.environ, **environment}, text=True))


def show_error(network):
    data = digits_data.load()
    print("\nA mistake: images of 100 pixels for a network of 784. The message names the line of the expression:\n")
    try:
        network.step(data.train_images[:BATCH, :100], data.train_labels[:BATCH], np.float32(RATE))
    except ValueError as error:
        print("  ValueError: " + str(error).replace("\n", "\n  "))
    else:
        raise AssertionError("images of the wrong size were accepted")


def show_engine(seconds):
    network = Network(0, profile=True)
    print(f"\nCompile time of step and test: {1000 * network.compile_seconds:.0f} ms")
    print(f"Training steps of {BATCH} images, in images/s:")
    print(f"  Croton, 1 thread      {measured('croton', seconds, CROTON_NUM_THREADS='1'):10,.0f}")
    print(f"  Croton, all threads   {measured('croton', seconds):10,.0f}")
    print(f"  NumPy, the same step  {measured('numpy', seconds):10,.0f}")
    images_per_second(network.step, seconds)
    print("\nWhere the time of a step goes:\n", flush=True)
    network.step.profile.summary(file=sys.stdout)
    show_error(network)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="runs, each with its own split, weights and order")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--quick", action="store_true", help="one short run and short measurements")
    parser.add_argument("--only-speed", nargs=2, metavar=("WHAT", "SECONDS"), help="print the images/s of croton or numpy, only")
    options = parser.parse_args()
    if options.only_speed:
        what, seconds = options.only_speed
        step = Network(0).step if what == "croton" else numpy_step(start_values(np.random.RandomState(0)))
        print(images_per_second(step, float(seconds)))
        return
    seeds, epochs, seconds = (1, 2, 0.1) if options.quick else (options.seeds, options.epochs, 2.0)

    print(f"Digits of 28x28 pixels; {HIDDEN} tanh units; {epochs} epochs in minibatches of {BATCH}.")
    errors = []
    for seed in range(seeds):
        print(f"Seed {seed}")
        error, run_seconds = train(seed, epochs)
        errors.append(error)
        print(f"  test error {error:.2f} % in {run_seconds:.1f} s")
    print(f"\nMean test error over {seeds} seeds: {np.mean(errors):.2f} % (from {min(errors):.2f} to {max(errors):.2f})")
    show_engine(seconds)
    print("\nNext: change HIDDEN or T.tanh to T.nnet.relu in examples/digits.py, and run `make demo` again.")


if __name__ == "__main__":
    main()
