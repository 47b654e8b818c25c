"""Writes scikit-learn's digits as lines of 64 grey values and a label, for examples/digits.cpp: export_digits.py FILE."""
import sys

import numpy as np
from sklearn.datasets import load_digits


def main():
    digits = load_digits()
    np.savetxt(sys.argv[1], np.column_stack([digits.data, digits.target]), fmt="%d", delimiter=",")


if __name__ == "__main__":
    main()
