"""Modes: which rewrites run and how a program is made; their names are Theano's."""
from .configuration import config

_OPTIMIZERS = {"o4": "fast_run", "o3": "fast_run", "o2": "fast_run", "unsafe": "fast_run", "fast_run": "fast_run", "default": "fast_run",
               "stabilize": "fast_run", "o1": "fast_compile", "fast_compile": "fast_compile", "merge": "merge", "None": "none",
               "o0": "none", None: "none"}


class Mode:
    """How to compile: an optimizer (fast_run, fast_compile, merge, None) and tags of rewrites to include or leave out.
    The linker 'py' runs every node by its reference code, without fusion; all other names mean the compiler."""

    def __init__(self, linker=None, optimizer="default", including=(), excluding=()):
        self.linker = linker if linker is not None else config.linker
        self.provided_optimizer = self.optimizer = optimizer
        if not (optimizer is None or isinstance(optimizer, str)):
            raise NotImplementedError("an optimizer object as Mode(optimizer=...): Theano has this; Croton does not yet")
        if optimizer not in _OPTIMIZERS:
            raise ValueError("no optimizer is named %r; there are %s" % (optimizer, ", ".join(str(n) for n in _OPTIMIZERS)))
        self._including, self._excluding = tuple(including), tuple(excluding)

    def including(self, *tags):
        """The same mode with these rewrites too."""
        return self._copy(including=self._including + tags)

    def excluding(self, *tags):
        """The same mode without these rewrites (names or tags, such as 'fusion')."""
        return self._copy(excluding=self._excluding + tags)

    def requiring(self, *tags):
        return self._copy()

    def clone(self, link_kwargs=None, optimizer=None, **options):
        return Mode(self.linker, self.optimizer if optimizer is None else optimizer, self._including, self._excluding)

    def register(self, *optimizations):
        raise NotImplementedError("Mode.register: Theano has this; Croton does not yet")

    def _copy(self, including=None, excluding=None):
        return Mode(self.linker, self.optimizer, self._including if including is None else including,
                    self._excluding if excluding is None else excluding)

    def __str__(self):
        return "Mode(linker = %s, optimizer = %s)" % (self.linker, self.optimizer)

    def settings(self):
        """What the engine is told."""
        including = [t for t in config.optimizer_including.split(":") if t] + list(self._including)
        excluding = [t for t in config.optimizer_excluding.split(":") if t] + list(self._excluding)
        return {"optimizer": _OPTIMIZERS[self.optimizer], "interpret": self.linker in ("py", "py_nogc"), "including": including,
                "excluding": excluding, "fuse": "fusion" not in excluding,
                "allow_in_place": "inplace" not in excluding}


def _predefined():
    return {"FAST_RUN": Mode("cvm", "fast_run"), "FAST_COMPILE": Mode("vm", "fast_compile"), "Mode": None}


predefined_modes = _predefined()
predefined_linkers = {name: name for name in ("py", "c", "c|py", "c|py_nogc", "vm", "cvm", "vm_nogc", "cvm_nogc")}
predefined_optimizers = {name: name for name in _OPTIMIZERS}


def register_mode(name, mode):
    """A mode by name, for function(mode=name) and config.mode."""
    if name in predefined_modes:
        raise ValueError("Mode name already taken: %s" % name)
    predefined_modes[name] = mode


def get_mode(mode=None):
    """The mode of a name; without a name the configured one."""
    if isinstance(mode, Mode):
        return mode
    name = config.mode if mode is None else mode
    if name == "Mode":
        return Mode(config.linker, config.optimizer)
    if name in ("DebugMode", "DEBUG_MODE", "NanGuardMode"):
        raise NotImplementedError("mode %s: Theano has this; Croton does not yet" % name)
    if predefined_modes.get(name) is None:
        raise ValueError("no mode is named %r; there are %s" % (name, ", ".join(predefined_modes)))
    return predefined_modes[name]


def get_default_mode():
    return get_mode(None)


def set_default_mode(mode):
    config.mode = mode
