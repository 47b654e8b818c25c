"""The demo runs from beginning to end, and says all that it promises."""
import os
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def test_demo_runs():
    import croton

    environment = dict(os.environ, PYTHONPATH=str(Path(croton.__file__).parents[1]))
    command = [sys.executable, str(EXAMPLES / "digits.py"), "--quick"]
    text = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
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
