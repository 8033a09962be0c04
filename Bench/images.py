"""Images for the PyTorch twins: real ones from IDX files or .npz archives, or random ones.

All of them are in memory before the first step.
"""

from pathlib import Path

import idx_file
import numpy
import torch

# Of MNIST, as everyone has them.
MEAN, DEVIATION = 0.1307, 0.3081


def read(source, part="train", limit=None):
    """Bytes [N, C, H, W] and labels [N] of a part, `train` or `t10k`."""
    try:
        pixels, labels = (npz if Path(source).suffix == ".npz" else idx)(source, part)
    except (FileNotFoundError, KeyError) as error:
        raise SystemExit(
            f"{source}: {error}; twins read IDX files or x_train, … of a .npz"
        ) from None
    pixels, labels = pixels[:limit], labels[:limit]
    if pixels.dtype != numpy.uint8:
        raise SystemExit(f"{source}: values of {pixels.dtype}; the PyTorch twins want bytes")
    return torch.from_numpy(pixels.copy()), torch.from_numpy(labels.astype(numpy.int64))


def idx(folder, part):
    pixels, labels = (idx_file.array(folder, name) for name in idx_file.names(folder, part))
    return (pixels if pixels.ndim == 4 else pixels[:, None]), labels


def npz(file, part):
    """Of keras' names, channels last where there are any."""
    name = {"train": "train", "t10k": "test"}[part]
    with numpy.load(file) as arrays:
        pixels, labels = arrays[f"x_{name}"], arrays[f"y_{name}"].reshape(-1)
    return (pixels.transpose(0, 3, 1, 2) if pixels.ndim == 4 else pixels[:, None]), labels


def load(folder, limit=None):
    """The first training images of MNIST, normalised, and their labels."""
    pixels, labels = read(folder, limit=limit)
    return (pixels.float() / 255 - MEAN) / DEVIATION, labels


def shape(text):
    """`CxHxW` as three numbers."""
    channels, height, width = map(int, text.split("x"))
    return channels, height, width


def synthetic(count, extents=(1, 28, 28), classes=10):
    """Random images and labels of the same form."""
    torch.manual_seed(1)
    images = (torch.rand(count, *extents) - MEAN) / DEVIATION
    return images, torch.randint(0, classes, (count,))
