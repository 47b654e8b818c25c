"""The lines of the scoreboard. A line is a module with NAME, variants, inputs, croton and cost; see `call.py`, the smallest."""
from . import (batched, black_scholes, call, compile, fused, gemm, gemv, imports, layer_norm, map, matrices, perceptron, radon, reduce,
               sea_water, softmax)

LINES = {line.NAME: line for line in (imports, compile, call, map, fused, black_scholes, sea_water, softmax, layer_norm, reduce,
                                      gemm, gemv, batched, matrices, perceptron, radon)}
