"""Decodes class folders with ptrain and with torchvision, in turns, and compares every pixel.

The data is an archive (`--archive cifar10-jpeg.tar.gz`), which is unpacked into a temporary folder,
or a folder that is there. ptrain reads files and labels into memory (`ptrain bench data`); PyTorch
runs `ImageFolder` with Pillow in a `DataLoader` of as many workers, batches of 256 as bytes, or as
floats as its examples have them. Pixels come from the file that ptrain keeps of decoded images.
"""

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from statistics import median

import machine
import numpy
import pictures
import PIL
import report
import torch
from contenders import ROOT
from PIL import Image, features

# PyPI's torchvision does not find its operators beside a PyTorch for CPUs alone, and cannot be
# imported unless these two are known; ImageFolder and the transforms use none.
OPERATORS = torch.library.Library("torchvision", "DEF")
for name in ("nms", "qnms"):
    OPERATORS.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import torchvision  # noqa: E402

PTRAIN = ROOT / ".build/release/ptrain"
BATCH = 256


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--archive", type=Path, help="a tar file of class folders")
    source.add_argument("--data", type=Path, help="class folders, of one size")
    parser.add_argument("--threads", type=int, default=2, help="of ptrain, and workers of PyTorch")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ptrain", type=Path, default=PTRAIN)
    report.keep_option(parser)
    return parser.parse_args()


def ptrain_round(options, data, cache):
    command = [options.ptrain, "bench", "data", "--data", data, "--json"]
    command += ["--threads", str(options.threads)]
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    output = subprocess.run(command, env=environment, check=True, capture_output=True).stdout
    return json.loads(output)


def second_start(options, data, cache, output):
    """Seconds of a whole run that trains on one minibatch, with decoded images at hand."""
    command = [options.ptrain, "--data", data, "--model", "tiny", "--epochs", "1", "--quiet"]
    command += ["--limit-train", "64", "--limit-test", "64", "--threads", str(options.threads)]
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    start = time.monotonic()
    subprocess.run([*command, "--output", output], env=environment, check=True, capture_output=True)
    return time.monotonic() - start


def torchvision_round(options, data, transform):
    count, start = 0, time.monotonic()
    for part in pictures.parts(data) or [data]:
        folder = torchvision.datasets.ImageFolder(part, transform)
        loader = torch.utils.data.DataLoader(folder, BATCH, num_workers=options.threads)
        for images, _ in loader:
            count += len(images)
    return count / (time.monotonic() - start)


def differing_files(data, cache):
    """Compares the kept images with Pillow's; returns how many files there are and differ."""
    (count, height, width, channels), content = pictures.decoded(cache)
    size = height * width * channels
    pixels = numpy.frombuffer(content, numpy.uint8)
    differing = checked = 0
    for index, file in enumerate(pictures.files(data)):
        with Image.open(file) as image:
            expected = numpy.asarray(image.convert("RGB" if channels == 3 else "L")).reshape(-1)
        differing += not numpy.array_equal(pixels[index * size : (index + 1) * size], expected)
        checked += 1
    assert checked == count, f"{checked} files, {count} of them read"
    return count, differing


def measure(options, data, scratch):
    cache = scratch / "cache"
    contenders = {
        "ptrain": lambda: ptrain_round(options, data, cache)["images_per_second"],
        "torchvision, bytes": lambda: torchvision_round(
            options, data, torchvision.transforms.PILToTensor()
        ),
        "torchvision, ToTensor": lambda: torchvision_round(
            options, data, torchvision.transforms.ToTensor()
        ),
    }
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(options.rounds):
        for name, contender in contenders.items():
            rates[name].append(contender())
    starts = [
        second_start(options, data, cache, scratch / f"run-{index}")
        for index in range(options.rounds)
    ]
    again = [ptrain_round(options, data, cache)["cached_seconds"] for _ in range(options.rounds)]
    count, differing = differing_files(data, cache)
    return {
        "threads": options.threads,
        "files": count,
        "differing_files": differing,
        "images_per_second": rates,
        "second_start_seconds": starts,
        "second_reading_seconds": again,
        "versions": {
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
            "Pillow": PIL.__version__,
            "libjpeg-turbo of Pillow": features.version("libjpeg_turbo"),
        },
    }


def text(run):
    own = median(run["images_per_second"]["ptrain"])
    rows = [
        [
            name,
            f"{median(rates):,.0f}",
            f"{min(rates):,.0f} – {max(rates):,.0f}",
            f"{own / median(rates):.1f}",
        ]
        for name, rates in run["images_per_second"].items()
    ]
    versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    second, whole = (
        f"{median(run[key]):.2f} s" for key in ("second_reading_seconds", "second_start_seconds")
    )
    return f"""# Decoding class folders

{report.timing_conditions(run)}

{run["files"]:,} files, {run["threads"]} threads or workers, files in the page cache; {versions}.

{report.table(["", "images/s", "range", "ptrain is faster by"], rows)}

Of {run["files"]:,} decoded images {run["differing_files"]:,} differ from Pillow's in any byte. The
second reading, from the file of decoded images, takes {second}; a
whole second run, with an epoch of one minibatch, {whole} from start to end.
"""


def main():
    options = arguments()
    others, start = machine.Others(), time.time()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        data = options.data
        if options.archive:
            data = scratch / "data"
            with tarfile.open(options.archive) as archive:
                archive.extractall(data, filter="data")
        run = measure(options, data.resolve(), scratch)
    run = {**report.circumstances(others, start), **run}
    report.finish(options, "decoding", run, text(run))
    return 1 if run["differing_files"] else 0


if __name__ == "__main__":
    sys.exit(main())
