"""Fails if a public header does not compile by itself, as the only include of a file."""
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

from check_common import ROOT, committed_files, finish


def compile_alone(header):
    """The compiler's first message, or None if the header is complete."""
    name = header.relative_to("include")
    source = f'#include "{name}"\n#include "{name}"\n'
    command = [os.environ.get("CXX", "g++-12"), "-std=c++20", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
    result = subprocess.run(
        [*command, "-Iinclude", "-xc++", "-"], cwd=ROOT, input=source, capture_output=True, text=True, check=False
    )
    return None if result.returncode == 0 else f"{header}: not self-contained:\n{result.stderr[:1000]}"


def main():
    headers = committed_files("include/*.h")
    with ThreadPoolExecutor(2) as pool:
        problems = [problem for problem in pool.map(compile_alone, headers) if problem]
    finish("check_headers", problems, f"{len(headers)} public headers")


if __name__ == "__main__":
    main()
