"""The scoreboard: Croton beside its peers and the machine's limits, as Markdown tables.

python bench/run.py [--lines call,map] [--threads 1,2] [--peers numpy,jax] [--quick] [--output FILE]

Peers run in environments of their own, which `make peers` makes; those that are not there are left out.
"""
import argparse
import os
import pathlib
import sys
import time

import harness
import report
import workers
from limits import Limits
from workloads import LINES


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", default=",".join(LINES), help="which lines: " + ", ".join(LINES))
    parser.add_argument("--variants", default="", help="only variants whose label contains this")
    cores = len(os.sched_getaffinity(0))
    parser.add_argument("--threads", default="1" if cores == 1 else f"1,{cores}", help="numbers of threads")
    parser.add_argument("--peers", default=",".join(workers.PEERS), help="which peers: " + ", ".join(workers.PEERS))
    parser.add_argument("--quick", action="store_true", help="fewer variants, a few short rounds")
    parser.add_argument("--build", default=pathlib.Path(__file__).resolve().parent.parent / "build", type=pathlib.Path,
                        help="the build folder that holds bin/bench_limits")
    parser.add_argument("--output", type=pathlib.Path, help="write the tables there, too")
    arguments = parser.parse_args()
    for name, known in (("lines", LINES), ("peers", workers.PEERS)):
        chosen = [word for word in getattr(arguments, name).split(",") if word]
        unknown = [word for word in chosen if word not in known]
        if unknown:
            parser.error(f"no such {name[:-1]}: {', '.join(unknown)}")
        setattr(arguments, name, chosen)
    arguments.threads = [int(count) for count in arguments.threads.split(",")]
    return arguments


def start(implementation, threads, build, notes):
    """The worker, or None where the implementation is not installed or cannot be loaded."""
    if workers.interpreter(implementation) is None:
        missing = f"{implementation} is not installed"
        if missing not in notes:
            notes.append(missing)
        return None
    worker = workers.Worker(implementation, threads, build)
    try:
        version = worker.ask("about")
    except workers.WorkerFailed as failure:
        notes.append(f"{implementation} cannot be loaded: {failure}")
        worker.close()
        return None
    if version not in notes:
        notes.append(version)
    return worker


def measure_all(arguments, limits, notes, rounds, seconds):
    for threads in arguments.threads:
        team = {name: start(name, threads, arguments.build, notes) for name in ("croton", *arguments.peers)}
        team = {name: worker for name, worker in team.items() if worker is not None}
        for line in arguments.lines:
            module = LINES[line]
            for variant in module.variants(arguments.quick):
                if arguments.variants not in variant["label"]:
                    continue
                row = harness.measure(module, variant, threads, team, limits, rounds, seconds)
                print(" | ".join(report.cells(row)), file=sys.stderr, flush=True)
                yield row
        for worker in team.values():
            worker.close()


def main():
    arguments = parse_arguments()
    rounds, seconds = (5, 0.02) if arguments.quick else (7, 0.03)
    began, notes = time.monotonic(), [f"load {os.getloadavg()[0]:.1f} at the start"]
    limits = Limits(arguments.build / "bin" / "bench_limits")
    if limits.process is None:
        notes.append("no limits: bench_limits is not built")
    rows = list(measure_all(arguments, limits, notes, rounds, seconds))
    # What threads bring to arithmetic.
    factors = {threads: limits.rate("fma", 8, threads) / limits.rate("fma", 8, 1) for threads in arguments.threads
               if threads > 1 and limits.process is not None}
    limits.close()
    notes.append(f"{time.monotonic() - began:.0f} s")
    text = report.whole(rows, notes, rounds, factors)
    print(text)
    if arguments.output:
        arguments.output.write_text(text + "\n", encoding="utf-8")
    return 1 if any(row.problems for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
