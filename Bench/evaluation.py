"""Times evaluations of minibatches by ptrain and by ONNX Runtime in turns, in one run.

ONNX Runtime gets the exported network with batch normalization folded, its input in memory, as many
threads as ptrain; ptrain starts from bytes and normalises them. A figure is the median of the
rounds' medians; images and weights are random. Bench/evaluation makes the environment and calls
this.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import machine
import numpy
import onnxruntime
import report
from training import BINARY, cpus, priority, real_time_option

# Images of each model, and how many times as fast as ONNX Runtime it should be.
MODELS = {
    "compact": ("1x28x28", 10, 2.5),
    "eva8": ("1x28x28", 10, 3.5),
    "resnet8": ("3x32x32", 10, 2.0),
    "tiny": ("1x28x28", 10, None),
    "lenet5": ("1x28x28", 10, None),
    "ds-cnn": ("1x49x10", 12, None),
    "mobilenet-025": ("3x96x96", 2, None),
}


def ptrain(*arguments, before=()):
    process = subprocess.run(
        [*before, BINARY, *map(str, arguments)], capture_output=True, text=True
    )
    if process.returncode != 0:
        raise SystemExit(f"ptrain {' '.join(map(str, arguments))}: {process.stderr.strip()}")
    return process.stdout


def write_data(folder, extents, classes):
    """IDX files of a few random images, with an axis of channels."""
    random = numpy.random.default_rng(1)
    for part, count in (("train", 64), ("t10k", 16)):
        images = random.integers(0, 256, (count, *extents), numpy.uint8)
        head = numpy.array([0x804, *images.shape], ">u4")
        name = f"{part}-images-idx4-ubyte"
        if extents[0] == 1:
            head, name = (
                numpy.array([0x803, count, *extents[1:]], ">u4"),
                f"{part}-images-idx3-ubyte",
            )
        (folder / name).write_bytes(head.tobytes() + images.tobytes())
        labels = numpy.arange(count, dtype=numpy.uint8) % classes
        head = numpy.array([0x801, count], ">u4").tobytes()
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(head + labels.tobytes())


def exported(model, folder):
    """The network after a step, as ONNX with folded batch normalization."""
    extents = tuple(map(int, MODELS[model][0].split("x")))
    write_data(folder, extents, MODELS[model][1])
    run, file = folder / "run", folder / "model.onnx"
    ptrain("--model", model, "--data", folder, "--output", run, "--epochs", 1, "--batch-size", 64)
    checkpoint = ["--checkpoint", run / "model.safetensors", "--output", file]
    ptrain("export", *checkpoint, "--fold-batch-norm")
    return file, extents


def worker(file, extents, options):
    """Times ONNX Runtime: a process of its own, which can run ahead of others as ptrain does."""
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    session = onnxruntime.InferenceSession(file, settings, providers=["CPUExecutionProvider"])
    images = numpy.random.default_rng(1).standard_normal((options.batch_size, *extents), "f4")
    seconds: list[float] = []
    end = time.perf_counter() + options.seconds
    for _ in range(3):
        session.run(["logits"], {"input": images})
    while time.perf_counter() < end or len(seconds) < 5:
        start = time.perf_counter()
        session.run(["logits"], {"input": images})
        seconds.append(time.perf_counter() - start)
    print(1000 * median(seconds))


def time_onnx(file, extents, options):
    command = [sys.executable, __file__, "--worker", file, *map(str, extents)]
    command += ["--threads", options.threads, "--batch-size", options.batch_size]
    command += ["--seconds", options.seconds]
    process = subprocess.run(
        [*priority(options), *map(str, command)], check=True, capture_output=True, text=True
    )
    return float(process.stdout)


def time_ptrain(model, options):
    shape, classes, _ = MODELS[model]
    arguments = ["bench", "step", "--evaluation", "--json", "--model", model, "--input", shape]
    arguments += ["--classes", classes, "--batch-size", options.batch_size]
    arguments += ["--threads", options.threads, "--warm-up", 3, "--steps", options.steps]
    return json.loads(ptrain(*arguments, before=priority(options)))["milliseconds_per_step"]


def measure(model, options):
    with tempfile.TemporaryDirectory() as name:
        file, extents = exported(model, Path(name))
        rounds = [
            (time_ptrain(model, options), time_onnx(file, extents, options))
            for _ in range(options.rounds)
        ]
    own, other = ([pair[index] for pair in rounds] for index in (0, 1))
    row = {"model": model, "ptrain": own, "onnxruntime": other, "wanted": MODELS[model][2]}
    print(f"{model}: {median(own):.2f} ms, ONNX Runtime {median(other):.2f} ms", file=sys.stderr)
    return row


def text(run):
    rows = []
    for row in run["rows"]:
        own, other = median(row["ptrain"]), median(row["onnxruntime"])
        wanted = "" if row["wanted"] is None else f"{row['wanted']:g}"
        rows.append(
            [
                f"`{row['model']}`",
                MODELS[row["model"]][0],
                f"{own:.2f}",
                f"{other:.2f}",
                f"{other / own:.2f}",
                wanted,
            ]
        )
    head = ["model", "images", "ptrain, ms", "ONNX Runtime, ms", "times as fast", "wanted"]
    return (
        "# Evaluation beside ONNX Runtime\n\n"
        f"One minibatch of {run['batch_size']} images on {run['threads']} threads; ONNX Runtime "
        f"{run['onnxruntime']} with batch normalization folded; median of {run['rounds']} rounds "
        f"in turns.\n\n{report.table(head, rows)}\n\n{report.timing_conditions(run)}\n"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", default="compact,eva8,resnet8")
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--threads", type=int, default=cpus())
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=30, help="of ptrain in a round")
    parser.add_argument("--seconds", type=float, default=0.7, help="of ONNX Runtime in a round")
    parser.add_argument("--worker", nargs=4, help=argparse.SUPPRESS)
    real_time_option(parser)
    report.keep_option(parser)
    options = parser.parse_args()
    if options.worker:
        worker(options.worker[0], tuple(map(int, options.worker[1:])), options)
        return
    options.models = report.choices(parser, "--models", options.models, MODELS)
    others, start = machine.Others(), time.time()
    rows = [measure(model, options) for model in options.models]
    run = report.circumstances(others, start) | {
        "batch_size": options.batch_size,
        "threads": options.threads,
        "rounds": options.rounds,
        "onnxruntime": onnxruntime.__version__,
        "rows": rows,
    }
    report.finish(options, "evaluation", run, text(run))


if __name__ == "__main__":
    sys.exit(main())
