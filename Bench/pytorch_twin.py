"""Trains the PyTorch twin of a run of ptrain, in a process of its own, and reads what it tells."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from contenders import BENCH, environment
from training import TimedProcess

MODES = {"eager": [], "compile": ["--compile"]}


def set_up():
    """Sees that PyTorch is there; ends the script where it cannot be had."""
    subprocess.run([BENCH / "setup-pytorch"], check=True)


class Twin:
    """One finished training, with the same fields as a `Run` of ptrain.

    `description`: what ptrain's model file carries, so that options of its run hold here too.
    """

    def __init__(self, description, data, words):
        python = os.environ.get("PTRAIN_PYTHON", str(BENCH / ".venv/bin/python"))
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "twin.yaml"
            file.write_text(description)
            command = [python, str(BENCH / "torch_train.py"), "--model", str(file)]
            command += ["--data", str(data), *words]
            process = TimedProcess(command, environment(), "torch_train.py")
        self.process_seconds = process.seconds
        self.events = [json.loads(line) for line in process.lines]
        self.text = "".join(f"{line}\n" for line in process.lines)
        times = zip(self.events, process.line_seconds, strict=True)
        self.epoch_ends = [seconds for event, seconds in times if event["event"] == "epoch"]
