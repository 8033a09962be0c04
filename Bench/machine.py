"""The machine that a result was measured on, and how busy others kept it.

A result without these two cannot be judged later.
"""

import os
import platform
from pathlib import Path


def cpu_name():
    """Model, and the family and model numbers where the name hides them."""
    fields = {}
    for line in Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines():
        key, _, value = line.partition(":")
        fields[key.strip()] = value.strip()
    numbers = ", ".join(f"{key} {fields[key]}" for key in ("cpu family", "model") if key in fields)
    return f"{fields.get('model name', platform.machine())} ({numbers})"


def facts():
    return {
        "cpu": cpu_name(),
        "cpus": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "kernel": platform.release(),
    }


class Others:
    """CPU time that processes other than ours and our children's took since the start."""

    def __init__(self):
        self.start = self.busy_seconds(), self.own_seconds()

    @staticmethod
    def busy_seconds():
        first = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
        user, nice, system, _, _, interrupt, soft, steal = map(int, first[:8])
        ticks = user + nice + system + interrupt + soft + steal
        return ticks / os.sysconf("SC_CLK_TCK")

    @staticmethod
    def own_seconds():
        times = os.times()
        return times.user + times.system + times.children_user + times.children_system

    def cpu_seconds(self):
        """Counts children that have ended; call it when all have."""
        return max(0.0, self.busy_seconds() - self.start[0] - (self.own_seconds() - self.start[1]))
