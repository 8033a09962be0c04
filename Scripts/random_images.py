"""Random images as MNIST's four files, for scripts that need some data and not a certain one."""

import random


def write(folder, training, test):
    """28x28 in ten classes, the same at every call; makes the folder, a Path."""
    chance = random.Random(1)
    folder.mkdir()
    for part, count in (("train", training), ("t10k", test)):
        sizes = b"".join(size.to_bytes(4, "big") for size in (count, 28, 28))
        images = b"\0\0\x08\x03" + sizes + chance.randbytes(count * 784)
        labels = b"\0\0\x08\x01" + sizes[:4] + bytes(i % 10 for i in range(count))
        (folder / f"{part}-images-idx3-ubyte").write_bytes(images)
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(labels)
