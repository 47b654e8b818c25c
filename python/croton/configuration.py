"""Configuration: `config` and its flags, read from THEANO_FLAGS and .theanorc, changed by assignment or `change_flags`."""
import configparser as _ini
import functools
import os

from . import _core

_BOOL = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}

# name -> (default, choices or None, changeable at run time). Flags that shape a function are read when it is compiled.
_FLAGS = {
    "floatX": ("float64", ("float64", "float32", "float16"), True),
    "cast_policy": ("custom", ("custom", "numpy+floatX"), True),
    "int_division": ("int", ("int", "raise", "floatX"), True),
    "warn_float64": ("ignore", ("ignore", "warn", "raise", "pdb"), True),
    "deterministic": ("default", ("default", "more"), True),
    "mode": ("Mode", None, True),
    "linker": ("cvm", None, True),
    "optimizer": ("o4", ("o4", "o3", "o2", "o1", "unsafe", "fast_run", "fast_compile", "merge", "None"), True),
    "optimizer_including": ("", None, False),
    "optimizer_excluding": ("", None, False),
    "optimizer_requiring": ("", None, False),
    "optimizer_verbose": (False, None, True),
    "on_unused_input": ("raise", ("raise", "warn", "ignore"), True),
    "exception_verbosity": ("low", ("low", "high"), True),
    "compute_test_value": ("off", ("off", "ignore", "warn", "raise", "pdb"), True),
    "compute_test_value_opt": ("off", ("off", "ignore", "warn", "raise", "pdb"), True),
    "print_test_value": (False, None, True),
    "profile": (False, None, True),
    "profile_memory": (False, None, True),
    "profile_optimizer": (False, None, True),
    "profiling.destination": ("stderr", None, True),
    "profiling.n_apply": (20, None, True),
    "profiling.n_ops": (20, None, True),
    "device": ("cpu", None, False),
    "allow_gc": (True, None, True),
    "openmp": (False, None, True),
    "openmp_elemwise_minsize": (200000, None, True),
    "traceback.limit": (8, None, True),
    "base_compiledir": ("", None, False),
    "compiledir": ("", None, False),
}

# Flags of Theano's that change nothing here: accepted with their defaults, so that old flag lines go on working.
_WITHOUT_EFFECT = {
    "force_device": False, "init_gpu_device": "", "contexts": "", "print_active_device": True, "assert_no_cpu_op": "ignore",
    "gpu.local_elemwise_fusion": True, "gpuelemwise.sync": True, "ctc.root": "", "gpuarray.preallocate": 0.0,
    "gpuarray.sched": "default", "gpuarray.single_stream": True, "gpuarray.cache_path": "", "gpuarray.sync": False,
    "cuda.root": "", "cuda.include_path": "", "dnn.enabled": "auto", "dnn.base_path": "", "dnn.include_path": "",
    "dnn.library_path": "", "dnn.bin_path": "", "dnn.conv.algo_fwd": "small", "dnn.conv.algo_bwd_data": "none",
    "dnn.conv.algo_bwd_filter": "none", "dnn.conv.precision": "as_input_f32", "dnn.conv.workmem": "", "dnn.conv.workmem_bwd": "",
    "dnn.conv.algo_bwd": "", "magma.enabled": False, "magma.include_path": "", "magma.library_path": "", "nvcc.fastmath": False,
    "nvcc.flags": "", "lib.cnmem": 0.0, "on_opt_error": "warn", "on_shape_error": "warn", "check_stack_trace": "off",
    "cycle_detection": "regular", "cache_optimizations": False, "optdb.position_cutoff": float("inf"),
    "optdb.max_use_ratio": 8.0, "metaopt.verbose": 0, "metaopt.optimizer_including": "", "metaopt.optimizer_excluding": "",
    "tensor.insert_inplace_optimizer_validate_nb": -1, "tensor.local_elemwise_fusion": True, "tensor.cmp_sloppy": 0,
    "experimental.local_alloc_elemwise": True, "experimental.local_alloc_elemwise_assert": True,
    "experimental.unpickle_gpu_on_cpu": False, "lib.amdlibm": False, "vm.lazy": None, "scan.allow_gc": False,
    "scan.allow_output_prealloc": True, "scan.debug": False, "blas.ldflags": "", "blas.check_openmp": True,
    "conv.assert_shape": False, "cxx": "", "gcc.cxxflags": "", "nocleanup": False,
    "compiledir_format": "", "compile.timeout": 120, "compile.wait": 5, "cmodule.age_thresh_use": 2073600,
    "cmodule.compilation_warning": False, "cmodule.debug": False, "cmodule.preload_cache": False,
    "cmodule.remove_gxx_opt": False, "cmodule.warn_no_version": False, "cmodule.mac_framework_link": False,
    "check_input": True, "numpy.seterr_all": "ignore", "numpy.seterr_divide": "None", "numpy.seterr_over": "None",
    "numpy.seterr_under": "None", "numpy.seterr_invalid": "None", "print_global_stats": False,
    "profiling.min_memory_size": 1024, "profiling.min_peak_memory": False, "profiling.debugprint": False,
    "profiling.ignore_first_call": False, "profiling.output_line_width": 512, "profiling.time_thunks": True,
    "pickle_test_value": True, "traceback.compile_limit": 0, "DebugMode.patience": 10, "DebugMode.check_c": True,
    "DebugMode.check_py": True, "DebugMode.check_finite": True, "DebugMode.check_strides": 0,
    "DebugMode.warn_input_not_reused": True, "DebugMode.check_preallocated_output": "",
    "DebugMode.check_preallocated_output_ndim": 4, "NanGuardMode.nan_is_error": True, "NanGuardMode.inf_is_error": True,
    "NanGuardMode.big_is_error": True, "NanGuardMode.action": "raise", "reoptimize_unpickled_function": False,
    "unpickle_function": True, "unittests.rseed": 666, "warn.ignore_bug_before": "0.9", "warn.argmax_pushdown_bug": False,
    "warn.gpusum_01_011_0111_bug": False, "warn.sum_sum_bug": False, "warn.sum_div_dimshuffle_bug": False,
    "warn.subtensor_merge_bug": False, "warn.gpu_set_subtensor1": False, "warn.vm_gc_bug": False,
    "warn.signal_conv2d_interface": False, "warn.reduce_join": False, "warn.inc_set_subtensor1": False, "warn.round": False,
    "warn.inc_subtensor1_opt": False, "warn.identify_1pexp_bug": False,
}
for _name, _default in _WITHOUT_EFFECT.items():
    _FLAGS.setdefault(_name, (_default, None, True))

_SECTIONS = {name.rsplit(".", i)[0] for name in _FLAGS for i in range(1, name.count(".") + 1)}


def _unknown(name):
    near = _core.nearest_name(name, list(_FLAGS))
    return "there is no configuration flag '%s'%s" % (name, ". Did you mean '%s'?" % near if near else "")


def _checked(name, value):
    """A value of the flag's type, from text or from a Python value. ValueError when it cannot be."""
    default, choices, _ = _FLAGS[name]
    if isinstance(default, bool):
        known = _BOOL.get(str(value).strip().lower())
        if known is None:
            raise ValueError("flag %s is True or False, not %r" % (name, value))
        return known
    if isinstance(default, int):
        return int(value)
    if isinstance(default, float):
        return float(value)
    if choices is not None:
        value = str(value)
        if value not in choices:
            near = _core.nearest_name(value, list(choices))
            raise ValueError("Invalid value (%r) for configuration variable %r. Valid options are %s%s" % (
                value, name, ", ".join(choices), ". Did you mean '%s'?" % near if near else ""))
    return value


class _Section:
    """The flags below a prefix, as attributes: config.blas.ldflags."""

    def __init__(self, values, prefix):
        object.__setattr__(self, "_values", values)
        object.__setattr__(self, "_prefix", prefix)

    def __getattr__(self, name):
        full = self._prefix + name
        if full in self._values:
            return self._values[full]
        if full in _SECTIONS:
            return _Section(self._values, full + ".")
        raise AttributeError(_unknown(full))

    def __setattr__(self, name, value):
        full = self._prefix + name
        if full not in _FLAGS:
            raise AttributeError(_unknown(full))
        if not _FLAGS[full][2] and self._values[full] != value:
            raise Exception("Can't change the value of this config parameter after initialization: %s" % full)
        self._values[full] = _checked(full, value)

    def __dir__(self):
        start = self._prefix
        return sorted({name[len(start):].split(".")[0] for name in _FLAGS if name.startswith(start)})

    def __str__(self):
        lines = ["%s = %r" % (name, value) for name, value in sorted(self._values.items()) if name.startswith(self._prefix)]
        return "\n".join(lines)


def _flag_of(text, where):
    name = text.strip().replace("__", ".")
    if name not in _FLAGS:
        raise ValueError("%s: %s" % (where, _unknown(name)))
    return name


def _from_files(values):
    """.theanorc files: sections are prefixes, [global] has none. Unknown names there may belong to other programs' versions."""
    paths = os.environ.get("THEANORC", os.path.expanduser("~/.theanorc")).split(os.pathsep)
    parser = _ini.RawConfigParser()
    parser.optionxform = str
    parser.read([os.path.expanduser(path) for path in paths])
    lower = {name.lower(): name for name in _FLAGS}
    for section in parser.sections():
        for key, value in parser.items(section):
            full = (key if section == "global" else section + "." + key).lower()
            if full in lower:
                values[lower[full]] = _checked(lower[full], value)


def _from_environment(values):
    for part in os.environ.get("THEANO_FLAGS", "").split(","):
        if not part.strip():
            continue
        if "=" not in part:
            raise ValueError("THEANO_FLAGS: '%s' is not of the form name=value" % part.strip())
        name, value = part.split("=", 1)
        name = _flag_of(name, "THEANO_FLAGS")
        values[name] = _checked(name, value.strip())


def _initial():
    values = {name: flag[0] for name, flag in _FLAGS.items()}
    _from_files(values)
    _from_environment(values)
    return values


config = _Section(_initial(), "")

# Compiled kernels lie where Theano's compiled code would, unless Croton's own variable says otherwise.
_folder = config.compiledir or config.base_compiledir
if _folder and not os.environ.get("CROTON_CACHE_DIR"):
    _core.set_cache_folder(os.path.join(os.path.abspath(os.path.expanduser(_folder)), "croton"))


class change_flags:
    """Other values of flags within a `with` block or a decorated function: change_flags(floatX='float32')."""

    def __init__(self, args=(), **flags):
        flags.update(dict(args))
        self._flags = {_flag_of(name, "change_flags"): value for name, value in flags.items()}
        self._saved = []

    def __call__(self, function):
        @functools.wraps(function)
        def changed(*args, **kwargs):
            with self:
                return function(*args, **kwargs)
        return changed

    def __enter__(self):
        values = config._values
        self._saved.append({name: values[name] for name in self._flags})
        try:
            for name, value in self._flags.items():
                values[name] = _checked(name, value)
        except ValueError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception):
        config._values.update(self._saved.pop())


def AddConfigVar(name, doc, parameter, root=config, in_c_key=True):
    """A new flag of the user's: `parameter` holds its default (StrParam, IntParam, BoolParam, FloatParam, EnumStr)."""
    if name in _FLAGS:
        raise AttributeError("The flag %s exists already" % name)
    _FLAGS[name] = (parameter.default, getattr(parameter, "choices", None), True)
    _SECTIONS.update(name.rsplit(".", i)[0] for i in range(1, name.count(".") + 1))
    config._values[name] = parameter.default


class _Parameter:
    def __init__(self, default, *choices, **options):
        self.default = default


class StrParam(_Parameter):
    """A flag that holds text."""


class IntParam(_Parameter):
    """A flag that holds an integer."""


class BoolParam(_Parameter):
    """A flag that is True or False."""


class FloatParam(_Parameter):
    """A flag that holds a number."""


class EnumStr(_Parameter):
    """A flag that is one of several texts."""

    def __init__(self, default, *choices, **options):
        super().__init__(default)
        self.choices = (default,) + choices


_config_var_list = list(_FLAGS)
