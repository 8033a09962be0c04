"""Digests that stand until the bits of training are meant to change: what `Bench/determinism
--check` compares, and with --keep makes again.

A digest depends on no thread count and no width of vectors; without fused multiply-add (the
baseline of x86) it is another one.
"""

import itertools
import json
import subprocess
import sys
from pathlib import Path

import report
from training import BINARY, Run

# Where Debian's package has it.
FASHION = Path("/usr/share/datasets/fashion-mnist")
# Name of a run: its model, and its data where that is not --data.
RUNS = {name: (name, None) for name in ("eva8", "compact", "tiny")} | {
    "compact on Fashion-MNIST": ("compact", FASHION)
}
THREADS = (1, 2)
TABLE = report.RESULTS / "pinned-digests.json"
FLAGS = "--epochs 1 --limit-train 5000 --limit-test 500"


def instruction_sets():
    """Those of this machine, by the kind of arithmetic that they share."""
    command = [BINARY, "topology", "--json"]
    answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    for name in answer["instruction_sets"]:
        yield name, "separate" if name == "baseline" else "fused"


def runs():
    """Those whose data is here."""
    for name, (_, data) in RUNS.items():
        if data and not data.is_dir():
            print(f"{name}: {data} is not there, not checked", file=sys.stderr)
        else:
            yield name


def digest(options, name, threads, instruction_set):
    model, data = RUNS[name]
    words = f"--model {model} --threads {threads} {FLAGS}".split()
    return Run(words, instruction_set, str(data) if data else options.data).digest


def rows(options):
    """One row a run, instruction set and thread count."""
    for model, (name, kind) in itertools.product(runs(), instruction_sets()):
        for threads in THREADS:
            yield {
                "model": model,
                "arithmetic": kind,
                "run": f"{name}, {threads} threads",
                "digest": digest(options, model, threads, name),
            }


def pinned():
    """Digests by model and arithmetic."""
    if not TABLE.exists():
        raise SystemExit(f"{TABLE} is not there; Bench/determinism --check --keep makes it")
    return json.loads(TABLE.read_text())["digests"]


def check(options):
    """One line a run; whether every digest is the pinned one."""
    expected, is_good = pinned(), True
    for row in rows(options):
        wanted = expected.get(row["model"], {}).get(row["arithmetic"])
        is_equal = row["digest"] == wanted
        is_good &= is_equal
        found = row["digest"][:16]
        why = "" if is_equal else f", pinned is {wanted[:16] if wanted else 'none'}"
        print(f"{'ok  ' if is_equal else 'FAIL'}  {row['model']}, {row['run']}: {found}{why}")
    if not is_good:
        print(
            "The bits of training have changed. If that is meant, "
            "`Bench/determinism --check --keep` pins the new ones.",
            file=sys.stderr,
        )
    return is_good


def keep(options, circumstances):
    """Pins today's digests, if all runs of a model and arithmetic agree."""
    digests = pinned() if TABLE.exists() else {}
    made = list(rows(options))
    for (model, kind), group in itertools.groupby(made, lambda r: (r["model"], r["arithmetic"])):
        found = {row["digest"] for row in group}
        if len(found) != 1:
            raise SystemExit(
                f"{model}, {kind}: digests differ by threads or vectors; none is pinned"
            )
        digests.setdefault(model, {})[kind] = found.pop()
    absent = {kind for kinds in digests.values() for kind in kinds} - {
        r["arithmetic"] for r in made
    }
    for kind in sorted(absent):
        print(f"{kind} arithmetic: not on this machine, its digests stay", file=sys.stderr)
    run = circumstances() | {"flags": FLAGS, "digests": digests}
    TABLE.write_text(json.dumps(run, indent=1) + "\n")
    print(f"pinned: {TABLE.relative_to(report.BENCH.parent)}")
