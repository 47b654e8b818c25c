"""Draws linear algebra: on matrices made from a value so that they are well conditioned and their eigenvalues lie apart."""

# Rows on a symmetric matrix with eigenvalues near 1, 2 ...: attributes and which output.
SQUARE = [("matrix_inverse", [], None), ("det", [], None), ("slogdet", [], 1), ("slogdet", [], 0), ("cholesky", [1, 0], None), ("cholesky", [0, 0], None), ("cholesky", [1, 1], None),
          ("expm", [], None), ("eigvalsh", [1], None), ("eigh", [1], 0), ("eigh", [0], 1), ("eig", [], 0), ("eig", [], 1),
          ("svd", [2], None), ("svd", [1], 0)]
# Rows on a matrix of any shape with singular values near 1, 2 ...
ANY = [("svd", [0], 0), ("svd", [0], 1), ("svd", [0], 2), ("svd", [2], None), ("qr", [0], 0), ("qr", [0], 1), ("qr", [1], 1), ("qr_r", [], None),
       ("qr_raw", [], 0), ("qr_raw", [], 1)]
DRAWN = {row for row, _, _ in SQUARE + ANY} | {"solve", "solve_triangular", "pinv", "lstsq", "rfft", "irfft"}


def _picked(d):
    """A value whose last two axes are small matrices, and their sizes as texts."""
    x = d.pick(lambda v: v.dtype in ("float32", "float64") and v.ndim in (2, 3) and max(v.shape[-2:]) <= 12 and v.value.size <= 2000)
    return x and (x, f"{x.name}.shape[{x.ndim - 2}]", f"{x.name}.shape[{x.ndim - 1}]")


def _tame(x):
    return f"T.switch(T.isnan({x.name}), 0, T.tanh({x.name}))"


def _diagonal(x, m, n):
    return f"T.eye({m}, {n}, dtype={x.dtype!r}) * T.cast(T.arange({n}) + 1, {x.dtype!r})"


def square_matrix(d):
    found = _picked(d)
    if not found:
        return None
    x, m, _ = found
    turned = f"{_tame(x)}.dimshuffle({', '.join(str(a) for a in [*range(x.ndim - 2), x.ndim - 1, x.ndim - 2])})"
    square = f"T.{'dot' if x.ndim == 2 else 'batched_dot'}({_tame(x)}, {turned})"
    return d.add(f"{square} * np.{x.dtype}(0.002) + {_diagonal(x, m, m)}", [x.name])


def matrices(d):
    """A row of linear algebra, mostly of a matrix made for it."""
    roll = d.random.random()
    if roll < 0.5:
        a = square_matrix(d)
        if not a:
            return None
        if d.chance(0.4):
            lower = d.choice((0, 1))
            row = d.choice(("RowOp('solve')", f"RowOp('solve_triangular', [{lower}])"))
            right = d.choice((a.name, f"{a.name}.sum(axis={a.ndim - 1})"))
            return d.add(f"{row}({a.name}, {right})", [a.name])
        return _row(d, a.name, *d.choice(SQUARE))
    found = _picked(d)
    if not found:
        return None
    x, m, n = found
    made = d.add(f"{_tame(x)} * np.{x.dtype}(0.01) + {_diagonal(x, m, n)}", [x.name])
    if not made:
        return None
    kind = d.choice(("pinv", "lstsq", "any", "any"))
    if kind == "pinv":
        return d.add(f"RowOp('pinv')({made.name}, np.float32(1e-5))", [made.name])
    if kind == "lstsq":
        return d.add(f"RowOp('lstsq')({made.name}, {made.name}, np.float32(1e-5))[{d.choice((0, 1, 2))}]", [made.name])
    return _row(d, made.name, *d.choice(ANY))


def _row(d, name, row, ints, output):
    return d.add(f"RowOp({row!r}, {ints})({name})" + ("" if output is None else f"[{output}]"), [name])


def transform(d):
    """A Fourier transform, perhaps there and back."""
    x = d.pick(lambda v: v.dtype in ("float32", "float64") and v.ndim > 0 and v.shape[-1] > 0)
    if not x:
        return None
    axes = d.random.randint(1, x.ndim)
    text = f"RowOp('rfft', [{axes}])({x.name})"
    if d.chance(0.5):
        text = f"RowOp('irfft', [{axes}])({text}, {x.name}.shape[{x.ndim - 1}])"
    return d.add(text, [x.name])
