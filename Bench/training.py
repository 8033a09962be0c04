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


class Run:
    """One finished training: its metrics file and how long the process lived."""

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
            start = time.perf_counter()
            process = subprocess.run(command, env=environment, capture_output=True, text=True)
            self.process_seconds = time.perf_counter() - start
            if process.returncode != 0:
                raise SystemExit(f"ptrain {' '.join(arguments)}: {process.stderr.strip()}")
            self.text = (output / "metrics.jsonl").read_text()
        self.events = [json.loads(line) for line in self.text.splitlines()]

    @property
    def digest(self):
        return self.events[-1]["digest"]


def cpus():
    return len(os.sched_getaffinity(0))
