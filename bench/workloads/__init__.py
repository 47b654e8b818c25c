"""The lines of the scoreboard. A line is a module with NAME, variants, inputs, croton, peer and cost; see `call.py`, the smallest."""
from . import call, compile, gemm, map, perceptron, reduce, softmax

LINES = {line.NAME: line for line in (call, map, softmax, reduce, gemm, perceptron, compile)}
