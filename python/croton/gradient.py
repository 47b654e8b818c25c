"""Gradients and what goes with them (Theano's theano.gradient)."""
import numpy as np

from . import _core, _missing
from ._convert import as_tensor_variable, constant
from ._ops import row_op
from ._types import DisconnectedType, NullType
from ._variable import Variable, new_input, wrap
from .configuration import config

DisconnectedInputError = _core.DisconnectedInputError
NullTypeGradError = _core.NullTypeGradError


def format_as(use_list, use_tuple, outputs):
    """One value, a list or a tuple, as the argument was."""
    if use_list and use_tuple:
        raise AssertionError("Both flags cannot be simultaneously True")
    if use_list or use_tuple:
        return list(outputs) if use_list else tuple(outputs)
    if len(outputs) != 1:
        raise AssertionError("Wrong arguments. Expected a one element list")
    return outputs[0]


def _like(wrt, results):
    return format_as(isinstance(wrt, list), isinstance(wrt, tuple), results)


def _many(x):
    return list(x) if isinstance(x, (list, tuple)) else [x]


def _require_variables(what, variables):
    for v in variables:
        if not isinstance(v, Variable):
            raise TypeError("Expected Variable, got %s of type %s as %s" % (v, type(v), what))


def _optional(v, disconnected):
    if v is not None:
        return wrap(v)
    return new_input(DisconnectedType()) if disconnected == "Disconnected" else None


def _missing_choice(return_disconnected):
    if not isinstance(return_disconnected, str) or return_disconnected.lower() not in ("zero", "none", "disconnected"):
        raise ValueError("return_disconnected is 'zero', 'None' or 'Disconnected', not %r" % (return_disconnected,))
    return return_disconnected.lower() == "zero"


def grad(cost, wrt, consider_constant=None, disconnected_inputs="raise", add_names=True, known_grads=None,
         return_disconnected="zero", null_gradients="raise"):
    """Gradients of a scalar cost with respect to one variable or a list of them, as variables of the same kind."""
    targets = _many(wrt)
    _require_variables("wrt", targets)
    if cost is None and not known_grads:
        raise ValueError("cost and known_grads cannot both be None")
    if cost is not None:
        _require_variables("cost", [cost])
    constants = _many(consider_constant) if consider_constant is not None else []
    _require_variables("consider_constant", constants)
    if null_gradients not in ("raise", "return"):
        raise ValueError("null_gradients is 'raise' or 'return', not %r" % (null_gradients,))
    pairs = [] if known_grads is None else list(known_grads.items()) if hasattr(known_grads, "items") else list(known_grads)
    known = [(v._var, as_tensor_variable(g)._var) for v, g in pairs]
    zero = _missing_choice(return_disconnected)
    results = _core.grad(None if cost is None else cost._var, [v._var for v in targets], [v._var for v in constants], known,
                         disconnected_inputs, zero, null_gradients == "raise", add_names, config.floatX)
    return _like(wrt, [_optional(v, return_disconnected) for v in results])


def Lop(f, wrt, eval_points, consider_constant=None, disconnected_inputs="raise"):
    """eval_points times the Jacobian of f with respect to wrt."""
    outputs, targets, points = _many(f), _many(wrt), [as_tensor_variable(p) for p in _many(eval_points)]
    constants = _many(consider_constant) if consider_constant is not None else []
    results = _core.Lop([v._var for v in outputs], [v._var for v in targets], [v._var for v in points],
                        [v._var for v in constants], disconnected_inputs, config.floatX)
    return _like(wrt, [_optional(v, None) for v in results])


def Rop(f, wrt, eval_points, disconnected_outputs="raise", return_disconnected="zero"):
    """The Jacobian of f with respect to wrt times eval_points."""
    outputs, targets, points = _many(f), _many(wrt), [as_tensor_variable(p) for p in _many(eval_points)]
    if len(targets) != len(points):
        raise ValueError("`wrt` must be the same length as `eval_points`.")
    for v, p in zip(targets, points):
        if v.ndim != p.ndim:
            raise ValueError("Element of wrt and eval_points have mismatched dimensionality: %d versus %d" % (v.ndim, p.ndim))
    results = _core.Rop([v._var for v in outputs], [v._var for v in targets], [v._var for v in points],
                        _missing_choice(return_disconnected), config.floatX)
    return _like(f, [_optional(v, return_disconnected) for v in results])


def jacobian(expression, wrt, consider_constant=None, disconnected_inputs="raise"):
    """The gradients of every element of the vector `expression`, stacked along a leading axis: one batched product with the
    Jacobian for all rows at once."""
    from .tensor import cast, eye
    expression = as_tensor_variable(expression)
    if expression.ndim > 1:
        raise ValueError("jacobian expects a 1 dimensional variable as `expression`. If not use flatten to make it a vector")
    if expression.ndim == 0:
        return grad(expression, wrt, consider_constant, disconnected_inputs)
    seed = expression.type.clone(broadcastable=(False,))("seed")
    rows = Lop(expression, _many(wrt), seed, consider_constant, disconnected_inputs)
    count = expression.shape[0]
    found = _core.vectorize([row._var for row in rows], [(seed._var, eye(count, dtype=expression.dtype)._var)],
                            cast(count, "int64")._var)
    return _like(wrt, [wrap(v) for v in found])


def hessian(cost, wrt, consider_constant=None, disconnected_inputs="raise"):
    """The second derivatives of a scalar cost with respect to vectors: for each, the Jacobian of the gradient."""
    if cost.ndim != 0:
        raise ValueError("hessian expects a 0 dimensional variable as `cost`")
    results = []
    for variable in _many(wrt):
        if variable.ndim != 1:
            raise ValueError("hessian expects a (list of) 1 dimensional variable as `wrt`")
        results.append(jacobian(grad(cost, variable, consider_constant, disconnected_inputs), variable, consider_constant,
                                "ignore"))
    return _like(wrt, results)


def subgraph_grad(wrt, end, start=None, cost=None, details=False):
    """Gradients through a part of a graph, from `start` (variables with known gradients) and `cost` down to `wrt` and `end`:
    the lists of both. With details=True also those of start and of cost alone."""
    targets = list(wrt) + list(end)
    options = dict(consider_constant=list(end), disconnected_inputs="ignore")
    from_start = None if start is None else grad(None, targets, known_grads=start, **options)
    from_cost = None if cost is None else grad(cost, targets, **options)
    if from_start is None and from_cost is None:
        raise ValueError("subgraph_grad needs a cost, or gradients to start from")
    total = from_cost if from_start is None else from_start if from_cost is None else [
        a + b for a, b in zip(from_start, from_cost)]
    parts = total[:len(wrt)], total[len(wrt):]
    return parts + (from_start, from_cost) if details else parts


disconnected_grad_ = row_op("disconnected_grad")
zero_grad_ = row_op("zero_grad")
undefined_grad_ = row_op("undefined_grad")


def disconnected_grad(x):
    """x, through which no gradient flows: the cost counts as not depending on it."""
    return disconnected_grad_(x)


def zero_grad(x):
    """x with gradient zero."""
    return zero_grad_(x)


def consider_constant(x):
    """x with gradient zero: Theano's older name."""
    return zero_grad_(x)


def undefined_grad(x):
    """x, whose gradient is not defined: asking for one is an error."""
    return undefined_grad_(x)


def grad_undefined(op, x_pos, x, comment=""):
    """What an op's grad() returns where the gradient is mathematically not defined."""
    return NullType("This variable is Null because the grad method for input %s (%s) of the %s op is mathematically undefined. %s"
                    % (x_pos, x, op, comment))()


def grad_not_implemented(op, x_pos, x, comment=""):
    """What an op's grad() returns where the gradient is not written."""
    return NullType("This variable is Null because the grad method for input %s (%s) of the %s op is not implemented. %s"
                    % (x_pos, x, op, comment))()


# ---------------------------------------------------------------------------------------------- checking of gradients

_EPSILON = {"float64": 1e-7, "float32": 3e-4, "float16": 1e-1, "complex128": 1e-7, "complex64": 3e-4}
_TOLERANCE = {"float64": 1e-4, "float32": 1e-2, "float16": 5e-2}


class numeric_grad:
    """Finite differences of f at a point: `gf` has the shape of the point (a list of them for several)."""

    type_eps = _EPSILON

    def __init__(self, f, pt, eps=None, out_type=None):
        several = isinstance(pt, (list, tuple))
        points = [np.array(p) for p in (pt if several else [pt])]
        eps = eps or max(_EPSILON[str(p.dtype)] for p in points)
        base = f(*points)
        gradients = []
        for p in points:
            gradient = np.zeros_like(p)
            for at in np.ndindex(p.shape):
                kept = p[at]
                p[at] = kept + eps
                gradient[at] = (f(*points) - base) / eps
                p[at] = kept
            gradients.append(gradient)
        self.gf = gradients if several else gradients[0]

    @staticmethod
    def abs_rel_err(a, b):
        """Absolute and relative differences, for each element."""
        absolute = np.abs(a - b)
        return absolute, absolute / np.maximum(np.abs(a) + np.abs(b), 1e-8)

    def abs_rel_errors(self, g_pt):
        mine = self.gf if isinstance(self.gf, list) else [self.gf]
        return [self.abs_rel_err(a, b) for a, b in zip(g_pt if isinstance(g_pt, (list, tuple)) else [g_pt], mine)]


class GradientError(Exception):
    """A gradient differs from the finite difference."""

    def __init__(self, arg, err_pos, shape, val1, val2, abs_err, rel_err, abs_tol, rel_tol):
        super().__init__("GradientError: numeric gradient and analytic gradient exceed tolerance:\n"
                         "  at position %s of argument %d with shape %s,\n  val1 = %s, val2 = %s\n"
                         "  abs. error = %s, abs. tolerance = %s\n  rel. error = %s, rel. tolerance = %s"
                         % (err_pos, arg, shape, val1, val2, abs_err, abs_tol, rel_err, rel_tol))
        self.arg, self.err_pos, self.abs_err, self.rel_err = arg, err_pos, abs_err, rel_err


def verify_grad(fun, pt, n_tests=2, rng=None, eps=None, out_type=None, abs_tol=None, rel_tol=None, mode=None,
                cast_to_output_type=False, no_debug_ref=True):
    """Compares the gradient of fun (from variables to a variable) at pt (a list of arrays) with finite differences, along
    random projections of the output. GradientError where they differ."""
    from ._function import function
    from .sharedvalue import shared
    points = [np.array(p) for p in pt]
    for k, p in enumerate(points):
        if str(p.dtype) not in ("float16", "float32", "float64"):
            raise TypeError("verify_grad can work only with floating point inputs, but input %i has dtype \"%s\"." % (k, p.dtype))
    abs_tol = abs_tol or max(_TOLERANCE[str(p.dtype)] for p in points)
    rel_tol = rel_tol or max(_TOLERANCE[str(p.dtype)] for p in points)
    if rng is None:
        raise TypeError("rng should be a valid instance of numpy.random.RandomState. You may want to use "
                        "theano.tests.unittest_tools.verify_grad instead of theano.gradient.verify_grad.")
    inputs = [constant(p).type.clone(broadcastable=[s == 1 for s in p.shape])("input %i" % k) for k, p in enumerate(points)]
    output = fun(*inputs)
    if isinstance(output, (list, tuple)):
        if len(output) != 1:
            raise NotImplementedError("cant (yet) autotest gradient of fun with multiple outputs")
        output = output[0]
    value = function(inputs, output, mode=mode, on_unused_input="ignore")
    weights = shared(np.asarray(rng.random_sample(value(*points).shape) + 0.5, output.dtype), broadcastable=output.broadcastable)
    cost = (weights * output).sum()
    cost_value = function(inputs, cost, mode=mode, on_unused_input="ignore")
    gradients = function(inputs, grad(cost, inputs, disconnected_inputs="ignore"), mode=mode, on_unused_input="ignore")
    for test in range(n_tests):
        if test:
            weights.set_value(np.asarray(rng.random_sample(weights.get_value().shape) + 0.5, output.dtype))
        numeric = numeric_grad(cost_value, points, eps).gf
        for arg, (a, b) in enumerate(zip(gradients(*points), numeric)):
            absolute, relative = numeric_grad.abs_rel_err(a, b)
            wrong = np.maximum(np.minimum(absolute / abs_tol, relative / rel_tol), 0)
            if wrong.size and (np.isnan(wrong).any() or wrong.max() > 1):
                at = np.unravel_index(np.argmax(wrong), wrong.shape)
                raise GradientError(arg, at, a.shape, a[at], b[at], absolute[at], relative[at], abs_tol, rel_tol)


verify_grad.E_grad = GradientError
__getattr__, __dir__ = _missing.attributes(__name__, globals())
