"""Draws and checks random graphs for a while: python -m fuzz [--seconds 300] [--seed N] [--jobs 2] [--only SEED].

Workers do it, each in a process of its own, so that a crash or an endless loop is a finding like others. Every finding is
printed with its seed, what differs, and a program that is cut down and runs by itself. The same seed gives the same programs.
"""
import argparse
import json
import os
import pickle
import subprocess
import sys
import tempfile
import time

SILENT_SECONDS = 300  # a program that takes longer hangs
MOST_FAILURES = 10


def options():
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=None, help="of the first program; without it a new one each time")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only", type=int, help="check the program of this seed and show it")
    parser.add_argument("--worker", type=int, nargs=2, metavar=("FIRST", "STEP"), help="used by the program itself")
    parser.add_argument("--pickled", help="used by the program itself")
    return parser.parse_args()


# ---------------------------------------------------------------------------------------------------------- workers


def kind_here(program):
    """How a program fails in this process: a Failure, or None. A program that cannot be built does not fail."""
    from .check import failure_of
    try:
        program.build()
    except Exception:
        return None
    return failure_of(program)


def mode_text(kind, program):
    """The mode of a finding, as Python."""
    return {"plain": "theano.Mode('cvm', None)", "fused": "theano.Mode('cvm', None)",
            "random": f"theano.Mode('cvm').excluding(*{program.excluded})"}.get(kind.split()[-1], "'FAST_RUN'")


def say(**facts):
    print(json.dumps(facts), flush=True)


def rows_of(program):
    from croton import _core
    names = program.build()
    outputs = [names[o] for o in program.outputs] + [names[v] for _, v in program.updates]
    return sorted({v.row for v in _core.toposort([o._var for o in outputs])})


def work(first, step, seconds):
    """Programs of the seeds first, first + step, ..., one JSON line each."""
    from .check import failure_of
    from .draw import draw
    from .shrink import shrunk
    end, seed = time.time() + seconds, first
    while time.time() < end:
        say(start=seed)
        program = draw(seed)
        failure = failure_of(program)
        if failure:
            say(shrinking=seed)
            small = shrunk(program, lambda p: getattr(kind_here(p), "kind", None))
            last = kind_here(small) or failure
            say(failure=seed, kind=failure.kind, what=str(last), program=small.text(mode_text(failure.kind, small)))
        say(done=seed, lines=len(program.steps), rows=rows_of(program))
        seed += step


def pickled(path):
    """Checks the program in a file; the exit code says whether it fails. A crash says it too."""
    with open(path, "rb") as file:
        program = pickle.load(file)
    failure = kind_here(program)
    print(failure or "")
    return 1 if failure else 0


# ----------------------------------------------------------------------------------------------------------- parent


class Worker:
    """A process that works on the seeds first, first + step, ..."""

    def __init__(self, first, step, end):
        self.step, self.end, self.seed = step, end, first
        self.start(first)

    def start(self, first):
        command = [sys.executable, "-m", "fuzz", "--seconds", str(max(self.end - time.time(), 0)), "--worker", str(first), str(self.step)]
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.errors)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.rest, self.heard = b"", time.time()

    def news(self):
        """What it has said since."""
        text = self.process.stdout.read() or b""
        if text:
            self.heard = time.time()
        lines = (self.rest + text).split(b"\n")
        self.rest = lines.pop()
        found = [json.loads(line) for line in lines if line.startswith(b"{")]
        for facts in found:
            self.seed = facts.get("start", self.seed)
        return found

    def last_words(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")[-1500:]


def crashed(seed, ending, words):
    """A finding for a process that died or hung, with the program cut down in processes of their own."""
    from .draw import draw
    from .shrink import shrunk
    if "Traceback" in words:  # an error of the fuzzer's own
        return {"failure": seed, "kind": ending, "what": words, "program": ""}

    def ending_of(program):
        with tempfile.NamedTemporaryFile(suffix=".pickle") as file:
            pickle.dump(program, file)
            file.flush()
            try:
                code = subprocess.run([sys.executable, "-m", "fuzz", "--pickled", file.name], capture_output=True, timeout=60).returncode
            except subprocess.TimeoutExpired:
                return "hang"
        return code if code < 0 else None

    program = draw(seed)
    small = shrunk(program, ending_of) if ending_of(program) else program
    return {"failure": seed, "kind": ending, "what": words, "program": small.text()}


def show(finding):
    print(f"\n== seed {finding['failure']}: {finding['kind']}: {finding['what']}\n{finding['program']}", flush=True)


def supervise(seconds, seed, jobs):
    """Runs the workers to the end; gives the findings, the number of programs and of lines, and the rows in them."""
    end = time.time() + seconds
    workers = [Worker(seed + k, jobs, end) for k in range(jobs)]
    findings, programs, lines, rows = [], 0, 0, set()
    while workers:
        time.sleep(0.2)
        for worker in list(workers):
            for facts in worker.news():
                if "done" in facts:
                    programs, lines = programs + 1, lines + facts["lines"]
                    rows.update(facts["rows"])
                elif "failure" in facts:
                    findings.append(facts)
                    show(facts)
            code = worker.process.poll()
            hangs = code is None and time.time() - worker.heard > SILENT_SECONDS
            if code is None and not hangs:
                continue
            if hangs:
                worker.process.kill()
            worker.news()
            if code != 0:
                ending = "hang" if hangs else f"exit code {code}"
                findings.append(crashed(worker.seed, ending, worker.last_words()))
                show(findings[-1])
            if code != 0 and time.time() < end and len(findings) < MOST_FAILURES:
                worker.start(worker.seed + worker.step)
            else:
                workers.remove(worker)
    return findings, programs, lines, rows


def main():
    o = options()
    os.environ.setdefault("CROTON_CACHE_MB", "0")  # kernels of programs that nobody draws again
    if o.worker:
        return work(*o.worker, o.seconds)
    if o.pickled:
        return pickled(o.pickled)
    from . import rows
    if o.only is not None:
        from .check import failure_of
        from .draw import draw
        program = draw(o.only)
        failure = failure_of(program)
        print(program.text(), failure or "agrees", sep="\n")
        return 1 if failure else 0
    if rows.unknown_rows():
        print(f"fuzz: no line draws these rows: {', '.join(rows.unknown_rows())}; see tools/fuzz/rows.py")
        return 1
    seed = o.seed if o.seed is not None else int(time.time() * 1000) % 10**9
    findings, programs, lines, seen = supervise(o.seconds, seed, o.jobs)
    drawn = set(rows.ROWS) - set(rows.NOT_DRAWN)
    print(f"fuzz: seed {seed}: {programs} programs, {lines} lines, {len(seen & drawn)} of {len(drawn)} rows, {len(findings)} failures")
    if drawn - seen:
        print(f"fuzz: not drawn this time: {', '.join(sorted(drawn - seen))}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
