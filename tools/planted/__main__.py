"""Plants each mistake into a copy of the tree, builds, and runs tests until some fail: python -m planted [--only WORD] [--table FILE].

The copy lies in build-planted. The tests that a mistake names are run first and in full, so that the table can name some that
fail; if none does, all tests of `make test` run. Exit code 1: a mistake survived. The table is written when all were tried.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from .mistakes import MISTAKES

ROOT = Path(__file__).resolve().parents[2]
COPY = ROOT / "build-planted"
BUILD = COPY / "build"
RESULTS = COPY / "results.json"
TARGETS = ("croton_tests", "_core")
LIBRARIES = ("croton", "croton_llvm")  # where all mistakes are; what is linked with them needs no second link
ENOUGH_FAILURES = 20
SHOWN = 3


def run(command, seconds=1800, **environment):
    """Runs in the copy; gives (exit code, output). A test run that hangs has caught the mistake too."""
    try:
        done = subprocess.run([str(w) for w in command], cwd=COPY, env={**os.environ, **environment}, capture_output=True,
                              text=True, errors="replace", timeout=seconds)
        return done.returncode, done.stdout + done.stderr
    except subprocess.TimeoutExpired:
        return 124, ""


def make_copy():
    """The committed files and those that are not committed yet, with their times, so that little is built again."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)
    wanted = set(listed.stdout.split("\n")) - {""}
    for name in wanted:
        source, target = ROOT / name, COPY / name
        if not source.is_file():
            continue
        if not target.exists() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
            os.utime(target)
    if not (COPY / ".venv").exists():
        (COPY / ".venv").symlink_to(os.path.realpath(ROOT / ".venv"))
    if not (BUILD / "build.ninja").exists():
        code, text = run(["cmake", "-S", ".", "-B", BUILD, "-G", "Ninja", "--log-level=WARNING",
                          f"-DCMAKE_CXX_COMPILER={os.environ.get('CXX', 'g++-12')}", f"-DPython_EXECUTABLE={COPY}/.venv/bin/python"])
        if code:
            raise SystemExit(text)


def build(targets):
    return run(["ninja", "-C", BUILD, *targets], seconds=3600)


# --------------------------------------------------------------------------------------------------------- test runs


def cpp(filter_text, fail_fast=False):
    """Names of failed C++ tests; the one that a crash ended is one of them."""
    report = COPY / "cpp.json"
    report.unlink(missing_ok=True)
    command = [BUILD / "bin" / "croton_tests", f"--gtest_filter={filter_text}", f"--gtest_output=json:{report}"]
    code, text = run(command + (["--gtest_fail_fast"] if fail_fast else []))
    if not report.exists():
        return [f"{(re.findall(r'RUN      . (.*)', text) or ['all'])[-1].strip()} (ends the run with exit code {code})"]
    suites = json.loads(report.read_text()).get("testsuites", [])
    return [f"{s['name']}.{t['name']}" for s in suites for t in s["testsuite"] if t.get("failures")]


def python(file, fail_fast=False):
    """Names of failed Python tests."""
    report = COPY / "python.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--maxfail={1 if fail_fast else ENOUGH_FAILURES}",
               f"--junitxml={report}", Path("tests/python") / file]
    code, text = run(command, PYTHONPATH=str(BUILD / "python"))
    if not report.exists():
        return [f"{file or 'Python tests'} (the run ends with exit code {code})"]
    cases = ElementTree.parse(report).getroot().iter("testcase")
    return [f"{c.get('classname').split('.')[-1]}.{c.get('name')}" for c in cases if {x.tag for x in c} & {"failure", "error"}]


def fuzz():
    """What the random graphs of `make test` find."""
    path = os.pathsep.join((str(BUILD / "python"), str(COPY / "tools")))
    code, text = run([sys.executable, "-m", "fuzz", "--seconds", 30, "--seed", 1, "--jobs", 2], PYTHONPATH=path)
    kinds = re.findall(r"== seed (\d+): ([^:]*)", text)
    return [f"fuzz, seed {seed}: {kind}" for seed, kind in kinds] or ([f"fuzz (exit code {code})"] if code else [])


def failing_tests(first):
    """Tests that fail: of those tried first, else the first one of all."""
    kind, _, what = first.partition(":")
    found = cpp(what) if kind == "cpp" else python(what) if kind == "py" else fuzz()
    return found or cpp("*", fail_fast=True) or python("", fail_fast=True) or fuzz()


# ------------------------------------------------------------------------------------------------------------- table


def attempt(mistake):
    """Plants one; gives the tests that catch it."""
    file = COPY / mistake.file
    text = file.read_text()
    if text.count(mistake.old) != 1:
        raise SystemExit(f"{mistake.name}: the text stands {text.count(mistake.old)} times in {mistake.file}")
    file.write_text(text.replace(mistake.old, mistake.new))
    try:
        code, output = build(LIBRARIES)
        if code:
            raise SystemExit(f"{mistake.name}: it does not compile\n{output[-3000:]}")
        return failing_tests(mistake.first)
    finally:
        file.write_text(text)


def table(results):
    lines = ["# Planted mistakes", "",
             "Deliberate mistakes, each planted alone into a copy of the tree by `python -m planted` (tools/planted), and tests of "
             "`make test` that", "fail then. Of many only some are named.", "",
             "| mistake | file | caught by |", "| --- | --- | --- |"]
    for m in MISTAKES:
        found = results.get(m.name)
        if found is None:
            continue
        names = ", ".join(f"`{name}`" for name in found[:SHOWN]).replace("|", "\\|")
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        lines.append(f"| {m.name} | {m.file} | {names + more if found else '**nothing**'} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(prog="planted", description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="mistakes whose name has this word")
    parser.add_argument("--again", action="store_true", help="also those that have a result")
    parser.add_argument("--table", type=Path, default=ROOT / "docs" / "planted_mistakes.md")
    options = parser.parse_args()
    COPY.mkdir(exist_ok=True)
    make_copy()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    code, output = build(TARGETS)
    if code:
        raise SystemExit(output[-3000:])
    for mistake in MISTAKES:
        if options.only not in mistake.name or (mistake.name in results and not options.again and not options.only):
            continue
        results[mistake.name] = attempt(mistake)
        RESULTS.write_text(json.dumps(results))
        print(f"{mistake.name}: {', '.join(results[mistake.name][:SHOWN]) or 'SURVIVES'}", flush=True)
    options.table.parent.mkdir(exist_ok=True)
    options.table.write_text(table(results))
    survivors = [m.name for m in MISTAKES if not results.get(m.name)]
    print(f"planted: {len(MISTAKES)} mistakes, {len(survivors)} not caught: {survivors}")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
