"""Golden values of PyTorch for whole graphs: logits, gradients and running statistics, in float64.

Writes graphs.json beside itself: descriptions that together have every layer of the grammar, run by
the PyTorch twins of Bench/models.py. Made with Python 3.11, torch 2.13.0, numpy 2.4.6 and PyYAML
6.0.3 (Bench/requirements-interchange.txt).
"""

import json
import pathlib
import sys

import numpy
import torch
import torch.nn.functional as F
import yaml

FOLDER = pathlib.Path(__file__).parent
sys.path.append(str(FOLDER.parents[2] / "Bench"))
import models  # noqa: E402

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
random = numpy.random.RandomState(20261127)

DESCRIPTIONS = dict(
    resnet="""
    - conv: {filters: 4, padding: same}
    - batchNorm
    - relu
    - residual:
        body:
          - conv: {filters: 6, stride: 2, padding: same}
          - batchNorm
          - relu
          - conv: {filters: 6, padding: same, bias: false}
          - batchNorm: {momentum: 0.3, epsilon: 0.01}
        shortcut:
          - conv: {filters: 6, kernel: 1, stride: 2}
    - relu
    - repeat:
        times: 2
        layers:
          - residual:
              - conv: {filters: 6, padding: 1}
              - batchNorm
    - globalAveragePool
    - dense: classes
    """,
    mobile="""
    - conv: {filters: 4, kernel: [3, 2], stride: [2, 1], padding: [1, 0]}
    - hardSwish
    - depthwise: {kernel: 3, stride: 2, padding: same, multiplier: 2}
    - batchNorm
    - relu6
    - scale:
        - globalAveragePool
        - dense: 3
        - silu
        - dense: 8
        - sigmoid
    - conv: {filters: 6, kernel: 1, groups: 2, bias: false}
    - gelu
    - scale: [globalMaxPool]
    - flatten
    - dense: {features: 5, bias: false}
    - batchNorm
    - tanh
    - dense: classes
    """,
    branches="""
    - concat:
        - - conv: {filters: 3, dilation: 2, padding: 2}
          - leakyRelu: 0.2
        - - maxPool: {size: 3, stride: 1, padding: 1}
        - - averagePool: {size: 3, stride: 1, padding: 1}
          - sigmoid
        - []
    - maxPool: {size: [2, 3], stride: [2, 1], padding: same}
    - scale:
        - conv: {filters: 9, kernel: [1, 3], padding: same}
        - sigmoid
    - averagePool: {size: 3, stride: 2, padding: same}
    - maxPool: 2
    - averagePool: [1, 2]
    - flatten
    - residual:
        - dense: 9
        - gelu
    - dense: classes
    """,
)


def rounded(values):
    """Values with three digits: short files, exact in every format that reads decimals."""
    return torch.tensor(numpy.round(values, 3))


def flat(tensor):
    return tensor.detach().reshape(-1).tolist()


def state(model):
    parts = models.exported(model).items()
    return {name: flat(value) for name, value in parts if "num_batches_tracked" not in name}


def golden(layers, count=3, channels=2, height=9, width=8, classes=3):
    model = models.network(yaml.safe_load(layers), (height, width), classes, channels)
    for name, value in model.state_dict().items():
        if value.is_floating_point():
            spread = rounded(random.rand(*value.shape) + (0.5 if "running_var" in name else -0.5))
            value.copy_(spread)
    start = state(model)
    x = rounded(random.randn(count, channels, height, width)).requires_grad_()
    logits = model.train()(x)
    weighting = rounded(random.randn(count, classes))
    logits.backward(weighting)
    prefixes = models.names(model)
    gradients = {}
    for name, value in model.named_parameters():
        module, _, suffix = name.rpartition(".")
        gradients[f"{prefixes[module]}.{suffix}"] = flat(value.grad)
    return dict(
        layers=layers,
        input=[channels, height, width],
        classes=classes,
        start=start,
        x=flat(x),
        logits=flat(logits),
        weighting=flat(weighting),
        gradients=gradients,
        dx=flat(x.grad),
        end=state(model),
        evaluation=flat(model.eval()(x)),
    )


def activations():
    """The functions alone, on both sides of every kink and on it."""
    x = torch.tensor([-7.0, -3, -2.5, -0.3, 0, 0.2, 1.5, 3, 4, 6, 6.5]).requires_grad_()
    functions = dict(
        relu6=F.relu6,
        tanh=torch.tanh,
        silu=F.silu,
        gelu=F.gelu,
        hardSwish=F.hardswish,
        leakyRelu=lambda x: F.leaky_relu(x, 0.2),
    )
    found = {}
    for name, function in functions.items():
        x.grad = None
        y = function(x)
        y.sum().backward()
        found[name] = dict(x=flat(x), y=flat(y), dx=flat(x.grad))
    return found


graphs = {name: golden(layers) for name, layers in DESCRIPTIONS.items()}
text = json.dumps(dict(graphs=graphs, activations=activations()), separators=(",", ":"))
(FOLDER / "graphs.json").write_text(text + "\n")
