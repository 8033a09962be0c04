"""PyTorch twins of ptrain's networks: the same description file, the same recipe.

The comparison must not drift from what ptrain trains, so the twins are read from its own files.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
import yaml
from torch import nn

ROOT = Path(__file__).resolve().parent.parent


def description(model):
    """A preset's or a file's description as a dictionary."""
    path = Path(model)
    if path.suffix != ".yaml":
        path = ROOT / "Sources/Networks/Presets" / f"{model}.yaml"
    return yaml.safe_load(path.read_text())


def network(layers, side=28, classes=10):
    """The layers as nn.Sequential; input [N, 1, side, side], output logits [N, classes]."""
    modules, channels, is_flat = [], 1, False
    for layer in layers:
        name, value = next(iter(layer.items())) if isinstance(layer, dict) else (layer, None)
        if name == "batchNorm" and is_flat:
            modules.append(nn.BatchNorm1d(channels))
            continue
        is_flat |= name in ("globalAveragePool", "dense")
        module, channels = LAYERS[name](value, channels, classes)
        modules += module
    return nn.Sequential(*modules)


def conv(keys, channels, _):
    module = nn.Conv2d(
        channels,
        keys["filters"],
        keys["kernel"],
        stride=keys.get("stride", 1),
        padding=keys.get("padding", 0),
        bias=keys.get("bias", True),
    )
    return [module], keys["filters"]


def dense(value, channels, classes):
    keys = value if isinstance(value, dict) else {"features": value}
    features = classes if keys["features"] == "classes" else keys["features"]
    return [nn.Linear(channels, features, bias=keys.get("bias", True))], features


LAYERS = {
    "conv": conv,
    "dense": dense,
    "relu": lambda _, channels, __: ([nn.ReLU()], channels),
    "batchNorm": lambda _, channels, __: ([nn.BatchNorm2d(channels)], channels),
    "maxPool": lambda size, channels, _: ([nn.MaxPool2d(size)], channels),
    "dropout": lambda rate, channels, _: ([nn.Dropout(rate)], channels),
    "globalAveragePool": lambda _, channels, __: (
        [nn.AdaptiveAvgPool2d(1), nn.Flatten()],
        channels,
    ),
}


def optimizer(model, recipe):
    """The recipe's optimizer in PyTorch's fastest form; decay acts on weights alone."""
    weights = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() <= 1]
    decay = recipe.get("weightDecay", 0)
    groups = [{"params": weights, "weight_decay": decay}, {"params": others, "weight_decay": 0}]
    rate = recipe["learningRate"]
    if recipe["optimizer"] == "adam":
        kind = torch.optim.AdamW if decay else torch.optim.Adam
        return kind(groups, lr=rate, fused=True)
    return torch.optim.SGD(
        groups,
        lr=rate,
        momentum=recipe.get("momentum", 0.9),
        nesterov=recipe.get("nesterov", False),
        fused=True,
    )


def loss_function(model, recipe, bf16):
    """Forward pass and cross-entropy as one function of a batch, for torch.compile."""
    smoothing = recipe.get("labelSmoothing", 0.0)

    def loss(images, labels):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            logits = model(images)
        return F.cross_entropy(logits.float(), labels, label_smoothing=smoothing)

    return loss
