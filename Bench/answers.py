"""Holds what ptrain says about images against other programs.

The confusion matrix and the figures by class against scikit-learn's from the logits; predictions of
digits saved by Pillow as PNG and JPEG, and of the IDX file, against the logits of `ptrain eval`;
the event file against what TensorBoard's own reader makes of it. --speed times predictions too.
Bench/answers makes the environment and calls this.
"""

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import idx_file
import numpy
from PIL import Image
from safetensors.numpy import load_file
from sklearn import metrics
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from training import BINARY

failures: list[str] = []


def check(name, is_right, detail=""):
    print(f"{'ok  ' if is_right else 'FAIL'}  {name}{': ' if detail else ''}{detail}", flush=True)
    if not is_right:
        failures.append(name)


def ptrain(*arguments):
    process = subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True)
    if process.returncode != 0:
        raise SystemExit(f"ptrain {' '.join(map(str, arguments))}: {process.stderr.strip()}")
    return process.stdout


def softmax(logits):
    powers = numpy.exp(logits.astype(numpy.float64) - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def figures_by_class(run, data, folder, labels):
    """Whatever follows from the logits and the labels alone."""
    file = folder / "logits.safetensors"
    options = ["--checkpoint", run / "model.safetensors", "--data", data, "--json", "--per-class"]
    found = json.loads(ptrain("eval", *options, "--logits", file))
    logits = load_file(file)["logits"]
    answers = logits.argmax(axis=1)
    matrix = metrics.confusion_matrix(labels, answers)
    check("confusion matrix: scikit-learn's", (numpy.array(found["confusion"]) == matrix).all())
    check("confusion matrix: sums to the test set", matrix.sum() == len(labels))
    balanced = 100 * metrics.balanced_accuracy_score(labels, answers)
    check("balanced accuracy: scikit-learn's", abs(found["balanced_accuracy"] - balanced) < 1e-9)
    expected = 100 * numpy.array(metrics.precision_recall_fscore_support(labels, answers)[:3])
    rows = found["per_class"]
    figures = numpy.array([[row[key] for row in rows] for key in ("precision", "recall", "f1")])
    check("precision, recall, F1: scikit-learn's", abs(figures - expected).max() < 1e-9)
    kept = json.loads((run / "evaluation.json").read_text())
    check(
        "evaluation.json: the same",
        all(kept[key] == found[key] for key in found if key != "test_loss"),
    )
    probabilities = softmax(logits)
    wrong = numpy.flatnonzero(answers != labels)
    wrong = wrong[numpy.argsort(-probabilities[wrong, answers[wrong]], kind="stable")]
    told = [(row["image"], row["class"], row["answer"]) for row in kept["mistakes"]]
    check("mistakes: the most confident", told == [(i, labels[i], answers[i]) for i in wrong[:64]])
    return logits


def predictions(run, data, folder, images, logits):
    count = 1000
    for name in ("png", "jpg"):
        (folder / name).mkdir()
        for place, image in enumerate(images[:count]):
            Image.fromarray(image).save(folder / name / f"{place:05}.{name}", quality=95)

    def predict(*names):
        text = ptrain("predict", "--model", run / "model.safetensors", "--json", *names)
        rows = [json.loads(line) for line in text.splitlines()]
        return numpy.array([row["logits"] for row in rows], numpy.float32), rows

    found, rows = predict(folder / "png")
    check("PNG: eval's logits, bit for bit", (found == logits[:count]).all())
    told = numpy.array([row["probability"] for row in rows])
    check("PNG: probabilities", abs(told - softmax(found).max(axis=1)).max() < 1e-12)
    found, _ = predict(*sorted(Path(data).glob("t10k-images*")))
    check(
        "IDX: eval's logits, bit for bit", found.shape == logits.shape and (found == logits).all()
    )
    found, _ = predict(folder / "jpg")
    same = (found.argmax(axis=1) == logits[:count].argmax(axis=1)).mean()
    check("JPEG of quality 95: the same classes", same >= 0.99, f"{same:.2%}")


def events(run):
    """What TensorBoard's reader lists, and the lines of metrics.jsonl."""
    reader = EventAccumulator(str(run), size_guidance={"scalars": 0, "images": 0})
    reader.Reload()
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    epochs = [line for line in lines if line["event"] == "epoch"]
    fields = {
        "loss/train": "train_loss",
        "loss/test": "test_loss",
        "accuracy/train": "train_accuracy",
        "accuracy/test": "test_accuracy",
        "learning rate": "learning_rate",
        "images per second": "images_per_second",
    }
    for part in ("loss", "accuracy"):
        fields[f"{part}/validation"] = f"validation_{part}"
    check("TensorBoard: the scalars", sorted(reader.Tags()["scalars"]) == sorted(fields))
    for tag, field in fields.items():
        found = [(event.step, numpy.float32(event.value)) for event in reader.Scalars(tag)]
        check(
            f"TensorBoard: {tag}", found == [(e["epoch"], numpy.float32(e[field])) for e in epochs]
        )
    (tag,) = reader.Tags()["images"]
    (image,) = reader.Images(tag)
    picture = Image.open(io.BytesIO(image.encoded_image_string))
    picture.load()
    check(
        "TensorBoard: the confusion matrix",
        picture.size == (image.width, image.height) == (320, 320),
    )


def speed(run, folder, images):
    (folder / "all").mkdir()
    for place, image in enumerate(images):
        Image.fromarray(image).save(folder / "all" / f"{place:05}.png")
    command = [BINARY, "predict", "--model", run / "model.safetensors", "--top", "1"]
    for name, target, count in (("folder", "all", len(images)), ("one", "all/00000.png", 1)):
        seconds = []
        for _ in range(7):
            start = time.perf_counter()
            subprocess.run([*command, folder / target], check=True, capture_output=True)
            seconds.append(time.perf_counter() - start)
        best, median = min(seconds), sorted(seconds)[3]
        print(
            f"      {name}: {count} images in {1000 * median:.1f} ms (best {1000 * best:.1f}), "
            f"{count / median:,.0f} a second"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data", default=os.environ.get("PTRAIN_DATA"), help="directory with MNIST's four files"
    )
    parser.add_argument("--model", default="compact")
    parser.add_argument("--speed", action="store_true", help="time predictions too")
    options = parser.parse_args()
    if not options.data:
        print("Bench/answers: no --data and no PTRAIN_DATA", file=sys.stderr)
        return 69
    images = idx_file.array(options.data, "t10k-images-idx3-ubyte")
    labels = idx_file.array(options.data, "t10k-labels-idx1-ubyte")
    with tempfile.TemporaryDirectory() as name:
        folder, run = Path(name), Path(name) / "run"
        recipe = ["--epochs", 3, "--limit-train", 6000, "--validation", 1000, "--tensorboard"]
        ptrain("--model", options.model, "--data", options.data, "--output", run, *recipe)
        logits = figures_by_class(run, options.data, folder, labels)
        predictions(run, options.data, folder, images, logits)
        events(run)
        if options.speed:
            speed(run, folder, images)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
