"""Golden values of PyTorch for the weights of a whitening convolution: writes whitening.json.

Bench/first_weights.py whitens patches of a few images of noise, in float64. Made with Python
3.11, torch 2.13.0 and numpy 2.4.6 (Bench/requirements-interchange.txt).
"""

import json
import pathlib
import sys

import numpy
import torch

FOLDER = pathlib.Path(__file__).parent
sys.path.append(str(FOLDER.parents[2] / "Bench"))
import first_weights  # noqa: E402
import models  # noqa: E402

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
random = numpy.random.RandomState(20261129)
COUNT, HEIGHT, WIDTH = 70, 6, 7


def case(channels, keys, epsilon):
    # Neighbours resemble each other, so that some directions matter more.
    noise = random.randint(0, 128, (COUNT, HEIGHT, WIDTH, channels))
    pixels = noise + numpy.roll(noise, 1, 2) // 2 + numpy.roll(noise, 1, 3) // 4
    means = numpy.round(pixels.mean((0, 1, 2)) / 255, 3)
    deviations = numpy.round(pixels.std((0, 1, 2)) / 255, 3)
    images = torch.tensor((pixels / 255 - means) / deviations).permute(0, 3, 1, 2)
    model = models.network([{"conv": keys}], side=(HEIGHT, WIDTH), channels=channels)
    first_weights.whiten(model, {"whiten": epsilon}, images)
    weight = next(model.parameters())
    return {
        "channels": channels,
        "filters": keys["filters"],
        "kernel": keys["kernel"],
        "dilation": keys.get("dilation", 1),
        "whiten": epsilon,
        "means": means.tolist(),
        "deviations": deviations.tolist(),
        "pixels": pixels.reshape(-1).tolist(),
        "weight": [float(f"{value:.9g}") for value in weight.reshape(-1).tolist()],
    }


cases = [
    case(3, {"filters": 24, "kernel": [2, 2]}, 0.0005),
    case(1, {"filters": 7, "kernel": [3, 2], "dilation": 2}, 0.1),
]
golden = {"count": COUNT, "height": HEIGHT, "width": WIDTH, "cases": cases}
(FOLDER / "whitening.json").write_text(json.dumps(golden) + "\n")
