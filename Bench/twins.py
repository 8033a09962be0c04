"""Trains random descriptions for five steps and compares the weights with PyTorch twins.

Each network starts from ptrain's own weights and takes five steps of one full minibatch, in ptrain,
and in PyTorch in float32 and float64. ptrain may be 30 times as far from float64 as PyTorch's
float32 is: what rounding does to a network is then measured by the network itself, where a first
look fails over 32 starts that differ in their last bit (a value at a kink falls on either side of
it). Ends non-zero where it is further. Bench/twins makes the environment and calls this; --keep
keeps the table under results/.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import machine
import models
import numpy
import report
import torch
from interchange import normalized, ptrain, statistics
from safetensors.torch import load_file
from torch.nn import functional

CLASSES, STEPS, RATE, LIMIT, NEIGHBOURS = 4, 5, 0.02, 30, 32
# A deviation below this many roundings of the largest weight is rounding in any program.
FLOOR = 4 * 2.0**-24
ACTIVATIONS = ("relu", "relu6", "sigmoid", "tanh", "silu", "gelu", "hardSwish", {"leakyRelu": 0.1})


class Draw:
    """One random description; the same for the same seed."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        one = self.chance.choice
        self.input = (one((5, 7, 8, 10, 12)), one((6, 8, 9, 12)))
        self.batch = one((9, 24, 50))
        blocks = [layer for _ in range(one((1, 2, 3, 4))) for layer in self.block(0)]
        self.layers = [*blocks, *self.head()]

    def activation(self):
        return self.chance.choice(ACTIVATIONS)

    def convolution(self):
        one = self.chance.choice
        kernel = [one((1, 2, 3, 5)), one((1, 2, 3))]
        keys: dict[str, Any] = {
            "kernel": one((3, kernel)),
            "stride": one((1, 1, [2, 1], 2)),
            "bias": one((True, False)),
        }
        # ptrain takes no padding as wide as the kernel.
        widest = 1 if min(models.pair(keys["kernel"])) > 1 else 0
        keys["padding"] = one(("same", "same", 0, widest))
        if one((True, False, False)):
            return {"depthwise": keys | {"multiplier": one((1, 1, 2))}}
        filters = one((6, 8, 12, 16, 18))
        return {"conv": {"filters": filters, "groups": one((1, 1, 1, 2, 3)), **keys}}

    def tail(self):
        activation = self.activation()
        return self.chance.choice(
            ([], [activation], ["batchNorm", activation], ["relu", "batchNorm"])
            + (["batchNorm", "relu", {"maxPool": 2}], [{"averagePool": 2}, activation])
        )

    def same_size(self):
        one = self.chance.choice
        return one(
            [
                [
                    {"conv": {"filters": one((4, 8, 16)), "padding": 1}},
                    "batchNorm",
                    self.activation(),
                ],
                [{"depthwise": {"kernel": 3, "padding": 1}}, "batchNorm"],
                [{"maxPool": {"size": 3, "stride": 1, "padding": 1}}],
                [self.activation()],
            ]
        )

    def block(self, depth):
        one = self.chance.choice
        kind = one(("conv", "conv", "conv", "pool", "residual", "concat", "scale", "repeat"))
        if kind == "conv" or depth > 1:
            return [self.convolution(), *self.tail()]
        if kind == "pool":
            keys = {"size": one((2, 3)), "stride": one((1, 2)), "padding": one((0, "same"))}
            return [{one(("maxPool", "averagePool")): keys}]
        if kind == "residual":
            filters, stride = one((6, 8, 16)), one((1, 2))
            last = {"conv": {"filters": filters, "stride": stride, "padding": "same"}}
            shortcut = [{"conv": {"filters": filters, "kernel": 1, "stride": stride}}]
            body = [*self.same_size(), last, "batchNorm"]
            return [{"residual": {"body": body, "shortcut": shortcut}}, "relu"]
        if kind == "concat":
            return [{"concat": [self.same_size() for _ in range(one((2, 3)))]}]
        if kind == "scale":
            return [{"scale": one((["sigmoid"], ["globalAveragePool", "sigmoid"]))}]
        return [{"repeat": {"times": one((1, 2)), "layers": self.same_size()}}]

    def head(self):
        return self.chance.choice(
            (
                ["globalAveragePool", {"dense": "classes"}],
                ["flatten", {"dense": "classes"}],
                ["globalMaxPool", {"dense": 7}, "tanh", {"dense": "classes"}],
                ["flatten", {"dense": {"features": 9, "bias": False}}, "batchNorm", "relu"]
                + [{"dense": "classes"}],
                [{"conv": {"filters": CLASSES, "kernel": 1}}, "globalAveragePool"],
            )
        )

    def text(self):
        recipe = {"epochs": STEPS, "batchSize": self.batch, "optimizer": "sgd", "momentum": 0.9}
        recipe |= {
            "learningRate": RATE,
            "schedule": "constant",
            "weightDecay": 0,
            "augment": "none",
        }
        return json.dumps({"name": "random", "layers": self.layers, "recipe": recipe})


def write_images(folder, draw, seed):
    """As many as a minibatch holds, as MNIST's four files."""
    chance = numpy.random.default_rng(seed)
    height, width = draw.input
    pixels = chance.integers(0, 256, (draw.batch, height, width), numpy.uint8)
    labels = (numpy.arange(draw.batch) % CLASSES).astype(numpy.uint8)
    sizes = b"".join(size.to_bytes(4, "big") for size in pixels.shape)
    folder.mkdir()
    for part in ("train", "t10k"):
        images = b"\0\0\x08\x03" + sizes + pixels.tobytes()
        (folder / f"{part}-images-idx3-ubyte").write_bytes(images)
        labelled = b"\0\0\x08\x01" + sizes[:4] + labels.tobytes()
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(labelled)
    return pixels, labels


def train(draw, state, images, labels, dtype):
    """Weights of the twin after the steps, under ptrain's names."""
    network = models.network(draw.layers, draw.input, CLASSES).to(dtype).train()
    models.load(network, {name: value.to(dtype) for name, value in state.items()})
    weights = list(network.parameters())
    optimizer = torch.optim.SGD(weights, lr=RATE, momentum=0.9)
    for _ in range(STEPS):
        optimizer.zero_grad()
        functional.cross_entropy(network(images.to(dtype)), labels).backward()
        optimizer.step()
    return {name: value.double() for name, value in models.exported(network).items()}


def deviation(found, exact):
    """Largest difference of a weight, relative to its tensor's largest, over all tensors."""
    return max(
        ((found[name].double() - value).abs().max() / value.abs().max().clamp(min=1e-3)).item()
        for name, value in exact.items()
        if not name.endswith(("running_mean", "running_var", "num_batches_tracked"))
    )


def compare(seed, folder):
    """One network's deviations; None where its sizes do not fit."""
    draw = Draw(seed)
    try:
        models.network(draw.layers, draw.input, CLASSES)
    except (RuntimeError, ValueError):
        return None
    pixels, labels = write_images(folder / "data", draw, seed)
    file = folder / "random.yaml"
    file.write_text(draw.text())
    common = ["--model", str(file), "--data", str(folder / "data"), "--seed", str(seed)]
    # A rate that moves no weight: what is saved is what training starts from.
    ptrain(*common, "--epochs", "1", "--learning-rate", "1e-12", "--output", str(folder / "start"))
    ptrain(*common, "--output", str(folder / "end"))
    start = load_file(folder / "start/model.safetensors")
    state = {name: fresh(name, value) for name, value in start.items()}
    images = torch.from_numpy(normalized(pixels, statistics(folder / "end/model.safetensors")))[
        :, None
    ]
    targets = torch.from_numpy(labels.astype(numpy.int64))
    exact = train(draw, state, images, targets, torch.float64)
    single = train(draw, state, images, targets, torch.float32)
    own = deviation(load_file(folder / "end/model.safetensors"), exact)
    row = {"seed": seed, "ptrain": own, "float32": deviation(single, exact)}
    if not holds(row):
        # A value at a kink, of ReLU or between two maxima, falls on either side of it by rounding
        # alone: PyTorch's own deviation is then that of starts which differ in their last bit.
        chance = torch.Generator().manual_seed(seed)
        for _ in range(NEIGHBOURS):
            start = {name: neighbour(value, chance) for name, value in state.items()}
            found = deviation(train(draw, start, images, targets, torch.float32), exact)
            row["float32"] = max(row["float32"], found)
        row["neighbours"] = NEIGHBOURS
    return row | {"description": draw.layers}


def neighbour(value, chance):
    """Each number by at most one rounding away."""
    signs = torch.randint(-1, 2, value.shape, generator=chance)
    return value * (1 + signs * 2.0**-23)


def fresh(name, value):
    """The start of a run: running statistics as nothing has been seen."""
    if name.endswith("running_mean"):
        return torch.zeros_like(value)
    return torch.ones_like(value) if name.endswith("running_var") else value


def holds(row):
    return row["ptrain"] <= LIMIT * max(row["float32"], FLOOR)


def rows(options):
    seed, found = options.seed, 0
    while found < options.networks:
        with tempfile.TemporaryDirectory() as folder:
            row = compare(seed, Path(folder))
        seed += 1
        if row is None:
            continue
        found += 1
        if not holds(row):
            print(f"FAIL  seed {row['seed']}: {row['ptrain']:.1e} against {row['float32']:.1e}")
            print(f"      {json.dumps(row['description'])}")
        yield row


def text(run):
    made = run["rows"]
    ratios = sorted(row["ptrain"] / max(row["float32"], FLOOR) for row in made)
    lines = [
        ["networks", len(made)],
        [f"within {LIMIT} times PyTorch's float32", sum(map(holds, made))],
        [
            "of these beside starts that differ in their last bit",
            sum("neighbours" in row for row in made if holds(row)),
        ],
        ["median of ptrain's deviation over float32's", f"{ratios[len(ratios) // 2]:.2f}"],
        ["largest", f"{ratios[-1]:.2f}"],
    ]
    return (
        "# Random descriptions beside PyTorch in float64\n\n"
        f"Weights after {STEPS} steps of one minibatch, largest difference from a twin in float64 "
        f"relative "
        "to each tensor's largest weight; each network and its deviations are in twins.json.\n\n"
        f"{report.table(['', ''], lines)}\n\n{report.conditions(run)}\n"
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--networks", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1, help="of the first network")
    report.keep_option(parser)
    options = parser.parse_args()
    torch.set_num_threads(1)
    others, start = machine.Others(), time.time()
    made = list(rows(options))
    run = report.circumstances(others, start) | {"rows": made}
    report.finish(options, "twins", run, text(run))
    return 0 if all(map(holds, made)) else 1


if __name__ == "__main__":
    sys.exit(main())
