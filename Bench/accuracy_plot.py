"""Draws accuracy over parameters and over seconds, a row of two graphs for each set of data.

By gnuplot, which ptrain's own graphs want too. Marks and labels tell without colour what is what.
"""

import statistics
import subprocess

import accuracy_table

WIDTH, HEIGHT = 1200, 480
START = """\
set terminal svg size {width},{height} font "Sans,15" linewidth 1.2 background "white"
set multiplot layout {rows},2
set logscale x
set format x "%.0f"
set format y "%.1f"
set grid back linecolor rgb "#cccccc"
set key bottom right reverse Left
set offsets graph 0.08, graph 0.3, graph 0.08, graph 0.08
"""
GRAPH = """\
set title "{data}" noenhanced
set xlabel "{label}"
set ylabel "test accuracy, %"
plot {series}
"""
SERIES = (
    '${name} using 2:3:4 with yerrorbars linecolor rgb "{color}" pointtype {mark} pointsize 0.9 '
    'title "{title}", ${name} using 2:3:1 with labels left offset char 0.7,char 0.5 '
    'textcolor rgb "{color}" font "Sans,12" noenhanced notitle'
)
LOOKS = {"ptrain": {"color": "#1a1a1a", "mark": 7}, "PyTorch": {"color": "#b04a00", "mark": 4}}


def point(name, runs, x):
    accuracies = accuracy_table.last_accuracies(runs)
    half = accuracy_table.half_interval(accuracies) or 0
    return f'"{name}" {x} {statistics.mean(accuracies)} {half}'


def points(group, measure):
    """Lines of a data block for each program that has runs: name, x, accuracy, half interval."""
    found: dict[str, list[str]] = {"ptrain": [], "PyTorch": []}
    for one in group:
        for program, runs in (("ptrain", one.runs), ("PyTorch", one.twins)):
            if runs:
                own = list(runs.values())
                found[program].append(point(one.case.name, own, measure(own)))
    return {program: lines for program, lines in found.items() if lines}


def parameters(runs):
    return runs[0][0]["parameters"]


def script(kept):
    """What gnuplot is told; None where nothing is kept."""
    groups = accuracy_table.by_data(kept)
    parts = [START.format(width=WIDTH, height=HEIGHT * len(groups), rows=len(groups))]
    measures = {
        "parameters": parameters,
        "seconds of the quickest run": accuracy_table.shortest_seconds,
    }
    for row, (data, group) in enumerate(groups):
        for column, (label, measure) in enumerate(measures.items()):
            series = []
            for program, lines in points(group, measure).items():
                name = f"{program}_{row}_{column}"
                parts.append(f"${name} << EOD\n" + "\n".join(lines) + "\nEOD\n")
                series.append(SERIES.format(name=name, title=program, **LOOKS[program]))
            parts.append(GRAPH.format(data=data, label=label, series=", ".join(series)))
    return "".join(parts)


def draw(path, kept):
    """Writes an SVG file; ends the script with a line where gnuplot is not there."""
    command = ["gnuplot", "--default-settings"]
    try:
        process = subprocess.run(command, input=script(kept), capture_output=True, text=True)
    except FileNotFoundError:
        raise SystemExit("no plot: gnuplot is not there; apt-get install gnuplot-nox") from None
    if process.returncode != 0:
        raise SystemExit(f"no plot: gnuplot: {process.stderr.strip()}")
    path.write_text(process.stdout)
