"""Writes the typed stubs of the package (python/croton/**/*.pyi) from the live modules; tests/python/test_stubs.py calls it, too.

    stubs.py [--check]     with --check, only tells which stubs are stale

Names, signatures and classes come from the modules. What the code does not say, what a call gives and what a parameter takes, is in
stub_types.py, by name.
"""
import argparse
import importlib
import inspect
import keyword
import pkgutil
import sys
from pathlib import Path

import stub_types as known

import croton

ROOT = Path(__file__).resolve().parent.parent / "python"
# Overriding methods have the signatures that they have in the code.
HEAD = '''"""Types of {module}: written by tools/stubs.py from the live module."""
# mypy: disable-error-code="override"
import builtins as _b
import typing as _t
from collections.abc import Callable as _Callable, Iterator as _Iterator, Mapping as _Mapping, Sequence as _Sequence
'''
OPERATORS = {"__call__", "__init__", "__getitem__", "__setitem__", "__iter__", "__len__", "__contains__", "__enter__", "__exit__",
             "__copy__"}


def public_modules():
    """The package and its modules without an underscore; first the one that has the classes made from the rows."""
    names = ["croton.tensor", "croton"]
    for info in pkgutil.walk_packages(croton.__path__, "croton."):
        if info.name not in names and not any(part.startswith("_") for part in info.name.split(".")):
            names.append(info.name)
    return [importlib.import_module(name) for name in names]


def is_operator(name):
    return name in OPERATORS or (name.startswith("__") and name.endswith("__") and name.strip("_") in known.OPERATORS)


def annotated(parameter):
    """One parameter of a signature, with what is known of its type; a default is only `...`."""
    if parameter.name in ("self", "cls"):
        return parameter.name
    name = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "") + parameter.name
    text = f"{name}: {known.PARAMETERS.get(name, '_t.Any')}"
    return text + (" = ..." if parameter.default is not parameter.empty else "")


def parameters_of(function, drop_first=False):
    parameters = list(inspect.signature(function).parameters.values())
    if drop_first:  # of a function that is a method by another name
        parameters = [inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD), *parameters[1:]]
    texts = []
    for k, parameter in enumerate(parameters):
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in texts and not any(t.startswith("*") for t in texts):
            texts.append("*")
        texts.append(annotated(parameter))
        following = parameters[k + 1].kind if k + 1 < len(parameters) else None
        if parameter.kind is parameter.POSITIONAL_ONLY and following is not parameter.POSITIONAL_ONLY:
            texts.append("/")
    return texts


def function_text(name, function, path, indent="", method_of=None):
    """`def` with its types; several where the result depends on an argument."""
    texts = parameters_of(function, drop_first=method_of is not None)
    forms = known.OVERLOADS.get(path)
    result = known.result_of(path)
    if not forms:
        return f"{indent}def {name}({', '.join(texts)}) -> {result}: ...\n"
    lines = []
    for argument, kind, result in forms:
        chosen = [f"{argument}: {kind}" if text.split(":")[0] == argument else text for text in texts]
        lines.append(f"{indent}@_t.overload\n{indent}def {name}({', '.join(chosen)}) -> {result}: ...\n")
    return "".join(lines)


def is_helper(module, value):
    """A function that a module imports for its own use; packages import what they offer."""
    return inspect.isfunction(value) and value.__module__ != module.__name__ and not hasattr(module, "__path__")


class Stubs:
    """All stubs: module name -> {name: text}, and the modules that each of them imports classes from."""

    def __init__(self):
        self.texts = {}
        self.places = {}  # id of an object -> (module, name) of its definition
        for module in public_modules():
            self.texts[module.__name__] = {}
        for module in public_modules():
            for name, value in sorted(vars(module).items()):
                if (not name.startswith("_") or name == "__version__") and not is_helper(module, value):
                    self.add(module.__name__, name, value)

    def home_of(self, module, name, value):
        """Where a function or class is defined: where it says, if it is to be found there by its name."""
        home = getattr(value, "__module__", None) or ""
        by_name = getattr(sys.modules.get(home), value.__name__, None) is value
        if home.split(".")[0] == "croton" and home != "croton._core" and by_name:
            return home, value.__name__
        return module, name

    def add(self, module, name, value):
        if name in self.texts.setdefault(module, {}):
            return
        if inspect.ismodule(value):
            if value.__name__.startswith("croton."):
                parent, _, last = value.__name__.rpartition(".")
                self.texts[module][name] = f"from {parent} import {last} as {name}\n"
        elif inspect.isfunction(value) or inspect.isclass(value):
            home, own_name = self.places.get(id(value)) or self.home_of(module, name, value)
            if (home, own_name) != (module, name):
                self.add(home, own_name, value)
                self.texts[module][name] = f"from {home} import {own_name} as {name}\n"
                return
            self.places[id(value)] = module, name
            if inspect.isclass(value):
                self.texts[module][name] = self.class_text(module, name, value)
            else:
                self.texts[module][name] = function_text(name, value, f"{module}.{name}")
        else:
            self.texts[module][name] = f"{name}: {self.annotation_of(module, value)}\n"

    def annotation_of(self, module, value):
        """The type of a value that a module or class holds."""
        if value is None:
            return "None"
        cls = type(value)
        if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
            return "_b.list[_b.str]"
        if cls.__module__ == "builtins":
            return {"dict": "_b.dict[_t.Any, _t.Any]", "list": "_b.list[_t.Any]", "tuple": "_b.tuple[_t.Any, ...]",
                    "set": "_b.set[_t.Any]"}.get(cls.__name__, f"_b.{cls.__name__}" if cls in (int, str, bool, float) else "_t.Any")
        return self.name_in(module, cls)

    def name_in(self, module, cls):
        """How a stub names a class of the package, whose stub there is from now on."""
        home, name = self.places.get(id(cls)) or self.home_of(module, cls.__name__, cls)
        self.add(home, name, cls)
        return name if home == module else f"{home}.{name}"

    def bases_of(self, module, cls):
        names = [base.__name__ if base.__module__ == "builtins" else self.name_in(module, base) for base in cls.__bases__
                 if base is not object and base.__module__.split(".")[0] in ("builtins", "croton")]
        names = [f"_b.{name}" if "." not in name and hasattr(__import__("builtins"), name) else name for name in names]
        if any(base.__name__ == "OrderedDict" for base in cls.__bases__):
            names.append("_b.dict[_t.Any, _t.Any]")
        return f"({', '.join(names)})" if names else ""

    def class_text(self, module, name, cls):
        lines = [f"    {member}: {kind}\n" for member, kind in known.ATTRIBUTES.get(cls.__name__, {}).items()]
        for member, value in sorted(vars(cls).items()):
            path = f"{cls.__name__}.{member}"
            if member in known.ATTRIBUTES.get(cls.__name__, {}) or keyword.iskeyword(member):
                continue
            if member.startswith("_") and not is_operator(member):
                continue
            lines.append(self.member_text(module, member, value, path))
        return f"class {name}{self.bases_of(module, cls)}:" + ("\n" + "".join(lines) if lines else " ...\n")

    def member_text(self, module, member, value, path):
        if isinstance(value, property) or inspect.isgetsetdescriptor(value) or inspect.ismemberdescriptor(value):
            setter = getattr(value, "fset", True) is not None
            result = known.result_of(path)
            if setter:
                return f"    {member}: {result}\n"
            return f"    @property\n    def {member}(self) -> {result}: ...\n"
        if isinstance(value, (staticmethod, classmethod)):
            kind = type(value).__name__
            return f"    @_b.{kind}\n" + function_text(member, value.__func__, path, "    ")
        if inspect.isfunction(value):
            same = getattr(croton.tensor, member, None) if value.__name__ == member and "kwargs" in str(inspect.signature(value)) else None
            if inspect.isfunction(same):  # a method that only calls the function of its name
                return function_text(member, same, path, "    ", method_of=path)
            return function_text(member, value, path, "    ")
        if callable(value) and not inspect.isclass(value):  # of a class in the engine
            return f"    def {member}(self, *args: _t.Any, **kwargs: _t.Any) -> {known.result_of(path)}: ...\n"
        return f"    {member}: {known.ATTRIBUTES_BY_NAME.get(member) or self.annotation_of(module, value)}\n"

    def whole(self, module):
        body = "".join(self.texts[module].values())
        for name, home in known.CLASSES.items():
            body = body.replace(f"@{name}", name if home == module else f"{home}.{name}")
        used = [name for name in sorted(self.texts) if f" {name}." in body or f"[{name}." in body or f"({name}." in body]
        return HEAD.format(module=module) + "".join(f"import {name}\n" for name in used) + "\n" + body


def path_of(module):
    base = ROOT / Path(*module.split("."))
    return base / "__init__.pyi" if base.is_dir() else base.with_suffix(".pyi")


def all_stubs():
    """path -> text"""
    stubs = Stubs()
    return {path_of(module): stubs.whole(module) for module in sorted(stubs.texts)}


def stale(stubs):
    """Paths that are not as they would be written today, and stubs of modules that are gone."""
    return [path for path, text in stubs.items() if not path.exists() or path.read_text() != text] + [
        path for path in (ROOT / "croton").rglob("*.pyi") if path not in stubs]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    stubs = all_stubs()
    if parser.parse_args().check:
        if paths := stale(stubs):
            sys.exit("stale, run tools/stubs.py: " + ", ".join(str(path.relative_to(ROOT)) for path in paths))
        return
    for path in stale(stubs):
        path.unlink(missing_ok=True)
    for path, text in stubs.items():
        path.write_text(text)


if __name__ == "__main__":
    main()
