"""One step of gradient descent of a perceptron with one hidden layer: Theano's own benchmark, 784-500-10."""
import peers

import numpy as np

NAME = "perceptron"
SIZES = 784, 500, 10
RATE = 0.01


def variants(quick):
    # Weights move by every step: single precision drifts apart a little.
    return [{"label": f"step 784-500-10, batch {batch} {dtype}", "batch": batch, "dtype": dtype,
             "tolerance": 1e-4 if dtype == "float32" else 1e-9,
             "goals": {"best": [1.2, 1.5] if batch > 1 else 1.3 if dtype == "float64" else 1.6}}
            for dtype in ("float32", "float64") for batch in (60, 1)]


def inputs(variant, rng):
    before, hidden, after = SIZES
    weights = [rng.uniform(-0.05, 0.05, shape) for shape in ((before, hidden), (hidden, after))]
    arrays = [rng.standard_normal((variant["batch"], before)), weights[0], np.zeros(hidden), weights[1], np.zeros(after)]
    return [array.astype(variant["dtype"]) for array in arrays] + [rng.integers(0, after, variant["batch"])]


def graph(variant, arrays):
    """The inputs, the cost and the updates in Theano's words."""
    import croton
    import croton.tensor as T
    x, target = T.matrix("x", dtype=variant["dtype"]), T.lvector("target")
    parameters = [croton.shared(array) for array in arrays[1:5]]
    weights, bias, out_weights, out_bias = parameters
    hidden = T.tanh(T.dot(x, weights) + bias)
    probabilities = T.nnet.softmax(T.dot(hidden, out_weights) + out_bias)
    cost = -T.mean(T.log(probabilities)[T.arange(target.shape[0]), target])
    rate = np.asarray(RATE, dtype=variant["dtype"])
    updates = [(parameter, parameter - rate * gradient)
               for parameter, gradient in zip(parameters, croton.grad(cost, parameters))]
    return [x, target], cost, updates, parameters


def croton(variant, arrays):
    import croton
    arguments, cost, updates, parameters = graph(variant, arrays)
    function = croton.function(arguments, cost, updates=updates)
    x, target = arrays[0], arrays[5]

    def run():
        return [function(x, target)]
    run.state = lambda: [parameter.get_value() for parameter in parameters]
    return run


def numpy(variant, arrays):
    x, target = arrays[0], arrays[5]
    weights, bias, out_weights, out_bias = parameters = [array.copy() for array in arrays[1:5]]
    rows = np.arange(len(target))
    rate = x.dtype.type(RATE)
    update = [np.empty_like(parameter) for parameter in parameters]

    def run():
        hidden = x @ weights
        hidden += bias
        np.tanh(hidden, out=hidden)
        probabilities = hidden @ out_weights
        probabilities += out_bias
        probabilities -= probabilities.max(axis=1, keepdims=True)
        np.exp(probabilities, out=probabilities)
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        cost = -np.log(probabilities[rows, target]).mean()
        probabilities[rows, target] -= 1
        probabilities /= len(target)
        back = probabilities @ out_weights.T
        back *= 1 - hidden * hidden
        np.matmul(hidden.T, probabilities, out=update[2])
        np.matmul(x.T, back, out=update[0])
        back.sum(axis=0, out=update[1])
        probabilities.sum(axis=0, out=update[3])
        for parameter, change in zip(parameters, update):
            change *= rate
            parameter -= change
        return [cost]
    run.state = lambda: parameters
    return run


def jax(variant, arrays):
    import jax
    import jax.numpy as jnp
    x, target = jax.device_put(arrays[0]), jax.device_put(arrays[5])
    parameters = [jax.device_put(array) for array in arrays[1:5]]

    def loss(parameters, x, target):
        weights, bias, out_weights, out_bias = parameters
        hidden = jnp.tanh(x @ weights + bias)
        logarithms = jax.nn.log_softmax(hidden @ out_weights + out_bias)
        return -jnp.mean(logarithms[jnp.arange(len(target)), target])

    def step(parameters, x, target):
        cost, gradients = jax.value_and_grad(loss)(parameters, x, target)
        return cost, [parameter - RATE * gradient for parameter, gradient in zip(parameters, gradients)]
    compiled = jax.jit(step, donate_argnums=0).lower(parameters, x, target).compile()

    def run():
        nonlocal parameters
        cost, parameters = jax.block_until_ready(compiled(parameters, x, target))
        return [cost]
    run.state = lambda: parameters
    return run


def torch(variant, arrays):
    import torch
    torch.set_num_threads(peers.THREADS)
    x, target = torch.from_numpy(arrays[0]), torch.from_numpy(arrays[5])
    parameters = [torch.from_numpy(array.copy()).requires_grad_() for array in arrays[1:5]]
    weights, bias, out_weights, out_bias = parameters

    def run():
        hidden = torch.tanh(torch.addmm(bias, x, weights))
        cost = torch.nn.functional.cross_entropy(torch.addmm(out_bias, hidden, out_weights), target)
        gradients = torch.autograd.grad(cost, parameters)
        with torch.no_grad():
            torch._foreach_add_(parameters, gradients, alpha=-RATE)
        return [cost.detach()]
    run.state = lambda: [parameter.detach() for parameter in parameters]
    return run


def numba(variant, arrays):
    """Batch 1 only: with more, it can only call the same products as NumPy."""
    if variant["batch"] != 1:
        return None
    parameters = [array.copy() for array in arrays[1:5]]
    zero, one, rate = (arrays[0].dtype.type(number) for number in (0, 1, RATE))

    @peers.numba_jit
    def step(x, target, weights, bias, out_weights, out_bias, hidden, back):
        hidden[:] = bias
        for i in range(len(x)):
            for j in range(len(hidden)):
                hidden[j] += x[i] * weights[i, j]
        for j in range(len(hidden)):
            hidden[j] = np.tanh(hidden[j])
        scores = out_bias.copy()
        for j in range(len(hidden)):
            for k in range(len(scores)):
                scores[k] += hidden[j] * out_weights[j, k]
        scores = np.exp(scores - scores.max())
        scores /= scores.sum()
        cost = -np.log(scores[target])
        scores[target] -= one
        for j in range(len(hidden)):
            total = zero
            for k in range(len(scores)):
                total += scores[k] * out_weights[j, k]
                out_weights[j, k] -= rate * hidden[j] * scores[k]
            back[j] = total * (one - hidden[j] * hidden[j]) * rate
        for k in range(len(scores)):
            out_bias[k] -= rate * scores[k]
        for j in range(len(hidden)):
            bias[j] -= back[j]
        for i in range(len(x)):
            for j in range(len(hidden)):
                weights[i, j] -= x[i] * back[j]
        return cost
    x, target = arrays[0][0], int(arrays[5][0])
    scratch = [np.empty_like(parameters[1]) for _ in range(2)]

    def run():
        return [np.asarray(step(x, target, *parameters, *scratch))]
    run.state = lambda: parameters
    return run


def cost(variant):
    size = np.dtype(variant["dtype"]).itemsize
    before, hidden, after = SIZES
    weights = before * hidden + hidden * after
    products = 2 * before * hidden + 3 * hidden * after  # the gradient of x is not needed
    return {"read": weights * size, "written": weights * size, "flops": 2 * variant["batch"] * products,
            "dtype": variant["dtype"]}
