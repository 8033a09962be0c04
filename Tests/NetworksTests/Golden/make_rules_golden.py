"""Golden values of PyTorch for optimizers beyond Adam and SGD: writes rules.json, in float64.

Made with Python 3.11, torch 2.13.0 and numpy 2.4.6. PyTorch's Muon iterates in bfloat16, which is
float64 here; it takes matrices alone, so that a convolution's weight is one with a row for each
filter. Lion is not in PyTorch: it is the program of the paper (Chen et al. 2023, table 1) on its
tensors.
"""

import json
import pathlib
from unittest import mock

import numpy
import torch

torch.set_default_dtype(torch.float64)
random = numpy.random.RandomState(20261128)
SHAPES = ([4, 6], [6, 4], [5, 2, 3, 3], [6])
RATES = (0.01, 0.01, 0.02, 0.005)


def normal(shape):
    return torch.tensor(numpy.round(random.randn(*shape), 3))


class Lion(torch.optim.Optimizer):
    def __init__(self, parameters, lr, weight_decay):
        super().__init__(parameters, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.sub_(group["lr"] * torch.sign(0.9 * m + 0.1 * p.grad))
                m.copy_(0.99 * m + 0.01 * p.grad)


def optimizer(name, parameter, decay):
    if name == "lion":
        return Lion([parameter], RATES[0], decay)
    if name == "muon" and parameter.dim() == 2:
        return torch.optim.Muon(
            [parameter], lr=RATES[0], weight_decay=decay, adjust_lr_fn="match_rms_adamw"
        )
    return torch.optim.AdamW([parameter], lr=RATES[0], weight_decay=decay)


def run(name, shape, decay):
    start = normal(shape)
    # Weights decay, vectors do not.
    decay = decay if len(shape) > 1 else 0.0
    flat = name == "muon" and len(shape) > 2
    parameter = torch.nn.Parameter(start.reshape(shape[0], -1).clone() if flat else start.clone())
    method = optimizer(name, parameter, decay)
    gradients = []
    for rate in RATES:
        for group in method.param_groups:
            group["lr"] = rate
        gradient = normal(shape)
        parameter.grad = gradient.reshape(parameter.shape)
        with mock.patch.object(torch.Tensor, "bfloat16", torch.Tensor.double):
            method.step()
        gradients.append(gradient.reshape(-1).tolist())
    return {
        "optimizer": name,
        "shape": shape,
        "weightDecay": decay,
        "learningRates": list(RATES),
        "start": start.reshape(-1).tolist(),
        "gradients": gradients,
        "values": [float(f"{value:.14g}") for value in parameter.detach().reshape(-1).tolist()],
    }


runs = [
    run(name, shape, decay)
    for name in ("adamw", "lion", "muon")
    for shape in SHAPES
    for decay in (0.0, 0.1)
]
(pathlib.Path(__file__).parent / "rules.json").write_text(json.dumps(runs) + "\n")
