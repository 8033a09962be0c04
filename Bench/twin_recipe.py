"""Recipes of ptrain as the PyTorch twins follow them.

What the twins do not know is refused: a recipe that is followed in part compares nothing.
"""

import math

# As Sources/Networks/Description/Recipe.swift has them.
DEFAULTS = {
    "epochs": 20,
    "batchSize": 256,
    "optimizer": "adam",
    "learningRate": 0.001,
    "momentum": 0.9,
    "nesterov": False,
    "weightDecay": 0.0,
    "schedule": "constant",
    "stepEpochs": 5,
    "stepFactor": 0.1,
    "warmUp": 0.3,
    "labelSmoothing": 0.0,
    "averageDecay": 0.0,
    "augment": "none",
    "biasRate": 1.0,
    "initialization": "uniform",
    "whiten": 0.0,
}
# Keys that no twin follows, with the value that asks for nothing.
NEUTRAL = {"freeze": 0, "quantize": "none", "classWeights": "none"}
OPTIMIZERS = ("adam", "adamw", "sgd", "muon")


def complete(recipe):
    """The recipe with every default; what it asks for besides ends the script with a line."""
    for key, value in recipe.items():
        if key not in DEFAULTS and (key not in NEUTRAL or NEUTRAL[key] != value):
            refuse(f"{key}: {value}")
    whole = DEFAULTS | {key: value for key, value in recipe.items() if key in DEFAULTS}
    if whole["optimizer"] not in OPTIMIZERS:
        refuse(f"optimizer: {whole['optimizer']}")
    if whole["schedule"] not in SCHEDULES:
        refuse(f"schedule: {whole['schedule']}")
    return whole


def refuse(what):
    raise SystemExit(f"the PyTorch twins do not follow `{what}` of a recipe; add it to Bench/")


def cosine(start, end, part):
    """Half a cosine wave from `start` (`part` 0) to `end` (`part` 1)."""
    return end + (start - end) / 2 * (1 + math.cos(math.pi * min(max(part, 0), 1)))


def constant_rate(recipe, _step, _steps_per_epoch):
    return recipe["learningRate"]


def step_rate(recipe, step, steps_per_epoch):
    drops = step // steps_per_epoch // recipe["stepEpochs"]
    return recipe["learningRate"] * recipe["stepFactor"] ** drops


def cosine_rate(recipe, step, steps_per_epoch):
    return cosine(recipe["learningRate"], 0, step / (steps_per_epoch * recipe["epochs"]))


def one_cycle_rate(recipe, step, steps_per_epoch):
    peak, steps = recipe["learningRate"], steps_per_epoch * recipe["epochs"]
    top = recipe["warmUp"] * steps - 1
    if step < top:
        return cosine(peak / 25, peak, step / top)
    return cosine(peak, peak / 250_000, (step - top) / (steps - 1 - top))


SCHEDULES = {
    "constant": constant_rate,
    "step": step_rate,
    "cosine": cosine_rate,
    "one-cycle": one_cycle_rate,
}


def rate_at(recipe, step, steps_per_epoch):
    """The rate of a step counted from 0, as ptrain's LearningRateSchedule has it."""
    return SCHEDULES[recipe["schedule"]](recipe, step, steps_per_epoch)
