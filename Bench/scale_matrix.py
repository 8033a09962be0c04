"""Digests over threads, MPI ranks, and NUMA modes or instruction sets: what `Bench/determinism
--scale` and `--graphs` run."""

import itertools
import sys
from dataclasses import dataclass

import report
from training import Run

SAMPLES = 1000


@dataclass(frozen=True)
class Matrix:
    """Columns of models and batch sizes, rows of ranks, threads and one thing more."""

    # Of the files under results/.
    name: str
    title: str
    models: tuple[str, ...]
    batch_sizes: tuple[int, ...]
    ranks: tuple[int, ...]
    threads: tuple[int, ...]
    # What varies besides: --numa, or PTRAIN_ISA.
    numa: tuple[str, ...] = ("auto",)
    instruction_sets: tuple[str, ...] = ("",)


SCALE = Matrix(
    "determinism-scale",
    "The same bits over threads, ranks and NUMA modes",
    models=("eva8", "compact", "tiny"),
    batch_sizes=(256, 100),
    ranks=(1, 2, 3, 4),
    threads=(1, 2, 3, 5, 8, 16, 64),
    numa=("auto", "off"),
)
GRAPHS = Matrix(
    "determinism-graphs",
    "The same bits of other networks over threads, ranks and instruction sets",
    models=("lenet5", "ds-cnn", "resnet8", "mobilenet-025", "Bench/branches.yaml"),
    batch_sizes=(100,),
    ranks=(1, 2, 4),
    threads=(1, 2, 3, 5, 8, 16),
    instruction_sets=("avx512", "avx2"),
)


def digest(options, model, batch_size, row):
    flags = {
        "--model": model,
        "--batch-size": batch_size,
        "--threads": row["threads"],
        "--numa": row["numa"],
        "--epochs": 1,
        "--limit-train": SAMPLES,
        "--limit-test": 200,
    }
    words = [str(word) for flag in flags.items() for word in flag]
    ranks = row["ranks"] if row["ranks"] > 1 else None
    return Run(words, row.get("instruction_set"), options.data, ranks=ranks).digest


def rows(matrix, options):
    """One row a rank count, thread count and mode; one digest a model and batch size."""
    threads = matrix.threads[:2] if options.quick else matrix.threads
    columns = list(itertools.product(matrix.models, matrix.batch_sizes))
    varied = itertools.product(matrix.ranks, threads, matrix.numa, matrix.instruction_sets)
    for ranks, count, numa, instruction_set in varied:
        row = {"ranks": ranks, "threads": count, "numa": numa}
        row |= {"instruction_set": instruction_set} if instruction_set else {}
        print(f"{label(row)} …", file=sys.stderr)
        yield row | {
            "digests": {
                f"{model}, batch {size}": digest(options, model, size, row)
                for model, size in columns
            }
        }


def label(row):
    return f"{row['ranks']} x {row['threads']}, {row.get('instruction_set', row['numa'])}"


def holds(run):
    """Every column has one digest, and no two columns have the same."""
    columns = zip(*(row["digests"].values() for row in run["rows"]), strict=False)
    values = [set(column) for column in columns]
    return all(len(value) == 1 for value in values) and len(set.union(*values)) == len(values)


def text(matrix, run):
    columns = list(run["rows"][0]["digests"])
    lines = [
        [label(row), *(f"`{row['digests'][column][:12]}`" for column in columns)]
        for row in run["rows"]
    ]
    answer = "**yes**" if holds(run) else "**no**"
    varied = "instruction set" if matrix.instruction_sets[0] else "--numa"
    return (
        f"# {matrix.title}\n\n"
        f"SHA-256 of the model after one epoch on the first {SAMPLES} images (first 12 digits; "
        f"all 64 are in {matrix.name}.json). Equal in each column: {answer}.\n\n"
        f"{report.table([f'ranks x threads, {varied}', *columns], lines)}\n\n"
        f"{report.conditions(run)}\n"
    )
