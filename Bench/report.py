"""Tables of results as Markdown, from the data that the scripts keep.

Nothing in a table is typed by hand: a report can be made again from its JSON file.
"""

import json
import shlex
import sys
import time
from pathlib import Path
from statistics import median

import machine
from contenders import BENCH, PTRAIN

FORMATS = ("fp32", "bf16")
RESULTS = BENCH / "results"
# Share of the CPU time that others may have before a timing is called disturbed.
QUIET = 0.02
# Options whose values are paths of one machine.
PATH_OPTIONS = ("--data", "--pictures", "--archive", "--output", "--ptrain")


def keep_option(parser):
    parser.add_argument(
        "--keep",
        action="store_true",
        help="write the result under Bench/results (without it, it is only printed)",
    )


def choices(parser, option, text, known):
    """The comma-separated names of an option; one that is not known ends the script with a line."""
    names = text.split(",")
    for name in names:
        if name not in known:
            parser.error(f"{option} {name}: expected some of {', '.join(known)}")
    return names


def percents(text):
    """Comma-separated numbers, the smallest first."""
    return tuple(sorted(float(word) for word in text.split(",")))


def finish(options, name, run, text, output=None):
    """Prints a result; keeps it as `name`.json and .md only where the caller asks for it."""
    print(text, end="")
    if output is None and not options.keep:
        print(f"not kept; --keep writes Bench/results/{name}.json and .md", file=sys.stderr)
        return
    write(output or RESULTS / name, run, text)


def write(target, run, text):
    """The data and the table, in files beside each other."""
    Path(f"{target}.json").write_text(json.dumps(run, indent=1) + "\n")
    Path(f"{target}.md").write_text(text)


def command():
    """The command line that makes this result again; paths of this machine are left out."""
    words, skip = [f"Bench/{Path(sys.argv[0]).stem}"], False
    for word in sys.argv[1:]:
        if skip or word.startswith(tuple(f"{option}=" for option in PATH_OPTIONS)):
            skip = False
        elif word in PATH_OPTIONS:
            skip = True
        else:
            words.append(shlex.quote(word))
    return " ".join(words)


def table(header, rows):
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def circumstances(others, start):
    """Command, date, machine and how busy it was, for a result that began at `start`."""
    return {
        "command": command(),
        "date": time.strftime("%Y-%m-%d", time.gmtime(start)),
        "seconds": round(time.time() - start, 1),
        "cpu_seconds_of_others": round(others.cpu_seconds(), 1),
        "machine": machine.facts(),
    }


def machine_line(run):
    """The machine of a result whose numbers are not timings of this run."""
    facts = run["machine"]
    # Older results lack the instruction set and the caches.
    known = [facts.get(key, "") for key in ("instruction_set", "caches")]
    words = [f"{facts['cpus']} CPUs of {facts['cpu']}", *filter(None, known)]
    return f"`{run['command']}`, {run['date']}, on {', '.join(words)}, {facts['memory_gib']} GiB."


def share_of_others(run):
    return run["cpu_seconds_of_others"] / max(run["seconds"] * run["machine"]["cpus"], 0.1)


def conditions(run):
    """The machine, how long the measurement took, and how busy others kept it."""
    return (
        f"{machine_line(run)} It took {run['seconds']:.0f} s; other processes had "
        f"{share_of_others(run):.1%} of the CPU time meanwhile."
    )


def timing_conditions(run):
    """The same for a result whose numbers are times, with a warning where they are disturbed."""
    if share_of_others(run) <= QUIET:
        return conditions(run)
    return f"{conditions(run)} **The machine was not quiet: these times are too long.**"


def milliseconds(contender):
    return median(contender["rounds"])


def best(case, number_format):
    """PyTorch's fastest configuration of a format, or None."""
    named = [c for c in case["contenders"] if c["name"].startswith(f"PyTorch {number_format}")]
    return min(named, key=milliseconds, default=None)


def ptrain(case):
    return next((c for c in case["contenders"] if c["name"] == PTRAIN), None)


def title(case):
    plural = "" if case["threads"] == 1 else "s"
    return f"{case['model']}, batch {case['batch_size']}, {case['threads']} thread{plural}"


def summary_row(case):
    own, rivals = ptrain(case), [best(case, number_format) for number_format in FORMATS]
    cells = [title(case)]
    cells += [f"{milliseconds(rival):.1f}" if rival else "" for rival in rivals]
    cells.append(f"{milliseconds(own):.2f}" if own else "")
    for rival in rivals:
        known = own and rival
        cells.append(f"{milliseconds(rival) / milliseconds(own):.1f}" if known else "")
    return cells


def contender_row(case, contender):
    time, spread = milliseconds(contender), contender["rounds"]
    fastest = best(case, "fp32")
    return [
        contender["name"],
        f"{time:.2f}",
        f"{min(spread):.2f} – {max(spread):.2f}",
        f"{1000 * case['batch_size'] / time:,.0f}",
        f"{milliseconds(fastest) / time:.2f}" if fastest else "",
        f"{median(contender['cpu_rounds']):.2f}",
        f"{contender['peak_mebibytes']:,.0f}",
        f"{contender['first_step_seconds']:.2f}",
    ]


def comparison(run):
    """The whole report of Bench/compare."""
    versions = sorted({version for case in run["cases"] for version in case["versions"]})
    summary = table(
        ["case", "best fp32, ms", "best bf16, ms", "ptrain, ms", "times fp32", "times bf16"],
        [summary_row(case) for case in run["cases"]],
    )
    paragraphs = [
        "# ptrain and PyTorch on the same CPUs",
        f"PyTorch {', '.join(versions)}; {run['images']} images; median of the rounds' medians, "
        "contenders in alternation. PyTorch's batches lie in memory, normalised; ptrain shuffles, "
        "normalises and augments its bytes within the step.",
        summary,
        timing_conditions(run),
        "Speed is relative to PyTorch's best fp32 configuration. CPU ms is the CPU time of all "
        "threads for a step, waiting in a loop included. Peak memory is the process's "
        "resident high-water mark, first step the time from its start to the end of the first "
        "step (with an empty compile cache).",
    ]
    header = ["", "ms a step", "rounds", "images/s", "speed", "CPU ms", "peak MiB", "first step, s"]
    for case in run["cases"]:
        rows = [contender_row(case, contender) for contender in case["contenders"]]
        paragraphs += [f"## {title(case)}", table(header, rows)]
    return "\n\n".join(paragraphs) + "\n"


if __name__ == "__main__":
    print(comparison(json.loads(Path(sys.argv[1]).read_text())), end="")
