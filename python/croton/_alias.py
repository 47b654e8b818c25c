"""`import theano`: the modules of this package under the names of Theano's."""
import sys
import types

# Theano's module -> this package's, and the module whose names it shows where it has no file of its own.
_ALIASES = {
    "theano": "croton", "theano.tensor": "croton.tensor", "theano.tensor.nnet": "croton.tensor.nnet",
    "theano.tensor.basic": "croton.tensor", "theano.tensor.var": "croton.tensor", "theano.tensor.type": "croton.tensor",
    "theano.tensor.elemwise": "croton.tensor", "theano.tensor.extra_ops": "croton.tensor", "theano.tensor.subtensor": "croton.tensor",
    "theano.tensor.sharedvar": "croton.tensor", "theano.tensor.nlinalg": "croton.tensor.nlinalg",
    "theano.tensor.slinalg": "croton.tensor.slinalg", "theano.tensor.fft": "croton.tensor.fft",
    "theano.tensor.nnet.nnet": "croton.tensor.nnet", "theano.tensor.nnet.bn": "croton.tensor.nnet.bn",
    "theano.tensor.nnet.neighbours": "croton.tensor.nnet.neighbours",
    "theano.tensor.nnet.sigm": "croton.tensor.nnet", "theano.gradient": "croton.gradient", "theano.printing": "croton.printing",
    "theano.compile": "croton.compile", "theano.compile.mode": "croton.compile", "theano.compile.io": "croton.compile",
    "theano.compile.ops": "croton.compile", "theano.compile.builders": "croton.compile",
    "theano.compile.sharedvalue": "croton.sharedvalue", "theano.compile.function_module": "croton.compile",
    "theano.compile.profiling": "croton.compile", "theano.gof": "croton.gof", "theano.gof.graph": "croton.gof.graph",
    "theano.gof.op": "croton.gof", "theano.gof.type": "croton.gof", "theano.gof.fg": "croton.gof", "theano.gof.utils": "croton.gof.utils",
    "theano.configparser": "croton.configuration", "theano.ifelse": "croton.ifelse", "theano.scalar": "croton.scalar",
    "theano.scalar.basic": "croton.scalar", "theano.updates": "croton._updates",
    "theano.tensor.raw_random": "croton.tensor.raw_random", "theano.tensor.shared_randomstreams": "croton.tensor.shared_randomstreams",
    "theano.sandbox": "croton.sandbox", "theano.sandbox.rng_mrg": "croton.sandbox.rng_mrg",
    "theano.sandbox.multinomial": "croton.sandbox.multinomial",
    "theano.scan_module": "croton.scan_module", "theano.scan_module.scan": "croton.scan_module.scan",
    "theano.scan_module.scan_utils": "croton.scan_module.scan_utils", "theano.scan_module.scan_views": "croton.scan_module.scan_views",
}
# Parts of Theano that are not there yet: importing them says so.
_MISSING = ("theano.sparse",
            "theano.tensor.signal", "theano.tensor.signal.pool", "theano.tensor.signal.conv", "theano.tensor.signal.downsample",
            "theano.tensor.nnet.conv", "theano.tensor.nnet.abstract_conv", "theano.tensor.opt", "theano.tensor.blas", "theano.tensor.io", "theano.tensor.xlogx",
            "theano.typed_list", "theano.d3viz", "theano.gpuarray", "theano.misc", "theano.tests", "theano.gof.opt",
            "theano.gof.toolbox", "theano.gof.cmodule", "theano.gof.compilelock", "theano.compile.debugmode",
            "theano.compile.nanguardmode", "theano.compile.monitormode", "theano.scan_module.scan_op")


class _Finder:
    """Says that a module of Theano's is not there yet, instead of that nobody has heard of it."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name in _MISSING:
            raise ModuleNotFoundError("%s: Theano has this; Croton does not yet" % name, name=name)
        return None


def install():
    import importlib
    for alias, own in _ALIASES.items():
        module = importlib.import_module(own)
        sys.modules[alias] = module
        parent, _, last = alias.rpartition(".")
        # theano.tensor.basic is theano.tensor itself; theano.tensor.var stays the variance, theano.compile.function the function.
        holder = sys.modules.get(parent)
        if isinstance(holder, types.ModuleType) and last not in vars(holder):
            setattr(holder, last, module)
    if not any(isinstance(f, type) and f is _Finder for f in sys.meta_path):
        sys.meta_path.insert(0, _Finder)
