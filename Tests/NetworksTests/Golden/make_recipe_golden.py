"""Golden values of PyTorch for keys of a recipe: writes recipes.json, in float64.

Steps with a rate of their own for the biases of batch normalisation, by the groups of parameters
that Bench/models.py makes of the recipe, and the filters that Bench/first_weights.py makes
identities. Made with Python 3.11, torch 2.13.0 and numpy 2.4.6
(Bench/requirements-interchange.txt).
"""

import json
import pathlib
import sys

import torch
import yaml
from golden_values import flat, normal

FOLDER = pathlib.Path(__file__).parent
sys.path.append(str(FOLDER.parents[2] / "Bench"))
import first_weights  # noqa: E402
import models  # noqa: E402

LAYERS = """
- conv: {filters: 3, padding: 1, bias: false}
- batchNorm
- relu
- conv: {filters: 4, kernel: 1}
- globalAveragePool
- dense: classes
"""
RATES = (0.01, 0.02, 0.005)
RECIPES = (
    {"optimizer": "sgd", "momentum": 0.9, "nesterov": True, "weightDecay": 0.01, "biasRate": 64},
    {"optimizer": "adamw", "weightDecay": 0.1, "biasRate": 0.5},
)


def exported(model):
    state = models.exported(model).items()
    return {
        name: [float(f"{value:.14g}") for value in tensor.reshape(-1).tolist()]
        for name, tensor in state
        if "num_batches_tracked" not in name
    }


def steps(recipe):
    model = models.network(yaml.safe_load(LAYERS), side=6, classes=2)
    for parameter in model.parameters():
        parameter.data = normal(*parameter.shape)
    start = exported(model)
    gradients: list[dict[str, list[float]]] = []
    optimizer = models.optimizer(model, recipe | {"learningRate": RATES[0]})
    names = models.names(model)
    for rate in RATES:
        for group in optimizer.param_groups:
            group["lr"] = rate * group.get("factor", 1)
        gradients.append({})
        for name, parameter in model.named_parameters():
            parameter.grad = normal(*parameter.shape)
            module, _, suffix = name.rpartition(".")
            gradients[-1][f"{names[module]}.{suffix}"] = parameter.grad.reshape(-1).tolist()
        optimizer.step()
    return {
        "recipe": recipe,
        "learningRates": list(RATES),
        "start": start,
        "gradients": gradients,
        "end": exported(model),
    }


def dirac(channels, filters, kernel, groups):
    """Weights of which 7 were not set."""
    keys = {"filters": filters, "kernel": kernel, "groups": groups, "padding": "same"}
    model = models.network([{"conv": keys}], side=4, channels=channels)
    weight = next(model.parameters()).data.fill_(7)
    first_weights.initialize(model, {"initialization": "dirac"})
    whole = torch.nn.init.dirac_(weight.clone(), groups)
    assert torch.equal(weight[weight != 7], whole[weight != 7])
    return keys | {"channels": channels, "values": flat(weight)}


CASES = ((3, 5, [3, 3], 1), (4, 2, [2, 3], 1), (3, 6, [3, 1], 3), (4, 8, [1, 4], 2))
golden = {
    "layers": LAYERS,
    "steps": [steps(recipe) for recipe in RECIPES],
    "dirac": [dirac(*case) for case in CASES],
}
(FOLDER / "recipes.json").write_text(json.dumps(golden) + "\n")
