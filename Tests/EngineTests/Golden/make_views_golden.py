"""Golden values of PyTorch for logits averaged over views of images: writes views.json, in float64.

The functions are airbench's (Jordan 2024), for images of any size. Made with Python 3.11, torch
2.13.0 and numpy 2.4.6 (Bench/requirements-interchange.txt).
"""

import json
import pathlib
import sys

import numpy
import torch
import torch.nn.functional as F

FOLDER = pathlib.Path(__file__).parent
sys.path.append(str(FOLDER.parents[2] / "Bench"))
import models  # noqa: E402

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
torch.manual_seed(6)
random = numpy.random.RandomState(20261129)
COUNT, HEIGHT, WIDTH, CHANNELS, CLASSES = 9, 4, 5, 3, 3


def mirror(images, model):
    return 0.5 * model(images) + 0.5 * model(images.flip(-1))


def mirror_translate(images, model):
    padded = F.pad(images, (1, 1, 1, 1), "reflect")
    shifted = [padded[:, :, y : y + HEIGHT, y : y + WIDTH] for y in (0, 2)]
    translated = torch.stack([mirror(part, model) for part in shifted]).mean(0)
    return 0.5 * mirror(images, model) + 0.5 * translated


pixels = random.randint(0, 256, (COUNT, HEIGHT, WIDTH, CHANNELS))
images = torch.tensor((pixels / 255 - 0.5) / 0.25).permute(0, 3, 1, 2)
labels = torch.arange(COUNT) % CLASSES
layers = [{"conv": {"filters": 4, "kernel": 2}}, "relu", "flatten", {"dense": "classes"}]
model = models.network(layers, (HEIGHT, WIDTH), CLASSES, CHANNELS)
with torch.no_grad():
    for parameter in model.parameters():
        parameter.copy_(parameter.float())
    logits = {"flip": mirror(images, model), "shift": mirror_translate(images, model)}
golden = {
    "pixels": pixels.reshape(-1).tolist(),
    "labels": labels.tolist(),
    "weights": {name: value.reshape(-1).tolist() for name, value in models.exported(model).items()},
    "logits": {name: value.reshape(-1).tolist() for name, value in logits.items()},
    "loss": {name: F.cross_entropy(value, labels).item() for name, value in logits.items()},
}
(FOLDER / "views.json").write_text(json.dumps(golden) + "\n")
