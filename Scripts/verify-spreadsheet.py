"""Lets LibreOffice recalculate the spreadsheet command's workbook and compares every cell.

Usage: verify-spreadsheet.py PTRAIN. The cached values are stripped first, so what is compared
comes from the formulas alone. Both sides are Doubles, hence the tolerance for rounding only.
"""

import csv
import math
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from xml.etree import ElementTree

TOLERANCE = 1e-12
RATES = ["0.1", "0.2", "0.5", "0.8", "1.0", "2.0"]
ROWS = 300
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
RATE_CELL = "B1"


class Mismatch(Exception):
    """What did not come out as it must, in one line."""


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise Mismatch(f"{command[0]} ended with {done.returncode}: {done.stderr.strip()}")


def strip_cached_values(source, destination, rate=None):
    """Copies a workbook without any formula's value; `rate` replaces the learning-rate cells."""
    stripped = 0
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(destination, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", name):
                text, count = re.subn(r"(</f>)<v>[^<]*</v>", r"\1", data.decode())
                stripped += count
                if rate is not None:
                    text = re.sub(
                        rf'(<c r="{RATE_CELL}"[^>]*><v>)[^<]*(</v>)', rf"\g<1>{rate}\2", text
                    )
                data = text.encode()
            new.writestr(name, data)
    return stripped


def recalculate(workbook, folder):
    """LibreOffice's copy of a workbook, with the values that it computed."""
    target = folder / "recalculated"
    profile = (folder / "profile").resolve().as_uri()
    run(
        "soffice",
        "--headless",
        f"-env:UserInstallation={profile}",
        "--convert-to",
        "xlsx",
        "--outdir",
        target,
        workbook,
    )
    return target / workbook.name


def read_cells(path):
    """Sheet name -> cell name -> (has a formula, number or text)."""
    with zipfile.ZipFile(path) as archive:
        strings = read_shared_strings(archive)
        workbook = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        names = [sheet.get("name") for sheet in workbook.iter(f"{MAIN}sheet")]
        return {
            name: read_sheet(archive.read(f"xl/worksheets/sheet{number}.xml"), strings)
            for number, name in enumerate(names, 1)
        }


def read_shared_strings(archive):
    root = ElementTree.fromstring(archive.read("xl/sharedStrings.xml"))
    return ["".join(part.itertext()) for part in root.iter(f"{MAIN}si")]


def read_sheet(data, strings):
    cells = {}
    for cell in ElementTree.fromstring(data).iter(f"{MAIN}c"):
        value = cell.find(f"{MAIN}v")
        if value is None or value.text is None:
            content = None
        elif cell.get("t") == "s":
            content = strings[int(value.text)]
        elif cell.get("t") in ("str", "e"):
            content = value.text
        else:
            content = float(value.text)
        cells[cell.get("r")] = (cell.find(f"{MAIN}f") is not None, content)
    return cells


def deviation(found, expected):
    """Relative difference of two numbers; infinite where anything else than equal text differs."""
    if isinstance(found, float) and isinstance(expected, float):
        if found == expected:
            return 0.0
        scale = max(abs(found), abs(expected))
        return abs(found - expected) / scale if math.isfinite(scale) else math.inf
    return 0.0 if found == expected else math.inf


def check(place, found, expected, worst):
    amount = deviation(found, expected)
    if not amount <= TOLERANCE:
        raise Mismatch(f"{place}: recalculated {found}, expected {expected}")
    return max(worst, amount)


def compare_formulas(written, recalculated):
    """Every formula cell of the workbook against the value that ptrain cached in it."""
    count, worst = 0, 0.0
    for sheet, cells in written.items():
        for name, (has_formula, expected) in cells.items():
            if has_formula:
                found = recalculated[sheet].get(name, (True, None))[1]
                worst = check(f"{sheet}!{name}", found, expected, worst)
                count += 1
    return count, worst


def matched(pattern, text):
    """The groups of a pattern that the whole text must have."""
    found = re.fullmatch(pattern, text)
    if not found:
        raise Mismatch(f"{text}: expected {pattern}")
    return found.groups()


def compare_table(sheet, cells, table):
    """Every cell of a sheet's table against the CSV; columns are found by their titles."""
    rows = list(csv.reader(table.read_text().splitlines()))
    places = {content: name for name, (_, content) in cells.items() if content in rows[0]}
    worst = 0.0
    for column, title in enumerate(rows[0]):
        letters, first = matched(r"([A-Z]+)(\d+)", places[title])
        for step, row in enumerate(rows[1:]):
            name = f"{letters}{int(first) + 1 + step}"
            found = cells.get(name, (False, None))[1]
            worst = check(
                f"{sheet}!{name} ({title}, step {step})", found, float(row[column]), worst
            )
    if len(rows) != ROWS + 1:
        raise Mismatch(f"{table.name}: {len(rows) - 1} rows, expected {ROWS}")
    return len(rows[0]) * (len(rows) - 1), worst


def compare_charts(path, written):
    """The points that every chart shows at once against the cells that it refers to."""
    curves = 0
    with zipfile.ZipFile(path) as archive:
        charts = [name for name in archive.namelist() if name.startswith("xl/charts/chart")]
        for chart in charts:
            for values in ElementTree.fromstring(archive.read(chart)).iter(f"{CHART}yVal"):
                reference = values.findtext(f".//{CHART}f", "")
                sheet, column, first, last = matched(
                    r"'(.+)'!\$([A-Z]+)\$(\d+):\$\2\$(\d+)", reference
                )
                cells = [f"{column}{row}" for row in range(int(first), int(last) + 1)]
                points = [float(point.text or "") for point in values.iter(f"{CHART}v")]
                if points != [written[sheet][cell][1] for cell in cells] or len(points) != ROWS:
                    raise Mismatch(f"{chart}: its points of {reference} are not the cells' values")
                curves += 1
    return len(charts), curves


def verify_defaults(ptrain, folder):
    workbook, tables = folder / "backpropagation.xlsx", folder / "tables"
    run(ptrain, "spreadsheet", "--output", workbook, "--csv", tables)
    stripped = folder / "stripped.xlsx"
    values = strip_cached_values(workbook, stripped)
    written, recalculated = read_cells(workbook), read_cells(recalculate(stripped, folder))
    count, worst = compare_formulas(written, recalculated)
    if count != values:
        raise Mismatch(f"{values} cached values were stripped, but {count} formulas compared")
    print(f"{count} formula cells recalculated, largest relative difference {worst:.1e}")
    charts, curves = compare_charts(workbook, written)
    if (charts, curves) != (len(RATES) + 2, 3 * len(RATES)):
        raise Mismatch(f"{charts} charts with {curves} curves, expected one a rate and two of all")
    print(f"{charts} charts with {curves} curves show the values of their cells")
    for rate in RATES:
        sheet = f"LR_{rate}"
        count, worst = compare_table(sheet, recalculated[sheet], tables / f"lr_{rate}.csv")
        print(f"{sheet}: {count} cells equal the CSV, largest relative difference {worst:.1e}")


def verify_changed_rate(ptrain, folder):
    workbook, tables = folder / "one-rate.xlsx", folder / "changed"
    run(ptrain, "spreadsheet", "--output", workbook, "--learning-rates", "0.1")
    run(
        ptrain,
        "spreadsheet",
        "--output",
        folder / "other.xlsx",
        "--learning-rates",
        "0.3",
        "--csv",
        tables,
    )
    changed = folder / "changed.xlsx"
    strip_cached_values(workbook, changed, rate="0.3")
    cells = read_cells(recalculate(changed, folder))["LR_0.1"]
    count, worst = compare_table("LR_0.1 at 0.3", cells, tables / "lr_0.3.csv")
    print(f"learning rate changed to 0.3: {count} cells equal, largest difference {worst:.1e}")


def main():
    try:
        with tempfile.TemporaryDirectory() as folder:
            verify_defaults(Path(sys.argv[1]).resolve(), Path(folder))
            verify_changed_rate(Path(sys.argv[1]).resolve(), Path(folder))
    except Mismatch as mismatch:
        sys.exit(f"verify-spreadsheet: {mismatch}")


if __name__ == "__main__":
    main()
