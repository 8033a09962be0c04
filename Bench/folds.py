"""Folds of a training set for cross-validation, as IDX files whose test set is what is held out."""

import itertools
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator

import idx_file


def consecutive(labels, fold, count):
    """Whether each image is held out: a run of neighbours."""
    first, end = (len(labels) * edge // count for edge in (fold, fold + 1))
    return [first <= place < end for place in range(len(labels))]


def of_each_class(labels, fold, count):
    """Whether each image is held out: neighbours among those of their class."""
    totals = Counter(labels)
    seen: dict[int, Iterator[int]] = defaultdict(itertools.count)
    return [next(seen[label]) * count // totals[label] == fold for label in labels]


def write(folder, source, rule, fold, count):
    """The four files of a fold of `count`, unless they are there, made of the same source."""
    mark = folder / "source"
    if mark.exists() and mark.read_text() == source:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    names = idx_file.names(source, "train")
    try:
        parts = [idx_file.read(source, name) for name in names]
    except FileNotFoundError as error:
        raise SystemExit(f"{error}: folds are made of IDX files or class folders") from None
    is_held_out = rule(parts[1][1], fold, count)
    for name, (header, content) in zip(names, parts, strict=True):
        size = len(content) // len(is_held_out)
        for part, wanted in (("train", False), ("t10k", True)):
            chosen = [place for place, held in enumerate(is_held_out) if held == wanted]
            pixels = b"".join(content[place * size : (place + 1) * size] for place in chosen)
            start = header[:4] + len(chosen).to_bytes(4, "big") + header[8:]
            (folder / name.replace("train", part)).write_bytes(start + pixels)
    mark.write_text(source)
