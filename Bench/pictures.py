"""Pictures as scripts take them: an archive of class folders, the folders, or other data of ptrain.

Class folders are decoded once, by ptrain, and kept under runs/pictures as IDX files in ptrain's own
order: a run on these has the digest of one on the folders, and the PyTorch twins see its bytes.
"""

import functools
import hashlib
import os
import struct
import subprocess
import tarfile
import tempfile
from pathlib import Path

import idx_file
from training import BINARY, ROOT

KEPT = ROOT / "runs/pictures"
# Folders of parts, in ptrain's order, and how IDX files call them; twins validate nothing.
PARTS = {"train": "train", "val": None, "test": "t10k"}


def option(parser, cases):
    parser.add_argument(
        "--pictures",
        help=f"CIFAR-10 for {cases}: a .tar.gz file of class folders, the folders, or other data",
    )


def data_name(source, usual):
    """What data is called: `usual` for what PTRAIN_DATA names, else the last part of the path."""
    given = os.environ.get("PTRAIN_DATA")
    if not source or (given and Path(source).resolve() == Path(given).resolve()):
        return usual
    return Path(source).resolve().stem


@functools.cache
def source(path):
    """What ptrain and its twins read: IDX files in place of class folders, other data as it is."""
    path = Path(path)
    is_archive = path.is_file() and tarfile.is_tarfile(path)
    if not is_archive and not any(parts(path)):
        return str(path)
    target = KEPT / (fingerprint(path) if is_archive else listing_fingerprint(path))[:16]
    if not target.is_dir():
        KEPT.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=KEPT) as scratch:
            folders, made = path, Path(scratch) / "idx"
            if is_archive:
                folders = Path(scratch) / "folders"
                with tarfile.open(path) as archive:
                    archive.extractall(folders, filter="data")
            write_idx(folders, Path(scratch) / "cache", made)
            made.rename(target)
    return str(target)


def fingerprint(archive):
    with archive.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def listing_fingerprint(folders):
    """Of names, sizes and times: files that change are decoded again."""
    digest = hashlib.sha256(os.fsencode(folders.resolve()))
    for file in files(folders):
        status = file.stat()
        digest.update(os.fsencode(file) + f"\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
    return digest.hexdigest()


def parts(data):
    """The folders that hold class folders, in ptrain's order."""
    found = (Path(data) / name for name in PARTS)
    return [folder for folder in found if folder.is_dir()]


def class_folders(part):
    """Class folders of a part in ptrain's order, by the bytes of their names."""
    return sorted((entry for entry in part.iterdir() if entry.is_dir()), key=os.fsencode)


def files(data):
    """Every file in ptrain's order: parts, classes, paths, each by its bytes."""
    for part in parts(data) or [Path(data)]:
        for folder in class_folders(part):
            yield from sorted(folder.iterdir(), key=os.fsencode)


def decoded(cache):
    """Shape [count, height, width, channels] and bytes of the images in a cache of ptrain's."""
    [path] = (cache / "ptrain/decoded").glob("*.images")
    content = path.read_bytes()
    assert content.startswith(b"ptrain images 1\n")
    height, width, channels, count = struct.unpack_from("<IIII", content, 80)
    reasons = 96 + count + 8
    start = reasons + struct.unpack_from("<Q", content, reasons - 8)[0]
    pixels = content[start : start + count * height * width * channels]
    return (count, height, width, channels), pixels


def write_idx(folders, cache, target):
    """Decodes class folders by ptrain into `cache` and writes them to `target` as IDX files."""
    command = [BINARY, "bench", "data", "--data", str(folders), "--json"]
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    process = subprocess.run(command, env=environment, capture_output=True, text=True)
    if process.returncode != 0:
        raise SystemExit(f"{folders}: {process.stderr.strip()}")
    (count, height, width, channels), pixels = decoded(cache)
    if count != sum(1 for _ in files(folders)):
        raise SystemExit(f"{folders}: {count} images decoded, but not one of each file")
    size, index = height * width * channels, 0
    classes = [folder.name for folder in class_folders(parts(folders)[0])]
    target.mkdir()
    for part in parts(folders):
        planes, labels = [], bytearray()
        for folder in class_folders(part):
            for _ in folder.iterdir():
                image = pixels[index * size : (index + 1) * size]
                planes += [image[channel::channels] for channel in range(channels)]
                labels.append(classes.index(folder.name))
                index += 1
        if name := PARTS[part.name]:
            axes = [channels] if channels > 1 else []
            write_part(target, name, [*axes, height, width], b"".join(planes), labels)


def write_part(target, part, extents, pixels, labels):
    """Two IDX files: images of some extents, one after another, and their labels."""
    images = f"{part}-images-idx{1 + len(extents)}-ubyte"
    (target / images).write_bytes(idx_file.header([len(labels), *extents]) + pixels)
    name = f"{part}-labels-idx1-ubyte"
    (target / name).write_bytes(idx_file.header([len(labels)]) + bytes(labels))
