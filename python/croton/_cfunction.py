"""f.cfunc: a compiled function as C, ctypes, Numba and SciPy call it."""
import ctypes

from . import _core


class CFunction:
    """A compiled function as a C pointer, `call`, to be given `context` with each call, as croton/cfunction.h says:

        int32_t call(void *context, void *const *data, const int64_t *shapes)

    `data` has a pointer for each input, then one for each output, each to elements of the variable's dtype in C order; `shapes`
    has the sizes of all their axes, one array after another. The results are written where the outputs' pointers point. 0 means that
    all went well; else nothing has changed, and `error()` has the reason. `call_scalars` is None but for functions of float64
    scalars with one such result; it has the signature that scipy.LowLevelCallable wants, with `context` as its user data:

        double call_scalars(int count, double *values, void *context)

    Both are ctypes functions, whose calls let other threads of Python run; Numba takes them as they are. `address` and
    `address_of_scalars` are the plain addresses. They work as long as this object, or the function, lives.
    """

    def __init__(self, function):
        graph = [o._var for o in function.maker.fgraph.outputs]
        if any(v.row in ("host_op", "host_effect_op") for v in _core.toposort(graph)):
            raise NotImplementedError("a function with an op in Python cannot be called from C: %s" % function)
        self._owner, context, self.address, self.address_of_scalars = _core.c_function(function)
        self.context = ctypes.c_void_p(context)
        self.call = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)(self.address)
        scalars = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int, ctypes.POINTER(ctypes.c_double), ctypes.c_void_p)
        self.call_scalars = scalars(self.address_of_scalars) if self.address_of_scalars else None

    def error(self):
        """What went wrong in the last call on this thread that failed."""
        return _core.c_error()
