"""What all Python tests share: flags go back to their values after each test, and random numbers have a seed."""
import os

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


@pytest.fixture(autouse=True, scope="session")
def kernels_of_this_session(tmp_path_factory):
    """The user's cache of kernels has no part in tests, nor in the processes that tests start."""
    os.environ["CROTON_CACHE_DIR"] = str(tmp_path_factory.mktemp("kernels"))


@pytest.fixture
def rng():
    return np.random.RandomState(1234)
