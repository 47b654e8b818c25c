"""The list of planted mistakes fits the tree: each text that one replaces stands once in its file."""
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from planted.mistakes import MISTAKES  # noqa: E402


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_mistake_can_be_planted(mistake):
    assert (ROOT / mistake.file).read_text().count(mistake.old) == 1
