"""Fails on a file without a first comment, on one that is too long, and on a path of somebody's machine."""
import re

from check_common import ROOT, committed_files, finish

LONG, TOO_LONG = 400, 600
# How the first line begins in each kind of file.
COMMENT_STARTS = {
    ".h": ("//",),
    ".cpp": ("//",),
    ".inc": ("//",),
    ".py": ("#", '"""', 'r"""'),
    ".pyi": ("#", '"""'),
    ".sh": ("#",),
    ".cmake": ("#",),
    ".toml": ("#",),
    ".txt": ("#",),
    "": ("#",),
}
WITHOUT_COMMENT = {"LICENSE"}
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:work|root|home|farm|tmp)/")


def first_comment(lines):
    """The first line that says something: after the line that names an interpreter, if there is one."""
    return lines[1] if len(lines) > 1 and lines[0].startswith("#!") else lines[0] if lines else ""


def check(file, text):
    lines = text.splitlines()
    starts = COMMENT_STARTS.get(file.suffix if not file.name.startswith(".") else "")
    if starts and file.name not in WITHOUT_COMMENT:
        words = first_comment(lines).lstrip("#/\"r \t")
        if not first_comment(lines).startswith(starts) or len(words.split()) < 2:
            yield f"{file}:1: the first line is a comment that says what the file is for"
    if starts and len(lines) > TOO_LONG:
        yield f"{file}: {len(lines)} lines, more than {TOO_LONG}: split it by concern"
    for number, line in enumerate(lines, 1):
        if MACHINE_PATH.search(line):
            yield f"{file}:{number}: a path of one machine"


def main():
    problems, long_files, files = [], [], committed_files()
    for file in files:
        try:
            text = (ROOT / file).read_text()
        except UnicodeDecodeError:
            continue
        problems += check(file, text)
        if LONG < text.count("\n") <= TOO_LONG and file.suffix in COMMENT_STARTS and file.suffix != ".txt":
            long_files.append(f"{file} ({text.count(chr(10))})")
    if long_files:
        print(f"check_files: over {LONG} lines, each should have a reason: {', '.join(long_files)}")
    finish("check_files", problems, f"{len(files)} files")


if __name__ == "__main__":
    main()
