"""Linear algebra: Cholesky factors and solutions of small matrices, and the log density of a Gaussian with its gradients.

The gradient of a matrix of which one triangle is read differs between implementations, its symmetric part does not."""
import peers

import numpy as np

NAME = "matrices"


def variants(quick):
    found = [{"label": "1000 Cholesky factors, 16 x 16", "kind": "cholesky", "stack": [1000], "size": 16},
             {"label": "1000 solutions, 16 x 16", "kind": "solve", "stack": [1000], "size": 16},
             {"label": "1000 Gaussians with gradients, 10 x 10", "kind": "gaussian", "stack": [1000], "size": 10},
             {"label": "Gaussian with gradients, 1000 x 1000", "kind": "gaussian", "stack": [], "size": 1000}]
    for variant in found:
        variant["goals"] = {"best": 1.3}
        variant["tolerance"] = 1e-9
    return found[:3] if quick else found


def inputs(variant, rng):
    n = variant["size"]
    x = rng.standard_normal((*variant["stack"], n, n))
    return [x @ np.swapaxes(x, -1, -2) / n + np.eye(n), rng.standard_normal((*variant["stack"], n))]


def croton(variant, arrays):
    import croton
    import croton.tensor as T
    from croton.tensor import slinalg
    s, x = (T.TensorType("float64", (False,) * a.ndim)() for a in arrays)
    if variant["kind"] == "cholesky":
        outputs = [slinalg.cholesky(s)]
    elif variant["kind"] == "solve":
        outputs = [slinalg.solve(s, x)]
    else:
        factor = slinalg.cholesky(s)
        z = slinalg.solve_lower_triangular(factor, x)
        density = -0.5 * (z ** 2).sum() - T.log(T.diagonal(factor, 0, s.ndim - 2, s.ndim - 1)).sum()
        by_s, by_x = T.grad(density, [s, x])
        outputs = [density, (by_s + T.swapaxes(by_s, -1, -2)) / 2, by_x]
    function = croton.function([s, x], outputs, on_unused_input="ignore")
    first, second = arrays
    return lambda: function(first, second)


def numpy(variant, arrays):
    s, x = arrays
    if variant["kind"] == "cholesky":
        return lambda: [np.linalg.cholesky(s)]
    return (lambda: [np.linalg.solve(s, x[..., None])[..., 0]]) if variant["kind"] == "solve" else None


def jax(variant, arrays):
    import jax
    import jax.numpy as jnp
    from jax.scipy.linalg import solve_triangular

    def density(s, x):
        factor = jnp.linalg.cholesky(s, symmetrize_input=False)
        z = solve_triangular(factor, x[..., None], lower=True)
        return -0.5 * (z ** 2).sum() - jnp.log(jnp.diagonal(factor, axis1=-2, axis2=-1)).sum()

    if variant["kind"] == "cholesky":
        return peers.run_jax(lambda s, x: [jnp.linalg.cholesky(s, symmetrize_input=False)], arrays)
    if variant["kind"] == "solve":
        return peers.run_jax(lambda s, x: [jnp.linalg.solve(s, x[..., None])[..., 0]], arrays)

    def with_gradients(s, x):
        value, (by_s, by_x) = jax.value_and_grad(density, (0, 1))(s, x)
        return [value, (by_s + jnp.swapaxes(by_s, -1, -2)) / 2, by_x]
    return peers.run_jax(with_gradients, arrays)


def torch(variant, arrays):
    import torch
    if variant["kind"] == "cholesky":
        return peers.run_torch(lambda s, x: [torch.linalg.cholesky(s)], arrays)
    return peers.run_torch(lambda s, x: [torch.linalg.solve(s, x)], arrays) if variant["kind"] == "solve" else None


def cost(variant):
    return {}
