"""Runs the C++ tests, the Python tests and random graphs on one build folder; the last line is `N passed, N failed`.

    run_tests.py BUILD [--sanitizer address|thread]

A runner that crashes, or that reports no result, counts as one failed test.
"""
import argparse
import json
import os
import subprocess
import sys
import threading
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

import fallbacks

ROOT = Path(__file__).resolve().parent.parent
TIME_LIMIT_SECONDS = 2400  # of one runner; only a hanging test reaches it
FUZZ_SECONDS, FUZZ_SEED = 30, 1  # always the same programs: fresh ones are for `make fuzz`
QUIET_LINES = ("[ RUN      ]", "[       OK ]", "[----------]", "Note: ", "Running main()")


@dataclass
class Result:
    """What one runner found: the names of the failed tests, how many passed and were skipped, and what they recorded."""

    passed: int = 0
    skipped: int = 0
    failed: list = field(default_factory=list)
    host_calls: set = field(default_factory=set)
    kernels: list = field(default_factory=list)


def run(command, environment, filter_line):
    """Runs a command, passes on the lines that the filter keeps, and returns its exit code."""
    process = subprocess.Popen(
        [str(word) for word in command], cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True
    )
    watchdog = threading.Timer(TIME_LIMIT_SECONDS, process.kill)
    watchdog.start()
    for line in process.stdout:
        if filter_line(line):
            print(line, end="", flush=True)
    code = process.wait()
    watchdog.cancel()
    return code


def read_cpp_report(path):
    result = Result()
    for suite in json.loads(path.read_text())["testsuites"]:
        for test in suite["testsuite"]:
            name = f"{suite['name']}.{test['name']}"
            result.host_calls.update(fallbacks.split(test.get("host_calls", "")))
            if test.get("failures"):
                result.failed.append(name)
            elif test["result"] == "COMPLETED":
                result.passed += 1
            else:
                result.skipped += 1
    return result


def read_python_report(path):
    result = Result()
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        kinds = {child.tag for child in case}
        for record in case.iter("property"):
            if record.get("name") == "host_calls":
                result.host_calls.update(fallbacks.split(record.get("value")))
            elif record.get("name") == "kernels":
                result.kernels.append(record.get("value"))
        if kinds & {"failure", "error"}:
            result.failed.append(f"{case.get('classname')}.{case.get('name')}")
        elif "skipped" in kinds:
            result.skipped += 1
        else:
            result.passed += 1
    return result


def run_and_read(name, command, environment, report, read, filter_line=lambda line: True):
    print(f"== {name} tests", flush=True)
    report.unlink(missing_ok=True)
    code = run(command, environment, filter_line)
    try:
        result = read(report)
    except (OSError, ValueError, ElementTree.ParseError):
        result = Result()
    if not result.passed and not result.failed:
        result.failed.append(f"{name} tests: the runner reported no result (exit code {code})")
    elif code and not result.failed:
        result.failed.append(f"{name} tests: the runner ended with exit code {code}")
    return result


def run_cpp(build, environment):
    """GoogleTest writes its report at the end, so the test that a crash ended is known only from its output."""
    report = build / "cpp-tests.json"
    command = [build / "bin" / "croton_tests", "--gtest_color=no", f"--gtest_output=json:{report}"]
    running = None

    def is_news(line):
        nonlocal running
        if line.startswith("[ RUN      ]"):
            running = line.split()[-1]
        elif line.startswith(("[       OK ]", "[  FAILED  ]", "[  SKIPPED ]")):
            running = None
        return bool(line.strip()) and not line.startswith(QUIET_LINES)

    result = run_and_read("C++", command, environment, report, read_cpp_report, is_news)
    if running:
        result.failed = [f"{running}: the C++ tests ended in it, those after it did not run"]
    return result


def run_python(build, environment):
    report = build / "python-tests.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", f"--junitxml={report}", "tests/python"]
    return run_and_read("Python", command, {"PYTHONPATH": str(build / "python"), **environment}, report, read_python_report)


def run_fuzz(build, environment):
    """Random graphs: one test, which prints what it finds."""
    print(f"== Random graphs, {FUZZ_SECONDS} seconds", flush=True)
    command = [sys.executable, "-m", "fuzz", "--seconds", FUZZ_SECONDS, "--seed", FUZZ_SEED]
    path = os.pathsep.join((str(build / "python"), str(ROOT / "tools")))
    code = run(command, {"PYTHONPATH": path, **environment}, lambda line: True)
    return Result(failed=[f"fuzz (exit code {code})"]) if code else Result(passed=1)


def check_fallbacks(results):
    """Prints what the tests recorded; gives what fails about it. Needs the records of both faces."""
    print("== Kernels of the examples")
    for line in sorted(line for result in results for line in result.kernels):
        print(f"  {line}")
    entries = fallbacks.read_list()
    problems = fallbacks.compare(set().union(*(result.host_calls for result in results)), entries)
    print(fallbacks.table(entries))
    return problems


def sanitizer_environment(sanitizer):
    """Settings for the C++ tests and for the Python tests; None where a run makes no sense."""
    if sanitizer == "address":
        undefined = {"UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1"}
        libraries = [
            subprocess.run(["g++-12", f"-print-file-name={name}"], capture_output=True, text=True, check=True).stdout.strip()
            for name in ("libasan.so", "libubsan.so")
        ]
        # The interpreter is not instrumented: the library comes first by preloading, and its own leaks are no news.
        python = {"LD_PRELOAD": " ".join(libraries), "ASAN_OPTIONS": "detect_leaks=0", **undefined}
        return {"ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1", **undefined}, python
    if sanitizer == "thread":
        return {"TSAN_OPTIONS": "second_deadlock_stack=1"}, None
    return {}, {}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=Path)
    parser.add_argument("--sanitizer", choices=("address", "thread"))
    options = parser.parse_args()
    build = options.build.resolve()
    cpp, python = sanitizer_environment(options.sanitizer)
    results = [run_cpp(build, cpp)]
    if python is not None:
        results += [run_python(build, python), run_fuzz(build, python)]
    failed = [name for result in results for name in result.failed]
    if python is not None:
        failed += check_fallbacks(results)
    for name in failed:
        print(f"FAILED {name}")
    skipped = sum(result.skipped for result in results)
    if skipped:
        print(f"{skipped} skipped")
    print(f"{sum(result.passed for result in results)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
