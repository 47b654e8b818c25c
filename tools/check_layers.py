"""Fails on an include that points to a higher layer, and on a backend's name outside that backend's folder."""
import re
from pathlib import Path

from check_common import ROOT, committed_files, finish, without_comments

LAYERS = {
    "base": 0,
    "ir": 1,
    "library": 2,
    "ops": 2,
    "autodiff": 3,
    "rewrite": 3,
    "loops": 4,
    "runtime": 4,
    "backend": 5,
    "distributed": 5,
    "compile": 6,
    "face": 7,
    "python": 7,
}
C_HEADERS = ("stdint.h",)  # of the C standard, for the headers that C includes
FACE = "croton"  # include/croton: the public headers
# Public headers that define the engine's own vocabulary; the others are for src/face and for users.
SHARED_WITH_ENGINE = {"croton/dtype.h", "croton/error.h"}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)
# A backend's name, and the folder in which alone it may stand.
BACKEND_NAMES = {
    "llvm": Path("src/backend/cpu"),
    "opencl": Path("src/backend/opencl"),
    "cuda": Path("src/backend/cuda"),
}


def layer_of(file):
    """The folder that decides a file's layer, or None for a file outside the layers (tests, examples)."""
    parts = file.parts
    if parts[0] == "src":
        return parts[1] if len(parts) > 2 else ""
    return {"python": "python", "include": FACE}.get(parts[0])


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def check_includes(file, text):
    own = layer_of(file)
    if own is None:
        return
    if own != FACE and own not in LAYERS:
        yield f"{file}:1: this folder has no layer; name it in {Path(__file__).name} and in DESIGN.md"
        return
    for match in INCLUDE.finditer(text):
        quoted, system = match.groups()
        where = f"{file}:{line_of(text, match.start())}"
        if own == FACE:
            if quoted is not None and not quoted.startswith(FACE + "/"):
                yield f"{where}: a public header includes only croton/ and standard headers, not {quoted}"
            if system is not None and system not in C_HEADERS and ("/" in system or "." in system):
                yield f"{where}: a public header includes only croton/ and standard headers, not <{system}>"
        elif quoted is not None and "/" in quoted:
            folder = quoted.split("/")[0]
            if folder in LAYERS and LAYERS[folder] > LAYERS[own]:
                yield f"{where}: {own} (layer {LAYERS[own]}) includes {quoted} (layer {LAYERS[folder]})"
            if folder == FACE and own != "face" and quoted not in SHARED_WITH_ENGINE:
                yield f"{where}: only src/face includes the C++ face ({quoted})"
            if folder != FACE and folder not in LAYERS:
                yield f"{where}: {quoted} is in no layer; includes are written from src/ or include/"


def check_backend_names(file, text):
    if layer_of(file) is None:
        return
    for name, folder in BACKEND_NAMES.items():
        if folder in file.parents:
            continue
        for match in re.finditer(name, text, re.IGNORECASE):
            yield f"{file}:{line_of(text, match.start())}: names the backend {match.group()} outside {folder}"


def main():
    files = committed_files("src/*.h", "src/*.cpp", "src/*.inc", "include/*.h", "python/src/*")
    problems = []
    for file in files:
        text = without_comments((ROOT / file).read_text())
        problems += check_includes(file, text)
        problems += check_backend_names(file, text)
    finish("check_layers", problems, f"{len(files)} files")


if __name__ == "__main__":
    main()
