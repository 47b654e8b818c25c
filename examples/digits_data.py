"""The images that the digit examples learn from: scikit-learn's 1,797 real digits, enlarged to 28x28."""
from typing import NamedTuple

import numpy as np

TEST_BASE_IMAGES = 397  # of 1,797; no image made from one of them is trained on
COPIES = 5  # training images made from one base image, each with its own shift


class Digits(NamedTuple):
    """Images are float32 rows of 784 values in [0, 1]; labels are int32."""

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


def enlarge(images, shifts):
    """8x8 images with each pixel tripled, put into 28x28 at the centre plus a (down, right) shift of -1, 0 or 1."""
    tripled = images.repeat(3, axis=1).repeat(3, axis=2)
    enlarged = np.zeros((len(images), 28, 28), np.float32)
    for target, source, (down, right) in zip(enlarged, tripled, shifts):
        target[2 + down : 26 + down, 2 + right : 26 + right] = source
    return enlarged.reshape(len(images), 784)


def load(seed=0):
    """Train and test images from disjoint base images; the seed decides which, and their shifts."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    images, labels = digits.images.astype(np.float32) / 16, digits.target.astype(np.int32)
    random = np.random.RandomState(seed)
    order = random.permutation(len(labels))
    test, train = order[:TEST_BASE_IMAGES], order[TEST_BASE_IMAGES:].repeat(COPIES)
    return Digits(
        enlarge(images[train], random.randint(-1, 2, (len(train), 2))),
        labels[train],
        enlarge(images[test], random.randint(-1, 2, (len(test), 2))),
        labels[test],
    )
