"""What the stubs say beyond the code: the types of parameters, results and attributes, by name (see stubs.py).

`@Name` stands for a class of the package, wherever its stub is; _t is typing, _b builtins, since modules have names like theirs.
"""
# Where the classes that are named here are defined.
CLASSES = {
    "TensorVariable": "croton._operators",
    "TensorConstant": "croton._operators",
    "TensorSharedVariable": "croton.sharedvalue",
    "Variable": "croton._variable",
    "Apply": "croton._variable",
    "scratchpad": "croton._variable",
    "TensorType": "croton._types",
    "Type": "croton._types",
    "Function": "croton",
    "Op": "croton._python_op",
}
OPERATORS = set("add radd sub rsub mul rmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow and rand or ror xor rxor lt le gt ge "
                "neg abs invert matmul rmatmul divmod rdivmod".split())

NAME, TENSOR, TENSORS = "_b.str | None", "@TensorVariable", "_b.list[@TensorVariable]"
PARAMETERS = {
    "name": NAME,
    "*names": "_b.str | _b.int | None",
    "keepdims": "_b.bool",
    "axis": "_b.int | _Sequence[_b.int] | None",
    "ndim": "_b.int | None",
    "on_unused_input": NAME,
    "disconnected_inputs": "_b.str",
    "return_disconnected": "_b.str",
    "givens": "_Mapping[_t.Any, _t.Any] | _Sequence[_t.Any] | None",
    "updates": "_Mapping[_t.Any, _t.Any] | _Sequence[_t.Any] | None",
    "inputs": "_Sequence[_t.Any]",
    "borrow": "_b.bool",
    "strict": "_b.bool",
    "allow_downcast": "_b.bool | None",
    "allow_input_downcast": "_b.bool | None",
    "broadcastable": "_Sequence[_b.bool] | None",
}

ONE_OR_MORE = [("wrt", "@Variable", TENSOR), ("wrt", "_Sequence[@Variable]", TENSORS)]
# path -> (parameter, its type, the result) of each form
OVERLOADS = {
    "croton.gradient.grad": ONE_OR_MORE,
    "croton.gradient.jacobian": ONE_OR_MORE,
    "croton.gradient.hessian": ONE_OR_MORE,
}

# path, or the name of a method or of a function in any module -> what it gives
RESULTS = {
    "croton.compile.function": "@Function",
    "croton._function.function": "@Function",
    "croton.sharedvalue.shared": "@TensorSharedVariable",
    "croton.sharedvalue.tensor_constructor": "@TensorSharedVariable",
    "croton.sharedvalue.scalar_constructor": "@TensorSharedVariable",
    "croton.printing.pp": "_b.str",
    "croton.printing.pprint": "_b.str",
    "croton.install_as_theano": "None",
    "croton.gradient.Lop": "_t.Any",
    "croton._convert.constant": "@TensorConstant",
    "Function.__copy__": "@Function",
    "Function.copy": "@Function",
    "Function.__call__": "_t.Any",
    "Function.trust_input": "_b.bool",
    "Variable.name": NAME,
    "Variable.auto_name": "_b.str",
    "Variable.tag": "@scratchpad",
    "Apply.op": "@Op",
    "Apply.tag": "@scratchpad",
    "Apply.out": "@Variable",
    "Apply.nin": "_b.int",
    "Apply.nout": "_b.int",
    "TensorType.ndim": "_b.int",
    "TensorType.__call__": TENSOR,
    "TensorType.make_variable": TENSOR,
    "TensorType.clone": "@TensorType",
    "Elemwise.__call__": TENSOR,
    "TrueDiv.__call__": TENSOR,
    "DimShuffle.__call__": TENSOR,
    "_tensor_py_operators.ndim": "_b.int",
    "_tensor_py_operators.dtype": "_b.str",
    "_tensor_py_operators.broadcastable": "_b.tuple[_b.bool, ...]",
    "_tensor_py_operators.__iter__": "_Iterator[@TensorVariable]",
    "_tensor_py_operators.__len__": "_t.NoReturn",
    "_tensor_py_operators.__divmod__": "_b.tuple[@TensorVariable, @TensorVariable]",
    "_tensor_py_operators.__rdivmod__": "_b.tuple[@TensorVariable, @TensorVariable]",
    "_tensor_py_operators.nonzero": "_t.Any",
    "_tensor_py_operators.get_scalar_constant_value": "_t.Any",
    "nonzero": "_t.Any",
    "as_tensor_variable": TENSOR,
    "as_tensor": TENSOR,
    "cast": TENSOR,
    "disconnected_grad": TENSOR,
    "zero_grad": TENSOR,
    "consider_constant": TENSOR,
    "split": TENSORS,
    "eigh": TENSORS,
    "slogdet": TENSORS,
    "svd": "_t.Any",
    "qr": "_t.Any",
    "divmod": "_b.tuple[@TensorVariable, @TensorVariable]",
    "max_and_argmax": "_b.tuple[@TensorVariable, @TensorVariable]",
    "get_scalar_constant_value": "_t.Any",
    "get_vector_length": "_b.int",
    "verify_grad": "None",
    "set_value": "None",
    "__init__": "None",
    "__setitem__": "None",
}
# Modules and classes most of whose functions give a tensor.
TENSORS_FROM = ("croton.tensor", "_tensor_py_operators")
NOT_TENSORS = ("allclose", "isclose_", "function_of_ufunc", "crossentropy_softmax", "as_tensor_")

# class -> attributes that instances get when they are made
ATTRIBUTES = {
    "Variable": {"type": "_t.Any", "owner": "@Apply | None", "index": "_b.int | None"},
    "Apply": {"inputs": "_b.list[@Variable]", "outputs": "_b.list[@Variable]"},
    "scratchpad": {"__getattr__": "_t.Any"},
    "TensorType": {"dtype": "_b.str", "broadcastable": "_b.tuple[_b.bool, ...]", "name": NAME},
    "_tensor_py_operators": {"type": "@TensorType"},
}
ATTRIBUTES_BY_NAME = {"Variable": "_t.Any", "Constant": "_t.Any", "SharedVariable": "_t.Any", "owner": "_t.Any", "index": "_t.Any"}


def result_of(path):
    """What a function, method or property gives; anything where nothing is known."""
    owner, _, name = path.rpartition(".")
    if path in RESULTS:
        return RESULTS[path]
    if name in RESULTS:
        return RESULTS[name]
    if owner.startswith(TENSORS_FROM) and not name.startswith(NOT_TENSORS):
        if name[-1] == "s" and path.startswith("croton.tensor.") and _is_constructor(name):
            return TENSORS
        return TENSOR
    return "_t.Any"


def _is_constructor(name):
    """dvectors, fmatrices, tensor3s: several variables at once."""
    kind = name.lstrip("bcdfilwz") if name not in ("scalars", "vectors", "matrices", "rows", "cols") else name
    return name.endswith(("scalars", "vectors", "matrices", "rows", "cols")) or (kind.startswith("tensor") and kind[-2:-1].isdigit())
