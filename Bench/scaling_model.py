"""A model of a training step's time over cores, fitted to the parts that `bench scaling` measures.

    T(p) = γ · C · ceil(S / p) / S + R / p + F + U + V / p + W · log2(p)

C, R: shards and reduction on one core; S: shards of the minibatch, of which a core runs whole ones;
F: batch-normalisation constants, which the leader computes alone; V: what of the optimizer's step
is shared, U: the rest. From the run with the most threads that have a CPU each come γ, by how much
sharing the machine slows the shards' arithmetic down (1 for p = 1), U against V, and W, the wait
for the others for each doubling of the cores. Beyond that all cores are taken to be as fast: no
further memory limit, no turbo, no remote memory is in it.
"""

import math

SHARD_SIZE = 8


class Model:
    """Fitted to the runs of one process with a CPU for each thread."""

    def __init__(self, batch_size, runs):
        self.shards = math.ceil(batch_size / SHARD_SIZE)
        self.batch_size = batch_size
        one = next(run for run in runs if run["threads"] == 1)
        most = max(runs, key=lambda run: run["threads"])
        threads = most["threads"]
        self.compute = one["compute_milliseconds"]
        self.reduce = one["reduce_milliseconds"]
        self.constants = one["statistics_milliseconds"]
        update = one["update_milliseconds"]
        saved = update - most["update_milliseconds"]
        shared = saved / (1 - 1 / threads) if threads > 1 else 0.0
        self.shared_update = min(max(shared, 0.0), update)
        self.update = update - self.shared_update
        self.slowdown = max(most["compute_milliseconds"] / (self.compute * self.share(threads)), 1)
        self.wait = most["wait_milliseconds"] / math.log2(threads) if threads > 1 else 0.0
        # Parts are means; the median of the steps is what single slow steps leave alone.
        self.scale = one["milliseconds_per_step"] / self.sum_of_parts(1)

    def share(self, cores):
        """The largest part of the shards that one core runs."""
        return math.ceil(self.shards / cores) / self.shards

    def sum_of_parts(self, cores):
        slowdown = self.slowdown if cores > 1 else 1
        return (
            slowdown * self.compute * self.share(cores)
            + self.reduce / cores
            + self.constants
            + self.update
            + self.shared_update / cores
            + self.wait * math.log2(cores)
        )

    def milliseconds(self, cores):
        return self.sum_of_parts(cores) * self.scale

    def images_per_second(self, cores):
        return 1000 * self.batch_size / self.milliseconds(cores)

    def efficiency(self, cores):
        return self.milliseconds(1) / self.milliseconds(cores) / cores
