"""The machine's limits, measured in between the runs that they belong to."""
import subprocess

import numpy as np


class Limits:
    """What the machine can do, asked of bench_limits; without that program there are no limits."""

    def __init__(self, program):
        self.process = None
        if program.exists():
            self.process = subprocess.Popen([str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def rate(self, what, size, threads):
        """GB/s or GF/s."""
        self.process.stdin.write(f"{what} {size} {threads}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def seconds(self, cost, threads):
        """The least time that the machine needs for such a cost; None where no limit is stated."""
        if not cost or self.process is None:
            return None
        moved = cost["read"] + cost["written"]
        bandwidth = self.rate("triad" if 10 * cost["written"] > cost["read"] else "read", moved, threads)
        least = moved / bandwidth / 1e9
        if cost["flops"]:
            size = np.dtype(cost["dtype"]).itemsize
            least = max(least, cost["flops"] / self.rate("fma", size, threads) / 1e9)
        return least

    def close(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()
