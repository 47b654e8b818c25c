"""Complex numbers: every function against NumPy, products, sums, indexing, shared variables, and gradients against differences."""
import numpy as np
import pytest

import croton
import croton.tensor as T
from croton import function, shared

Z = np.array([1 + 2j, -0.5 + 0.1j, 3 - 4j, 0.25j, -2.0 + 0j])
W = np.array([0.5 - 1j, 2 + 0j, -1 + 1j, 1 - 0.5j, 0.3 + 0.3j])

UNARY = {"neg": np.negative, "exp": np.exp, "log": np.log, "log2": np.log2, "log10": np.log10, "log1p": np.log1p, "expm1": np.expm1,
         "exp2": np.exp2, "sqrt": np.sqrt, "sqr": np.square, "inv": np.reciprocal, "sin": np.sin, "cos": np.cos, "tan": np.tan,
         "arcsin": np.arcsin, "arccos": np.arccos, "arctan": np.arctan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh,
         "arcsinh": np.arcsinh, "arccosh": np.arccosh, "arctanh": np.arctanh, "abs_": np.abs, "real": np.real, "imag": np.imag,
         "angle": np.angle, "conj": np.conj, "isnan": np.isnan, "isinf": np.isinf}
BINARY = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "true_div": np.divide, "pow": np.power, "eq": np.equal,
          "neq": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal,
          "maximum": np.maximum, "minimum": np.minimum}
MODES = ["FAST_RUN", "FAST_COMPILE"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("name", sorted(UNARY))
def test_functions_of_one_number(name, dtype, mode):
    x = T.TensorType(dtype, (False,))()
    value = Z.astype(dtype)
    got = function([x], getattr(T, name)(x), mode=mode)(value)
    expected = UNARY[name](value)
    assert got.dtype == ("float64" if name == "angle" else expected.dtype)
    np.testing.assert_allclose(got, expected, rtol=1e-5 if dtype == "complex64" else 1e-12, atol=1e-7 if dtype == "complex64" else 1e-15)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("other", ["complex128", "complex64", "float32", "int8"])
@pytest.mark.parametrize("name", sorted(BINARY))
def test_functions_of_two_numbers(name, other, mode):
    x, y = T.zvector(), T.TensorType(other, (False,))()
    b = (W if other.startswith("complex") else np.array([1, 2, -1, 3, 2])).astype(other)
    for first, second, a, c in ((x, y, Z, b), (y, x, b, Z)):
        got = function([x, y], getattr(T, name)(first, second), mode=mode)(Z, b)
        expected = BINARY[name](a, c)
        assert got.dtype == expected.dtype
        np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_zero_to_a_power():
    x, y = T.zvectors("x", "y") if hasattr(T, "zvectors") else (T.zvector(), T.zvector())
    got = function([x, y], x ** y)(np.zeros(3, complex), np.array([2, 0, 0.5 + 0j]))
    np.testing.assert_array_equal(got, [0, 1, 0])


def test_parts_of_real_numbers():
    x = T.fvector()
    value = np.array([1.5, -2, 0], "float32")
    for name in ("real", "imag", "conj", "angle"):
        got = function([x], getattr(T, name)(x))(value)
        np.testing.assert_allclose(got, getattr(np, name)(value))
        assert got.dtype == ("float64" if name == "angle" else "float32")
    assert x.real.dtype == x.imag.dtype == x.conj().dtype == "float32"


def test_numbers_from_parts():
    x, y = T.dvectors("x", "y")
    a, b = np.array([1.0, 2]), np.array([0.5, -1])
    np.testing.assert_array_equal(function([x, y], T.complex(x, y))(a, b), a + 1j * b)
    np.testing.assert_allclose(function([x, y], T.complex_from_polar(x, y))(a, b), a * np.exp(1j * b))
    with pytest.raises(ValueError, match="radius must be non-negative"):
        function([x, y], T.complex_from_polar(x, y))(-a, b)
    with pytest.raises(TypeError, match="parts of a complex number are real"):
        T.complex(T.zvector(), x)


@pytest.mark.parametrize("name", ["floor", "sgn", "clip", "and_", "argmax", "max"])
def test_refused(name):
    z = T.zvector()
    with pytest.raises(TypeError):
        {"clip": lambda: T.clip(z, 0, 1), "and_": lambda: z & z}.get(name, lambda: getattr(T, name)(z))()


def test_literals_keep_complex64():
    z = T.cvector()
    assert [(z + v).dtype for v in (1, 40000, 0.5, True and 1)] == ["complex64", "complex128", "complex64", "complex64"]
    assert (z * (1 + 2j)).dtype == "complex128"
    assert T.constant(1j).dtype == "complex128"


A = np.arange(12).reshape(3, 4) * (1 - 0.5j) + 1j
B = (np.arange(8).reshape(4, 2) - 3) * (0.5 + 1j)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("make, of", [
    (lambda x, y: T.dot(x, y), lambda a, b: a @ b), (lambda x, y: T.dot(x[0], y), lambda a, b: a[0] @ b),
    (lambda x, y: x.sum(), lambda a, b: a.sum()), (lambda x, y: x.sum(axis=0), lambda a, b: a.sum(0)),
    (lambda x, y: x.prod(axis=1), lambda a, b: a.prod(1)), (lambda x, y: x.mean(axis=1), lambda a, b: a.mean(1)),
    (lambda x, y: x.T.reshape((2, 6)), lambda a, b: a.T.reshape(2, 6)), (lambda x, y: x[::-1, 1:3], lambda a, b: a[::-1, 1:3]),
    (lambda x, y: x[[0, 2, 2]], lambda a, b: a[[0, 2, 2]]), (lambda x, y: T.concatenate([x, y.T], axis=0), lambda a, b: np.r_[a, b.T]),
    (lambda x, y: T.switch(T.eq(x, 1j), 0, x), lambda a, b: np.where(a == 1j, 0, a)),
    (lambda x, y: x.any(axis=1), lambda a, b: a.any(1)), (lambda x, y: T.outer(x[0], y[0]), lambda a, b: np.outer(a[0], b[0])),
    (lambda x, y: x.astype("complex64"), lambda a, b: a.astype("complex64")),
    (lambda x, y: T.zeros_like(x) + T.ones_like(x), lambda a, b: np.ones_like(a)), (lambda x, y: T.tile(x, (2, 1)), lambda a, b: np.tile(a, (2, 1))),
])
def test_arrays(make, of, mode):
    x, y = T.zmatrix(), T.zmatrix()
    got = function([x, y], make(x, y), mode=mode, on_unused_input="ignore")(A, B)
    expected = of(A, B)
    assert got.dtype == expected.dtype
    np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_strided_arguments():
    x = T.zmatrix()
    f = function([x], T.exp(x * (0.1 + 0.1j)).sum(axis=1))
    wide = np.asfortranarray(np.tile(A, (1, 2)))[:, ::2]
    np.testing.assert_allclose(f(wide), np.exp(wide * (0.1 + 0.1j)).sum(1))


def test_regions():
    x = T.zvector()
    for change, expected in ((T.set_subtensor(x[1:3], 5j), [Z[0], 5j, 5j, Z[3], Z[4]]),
                             (T.inc_subtensor(x[[0, 0]], 1j), [Z[0] + 2j, *Z[1:]]),
                             (T.set_subtensor(x[[0, -1]], 7), [7, *Z[1:4], 7])):
        np.testing.assert_allclose(function([x], change)(Z), expected)
    with pytest.raises(TypeError):
        T.set_subtensor(T.dvector()[1:], x[1:])


def test_shared_state():
    s = shared(np.zeros(5, "complex128"))
    z = T.zvector()
    f = function([z], s * 2, updates=[(s, s + z)])
    f(Z)
    np.testing.assert_array_equal(f(Z), 2 * Z)
    np.testing.assert_array_equal(s.get_value(), 2 * Z)


# The gradient of a real cost in x + iy is dC/dx + i dC/dy.
COSTS = {
    "abs": lambda z, w: abs(z).sum(), "angle": lambda z, w: T.angle(z).sum(), "real": lambda z, w: (T.real(z) ** 2).sum(),
    "mul": lambda z, w: T.real(z * w).sum() + T.imag(z * w * z).sum(), "div": lambda z, w: abs(w / z).sum(),
    "exp": lambda z, w: T.imag(T.exp(z * w)).sum(), "conj": lambda z, w: T.imag(T.conj(z) * z * w).sum(),
    "dot": lambda z, w: abs(T.dot(z, w)), "sum": lambda z, w: T.sqr(abs((z * w).sum())), "prod": lambda z, w: abs(z.prod()),
    "index": lambda z, w: T.imag(z[[0, 0, 2]] * w[1:4]).sum(), "pow": lambda z, w: T.real(z ** 3).sum(),
    "parts": lambda z, w: abs(T.complex(T.real(z) * T.imag(w), abs(z))).sum(),
    "polar": lambda z, w: T.imag(T.complex_from_polar(abs(z), T.angle(z) * 2) * w).sum(),
    "log": lambda z, w: T.real(T.log(z) * w).sum(), "switch": lambda z, w: T.imag(T.switch(T.gt(T.real(z), 0), z * w, z)).sum(),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", sorted(COSTS))
def test_gradients(name, mode):
    z, w = T.zvector(), T.zvector()
    cost = COSTS[name](z, w)
    gradients = function([z, w], T.grad(cost, [z, w], disconnected_inputs="ignore"), mode=mode, on_unused_input="ignore")
    value = function([z, w], cost, on_unused_input="ignore")
    point = [Z[:4] + 0.3, W[:4]]
    for k, gradient in enumerate(gradients(*point)):
        assert gradient.dtype == "complex128"
        for at in range(4):
            numeric = 0
            for part in (1, 1j):
                moved = [p.copy() for p in point]
                moved[k][at] += part * 1e-6
                up = value(*moved)
                moved[k][at] -= part * 2e-6
                numeric += part * (up - value(*moved)) / 2e-6
            np.testing.assert_allclose(gradient[at], numeric, rtol=1e-6, atol=1e-7)


def test_gradients_in_real_variables_are_real():
    x, z = T.dvector(), T.zvector()
    g = T.grad(abs(x * z).sum(), x)
    assert g.dtype == "float64"
    values = np.array([1.0, -2, 0.5])
    np.testing.assert_allclose(function([x, z], g)(values, Z[:3]), np.sign(values) * abs(Z[:3]))


def test_gradient_of_abs_at_zero_is_zero():
    z = T.zscalar()
    assert function([z], T.grad(abs(z), z))(0j) == 0


def test_a_complex_cost_is_refused():
    z = T.zvector()
    with pytest.raises(TypeError):
        T.grad(z.sum(), z)


def test_forward_mode():
    z, v = T.zvector(), T.zvector()
    f = function([z, v], T.Rop(abs(z * z), z, v))
    step = 1e-6
    np.testing.assert_allclose(f(Z[:3], W[:3]), (abs((Z[:3] + step * W[:3]) ** 2) - abs((Z[:3] - step * W[:3]) ** 2)) / (2 * step), rtol=1e-6)


def test_types_by_name():
    assert T.cmatrix().type == T.TensorType("complex64", (False, False))
    assert croton.shared(np.ones(2, "complex64")).dtype == "complex64"
