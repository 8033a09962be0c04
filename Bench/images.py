"""Images for the PyTorch twins: real ones from IDX files, or random ones.

All of them are normalised and in memory before the first step.
"""

import idx_file
import numpy
import torch

MEAN, DEVIATION = 0.1307, 0.3081


def load(folder, part="train", limit=None, raw=False):
    """Images [N, 1, H, W], normalised or (raw) from 0 to 1, and labels [N]."""
    pixels = idx_file.array(folder, f"{part}-images-idx3-ubyte")[:limit]
    labels = idx_file.array(folder, f"{part}-labels-idx1-ubyte")[:limit]
    images = torch.from_numpy(pixels.astype(numpy.float32))[:, None] / 255
    images = images if raw else (images - MEAN) / DEVIATION
    return images, torch.from_numpy(labels.astype(numpy.int64))


def shape(text):
    """`CxHxW` as three numbers."""
    channels, height, width = map(int, text.split("x"))
    return channels, height, width


def synthetic(count, extents=(1, 28, 28), classes=10):
    """Random images and labels of the same form."""
    torch.manual_seed(1)
    images = (torch.rand(count, *extents) - MEAN) / DEVIATION
    return images, torch.randint(0, classes, (count,))
