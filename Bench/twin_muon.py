"""ptrain's Muon in PyTorch: weights by orthogonalised momentum, the rest by Adam.

As Sources/Networks/Training/Optimizers/Muon.swift has it; torch.optim.Muon takes no convolutions.
"""

import torch

MOMENTUM = 0.95
ITERATIONS = 5
COEFFICIENTS = (3.4445, -4.775, 2.0315)
SMALLEST_NORM = 1e-7
UPDATE_SIZE = 0.2
BETAS, EPSILON = (0.9, 0.999), 1e-8


class Muon(torch.optim.Optimizer):
    """Groups with `is_weight` hold matrices, or tensors whose rows are their outputs."""

    def __init__(self, groups, lr):
        super().__init__(groups, {"lr": lr, "weight_decay": 0.0, "is_weight": False})

    @torch.no_grad()
    def step(self, closure=None):
        assert closure is None
        for group in self.param_groups:
            # Whitening filters stay as they are: they have no gradient.
            for parameter in (one for one in group["params"] if one.grad is not None):
                change = self.weight_update if group["is_weight"] else self.adam_update
                update = change(parameter.grad, self.state[parameter])
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.sub_(group["lr"] * update)

    @staticmethod
    def weight_update(gradient, state):
        mean = state.setdefault("mean", torch.zeros_like(gradient))
        mean.lerp_(gradient, 1 - MOMENTUM)
        matrix = gradient.lerp(mean, MOMENTUM).flatten(1)
        size = UPDATE_SIZE * max(matrix.shape) ** 0.5
        return size * orthogonal(matrix).view_as(gradient)

    @staticmethod
    def adam_update(gradient, state):
        if not state:
            state["mean"], state["square"] = torch.zeros_like(gradient), torch.zeros_like(gradient)
            state["count"] = 0
        state["count"] += 1
        state["mean"].lerp_(gradient, 1 - BETAS[0])
        state["square"].lerp_(gradient * gradient, 1 - BETAS[1])
        first, second = (1 - beta ** state["count"] for beta in BETAS)
        return (state["mean"] / first) / ((state["square"] / second).sqrt() + EPSILON)


def orthogonal(matrix):
    is_high = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if is_high else matrix
    x = x / x.norm().clamp_min(SMALLEST_NORM)
    a, b, c = COEFFICIENTS
    for _ in range(ITERATIONS):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if is_high else x
