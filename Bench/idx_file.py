"""IDX files of bytes, for the scripts that need no array and those that do."""

import gzip
from pathlib import Path


def read(folder, name):
    """Header and content of a file, plain or gzip."""
    path = Path(folder) / name
    data = path.read_bytes() if path.exists() else gzip.decompress(Path(f"{path}.gz").read_bytes())
    start = 4 + 4 * data[3]
    return data[:start], data[start:]


def array(folder, name):
    """The bytes of a file in its shape."""
    import numpy

    header, content = read(folder, name)
    return numpy.frombuffer(content, numpy.uint8).reshape(numpy.frombuffer(header[4:], ">u4"))


def names(folder, part):
    """The files of a part's images, which have four axes where they have channels, and labels."""
    four = f"{part}-images-idx4-ubyte"
    has_channels = any((Path(folder) / f"{four}{end}").exists() for end in ("", ".gz"))
    images = four if has_channels else f"{part}-images-idx3-ubyte"
    return images, f"{part}-labels-idx1-ubyte"


def header(extents):
    """What stands before bytes of some extents."""
    return bytes((0, 0, 8, len(extents))) + b"".join(size.to_bytes(4, "big") for size in extents)
