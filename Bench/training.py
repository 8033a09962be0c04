"""Runs `ptrain` to the end of a training and reads what it left.

Accuracy and determinism are judged from the run directory's own metrics.jsonl.
"""

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARY = os.environ.get("PTRAIN_BINARY", str(ROOT / ".build/release/ptrain"))

# Ranks share this machine's CPUs, whatever mpirun thinks of it.
MPIRUN = ["mpirun", "--oversubscribe", "--bind-to", "none"]
MPI_AS_ROOT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


def real_time_option(parser):
    parser.add_argument(
        "--real-time", action="store_true", help="run before other processes (chrt; needs root)"
    )


def priority(options):
    """The words before a command that is timed."""
    return ["chrt", "--rr", "5"] if options.real_time else []


class TimedProcess:
    """A process that ended well: lines of its stdout, and seconds from its start to each."""

    def __init__(self, command, environment, name):
        self.lines: list[str] = []
        self.line_seconds: list[float] = []
        start = time.perf_counter()
        with (
            tempfile.TemporaryFile("w+") as errors,
            subprocess.Popen(
                command, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
            ) as process,
        ):
            assert process.stdout
            for line in process.stdout:
                self.line_seconds.append(time.perf_counter() - start)
                self.lines.append(line.rstrip("\n"))
            status = process.wait()
            self.seconds = time.perf_counter() - start
            if status != 0:
                errors.seek(0)
                raise SystemExit(f"{name}: {errors.read().strip()}")


class Run:
    """One finished training: its metrics file, its description, when each epoch had been tested and
    how long the process lived, in seconds from its start."""

    def __init__(self, arguments, instruction_set=None, data=None, ranks=None):
        environment = {**os.environ, **({"PTRAIN_DATA": data} if data else {})}
        if instruction_set:
            environment["PTRAIN_ISA"] = instruction_set
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / "run"
            command = [BINARY, *arguments, "--output", str(output), "--quiet"]
            if ranks:
                command = [*MPIRUN, "-np", str(ranks), *command]
                environment |= MPI_AS_ROOT
            process = TimedProcess(command, environment, f"ptrain {' '.join(arguments)}")
            self.text = (output / "metrics.jsonl").read_text()
            self.description = carried_description(output / "model.safetensors")
        self.process_seconds = process.seconds
        times = zip(process.lines, process.line_seconds, strict=True)
        self.epoch_ends = [seconds for line, seconds in times if line.startswith("Test set:")]
        self.events = [json.loads(line) for line in self.text.splitlines()]

    @property
    def digest(self):
        return self.events[-1]["digest"]


def carried_description(file):
    """What a model file says of its network and of the recipe by which it was trained, as YAML."""
    with file.open("rb") as content:
        length = int.from_bytes(content.read(8), "little")
        return json.loads(content.read(length))["__metadata__"]["description"]


def cpus():
    return len(os.sched_getaffinity(0))
