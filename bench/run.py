"""The scoreboard: Croton beside NumPy and the machine's limits, as a Markdown table.

python bench/run.py [--lines call,map] [--threads 1,2] [--quick] [--output FILE]
"""
import argparse
import datetime
import os
import pathlib
import platform
import sys

import harness
from workloads import LINES


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", default=",".join(LINES), help="which lines: " + ", ".join(LINES))
    cores = len(os.sched_getaffinity(0))
    parser.add_argument("--threads", default="1" if cores == 1 else f"1,{cores}", help="numbers of threads")
    parser.add_argument("--quick", action="store_true", help="a few short rounds")
    parser.add_argument("--build", default=pathlib.Path(__file__).parent.parent / "build", type=pathlib.Path,
                        help="the build folder that holds bin/bench_limits")
    parser.add_argument("--output", type=pathlib.Path, help="write the table there, too")
    arguments = parser.parse_args()
    arguments.lines = arguments.lines.split(",")
    unknown = [line for line in arguments.lines if line not in LINES]
    if unknown:
        parser.error(f"no such line: {', '.join(unknown)}")
    arguments.threads = [int(count) for count in arguments.threads.split(",")]
    return arguments


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            fields = dict(line.split(":", 1) for line in lines if ":" in line)
        fields = {key.strip(): value.strip() for key, value in fields.items()}
        name = f"{fields['model name']} (family {fields['cpu family']}, model {fields['model']})"
    except (OSError, KeyError):
        name = platform.machine()
    return f"{name}, {len(os.sched_getaffinity(0))} cores"


def start(implementation, threads, notes):
    """The worker, or None where the implementation cannot be loaded."""
    worker = harness.Worker(implementation, threads)
    try:
        version = worker.ask("about")
    except harness.WorkerFailed as failure:
        notes.append(f"{implementation} cannot be loaded: {failure}")
        worker.close()
        return None
    if version not in notes:
        notes.append(version)
    return worker


def microseconds(seconds):
    return "-" if seconds is None else f"{seconds * 1e6:,.3g}" if seconds < 1e-3 else f"{seconds * 1e6:,.0f}"


def cells(row):
    share = f"{row.limit / row.ours:.0%}" if row.limit and row.ours else "-"
    ratio = "-" if row.ratio is None else f"{row.ratio:.2f}"
    note = "; ".join(row.problems)
    return [row.line, row.label, str(row.threads), microseconds(row.ours), microseconds(row.theirs), ratio, share, note]


def main():
    arguments = parse_arguments()
    rounds, seconds = (5, 0.02) if arguments.quick else (21, 0.1)
    notes, rows = [f"load {os.getloadavg()[0]:.1f} at the start"], []
    limits = harness.Limits(arguments.build / "bin" / "bench_limits")
    if limits.process is None:
        notes.append("no limits: bench_limits is not built")
    for threads in arguments.threads:
        ours, theirs = (start(implementation, threads, notes) for implementation in ("croton", "numpy"))
        for line in arguments.lines:
            module = LINES[line]
            for variant in module.variants(arguments.quick):
                row = harness.measure(module, variant, threads, ours, theirs, limits, rounds, seconds)
                rows.append(row)
                print(" ".join(cells(row)), file=sys.stderr, flush=True)
        for worker in (ours, theirs):
            if worker is not None:
                worker.close()
    limits.close()
    table = [f"{datetime.date.today()}, {processor()}; {', '.join(notes)}. Medians of {rounds} rounds taken in turns; "
             "ratio: NumPy's time over Croton's; share: the machine's least time, measured before and after, over Croton's.",
             "", "| line | variant | threads | Croton us | NumPy us | ratio | share of limit | |",
             "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |"]
    table += [f"| {' | '.join(cells(row))} |" for row in rows]
    text = "\n".join(table)
    print(text)
    if arguments.output:
        arguments.output.write_text(text + "\n", encoding="utf-8")
    return 1 if any(row.problems for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
