"""What is compared, and how one contender is started, asked for steps, and ended.

A PyTorch contender is one long-lived process (it compiles once); ptrain runs as its users run it.
"""

import json
import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
PYTORCH = {
    "PyTorch fp32 eager": [],
    "PyTorch fp32 eager, channels_last": ["--channels-last"],
    "PyTorch fp32 compile, channels_last": ["--channels-last", "--compile"],
    "PyTorch bf16 eager, channels_last": ["--channels-last", "--bf16"],
    "PyTorch bf16 compile, channels_last": ["--channels-last", "--bf16", "--compile"],
}
PTRAIN = "ptrain fp32"


@dataclass(frozen=True)
class Case:
    """One network at one batch size and thread count."""

    model: str
    batch_size: int
    threads: int
    input: str = "1x28x28"
    classes: int = 10

    @property
    def description(self):
        """What ptrain and the twins take as the model: a preset's name or a file."""
        path = BENCH / "networks" / f"{self.model}.yaml"
        return str(path) if path.exists() else self.model

    @property
    def takes_mnist(self):
        return (self.input, self.classes) == ("1x28x28", 10)

    @property
    def image_options(self):
        return ("--input", self.input, "--classes", str(self.classes))

    def options(self, data):
        return [
            *("--model", self.description, "--batch-size", str(self.batch_size)),
            *("--threads", str(self.threads)),
            *(("--data", data) if data and self.takes_mnist else self.image_options),
        ]


@dataclass
class Measured:
    """Numbers of one contender in one case."""

    name: str
    rounds: list = field(default_factory=list)  # median milliseconds per step of each round
    cpu_rounds: list = field(default_factory=list)  # mean CPU milliseconds of all threads
    peak_mebibytes: float = 0.0
    first_step_seconds: float = 0.0


# What makes contenders and their libraries do without AVX-512.
AVX2 = {
    "PTRAIN_ISA": "avx2",
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
}


def environment(**more):
    """The caller's without variables that tune one contender's threads or libraries, and `more`."""
    libraries = ("OPENBLAS_", "OMP_", "GOMP_", "KMP_", "MKL_", "ONEDNN_", "ATEN_", "TORCH")
    tuning = (*libraries, "PTRAIN_ISA")
    return {n: value for n, value in os.environ.items() if not n.startswith(tuning)} | more


class PyTorch:
    """A configuration of PyTorch in a process that lives as long as its case."""

    def __init__(self, name, case, data, python, variables, prefix):
        self.measured = Measured(name)
        command = [
            *prefix,
            python,
            str(BENCH / "torch_worker.py"),
            *case.options(data),
            *PYTORCH[name],
        ]
        start = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            env=environment(**variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.version = self.answer("first_step")["torch"]
        self.measured.first_step_seconds = time.perf_counter() - start
        self.expected = median(self.answer("ready")["milliseconds"])

    def answer(self, event):
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"Bench/compare: {self.measured.name} ended before its {event}")
        return json.loads(line)

    def run(self, steps):
        print("steps", steps, file=self.process.stdin, flush=True)
        answer = self.answer("steps")
        self.measured.rounds.append(median(answer["milliseconds"]))
        self.measured.cpu_rounds.append(answer["cpu_milliseconds"])
        self.measured.peak_mebibytes = answer["peak_mebibytes"]

    def close(self):
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


class Ptrain:
    """`ptrain bench step`, a new process each round."""

    version = ""

    def __init__(self, case, data, binary, variables, prefix):
        self.measured = Measured(PTRAIN)
        self.environment = environment(**variables)
        self.command = [*prefix, binary, "bench", "step", *case.options(data), "--json"]
        start = time.perf_counter()
        self.steps(1, "--warm-up", "0")
        self.measured.first_step_seconds = time.perf_counter() - start
        self.expected = self.steps(5)["milliseconds_per_step"]

    def steps(self, count, *more):
        process = subprocess.Popen(
            [*self.command, "--steps", str(count), *more],
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise SystemExit(f"Bench/compare: ptrain bench step ended with {process.returncode}")
        self.measured.peak_mebibytes = max(self.measured.peak_mebibytes, usage.ru_maxrss / 1024)
        return json.loads(output)

    def run(self, steps):
        answer = self.steps(steps)
        self.measured.rounds.append(answer["milliseconds_per_step"])
        self.measured.cpu_rounds.append(answer["cpu_milliseconds_per_step"])

    def close(self):
        pass
