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
