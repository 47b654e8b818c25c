"""Measures one variant: all implementations agree, then take turns."""
import statistics

import numpy as np
from workers import WorkerFailed

HOPELESS = 3  # times as long as the fastest peer
TOLERANCES = {"float32": 2e-5, "float64": 1e-11}


def disagreement(ours, theirs, tolerance):
    """What differs between two lists of sampled results, or None."""
    if len(ours) != len(theirs):
        return f"{len(ours)} and {len(theirs)} results"
    for index, ((shape, dtype, values), (peer_shape, peer_dtype, peer_values)) in enumerate(zip(ours, theirs)):
        if shape != peer_shape:
            return f"result {index} has shape {shape}, the reference's {peer_shape}"
        if np.dtype(dtype).kind != np.dtype(peer_dtype).kind:
            return f"result {index} is {dtype}, the reference's {peer_dtype}"
        bound = tolerance or max(TOLERANCES.get(dtype, 0), TOLERANCES.get(peer_dtype, 0))
        scale = float(np.max(np.abs(peer_values), initial=0))
        error = float(np.max(np.abs(np.subtract(values, peer_values, dtype="float64")), initial=0))
        if not error <= bound * scale:  # also where it is not a number
            return f"result {index} is off by {error:.3g} at magnitude {scale:.3g}"
    return None


class Row:
    """One measured variant: the median seconds by implementation, ratios, and what went wrong."""

    def __init__(self, line, variant, threads):
        self.line, self.variant, self.label, self.threads = line, variant, variant["label"], threads
        self.seconds, self.rounds, self.problems, self.notes = {}, {}, [], []
        self.limit = None

    @property
    def ours(self):
        return self.seconds.get("croton")

    def ratio_to(self, peer):
        """The median of the rounds' ratios: whoever else is at work on the machine slows both sides of a round."""
        return statistics.median(theirs / own for own, theirs in zip(self.rounds["croton"], self.rounds[peer]))

    def goals(self):
        """(against whom, the ratio wanted, the ratio reached or None) of each goal of the variant."""
        for against, wanted in self.variant.get("goals", {}).items():
            if isinstance(wanted, (list, tuple)):  # with one thread, with more
                wanted = wanted[min(self.threads, len(wanted)) - 1]
            if against == "seconds":
                yield f"{wanted * 1e6:,g} us", 1.0, wanted / self.ours if self.ours else None
                continue
            peers = [name for name in self.seconds if name != "croton" and against in ("best", name)]
            if self.ours is None or not peers:
                yield against, wanted, None
                continue
            best = min(peers, key=self.seconds.get)
            yield best, wanted, self.ratio_to(best)


def prepare(module, variant, workers, row):
    """The workers whose results agree with the reference, which is the first of them that is not Croton."""
    results = {}
    for name, worker in workers.items():
        try:
            result = worker.ask("prepare", module.NAME, variant)
        except WorkerFailed as failure:
            (row.problems if name == "croton" else row.notes).append(f"{name}: {failure}")
            continue
        if result is not None:
            results[name] = result
    reference = next((name for name in results if name != "croton"), None)
    agreeing = {}
    for name, result in results.items():
        difference = None if reference is None else disagreement(result, results[reference], variant.get("tolerance"))
        if difference:
            (row.problems if name == "croton" else row.notes).append(f"{name} not timed, against {reference}: {difference}")
        else:
            agreeing[name] = workers[name]
    return agreeing


def measure(module, variant, threads, workers, limits, rounds, seconds):
    """One row. A peer that is hopelessly slow has one turn only: the time is better spent on the others."""
    row = Row(module.NAME, variant, threads)
    agreeing = prepare(module, variant, workers, row)
    cost = module.cost(variant) if "croton" in agreeing else {}
    try:
        before = limits.seconds(cost, threads)
        row.rounds = take_turns(agreeing, variant.get("rounds", rounds), seconds)
        if before is not None:
            row.limit = min(before, limits.seconds(cost, threads))  # others may have been at work during one of them
    except WorkerFailed as failure:
        row.problems.append(str(failure))
        return row
    row.seconds = {name: statistics.median(times) for name, times in row.rounds.items()}
    for worker in workers.values():
        worker.ask("forget")
    return row


def take_turns(workers, rounds, seconds):
    """The median time of a call in each round, by implementation."""
    times = {name: [] for name in workers}
    playing = list(workers)
    for _ in range(rounds):
        for name in playing:
            times[name].append(statistics.median(workers[name].ask("measure", seconds)))
            workers[name].wait_until_idle()
        fastest = min((times[name][0] for name in workers if name != "croton"), default=None)
        playing = [name for name in playing if name == "croton" or times[name][0] <= HOPELESS * fastest]
    return times
