"""Tables of Bench/accuracy, made from the metrics of runs."""

import itertools
import statistics

import accuracy_cases
import report

# 97.5 % quantiles of Student's t for 1, 2, 3 … degrees of freedom.
T_QUANTILES = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
NORMAL_QUANTILE = 1.960


def t_quantile(freedom):
    """Beyond the table by the first term of its expansion about the normal distribution's."""
    if freedom <= len(T_QUANTILES):
        return T_QUANTILES[freedom - 1]
    return NORMAL_QUANTILE + (NORMAL_QUANTILE**3 + NORMAL_QUANTILE) / (4 * freedom)


def half_interval(values):
    """Half the width of the 95 % interval of the mean; None for a single value."""
    if len(values) < 2:
        return None
    return t_quantile(len(values) - 1) * statistics.stdev(values) / len(values) ** 0.5


def last_accuracies(runs):
    return [events[-1]["test_accuracy"] for events in runs]


def shortest_seconds(runs):
    """Of training and tests, by the most threads that a run has: every seed does the same work, and
    others disturb some more."""
    threads = max(events[0].get("threads", 1) for events in runs)
    return min(e[-1]["seconds"] for e in runs if e[0].get("threads", 1) == threads)


def epochs_to(target, events):
    """The first epoch whose test accuracy reaches the target, or None."""
    epochs = (event for event in events if event["event"] == "epoch")
    return next((e["epoch"] for e in epochs if e["test_accuracy"] >= target), None)


def epochs_cell(target, runs):
    reached = [epoch for events in runs if (epoch := epochs_to(target, events)) is not None]
    if not reached:
        return "–"
    share = "" if len(reached) == len(runs) else f" ({len(reached)} of {len(runs)})"
    return f"{statistics.median(reached):g}{share}"


def mean_cell(accuracies):
    """Mean, its 95 % interval and the number of seeds; empty for none."""
    if not accuracies:
        return ""
    half = half_interval(accuracies)
    interval = "" if half is None else f" ± {half:.3f}"
    return f"{statistics.mean(accuracies):.3f}{interval} ({len(accuracies)})"


def fresh_accuracies(found):
    first = found.case.fresh_from
    runs = [events for seed, events in found.runs.items() if first and seed >= first]
    return last_accuracies(runs)


def row(found):
    runs = list(found.runs.values())
    last = last_accuracies(runs)
    best = [events[-1]["best_test_accuracy"] for events in runs]
    half = half_interval(last)
    return [
        found.case.name,
        f"{runs[0][0]['parameters']:,}",
        runs[0][-1]["epochs"],
        len(runs),
        f"{statistics.mean(last):.3f}",
        "" if half is None else f"{half:.3f}",
        f"{statistics.stdev(last) if len(last) > 1 else 0.0:.3f}",
        f"{min(last):.2f}",
        f"{statistics.mean(best):.3f}",
        *(epochs_cell(target, runs) for target in found.case.targets),
        mean_cell(fresh_accuracies(found)),
        mean_cell(last_accuracies(found.twins.values())),
        f"{shortest_seconds(runs):.0f}",
    ]


def digest_rows(kept):
    """Of the weights after the last epoch of seed 1, and whether AVX2 gave the same.

    Runs of which it was not written down what made them are of bits of long ago.
    """
    for found in kept:
        if any(1 in one.get("seed", ()) for one in found.made):
            start, *_, end = found.runs[1]
            by_avx2 = ""
            if 1 in found.avx2:
                is_same = found.avx2[1][-1]["digest"] == end["digest"]
                by_avx2 = "the same" if is_same else "another one"
            yield [found.case.name, f"`{end['digest']}`", start["instruction_set"], by_avx2]


def digests(kept):
    return (
        "## Digests of seed 1\n\n"
        "Weights after the last epoch; `Bench/accuracy --cases NAME --check` trains them again, on "
        "any number of threads.\n\n"
        + report.table(["", "digest", "instruction set", "by AVX2"], digest_rows(kept))
    )


def origin_lines(found):
    """What ptrain ran, and which commands of this script made it, as far as it was written down."""
    case = found.case
    data = f" --data {accuracy_cases.FASHION_FOLDER}" if case.data == accuracy_cases.FASHION else ""
    known = (accuracy_cases.MNIST, accuracy_cases.FASHION)
    place = "" if case.data in known else f" on {case.data}"
    made = dict.fromkeys(report.machine_line(one) for one in found.made)
    return f"- {case.name}: `ptrain {case.words}{data} --seed N`{place}; " + (
        " ".join(made) or "its machine was not kept."
    )


def header(targets):
    start = ["", "parameters", "epochs", "seeds", "mean %", "± 95 %", "sd", "min", "best epoch"]
    ends = [f"epochs to {target} %" for target in targets]
    return [*start, *ends, "fresh seeds", "PyTorch twin", "seconds"]


def tables(kept):
    """A table for all cases that have the same targets, the first one without a heading."""
    groups: dict[tuple, list] = {}
    for found in kept:
        groups.setdefault(found.case.targets, []).append(found)
    for index, (targets, group) in enumerate(groups.items()):
        title = "" if index == 0 else f"## {group[0].case.data}\n\n"
        yield title + report.table(header(targets), [row(found) for found in group])


def text(kept):
    return "\n\n".join(
        [
            "# Accuracy by seed",
            "Test accuracy after the last epoch: mean, half its 95 % interval (Student's t), "
            "standard deviation and minimum over the seeds; then the mean of each run's best "
            "epoch, and the median of the first epochs that reach a target (of how many runs, "
            "where some do not). Fresh seeds are those that nobody had looked at when the recipe "
            "was fixed; they and the PyTorch twin's seeds have mean, interval and number. Seconds "
            "are of the quickest run by the most threads, tests included: every seed does the same "
            "work, but many did not have their machine to themselves.",
            *tables(kept),
            *(["![accuracy over parameters and seconds](front.svg)"] if kept else []),
            *([digests(kept)] if kept else []),
            "\n".join(map(origin_lines, kept)) + "\n",
        ]
    )


def by_data(kept):
    """Cases of the same data, in the order of their first."""
    names = dict.fromkeys(found.case.data for found in kept)
    ordered = sorted(kept, key=lambda found: list(names).index(found.case.data))
    return [
        (data, list(group)) for data, group in itertools.groupby(ordered, lambda f: f.case.data)
    ]
