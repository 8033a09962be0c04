"""The machine that a result was measured on, and how busy others kept it.

A result without these two cannot be judged later.
"""

import os
import platform
from pathlib import Path

# Of each cache, where the kernel knows its size.
FIELDS = ("type", "level", "size")


def cpu_fields():
    """What /proc/cpuinfo says of the first CPU."""
    fields = {}
    for line in Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines():
        key, _, value = line.partition(":")
        fields[key.strip()] = value.strip()
    return fields


def cpu_name(fields):
    """Model, and the family and model numbers where the name hides them."""
    numbers = ", ".join(f"{key} {fields[key]}" for key in ("cpu family", "model") if key in fields)
    return f"{fields.get('model name', platform.machine())} ({numbers})"


def instruction_set(fields):
    """The widest of those that kernels are made for; none where the machine has neither."""
    flags = fields.get("flags", "").split()
    known = {"avx512f": "AVX-512", "avx2": "AVX2"}
    return next((name for flag, name in known.items() if flag in flags), "")


def caches():
    """The data caches that the first CPU sees, such as `32K of L1, 1024K of L2`."""
    sizes = sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size"))
    known = [[size.with_name(name).read_text().strip() for name in FIELDS] for size in sizes]
    return ", ".join(f"{size} of L{level}" for kind, level, size in known if kind != "Instruction")


def facts():
    fields = cpu_fields()
    return {
        "cpu": cpu_name(fields),
        "instruction_set": instruction_set(fields),
        "caches": caches(),
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
