"""Runs exported networks where they are meant to run, and compares their answers with ptrain's.

Each network is trained for a moment and exported in floating point and in 8-bit integers.
Floating point: TensorFlow Lite's kernels, with and without the XNNPACK delegate, and the C program,
against `ptrain eval --logits`. Integers: TensorFlow Lite's reference kernels and the C program must
give ptrain's numbers for every image; predictions with XNNPACK and of ONNX Runtime may differ for
one image in a thousand. Every file is unpacked by the generated readers of TensorFlow Lite's
schema. Ends non-zero where something differs. --keep keeps the table under results/ after each
network, beside those that are there of as many images and the same versions, so that a long run
can be made in pieces. Bench/devices makes the environment and calls this.
"""

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import ai_edge_litert
import idx_file
import machine
import numpy
import onnxruntime
import pictures
import report
from device_programs import c_logits
from device_runtimes import KERNELS, check_schema, onnx_logits, tflite_outputs
from safetensors.numpy import load_file
from training import BINARY, ROOT

LEARNING = ["--epochs", "2"]
NETWORKS = {
    "tiny": ("tiny", LEARNING),
    "compact": ("compact", LEARNING),
    "lenet5": ("lenet5", LEARNING),
    "ds-cnn": ("ds-cnn", LEARNING),
    "branches": (str(ROOT / "Bench/branches.yaml"), LEARNING),
    "resnet8": ("resnet8", ["--epochs", "3"]),
}
# Trained on pictures in colour.
COLOURED = ("resnet8",)
LIMIT = 1e-5
AGREEMENT = 0.999


def ptrain(*arguments):
    process = subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True)
    if process.returncode != 0:
        raise SystemExit(f"ptrain {' '.join(map(str, arguments))}: {process.stderr.strip()}")
    return process.stderr


class Data:
    """Test images [N, H, W, C] as bytes, and what ptrain reads them from."""

    def __init__(self, source, images):
        self.source, self.images = source, images
        self.options = ["--data", str(source), "--limit-test", str(len(images))]


def digits(folder, count):
    return Data(folder, idx_file.array(folder, "t10k-images-idx3-ubyte")[:count, :, :, None])


def mixed_pictures(source, folder, count):
    """Pictures that every program sees as the same bytes, in an order that mixes the classes."""
    arrays = {}
    for part, name in (("train", "train"), ("test", "t10k")):
        images, labels = (idx_file.array(source, file) for file in idx_file.names(source, name))
        order = numpy.random.default_rng(1).permutation(len(labels))
        arrays[f"x_{part}"] = images.transpose(0, 2, 3, 1)[order]
        arrays[f"y_{part}"] = labels[order]
    file = Path(folder) / "pictures.npz"
    numpy.savez(file, **arrays)
    return Data(file, arrays["x_test"][:count])


def difference(found, expected):
    """Largest difference of an image's logits, relative to that image's largest logit."""
    found, expected = found.astype(numpy.float64), expected.astype(numpy.float64)
    return (abs(found - expected).max(1) / abs(expected).max(1)).max()


def softmax(logits):
    powers = numpy.exp(logits.astype(numpy.float64) - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


class Rows:
    """What was compared, network by network."""

    def __init__(self):
        self.rows = []

    def add(self, network, compared, found, is_right):
        self.rows.append(
            {"network": network, "compared": compared, "found": found, "is_right": bool(is_right)}
        )
        mark = "ok  " if is_right else "FAIL"
        print(f"{mark}  {network}: {compared}: {found}", flush=True)

    def close(self, network, compared, found, expected, limit=LIMIT):
        error = difference(found, expected)
        self.add(network, compared, f"{error:.1e}", error <= limit)

    def equal(self, network, compared, found, expected):
        count = int((found == expected).all(axis=1).sum())
        self.add(network, compared, f"{count} of {len(expected)}", count == len(expected))

    def agree(self, network, compared, found, expected):
        """In brackets with every class of an image whose largest logits are one integer."""
        answers = found.argmax(1)
        share = float((answers == expected.argmax(1)).mean())
        ties = float((expected[numpy.arange(len(answers)), answers] == expected.max(1)).mean())
        self.add(network, compared, f"{share:.2%} ({ties:.2%})", share >= AGREEMENT)


def compare_floats(rows, name, model, data, folder, pool):
    expected = evaluated(model, data, folder)["logits"]
    file, whole = folder / "float.tflite", folder / "whole.tflite"
    ptrain("export", "--checkpoint", model, "--output", file, "--logits")
    ptrain("export", "--checkpoint", model, "--output", whole)
    images = data.images.astype(numpy.float32)
    for kernels in KERNELS:
        found = tflite_outputs(pool, file, kernels, images)
        rows.close(name, f"float32: TensorFlow Lite, {kernels}", found, expected)
    shares = tflite_outputs(pool, whole, "XNNPACK", images)
    rows.close(name, "float32: TensorFlow Lite, probabilities", shares, softmax(expected))
    program = folder / "float.c"
    ptrain("export", "--checkpoint", model, "--output", program)
    rows.close(name, "float32: C", c_logits(program, data.images, "float"), expected)
    return check_schema(whole)


def compare_integers(rows, name, model, data, folder, pool):
    # The accuracy that an export tells is not wanted here.
    integers = ["--int8", *data.options[:2], "--limit-test", "100"]
    expected = evaluated(model, data, folder, "--int8")["logits.int8"].astype(numpy.int8)
    file, whole = folder / "int8.tflite", folder / "whole-int8.tflite"
    ptrain("export", "--checkpoint", model, "--output", file, "--logits", *integers)
    ptrain("export", "--checkpoint", model, "--output", whole, *integers)
    images = (data.images.astype(numpy.int16) - 128).astype(numpy.int8)
    found = tflite_outputs(pool, file, "reference kernels", images)
    rows.equal(name, "int8: TensorFlow Lite, reference kernels", found, expected)
    program = folder / "integers.c"
    ptrain("export", "--checkpoint", model, "--output", program, *integers)
    rows.equal(name, "int8: C", c_logits(program, data.images, "int8_t"), expected)
    found = tflite_outputs(pool, file, "XNNPACK", images)
    rows.agree(name, "int8: TensorFlow Lite, XNNPACK", found, expected)
    found = tflite_outputs(pool, whole, "XNNPACK", images)
    rows.agree(name, "int8: TensorFlow Lite, probabilities", found, expected)
    graph = folder / "integers.onnx"
    ptrain("export", "--checkpoint", model, "--output", graph, "--normalize", *integers)
    rows.agree(name, "int8: ONNX Runtime", onnx_logits(graph, data.images), expected)
    return check_schema(whole)


def evaluated(model, data, folder, *options):
    output = folder / "logits.safetensors"
    ptrain("eval", "--checkpoint", model, "--logits", output, *data.options, *options)
    return load_file(output)


def kept(versions, images):
    """What earlier runs found with the same versions and as many images, by network."""
    file = report.RESULTS / "devices.json"
    run = json.loads(file.read_text()) if file.exists() else {}
    is_same = (run.get("versions"), run.get("images")) == (versions, images)
    return run["networks"] if is_same else {}


def text(run):
    networks = [name for name in NETWORKS if name in run["networks"]]
    pieces = [run["networks"][name] for name in networks]
    found = [row for piece in pieces for row in piece["rows"]]
    cells = {(row["compared"], row["network"]): row["found"] for row in found}
    rows = [
        [compared, *(cells.get((compared, name), "") for name in networks)]
        for compared in dict.fromkeys(row["compared"] for row in found)
    ]
    operators = "\n".join(
        f"- {name}, {form}: {', '.join(names)}"
        for name, piece in zip(networks, pieces, strict=True)
        for form, names in piece["operators"].items()
    )
    machines = "\n".join(dict.fromkeys(f"- {report.machine_line(piece)}" for piece in pieces))
    versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    return (
        "# The same network on devices\n\n"
        f"{run['images']:,} test images. float32: largest difference of a logit, relative to the "
        f"largest logit of its image; more than {LIMIT:g} would be an error. int8: images whose "
        "logits equal ptrain's integers, or the share of equal predictions (in brackets: where "
        "ptrain's largest logit is that of several classes, any of them); less than all, or less "
        f"than {AGREEMENT:.1%}, would be one. {versions}.\n\n"
        f"{report.table(['compared', *networks], rows)}\n\n{operators}\n\n{machines}\n"
    )


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data", default=os.environ.get("PTRAIN_DATA"), help="directory with MNIST's four files"
    )
    pictures.option(parser, "resnet8")
    parser.add_argument("--networks", default=",".join(NETWORKS), help="some of the networks")
    parser.add_argument("--images", type=int, default=10_000)
    report.keep_option(parser)
    options = parser.parse_args()
    options.networks = report.choices(parser, "--networks", options.networks, NETWORKS)
    if not options.pictures and set(options.networks) & set(COLOURED):
        parser.error(f"--networks {','.join(COLOURED)}: wants --pictures")
    return options


def main():
    options = arguments()
    if not options.data:
        print("Bench/devices: no --data and no PTRAIN_DATA", file=sys.stderr)
        return 69
    versions = {
        "ai-edge-litert": ai_edge_litert.__version__,
        "onnxruntime": onnxruntime.__version__,
    }
    pieces = kept(versions, options.images) if options.keep else {}
    run = {"versions": versions, "images": options.images, "networks": pieces}
    with tempfile.TemporaryDirectory() as top, multiprocessing.Pool(os.cpu_count()) as pool:
        sources = {False: digits(options.data, options.images)}
        if options.pictures:
            source = pictures.source(options.pictures)
            sources[True] = mixed_pictures(source, top, options.images)
        for name in options.networks:
            others, start, rows = machine.Others(), time.time(), Rows()
            folder, data = Path(top) / name, sources[name in COLOURED]
            model, recipe = NETWORKS[name]
            ptrain("--model", model, "--output", folder, *recipe, *data.options)
            trained = folder / "model.safetensors"
            operators = {
                "float32": compare_floats(rows, name, trained, data, folder, pool),
                "int8": compare_integers(rows, name, trained, data, folder, pool),
            }
            pieces[name] = report.circumstances(others, start)
            pieces[name] |= {"rows": rows.rows, "operators": operators}
            if options.keep:
                report.write(report.RESULTS / "devices", run, text(run))
    report.finish(options, "devices", run, text(run))
    own = [row for name in options.networks for row in pieces[name]["rows"]]
    return 0 if all(row["is_right"] for row in own) else 1


if __name__ == "__main__":
    sys.exit(main())
