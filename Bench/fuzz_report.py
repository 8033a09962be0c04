"""Makes results/fuzz.json and fuzz.md of what `Scripts/fuzz` left: fuzz_report.py TARGET.log ...

The logs are libFuzzer's with -print_final_stats=1, followed by what bash's `time` says.
"""

import argparse
import json
import re
from pathlib import Path

import machine

RESULTS = Path(__file__).resolve().parent / "results"
STATISTICS = {
    "inputs": r"number_of_executed_units: (\d+)",
    "slowest_seconds": r"slowest_unit_time_sec: +(\d+)",
    "peak_memory_mb": r"peak_rss_mb: +(\d+)",
}
HEADINGS = {
    "target": "parser",
    "wall_seconds": "wall s",
    "cpu_seconds": "CPU s",
    "inputs": "inputs",
    "edges": "edges",
    "features": "features",
    "corpus": "corpus",
    "peak_memory_mb": "peak MB",
    "findings": "findings",
}


def seconds(text, kind):
    minutes, rest = re.search(rf"^{kind}\s+(\d+)m([\d.]+)s", text, re.MULTILINE).groups()
    return round(60 * int(minutes) + float(rest), 1)


def row(path):
    text = path.read_text(errors="replace")
    edges, features, corpus = re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)/", text)[-1]
    found = {name: int(re.search(pattern, text)[1]) for name, pattern in STATISTICS.items()}
    return {
        "target": path.stem,
        "wall_seconds": seconds(text, "real"),
        "cpu_seconds": round(seconds(text, "user") + seconds(text, "sys"), 1),
        "edges": int(edges),
        "features": int(features),
        "corpus": int(corpus),
        "findings": len(re.findall(r"^SUMMARY: ", text, re.MULTILINE)),
        **found,
    }


def table(rows, command, notes):
    lines = ["# Fuzzing every parser", "", f"`{command}`.", *([notes] if notes else []), ""]
    lines.append("| " + " | ".join(HEADINGS.values()) + " |")
    lines.append("| --- |" + " ---: |" * (len(HEADINGS) - 1))
    for row in rows:
        cells = [f"{row[key]:,}" if key != "target" else row[key] for key in HEADINGS]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--command", required=True, help="what was run")
    parser.add_argument("--notes", default="", help="about the machine meanwhile")
    parser.add_argument("logs", nargs="+", type=Path)
    options = parser.parse_args()
    rows = [row(path) for path in options.logs]
    record = {"command": options.command, "notes": options.notes, "machine": machine.facts()}
    (RESULTS / "fuzz.json").write_text(json.dumps(record | {"rows": rows}, indent=2) + "\n")
    (RESULTS / "fuzz.md").write_text(table(rows, options.command, options.notes))


if __name__ == "__main__":
    main()
