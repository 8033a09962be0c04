"""One PyTorch configuration in a process of its own, driven over stdin and stdout.

It says when the first step is done and when it is warm, then answers each `steps N` with the
milliseconds of N training steps. Batches lie in memory, normalised: no data loader is measured.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import images
import models
import torch

WARM_UP_STEPS = 5
BATCHES = 8


def say(**fields):
    print(json.dumps(fields), flush=True)


def peak_mebibytes():
    """High-water mark of this process's resident memory."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def batches(options):
    count = options.batch_size * BATCHES
    pixels, labels = (
        images.load(options.data, limit=count)
        if options.data
        else images.synthetic(count, options.input, options.classes)
    )
    if options.channels_last:
        pixels = pixels.contiguous(memory_format=torch.channels_last)
    size = options.batch_size
    return [(pixels[i : i + size], labels[i : i + size]) for i in range(0, count, size)]


def trainer(options):
    """A function that trains on one batch."""
    described = models.description(options.model)
    channels, height, width = options.input
    model = models.network(described["layers"], (height, width), options.classes, channels).train()
    if options.channels_last:
        model = model.to(memory_format=torch.channels_last)
    optimizer = models.optimizer(model, described["recipe"])
    loss = models.loss_function(model, described["recipe"], options.bf16)
    if options.compile:
        loss = torch.compile(loss)

    def step(pixels, labels):
        optimizer.zero_grad(set_to_none=True)
        loss(pixels, labels).backward()
        optimizer.step()

    return step


def timed(step, data, count):
    milliseconds = []
    for index in range(count):
        start = time.perf_counter()
        step(*data[index % len(data)])
        milliseconds.append(1000 * (time.perf_counter() - start))
    return milliseconds


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--data")
    parser.add_argument("--input", type=images.shape, default=(1, 28, 28))
    parser.add_argument("--classes", type=int, default=10)
    for flag in ("--channels-last", "--compile", "--bf16"):
        parser.add_argument(flag, action="store_true")
    return parser.parse_args()


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    data = batches(options)
    step = trainer(options)
    timed(step, data, 1)
    say(event="first_step", torch=torch.__version__)
    say(event="ready", milliseconds=timed(step, data, WARM_UP_STEPS))
    for line in sys.stdin:
        count, start = int(line.split()[1]), time.process_time()
        milliseconds = timed(step, data, count)
        say(
            event="steps",
            milliseconds=milliseconds,
            cpu_milliseconds=1000 * (time.process_time() - start) / count,
            peak_mebibytes=peak_mebibytes(),
        )


if __name__ == "__main__":
    main()
