"""A small program for type checkers: test_stubs.py runs mypy on it, and runs it."""
from typing import Any

from typing_extensions import assert_type

import numpy as np

import croton
import croton.tensor as T
from croton.sharedvalue import TensorSharedVariable
from croton.tensor import TensorVariable

x, target = T.matrix("x"), T.ivector("target")
assert_type(x, TensorVariable)
weights = croton.shared(np.zeros((4, 3)), name="weights")
assert_type(weights, TensorSharedVariable)
hidden = T.tanh(T.dot(x, weights) + 1) * 2.0 - x[:, :3]
assert_type(hidden, TensorVariable)
assert_type(hidden.ndim, int)
assert_type(hidden.T.dtype, str)
probabilities = T.nnet.softmax(hidden)
assert_type(probabilities, TensorVariable)
cost = -T.mean(T.log(probabilities)[T.arange(target.shape[0]), target])
assert_type(cost, TensorVariable)
assert_type(cost.sum(axis=0, keepdims=True) if cost.ndim else cost, TensorVariable)
gradient = T.grad(cost, weights)
assert_type(gradient, TensorVariable)
assert_type(T.grad(cost, [weights]), list[TensorVariable])
assert_type(T.dvectors("a", "b"), list[TensorVariable])
step = croton.function([x, target], cost, updates=[(weights, weights - 0.5 * gradient)], on_unused_input="ignore")
assert_type(step, croton.Function)
result: Any = step(np.eye(4), np.array([0, 1, 2, 0], "int32"))
print(croton.pp(cost)[:1], float(result))
