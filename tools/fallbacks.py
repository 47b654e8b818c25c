"""What no compiled code computes: tests record it, the list of tests/fallbacks.txt gives the reasons, this compares.

A fallback is a host call: the row's reference value, or the user's own Python, instead of a kernel. Tests record them, as
"dot(int64, int64) -> int64", in a property `host_calls` of their reports, separated by "; ".
"""
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

LIST = Path(__file__).resolve().parent.parent / "tests" / "fallbacks.txt"


@dataclass
class Entry:
    """One line of the list: host calls that match the pattern are expected, for this reason."""

    pattern: str
    reason: str
    seen: set = field(default_factory=set)


def read_list(path=LIST):
    entries = []
    for line in path.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            pattern, _, reason = (part.strip() for part in line.partition(" : "))
            if not reason:
                raise ValueError(f"{path}: no reason in the line: {line}")
            entries.append(Entry(pattern, reason))
    return entries


def split(text):
    return [call for call in text.split("; ") if call]


def compare(host_calls, entries):
    """Notes in each entry what it explains; gives what is wrong, one line each."""
    problems = []
    for call in sorted(host_calls):
        entry = next((e for e in entries if fnmatchcase(call, e.pattern)), None)
        if entry:
            entry.seen.add(call)
        else:
            problems.append(f"{call} is computed by a host call: compile it, or give the reason in tests/fallbacks.txt")
    return problems + [f"tests/fallbacks.txt: no test sees '{e.pattern}' any more: remove it" for e in entries if not e.seen]


def table(entries):
    lines = ["== Fallbacks: the host calls that the tests saw, by the patterns of tests/fallbacks.txt"]
    for entry in entries:
        lines.append(f"{len(entry.seen):4}  {entry.pattern}")
        lines.append(f"      {entry.reason}")
    return "\n".join(lines)
