"""Trains a PyTorch twin by its recipe until the test accuracy reaches a target.

Everything is in memory and whole minibatches are augmented at once: no data loader slows it down.
Prints one JSON line: epochs, seconds inside Python, test accuracies.
"""

import argparse
import json
import math
import time

import first_weights
import images
import models
import torch
import torch.nn.functional as F


def rate_at(recipe, step, steps):
    """Rate of a step counted from 0, as ptrain's schedules and PyTorch's OneCycleLR say."""
    peak, kind = recipe["learningRate"], recipe.get("schedule", "constant")

    def cosine(start, end, part):
        return end + (start - end) / 2 * (1 + math.cos(math.pi * min(max(part, 0), 1)))

    if kind == "one-cycle":
        top = recipe.get("warmUp", 0.3) * steps - 1
        if step < top:
            return cosine(peak / 25, peak, step / top)
        return cosine(peak, peak / 250_000, (step - top) / (steps - 1 - top))
    if kind == "cosine":
        return cosine(peak, 0, step / steps)
    if kind == "step":
        epoch = step * recipe["epochs"] // steps
        return peak * recipe.get("stepFactor", 0.1) ** (epoch // recipe.get("stepEpochs", 5))
    return peak


def augmented(pixels, ranges):
    """Random affine maps of [N, 1, H, W], grey values 0 to 1; the draws have ptrain's shape."""
    count, side = len(pixels), pixels.shape[-1]

    def draw(key):
        return (2 * torch.rand(count) - 1) * ranges.get(key, 0)

    angle, scale, shear = torch.deg2rad(draw("rotation")), 1 + draw("scale"), draw("shear")
    sine, cosine = torch.sin(angle), torch.cos(angle)
    inverse = (
        torch.stack([cosine + shear * sine, sine - shear * cosine, -sine, cosine], dim=1).reshape(
            count, 2, 2
        )
        / scale[:, None, None]
    )
    shift = torch.stack([draw("shift"), draw("shift")], dim=1)[:, :, None] * (2 / side)
    theta = torch.cat([inverse, -inverse @ shift], dim=2)
    grid = F.affine_grid(theta, list(pixels.shape), align_corners=False)
    return F.grid_sample(pixels, grid, align_corners=False)


def normalized(pixels):
    result = (pixels - images.MEAN) / images.DEVIATION
    return result.contiguous(memory_format=torch.channels_last)


class Training:
    """Model, optimizer and recipe of one run."""

    def __init__(self, options):
        described = models.description(options.model)
        self.recipe = described["recipe"]
        model = models.network(described["layers"])
        first_weights.initialize(model, self.recipe)
        self.model = model.to(memory_format=torch.channels_last)
        self.optimizer = models.optimizer(self.model, self.recipe)
        self.loss = models.loss_function(self.model, self.recipe, options.bf16)
        if options.compile:
            self.loss = torch.compile(self.loss, dynamic=False)
        decay = self.recipe.get("averageDecay", 0)
        self.average = decay and torch.optim.swa_utils.AveragedModel(
            self.model,
            multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(decay),
            use_buffers=True,
        )
        self.step = 0

    def epoch(self, pixels, labels):
        self.model.train()
        size = self.recipe["batchSize"]
        batches = torch.randperm(len(labels)).split(size)
        for batch in batches:
            rate = rate_at(self.recipe, self.step, len(batches) * self.recipe["epochs"])
            for group in self.optimizer.param_groups:
                group["lr"] = rate * group.get("factor", 1)
            chosen = pixels[batch]
            if self.recipe.get("augment"):
                chosen = augmented(chosen, self.recipe["augment"])
            self.optimizer.zero_grad(set_to_none=True)
            self.loss(normalized(chosen), labels[batch]).backward()
            self.optimizer.step()
            if self.average:
                self.average.update_parameters(self.model)
            self.step += 1

    @torch.no_grad()
    def accuracy(self, pixels, labels):
        """Percent of the set."""
        model = (self.average or self.model).eval()
        parts = zip(pixels.split(1000), labels.split(1000), strict=False)
        correct = sum(int((model(part).argmax(1) == truth).sum()) for part, truth in parts)
        return 100 * correct / len(labels)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target", type=float, default=101.0)
    parser.add_argument("--data", required=True)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--bf16", action="store_true")
    return parser.parse_args()


def main():
    options, start = arguments(), time.perf_counter()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    training = Training(options)
    train, test = (images.load(options.data, part, raw=True) for part in ("train", "t10k"))
    test = (normalized(test[0]), test[1])
    first_weights.whiten(training.model, training.recipe, normalized(train[0][:5000]))
    accuracies = []
    for _ in range(training.recipe["epochs"]):
        training.epoch(*train)
        accuracies.append(training.accuracy(*test))
        if accuracies[-1] >= options.target:
            break
    seconds = time.perf_counter() - start
    print(json.dumps({"epochs": len(accuracies), "seconds": seconds, "accuracies": accuracies}))


if __name__ == "__main__":
    main()
