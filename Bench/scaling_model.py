"""A model of a training step's time over cores, made of what is measured on a few of them.

`bench phases` times every task of a step on one thread, cut as for so many workers. Here workers
claim those tasks in the pool's own order: each those of its range, then what others of its node
have left, then the rest. A phase costs what `bench pool` measures beside its tasks, and as much
again for each further doubling of the workers. Several workers slow each other's tasks down, by
the factor that the measured steps show beyond all that. A step moves no more bytes than `bench
memory` copies on as many threads; where those were not measured, on one thread, times the workers,
as far as NODE_GBYTES goes.

Assumed, since it was measured nowhere: NODE_CORES, NODE_GBYTES and REMOTE.
"""

import heapq
import math
import statistics
from dataclasses import dataclass

# Cores of a NUMA node and what its memory gives them: eight channels of DDR4-3200, three quarters.
NODE_CORES = 64
NODE_GBYTES = 150
# How much longer a task takes whose data lies on another node.
REMOTE = 1.5


@dataclass
class Machine:
    """What `bench pool` and `bench memory` measured, by thread count."""

    # Microseconds of a phase beside its tasks.
    phase: dict[int, float]
    # Gigabytes a second that all threads together copy, from memory.
    memory: dict[int, float]

    def overhead(self, workers):
        most = max(self.phase)
        # A machine of one CPU has measured no doubling.
        doublings = math.log2(workers) / max(math.log2(most), 1)
        return self.phase.get(workers, self.phase[most] * doublings)

    def gigabytes(self, workers):
        if workers in self.memory:
            return self.memory[workers]
        nodes = math.ceil(workers / NODE_CORES)
        return min(workers * self.memory[1], nodes * NODE_GBYTES)


class Pool:
    """Workers that claim the tasks of a phase."""

    def __init__(self, workers):
        self.workers = workers
        self.node = [worker // NODE_CORES for worker in range(workers)]
        # Ranges in the order in which a worker looks for tasks: its own, its node's, all others.
        self.order = [self.search_order(worker) for worker in range(workers)]

    def search_order(self, worker):
        near = [other for other in range(self.workers) if self.node[other] == self.node[worker]]
        own = near.index(worker)
        behind = [*range(near[-1] + 1, self.workers), *range(near[0])]
        return near[own:] + near[:own] + behind

    def finish(self, tasks, last_tasks):
        """When the last of a phase's tasks ends that all begin to claim at 0.

        The `last_tasks` belong to nobody: whoever finds no other one takes them.
        """
        bounds = [len(tasks) * worker // self.workers for worker in range(self.workers + 1)]
        following, left, end = bounds[:-1], len(tasks), 0.0
        free = [(0.0, worker) for worker in range(self.workers)]
        while left:
            now, worker = heapq.heappop(free)
            home = next(r for r in self.order[worker] if following[r] < bounds[r + 1])
            distance = REMOTE if self.node[home] != self.node[worker] else 1
            now += distance * tasks[following[home]]
            following[home] += 1
            left -= 1
            end = max(end, now)
            heapq.heappush(free, (now, worker))
        for task in last_tasks:
            now, worker = heapq.heappop(free)
            end = max(end, now + task)
            heapq.heappush(free, (now + task, worker))
        return end


@dataclass
class Step:
    """A simulated step, in milliseconds; medians over the measured ones."""

    total: float
    leader: float
    phases: int
    tasks: int
    # What a step would take whose tasks were all of one length, over what it takes.
    balance: float


def simulate(machine, traces, workers, slowdown=1.0, gigabytes=0.0):
    """A step that moves `gigabytes`, of which every task takes `slowdown` times as long."""
    pool = Pool(workers)
    steps: list[tuple[float, float, float]] = []
    floor = 1e3 * gigabytes / machine.gigabytes(workers)
    for trace in traces:
        leader, shared, even = trace["end_microseconds"], 0.0, 0.0
        for phase in trace["phases"]:
            tasks = [slowdown * time for time in phase["task_microseconds"]]
            last_tasks = [slowdown * time for time in phase["last_task_microseconds"]]
            leader += phase["leader_microseconds"]
            if len(tasks) + len(last_tasks) < 2:
                leader += sum(tasks) + sum(last_tasks)
                continue
            # Without others there is no phase to open.
            leader += machine.overhead(workers) if workers > 1 else 0.0
            shared += pool.finish(tasks, last_tasks)
            even += (sum(tasks) + sum(last_tasks)) / workers
        total = 1e-3 * leader + max(1e-3 * shared, floor)
        steps.append((total, 1e-3 * leader, even / shared if shared else 1.0))
    phases = traces[0]["phases"]
    widest = max(len(phase["task_microseconds"]) for phase in phases)
    total, alone, balance = (statistics.median(step[i] for step in steps) for i in range(3))
    return Step(total, alone, len(phases), widest, balance)


class Model:
    """Of one network and batch size, from `traces` by workers and a measured step of several."""

    def __init__(self, machine, batch_size, traces, measured, gigabytes):
        self.machine, self.batch_size, self.gigabytes = machine, batch_size, gigabytes
        self.traces = traces
        threads = measured["threads"]
        plain = simulate(machine, traces[threads], threads).total
        # How much several workers slow each other down; one does not.
        self.slowdown = max(measured["milliseconds_per_step"] / plain, 1.0) if threads > 1 else 1.0
        self.steps = {workers: self.step(workers) for workers in traces}

    def step(self, workers):
        slowdown = self.slowdown if workers > 1 else 1.0
        return simulate(self.machine, self.traces[workers], workers, slowdown, self.gigabytes)

    def images_per_second(self, workers):
        return 1000 * self.batch_size / self.steps[workers].total

    def efficiency(self, workers):
        return self.steps[1].total / self.steps[workers].total / workers
