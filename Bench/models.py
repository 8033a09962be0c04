"""PyTorch twins of ptrain's networks: the same description file, the same recipe.

The comparison must not drift from what ptrain trains, so the twins are read from its own files.
"""

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
import yaml
from torch import nn
from twin_muon import Muon

ROOT = Path(__file__).resolve().parent.parent


def description(model):
    """A preset's or a file's description as a dictionary."""
    path = Path(model)
    if path.suffix != ".yaml":
        path = ROOT / "Sources/Networks/Presets" / f"{model}.yaml"
    return yaml.safe_load(path.read_text())


def network(layers, side=28, classes=10, channels=1):
    """The layers as nn.Sequential; input [N, channels, side, side], output logits [N, classes].

    `side` may be (height, width). Each module is built for what those before it make of zeros.
    """
    height, width = (side, side) if isinstance(side, int) else side
    modules, x = sequence(layers, torch.zeros(2, channels, height, width), classes)
    return nn.Sequential(*modules, *([nn.Flatten()] if x.dim() > 2 else []))


def sequence(layers, x, classes):
    """Modules of a list of layers, and what they make of `x`."""
    modules = []
    for layer in layers:
        value: Any = None
        name = layer
        if isinstance(layer, dict):
            name, value = next(iter(layer.items()))
        if name == "repeat":
            parts, x = sequence(value["layers"] * value["times"], x, classes)
        elif name in LAYERS:
            parts = LAYERS[name](value, x, classes)
            with torch.no_grad():
                x = nn.Sequential(*parts).eval()(x)
            nn.Sequential(*parts).train()
        else:
            raise SystemExit(f"the PyTorch twins have no layer `{name}`; add it to models.py")
        modules += parts
    return modules, x


class Residual(nn.Module):
    def __init__(self, body, shortcut):
        super().__init__()
        self.body, self.shortcut = nn.Sequential(*body), nn.Sequential(*shortcut)

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


class Concat(nn.Module):
    def __init__(self, branches):
        super().__init__()
        self.branches = nn.ModuleList(nn.Sequential(*branch) for branch in branches)

    def forward(self, x):
        parts = [branch(x) for branch in self.branches]
        flat = any(part.dim() == 2 for part in parts)
        return torch.cat([part.flatten(1) if flat else part for part in parts], 1)


class Scale(nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor = nn.Sequential(*factor)

    def forward(self, x):
        factor = self.factor(x)
        if factor.dim() < x.dim():
            factor = factor[:, :, None, None]
        return x * (factor.flatten(1) if factor.dim() > x.dim() else factor)


class Padded(nn.Module):
    """A window without padding of its own over an image padded as TensorFlow's `same`."""

    def __init__(self, module, reach, stride, fill=0.0):
        super().__init__()
        self.module, self.reach, self.stride, self.fill = module, reach, stride, fill

    def forward(self, x):
        sides = []
        for extent, reach, stride in zip(
            x.shape[:1:-1], self.reach[::-1], self.stride[::-1], strict=False
        ):
            total = max((-(-extent // stride) - 1) * stride + reach - extent, 0)
            sides += [total // 2, total - total // 2]
        if isinstance(self.module, nn.AvgPool2d):
            inside = self.module(F.pad(torch.ones_like(x), sides))
            return self.module(F.pad(x, sides)) / inside
        return self.module(F.pad(x, sides, value=self.fill))


def pair(value):
    return tuple(value) if isinstance(value, list) else (value, value)


def convolution(keys, inputs, filters, groups):
    kernel, stride = pair(keys.get("kernel", 3)), pair(keys.get("stride", 1))
    padding, dilation = keys.get("padding", 0), keys.get("dilation", 1)
    module = nn.Conv2d(
        inputs,
        filters,
        kernel,
        stride=stride,
        padding=0 if padding == "same" else pair(padding),
        dilation=dilation,
        groups=groups,
        bias=keys.get("bias", True),
    )
    reach = tuple((extent - 1) * dilation + 1 for extent in kernel)
    # PyTorch pads such an image itself, which is faster.
    if padding == "same" and stride == (1, 1) and all(extent % 2 for extent in reach):
        module.padding = tuple(extent // 2 for extent in reach)
        return [module]
    return [Padded(module, reach, stride)] if padding == "same" else [module]


def conv(value, x, _):
    keys = value if isinstance(value, dict) else {"filters": value}
    return convolution(keys, x.shape[1], keys["filters"], keys.get("groups", 1))


def depthwise(value, x, _):
    keys = value if isinstance(value, dict) else {"kernel": value}
    return convolution(keys, x.shape[1], x.shape[1] * keys.get("multiplier", 1), x.shape[1])


def batch_norm(value, x, _):
    keys = value or {}
    kind = nn.BatchNorm1d if x.dim() == 2 else nn.BatchNorm2d
    return [kind(x.shape[1], eps=keys.get("epsilon", 1e-5), momentum=keys.get("momentum", 0.1))]


def pool(value, x, kind):
    keys = value if isinstance(value, dict) else {"size": value}
    size, padding = pair(keys["size"]), keys.get("padding", 0)
    stride = pair(keys.get("stride", keys["size"]))
    options = {} if kind is nn.MaxPool2d else {"count_include_pad": False}
    if padding == "same":
        return [Padded(kind(size, stride), size, stride, fill=-torch.inf)]
    return [kind(size, stride, pair(padding), **options)]


def dense(value, x, classes):
    keys = value if isinstance(value, dict) else {"features": value}
    features = classes if keys["features"] == "classes" else keys["features"]
    linear = nn.Linear(x[0].numel(), features, bias=keys.get("bias", True))
    return [nn.Flatten(), linear] if x.dim() > 2 else [linear]


def residual(value, x, classes):
    keys = value if isinstance(value, dict) else {"body": value}
    lists = [keys["body"], keys.get("shortcut", [])]
    return [Residual(*(sequence(layers, x, classes)[0] for layers in lists))]


LAYERS = {
    "conv": conv,
    "depthwise": depthwise,
    "dense": dense,
    "batchNorm": batch_norm,
    "relu": lambda *_: [nn.ReLU()],
    "relu6": lambda *_: [nn.ReLU6()],
    "sigmoid": lambda *_: [nn.Sigmoid()],
    "tanh": lambda *_: [nn.Tanh()],
    "silu": lambda *_: [nn.SiLU()],
    "gelu": lambda *_: [nn.GELU()],
    "hardSwish": lambda *_: [nn.Hardswish()],
    "leakyRelu": lambda slope, *_: [nn.LeakyReLU(slope)],
    "maxPool": lambda value, x, _: pool(value, x, nn.MaxPool2d),
    "averagePool": lambda value, x, _: pool(value, x, nn.AvgPool2d),
    "globalAveragePool": lambda *_: [nn.AdaptiveAvgPool2d(1)],
    "globalMaxPool": lambda *_: [nn.AdaptiveMaxPool2d(1)],
    "flatten": lambda *_: [nn.Flatten()],
    "dropout": lambda rate, *_: [nn.Dropout(rate)],
    "residual": residual,
    "concat": lambda lists, x, classes: [Concat(sequence(part, x, classes)[0] for part in lists)],
    "scale": lambda layers, x, classes: [Scale(sequence(layers, x, classes)[0])],
}
PREFIXES = {nn.Conv2d: "conv", nn.BatchNorm2d: "bn", nn.BatchNorm1d: "bn", nn.Linear: "fc"}


def names(model):
    """ptrain's name of each module with parameters, by PyTorch's: `0.body.3` is `conv2`."""
    counts: dict[str, int] = {}
    found: dict[str, str] = {}
    for name, module in model.named_modules():
        if prefix := PREFIXES.get(type(module)):
            counts[prefix] = counts.get(prefix, 0) + 1
            found[name] = f"{prefix}{counts[prefix]}"
    return found


def exported(model):
    """The state_dict under ptrain's names."""
    prefixes = names(model)
    parts = ((key.rpartition("."), value) for key, value in model.state_dict().items())
    return {f"{prefixes[module]}.{suffix}": value for (module, _, suffix), value in parts}


def load(model, state):
    """Takes values under ptrain's names, which know no `num_batches_tracked`."""
    own = {
        f"{module}.{suffix}": value
        for module, prefix in names(model).items()
        for key, value in state.items()
        for owner, _, suffix in [key.rpartition(".")]
        if owner == prefix
    }
    missing, unexpected = model.load_state_dict(own, strict=False)
    assert not unexpected and len(own) == len(state)
    assert all(key.endswith("num_batches_tracked") for key in missing), missing


def optimizer(model, recipe):
    """The recipe's optimizer in PyTorch's fastest form; decay acts on weights alone.

    A group with a `factor` learns at so many times the rate.
    """
    rate, factor = recipe["learningRate"], recipe.get("biasRate", 1)
    norms = (nn.BatchNorm1d, nn.BatchNorm2d)
    found = [module.bias for module in model.modules() if isinstance(module, norms)]
    shifts = found if factor != 1 else []
    weights = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() <= 1 and all(p is not s for s in shifts)]
    decay = recipe.get("weightDecay", 0)
    groups = [{"params": weights, "weight_decay": decay}, {"params": others, "weight_decay": 0}]
    if shifts:
        biases = {"params": shifts, "weight_decay": 0, "lr": rate * factor, "factor": factor}
        groups.append(biases)
    if recipe["optimizer"] == "muon":
        groups[0]["is_weight"] = True
        return Muon(groups, lr=rate)
    if recipe["optimizer"] in ("adam", "adamw"):
        kind = torch.optim.AdamW if decay else torch.optim.Adam
        return kind(groups, lr=rate, fused=True)
    if recipe["optimizer"] != "sgd":
        raise ValueError(f"no twin for optimizer {recipe['optimizer']}")
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
