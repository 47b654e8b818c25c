"""Types of croton.tensor.nnet.bn: written by tools/stubs.py from the live module."""
# mypy: disable-error-code="override"
import builtins as _b
import typing as _t
from collections.abc import Callable as _Callable, Iterator as _Iterator, Mapping as _Mapping, Sequence as _Sequence
import croton
import croton._operators
import croton.configuration

def batch_normalization(inputs: _Sequence[_t.Any], gamma: _t.Any, beta: _t.Any, mean: _t.Any, std: _t.Any, mode: _t.Any = ...) -> croton._operators.TensorVariable: ...
def batch_normalization_test(inputs: _Sequence[_t.Any], gamma: _t.Any, beta: _t.Any, mean: _t.Any, var: _t.Any, axes: _t.Any = ..., epsilon: _t.Any = ...) -> croton._operators.TensorVariable: ...
def batch_normalization_train(inputs: _Sequence[_t.Any], gamma: _t.Any, beta: _t.Any, axes: _t.Any = ..., epsilon: _t.Any = ..., running_average_factor: _t.Any = ..., running_mean: _t.Any = ..., running_var: _t.Any = ...) -> croton._operators.TensorVariable: ...
config: croton.configuration._Section
