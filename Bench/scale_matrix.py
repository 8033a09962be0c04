"""Digests over threads, MPI ranks and NUMA modes: what `Bench/determinism --scale` runs."""

import itertools
import sys

import report
from training import Run

THREADS = (1, 2, 3, 5, 8, 16, 64)
RANKS = (1, 2, 3, 4)
NUMA = ("auto", "off")
MODELS = ("eva8", "compact", "tiny")
BATCH_SIZES = (256, 100)
SAMPLES = 1000


def digest(options, model, batch_size, ranks, threads, numa):
    flags = {
        "--model": model,
        "--batch-size": batch_size,
        "--threads": threads,
        "--numa": numa,
        "--epochs": 1,
        "--limit-train": SAMPLES,
        "--limit-test": 200,
    }
    words = [str(word) for flag in flags.items() for word in flag]
    return Run(words, data=options.data, ranks=ranks if ranks > 1 else None).digest


def rows(options):
    """One row a rank count, thread count and NUMA mode; one digest a model and batch size."""
    threads = THREADS[:2] if options.quick else THREADS
    columns = list(itertools.product(MODELS, BATCH_SIZES))
    for ranks, count, numa in itertools.product(RANKS, threads, NUMA):
        print(f"{ranks} ranks, {count} threads, NUMA {numa} …", file=sys.stderr)
        yield {
            "ranks": ranks,
            "threads": count,
            "numa": numa,
            "digests": {
                f"{model}, batch {size}": digest(options, model, size, ranks, count, numa)
                for model, size in columns
            },
        }


def holds(run):
    """Every column has one digest, and no two columns have the same."""
    columns = zip(*(row["digests"].values() for row in run["rows"]), strict=False)
    values = [set(column) for column in columns]
    return all(len(value) == 1 for value in values) and len(set.union(*values)) == len(values)


def text(run):
    columns = list(run["rows"][0]["digests"])
    lines = [
        [
            f"{row['ranks']} x {row['threads']}, {row['numa']}",
            *(f"`{row['digests'][column][:12]}`" for column in columns),
        ]
        for row in run["rows"]
    ]
    answer = "**yes**" if holds(run) else "**no**"
    return (
        "# The same bits over threads, ranks and NUMA modes\n\n"
        f"SHA-256 of the model after one epoch on the first {SAMPLES} images (first 12 digits; "
        f"all 64 are in determinism-scale.json). Equal in each column: {answer}.\n\n"
        f"{report.table(['ranks x threads, --numa', *columns], lines)}\n\n"
        f"{report.conditions(run)}\n"
    )
