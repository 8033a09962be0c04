"""The runs whose pages check_report.py opens, and what `ptrain eval` says of their images."""

import array
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

from report_samples import LAYERS, colour_images

ROOT = Path(__file__).resolve().parent.parent
PTRAIN = Path(os.environ.get("PTRAIN_BINARY") or ROOT / ".build/release/ptrain")


def ptrain(*arguments):
    done = subprocess.run([PTRAIN, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(
            f"Scripts/check-report: ptrain {arguments[0]} ended with {done.returncode}: "
            f"{done.stderr}"
        )


def write_idx(path, shape, values):
    path.write_bytes(struct.pack(f">{1 + len(shape)}I", 0x800 + len(shape), *shape) + bytes(values))


def read_logits(path, classes):
    data = path.read_bytes()
    values = array.array("f", data[8 + struct.unpack("<Q", data[:8])[0] :])
    return [values[first : first + classes] for first in range(0, len(values), classes)]


def write_set(folder, part, pixels, labels, shape):
    """Images of bytes [H, W, C] as IDX files; `shape` is [H, W], or [C, H, W] for colours."""
    channels = shape[0] if len(shape) == 3 else 1
    planes = (bytes(image[channel::channels]) for image in pixels for channel in range(channels))
    write_idx(
        folder / f"{part}-images-idx{1 + len(shape)}-ubyte", [len(pixels), *shape], b"".join(planes)
    )
    write_idx(folder / f"{part}-labels-idx1-ubyte", [len(pixels)], labels)


def eval_logits(run, pixels, shape, folder):
    """What `ptrain eval --logits` says about images of bytes."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    write_set(folder, "t10k", pixels, [0] * len(pixels), shape)
    output = folder / "logits.safetensors"
    ptrain("eval", "--checkpoint", run / "model.safetensors", "--data", folder, "--logits", output)
    return read_logits(output, 10)


def make_runs(folder):
    """One epoch each: the default model, every layer, and colours."""
    data = os.environ["PTRAIN_DATA"]
    (folder / "layers.yaml").write_text(LAYERS)
    train(folder, "compact", "--epochs", 1, "--limit-train", 20000, "--data", data)
    train(folder, "layers", "--limit-train", 2048, "--data", data, model=folder / "layers.yaml")
    (folder / "discs").mkdir()
    for part, count in (("train", 512), ("t10k", 100)):
        images, labels = colour_images(count)
        write_set(folder / "discs", part, images, labels, [3, 32, 32])
    train(folder, "resnet8", "--epochs", 1, "--data", folder / "discs")


def train(folder, name, *options, model=None):
    """A run of its own in the folder, of the preset of its name unless a model is told."""
    ptrain("--model", model or name, *options, "--output", folder / name)
