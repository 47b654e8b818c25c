"""Fails if a document names a command or file that does not exist, or if the README's programs print something else.

    check_docs.py BUILD

A block marked `python` or `cpp` in the README is run; the block marked `text` that follows it is its output, in which
`...` stands for what differs from run to run.
"""
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from check_common import ROOT, finish

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "DESIGN.md", "CHANGELOG.md", "docs/accuracy.md")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE_CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
MAKE = re.compile(r"\bmake ([a-z]+)\b")
# A word that is a path of the repository: in one of its folders, or a file at its root.
PATH = re.compile(r"(?:src|include|docs|tests|tools|python|examples|bench|cmake|\.ci)/[\w./*-]*|[A-Z]+\.md|Makefile|\w+\.toml")
RUN_SECONDS = 120


@dataclass
class Block:
    """One fenced block: its language, text, and the line of its first line."""

    language: str
    text: str
    line: int


def blocks_of(document):
    return [Block(m[1], m[2], document.count("\n", 0, m.start()) + 2) for m in FENCE.finditer(document)]


def make_targets():
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def check_names(name, document):
    """Every make target, path and link in the document exists."""
    commands = [block.text for block in blocks_of(document) if block.language in ("sh", "bash", "console")]
    prose = FENCE.sub("", document)
    codes = INLINE_CODE.findall(prose)
    for code in [*codes, *commands]:
        for target in MAKE.findall(code):
            if target not in make_targets():
                yield f"{name}: there is no `make {target}`"
    for code in codes:
        path = code.split()[0].rstrip("/.,:")
        if PATH.fullmatch(path) and not any(ROOT.glob(path)):
            yield f"{name}: there is no {path}"
    for target in LINK.findall(prose):
        if "://" not in target and not (ROOT / target).exists():
            yield f"{name}: the link to {target} leads nowhere"


def run_python(block, build):
    environment = {**os.environ, "PYTHONPATH": str(build / "python")}
    return subprocess.run(
        [sys.executable, "-c", block.text], env=environment, capture_output=True, text=True, timeout=RUN_SECONDS, check=False
    )


def run_cpp(block, build):
    with tempfile.TemporaryDirectory() as folder:
        source, program = Path(folder) / "example.cpp", Path(folder) / "example"
        source.write_text(block.text)
        command = [os.environ.get("CXX", "g++-12"), "-std=c++20", "-Wall", "-Wextra", "-Werror", f"-I{ROOT / 'include'}"]
        command += [str(source), "-o", str(program), f"-L{build / 'lib'}", "-lcroton", f"-Wl,-rpath,{build / 'lib'}"]
        compilation = subprocess.run(command, capture_output=True, text=True, check=False)
        if compilation.returncode:
            return compilation
        return subprocess.run([str(program)], capture_output=True, text=True, timeout=RUN_SECONDS, check=False)


def matches(expected, actual):
    pattern = ".*?".join(re.escape(part) for part in expected.strip().split("..."))
    return re.fullmatch(pattern, actual.strip(), re.DOTALL) is not None


def check_programs(name, document, build):
    """Each program of the document runs and prints what the document says."""
    runners = {"python": run_python, "cpp": run_cpp}
    blocks = blocks_of(document)
    for block, following in zip(blocks, [*blocks[1:], Block("", "", 0)]):
        if block.language not in runners:
            continue
        result = runners[block.language](block, build)
        if result.returncode:
            yield f"{name}:{block.line}: this program fails:\n{result.stderr[-2000:]}"
        elif following.language == "text" and not matches(following.text, result.stdout):
            yield f"{name}:{block.line}: the document shows\n{following.text}but the program prints\n{result.stdout}"


def main():
    build = Path(sys.argv[1]).resolve()
    problems, checked = [], []
    for name in DOCUMENTS:
        if not (ROOT / name).exists():
            continue
        checked.append(name)
        document = (ROOT / name).read_text()
        problems += check_names(name, document)
        if name == "README.md":
            problems += check_programs(name, document, build)
    finish("check_docs", problems, ", ".join(checked))


if __name__ == "__main__":
    main()
