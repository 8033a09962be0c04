"""Trains a PyTorch twin by its recipe, to the last epoch or to a test accuracy.

Everything is in memory and whole minibatches are augmented at once: no data loader slows it down.
Prints the events of ptrain's metrics.jsonl, one a line: start, each epoch when it has been tested,
end.
"""

import argparse
import json
import time

import first_weights
import images
import models
import torch
import torch.nn.functional as F
import twin_recipe
from twin_augmentation import Augmentation
from twin_average import Average

# Images that are tested at once.
TEST_BATCH = 1000


def say(event, **fields):
    print(json.dumps({"event": event} | fields), flush=True)


class Training:
    """Model, optimizer and recipe of one run over training images [N, C, H, W], as bytes."""

    def __init__(self, options, pixels, labels):
        described = models.description(options.model)
        self.name = described["name"]
        self.recipe = twin_recipe.complete(described["recipe"])
        classes = int(labels.max()) + 1
        model = models.network(described["layers"], pixels.shape[2:], classes, pixels.shape[1])
        first_weights.initialize(model, self.recipe)
        self.model = model.to(memory_format=torch.channels_last)
        self.optimizer = models.optimizer(self.model, self.recipe)
        self.loss = models.loss_function(self.model, self.recipe, options.bf16)
        if options.compile:
            self.loss = torch.compile(self.loss, dynamic=False)
        decay = self.recipe["averageDecay"]
        self.average = Average(self.model, decay) if decay else None
        self.pixels, self.labels = pixels, labels
        self.augmentation = Augmentation(self.recipe["augment"], pixels, labels, classes)
        # Of each channel, as ptrain has them.
        values = pixels.transpose(0, 1).reshape(pixels.shape[1], -1)
        spread = [torch.std_mean(channel.float() / 255, correction=0) for channel in values]
        self.deviation, self.mean = torch.tensor(spread).T[:, :, None, None]
        first = self.normalized(pixels[: first_weights.WHITENING_IMAGES].float() / 255)
        first_weights.whiten(self.model, self.recipe, first)
        self.step = 0

    def normalized(self, pixels):
        result = (pixels - self.mean) / self.deviation
        return result.contiguous(memory_format=torch.channels_last)

    def epoch(self, epoch):
        """One epoch, counted from 0; the mean loss."""
        self.model.train()
        batches, total = torch.randperm(len(self.labels)).split(self.recipe["batchSize"]), 0.0
        for batch in batches:
            self.rate = twin_recipe.rate_at(self.recipe, self.step, len(batches))
            for group in self.optimizer.param_groups:
                group["lr"] = self.rate * group.get("factor", 1)
            chosen, targets = self.augmentation.minibatch(batch, epoch)
            self.optimizer.zero_grad(set_to_none=True)
            loss = self.loss(self.normalized(chosen), targets)
            loss.backward()
            self.optimizer.step()
            if self.average:
                self.average.update(self.model, self.step)
            self.step += 1
            total += float(loss.detach()) * len(batch)
        if self.average:
            self.average.measure_statistics(
                self.normalized(self.augmentation.minibatch(batch, epoch)[0]) for batch in batches
            )
        return total / len(self.labels)

    @torch.no_grad()
    def test(self, pixels, labels):
        """How many are right, and the mean loss."""
        model = (self.average.model if self.average else self.model).eval()
        correct, total = 0, 0.0
        parts = zip(pixels.split(TEST_BATCH), labels.split(TEST_BATCH), strict=True)
        for part, truth in parts:
            logits = model(self.normalized(part.float() / 255))
            correct += int((logits.argmax(1) == truth).sum())
            total += float(F.cross_entropy(logits, truth, reduction="sum"))
        return correct, total / len(labels)


def run(options):
    started = time.perf_counter()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    train = images.read(options.data, "train", options.limit_train)
    test = images.read(options.data, "t10k", options.limit_test)
    training = Training(options, *train)
    say(
        "start",
        model=training.name,
        torch=torch.__version__,
        parameters=sum(p.numel() for p in training.model.parameters()),
        threads=options.threads,
        seed=options.seed,
        train_samples=len(train[1]),
        test_samples=len(test[1]),
        recipe=training.recipe,
    )
    accuracies: list[float] = []
    for epoch in range(min(training.recipe["epochs"], options.epochs or training.recipe["epochs"])):
        before = time.perf_counter()
        train_loss = training.epoch(epoch)
        seconds = time.perf_counter() - before
        correct, test_loss = training.test(*test)
        accuracies.append(100 * correct / len(test[1]))
        say(
            "epoch",
            epoch=epoch + 1,
            learning_rate=training.rate,
            train_loss=train_loss,
            test_loss=test_loss,
            test_correct=correct,
            test_accuracy=accuracies[-1],
            seconds=seconds,
        )
        if accuracies[-1] >= options.target:
            break
    say(
        "end",
        epochs=len(accuracies),
        seconds=time.perf_counter() - started,
        test_accuracy=accuracies[-1],
        best_test_accuracy=max(accuracies),
    )


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="a preset or a description file")
    parser.add_argument("--data", required=True, help="a directory of IDX files or a .npz file")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target", type=float, default=101.0, help="percent")
    parser.add_argument("--epochs", type=int, help="the first so many of the recipe's")
    parser.add_argument("--limit-train", type=int, help="the first so many images")
    parser.add_argument("--limit-test", type=int)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--bf16", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    run(arguments())
