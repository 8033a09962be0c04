"""What a recipe makes of a twin's first weights; PyTorch has drawn them as `uniform` says."""

import torch
import torch.nn.functional as F
from torch import nn

# Of the training set, for the patches of `whiten`.
WHITENING_IMAGES = 5000


def initialize(model, recipe):
    """Sets first weights as the recipe's `initialization` has them; `uniform` is PyTorch's own."""
    if recipe.get("initialization", "uniform") != "dirac":
        return
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            filters = module.out_channels // module.groups
            count = min(filters, module.weight.shape[1])
            for group in module.weight.data.split(filters):
                nn.init.dirac_(group[:count])


def whiten(model, recipe, images):
    """Sets the first convolution's weight as the recipe's `whiten` has it, and freezes it.

    `images` are the first of the training set, normalised, [N, C, H, W].
    """
    epsilon = recipe.get("whiten", 0)
    if not epsilon:
        return
    first = next(module for module in model.modules() if isinstance(module, nn.Conv2d))
    moments, count = 0.0, 0
    for part in images.split(100):
        patches = F.unfold(part.double(), first.kernel_size, first.dilation).transpose(1, 2)
        flat = patches.flatten(0, 1)
        moments, count = moments + flat.T @ flat, count + len(flat)
    values, vectors = torch.linalg.eigh(moments / count)
    # Falling eigenvalues; the largest component of each vector is positive.
    values, rows = values.flip(0).clamp(min=0), vectors.T.flip(0)
    tops = rows.gather(1, rows.abs().argmax(1, keepdim=True))
    filters = rows * tops.sign() / (values + epsilon).sqrt()[:, None]
    half = (first.out_channels + 1) // 2
    pairs = torch.cat([filters[:half], -filters[: first.out_channels - half]])
    first.weight.data.copy_(pairs.reshape(first.weight.shape))
    first.weight.requires_grad = False
    if first.bias is not None:
        first.bias.data.zero_()
