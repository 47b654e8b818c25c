"""The scoreboard as text: one row for each variant, the figures that fall short, and what a second thread brings."""
import datetime
import os
import platform

NAMES = {"numpy": "NumPy", "jax": "JAX", "torch": "PyTorch", "numba": "Numba", "numexpr": "NumExpr", "hand": "by hand"}
SCALING_GOAL = 0.9
SCALING_LEAST = 100e-6  # shorter calls have less to share out than it costs


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            fields = dict(line.split(":", 1) for line in lines if ":" in line)
        fields = {key.strip(): value.strip() for key, value in fields.items()}
        name = f"{fields['model name']} (family {fields['cpu family']}, model {fields['model']})"
    except (OSError, KeyError):
        name = platform.machine()
    return f"{name}, {len(os.sched_getaffinity(0))} cores"


def microseconds(seconds):
    return "-" if seconds is None else f"{seconds * 1e6:,.3g}" if seconds < 1e-3 else f"{seconds * 1e6:,.0f}"


def cells(row):
    """One row of the table: the peers from the fastest to the slowest, and the ratio to each peer that there is a goal for."""
    peers = sorted((name for name in row.seconds if name != "croton"), key=row.seconds.get)
    others = ", ".join(f"{NAMES[name]} {microseconds(row.seconds[name])}" for name in peers) or "-"
    goals = "; ".join(f"{'-' if reached is None else f'{reached:.2f}'} of {wanted:g} ({NAMES.get(against, against)})"
                      for against, wanted, reached in row.goals())
    share = f"{row.limit / row.ours:.0%}" if row.limit and row.ours else "-"
    return [row.line, row.label, str(row.threads), microseconds(row.ours), others, goals or "-", share,
            "; ".join([*row.problems, *row.notes])]


def table(rows):
    header = ["line", "variant", "threads", "Croton us", "peers us", "ratio of goal (to whom)", "share of limit", "notes"]
    lines = [f"| {' | '.join(header)} |", "| --- | --- | ---: | ---: | --- | --- | ---: | --- |"]
    return lines + [f"| {' | '.join(cells(row))} |" for row in rows]


def figures(rows):
    """(reached over wanted, reached, wanted, against, row), worst first."""
    found = [(reached / wanted, reached, wanted, against, row) for row in rows for against, wanted, reached in row.goals()
             if reached is not None]
    return sorted(found, key=lambda figure: figure[0])


def lines_of_the_issue(rows):
    """The least ratio over the variants of a line, by thread count: what counts."""
    least = {}
    for share, reached, wanted, against, row in reversed(figures(rows)):
        least[row.line, row.threads] = share, reached, wanted, against, row.label
    lines = ["| line | threads | least ratio | goal | to whom | variant | reached |", "| --- | ---: | ---: | ---: | --- | --- | --- |"]
    for (line, threads), (share, reached, wanted, against, label) in sorted(least.items()):
        lines.append(f"| {line} | {threads} | {reached:.2f} | {wanted:g} | {NAMES.get(against, against)} | {label} | "
                     f"{'yes' if share >= 1 else 'no'} |")
    return lines


def short_falls(rows):
    """Every figure that is not reached, worst first."""
    return [f"{reached:.2f} of {wanted:g}: {row.line}, {row.label}, {row.threads} thread{'s' * (row.threads > 1)}, "
            f"against {NAMES.get(against, against)} ({microseconds(row.ours)} us)"
            for share, reached, wanted, against, row in figures(rows) if share < 1]


def scaling(rows, factors):
    """What more threads bring to calls that are long enough, over what they bring to the limit of the call where it is near that,
    and to multiply-adds elsewhere."""
    one = {(row.line, row.label): row for row in rows if row.threads == 1}
    lines = []
    for row in rows:
        single = one.get((row.line, row.label))
        if row.threads == 1 or single is None or not single.ours or not row.ours or single.ours < SCALING_LEAST or not row.limit:
            continue
        at_limit = single.limit > 0.5 * single.ours  # of memory or multiply-adds, whichever bounds it
        possible = single.limit / row.limit if at_limit else factors[row.threads]
        gained = single.ours / row.ours
        lines.append((gained / possible, f"{gained / possible:.2f} of {SCALING_GOAL}: {row.line}, {row.label}: {row.threads} threads "
                                         f"bring {gained:.2f}, of {possible:.2f} possible ({'its limit' if at_limit else 'multiply-adds'})"))
    return [text for share, text in sorted(lines) if share < SCALING_GOAL]


def whole(rows, notes, rounds, factors):
    head = (f"{datetime.date.today()}, {processor()}; {'; '.join(notes)}. Medians of {rounds} rounds taken in turns. Ratio: the peer's "
            "time over Croton's, in the same round. Share: the machine's least time, measured before and after, over Croton's.")
    parts = [[head], table(rows), ["The least over the variants of a line:", "", *lines_of_the_issue(rows)],
             ["Not reached, worst first:", "", *(short_falls(rows) or ["nothing"])]]
    if factors:
        parts.append(["Threads that bring too little, worst first:", "", *(scaling(rows, factors) or ["nothing"])])
    return "\n\n".join("\n".join(part) for part in parts)
