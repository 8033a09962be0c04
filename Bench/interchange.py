"""Hands networks over between ptrain, PyTorch and ONNX Runtime, and compares what they compute.

ptrain -> PyTorch -> ptrain -> PyTorch as safetensors, ptrain -> ONNX Runtime in every variant of
the export. Ends non-zero where logits differ by more than 1e-5 of the image's largest; --keep keeps
the table under results/. Bench/interchange makes the environment and calls this.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import machine
import models
import numpy
import onnx
import onnxruntime
import report
import torch
from idx_file import array as idx
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn
from training import BINARY, ROOT

MODELS = ("eva8", "compact", "tiny", "lenet5", "resnet8", str(ROOT / "Bench/described.yaml"))
VARIANTS: tuple[list[str], ...] = (
    [],
    ["--fold-batch-norm"],
    ["--normalize"],
    ["--fold-batch-norm", "--normalize"],
)
LIMIT = 1e-5
LEARNING = ["--epochs", "3", "--limit-train", "16000"]
TUNING = ["--weight-decay", "0.0001"]


class Data:
    """The first test images as grey values, and training images for PyTorch."""

    def __init__(self, folder, count):
        self.folder, self.count = folder, count
        self.test = idx(folder, "t10k-images-idx3-ubyte")[:count, None]
        self.train = idx(folder, "train-images-idx3-ubyte")[:16000, None]
        self.labels = torch.from_numpy(idx(folder, "train-labels-idx1-ubyte")[:16000].astype("i8"))

    def options(self):
        return ["--data", self.folder, "--limit-test", str(self.count)]


def data_folder():
    """Where ptrain itself finds its data."""
    with tempfile.TemporaryDirectory() as folder:
        options = "--model tiny --epochs 1 --limit-train 8 --limit-test 8 --output".split()
        found = re.search("^Data: .* from (.*)$", ptrain(*options, folder), re.MULTILINE)
        assert found
        return found[1]


def ptrain(*arguments):
    """Runs it and returns its remarks."""
    process = subprocess.run([BINARY, *arguments], capture_output=True, text=True)
    if process.returncode != 0:
        raise SystemExit(f"ptrain {' '.join(arguments)}: {process.stderr.strip()}")
    return process.stderr


def normalized(pixels, statistics):
    """(grey / 255 - mean) / std, rounded to float32 once."""
    mean, deviation = statistics
    return ((pixels.astype(numpy.float64) / 255 - mean) / deviation).astype(numpy.float32)


def statistics(file):
    """Mean and standard deviation that a model file carries."""
    with safe_open(file, "pt") as tensors:
        metadata = tensors.metadata()
    return float(metadata["normalization.mean"]), float(metadata["normalization.std"])


def twin(model):
    return models.network(models.description(model)["layers"])


def torch_logits(model, file, data, dtype=torch.float32):
    network = twin(model)
    models.load(network, load_file(file))
    network = network.eval().to(dtype)
    with torch.no_grad():
        return network(torch.from_numpy(normalized(data.test, statistics_of[model])).to(dtype))


def ptrain_logits(file, folder, data, *more):
    output = folder / "logits.safetensors"
    ptrain("eval", "--checkpoint", str(file), "--logits", str(output), *data.options(), *more)
    return load_file(output)["logits"]


def onnx_logits(file, pixels, batch_size):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    parts = numpy.split(pixels, range(batch_size, len(pixels), batch_size))
    return torch.from_numpy(
        numpy.concatenate([session.run(["logits"], {"input": part})[0] for part in parts])
    )


def difference(found, expected):
    """Largest difference of an image's logits, relative to that image's largest logit."""
    found, expected = found.double(), expected.double()
    return ((found - expected).abs().amax(1) / expected.abs().amax(1)).max().item()


def train_in_torch(model, data, steps):
    """A few steps of Adam from PyTorch's own initialisation."""
    network = twin(model).train()
    optimizer = torch.optim.Adam(network.parameters(), lr=0.002)
    images = torch.from_numpy(normalized(data.train, statistics_of[model]))
    for step in range(steps):
        batch = slice(step * 64 % 16000, step * 64 % 16000 + 64)
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(images[batch]), data.labels[batch]).backward()
        optimizer.step()
    return network


statistics_of: dict[str, dict] = {}


def hand_over(model, folder, data, steps):
    """Every way between the programs; yields what was compared and the difference."""
    own = folder / "own/model.safetensors"
    ptrain("--model", model, "--output", str(own.parent), *LEARNING, *data.options())
    statistics_of[model] = statistics(own)
    logits = ptrain_logits(own, folder, data)
    exact = torch_logits(model, own, data, torch.float64)
    yield "ptrain, PyTorch", difference(logits, torch_logits(model, own, data))
    yield "ptrain, PyTorch in float64", difference(logits, exact)

    foreign = folder / "torch.safetensors"
    save_file(models.exported(train_in_torch(model, data, steps)), foreign)
    yield (
        "PyTorch's file: ptrain, PyTorch",
        difference(
            ptrain_logits(foreign, folder, data, "--model", model),
            torch_logits(model, foreign, data),
        ),
    )
    # The preset's own recipe leaves an eva8 whose fp32 logits differ by 1.05e-5, rounding of both
    # sides together; there the exact logits judge.
    for name, recipe, kind in (
        ("the same, tuned by ptrain: ptrain, PyTorch", TUNING, torch.float32),
        ("tuned by the preset's recipe: ptrain, PyTorch in float64", [], torch.float64),
    ):
        tuned = folder / f"tuned-{len(recipe)}/model.safetensors"
        start = ["--from", str(foreign), "--model", model, "--learning-rate", "0.0005", *recipe]
        ptrain(*start, "--output", str(tuned.parent), *LEARNING, *data.options())
        expected = torch_logits(model, tuned, data, kind)
        yield name, difference(ptrain_logits(tuned, folder, data), expected)
    plain = folder / "plain.safetensors"
    ptrain("export", "--checkpoint", str(own), "--output", str(plain))
    yield (
        "exported safetensors: ptrain, PyTorch",
        difference(logits, torch_logits(model, plain, data)),
    )
    yield from run_in_onnx(model, own, folder, data, logits)


def run_in_onnx(model, own, folder, data, logits):
    for options in VARIANTS:
        file = folder / "model.onnx"
        ptrain("export", "--checkpoint", str(own), "--output", str(file), *options)
        onnx.checker.check_model(onnx.load(file), full_check=True)
        pixels = data.test.astype(numpy.float32)
        if "--normalize" not in options:
            pixels = normalized(data.test, statistics_of[model])
        for batch_size in (1, data.count):
            found = onnx_logits(file, pixels, batch_size)
            name = " ".join(["ONNX Runtime", *options])
            yield f"{name}, batches of {batch_size}: ptrain", difference(found, logits)


def versions():
    packages = (torch, onnx, onnxruntime, numpy)
    return {package.__name__: package.__version__ for package in packages}


def text(run):
    names = [Path(model).stem for model in MODELS]
    found = {(row["compared"], row["model"]): row["difference"] for row in run["rows"]}
    rows = [
        [compared, *(f"{found[compared, name]:.1e}" for name in names)]
        for compared in dict.fromkeys(row["compared"] for row in run["rows"])
    ]
    versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    return (
        "# The same network in other programs\n\n"
        f"Largest difference of a logit over {run['images']:,} test images, relative to the "
        f"largest "
        f"logit of its image; more than {LIMIT:g} would be an error. {versions}.\n\n"
        f"{report.table(['compared', *names], rows)}\n\n{report.machine_line(run)}\n"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="directory (default: where ptrain finds its data)")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=150, help="of PyTorch's training")
    report.keep_option(parser)
    options = parser.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(1)
    data = Data(str(Path(options.data or data_folder()).resolve()), options.images)
    others, start, rows = machine.Others(), time.time(), []
    for model in MODELS:
        with tempfile.TemporaryDirectory() as folder:
            for compared, found in hand_over(model, Path(folder), data, options.steps):
                rows.append({"model": Path(model).stem, "compared": compared, "difference": found})
                mark = "ok  " if found <= LIMIT else "FAIL"
                print(f"{mark}  {Path(model).stem}: {compared}: {found:.2e}", flush=True)
    run = report.circumstances(others, start) | {
        "versions": versions(),
        "images": data.count,
        "steps_in_pytorch": options.steps,
        "rows": rows,
    }
    report.finish(options, "interchange", run, text(run))
    return 1 if any(row["difference"] > LIMIT for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
