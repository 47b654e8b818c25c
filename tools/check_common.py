"""What the check scripts share: the committed files, C++ without comments, and the report at the end."""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def committed_files(*patterns):
    """Paths, relative to the root, of the committed files that match git's patterns and still exist."""
    output = subprocess.run(
        ["git", "ls-files", "-z", "--", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [Path(name) for name in output.split("\0") if name and (ROOT / name).is_file()]


COMMENT_OR_STRING = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)


def without_comments(text):
    """C++ text with its comments blanked and its line numbers kept."""

    def blank(match):
        found = match.group()
        return found if found.startswith('"') else "\n" * found.count("\n")

    return COMMENT_OR_STRING.sub(blank, text)


def finish(name, problems, checked):
    """Prints the problems, or how much was checked, and ends the script."""
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        print(f"{name}: {len(problems)} problems", file=sys.stderr)
        sys.exit(1)
    print(f"{name}: {checked}")
