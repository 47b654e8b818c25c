"""What all Python tests share: flags go back to their values after each test, and random numbers have a seed."""
import numpy as np
import pytest

from croton import config


@pytest.fixture(autouse=True)
def flags_as_before():
    """A test may assign flags; the next one does not see it."""
    before = dict(config._values)
    yield
    config._values.clear()
    config._values.update(before)


@pytest.fixture
def rng():
    return np.random.RandomState(1234)
