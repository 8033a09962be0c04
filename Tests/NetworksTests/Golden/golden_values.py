"""The values that golden files are made of: drawn once, in one order, in float64 on one thread."""

import numpy
import torch

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
random = numpy.random.RandomState(20240229)


def normal(*shape):
    """Values with three digits: short files, exact in every format that reads decimals."""
    return torch.tensor(numpy.round(random.randn(*shape), 3))


def leaf(*shape):
    return normal(*shape).requires_grad_()


def flat(tensor):
    return tensor.detach().reshape(-1).tolist()


def fields(**tensors):
    return {
        name: flat(value) if torch.is_tensor(value) else value for name, value in tensors.items()
    }
