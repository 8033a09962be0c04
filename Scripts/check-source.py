"""House rules that no compiler holds: import direction, file lengths, paths of one machine.

Reads the output of `swift package dump-package`; the order of its targets is the order of
modules, and an import may only point to an earlier target that is a declared dependency.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

FILE_LINE_BUDGET = 400
SOURCE_LINE_BUDGET = 20_000
IMPORT = re.compile(
    r"^\s*(?:@\S+\s+)?(?:public |package |internal |private |fileprivate )?import "
    r"(?:struct |class |enum |protocol |func |var |let |typealias )?(\w+)"
)
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|root|home|Users|tmp/h)/")
CI_DATA_PATH = re.compile(r"\.\./[s]hared/")


def tracked(*patterns):
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    output = subprocess.run([*command, "--", *patterns], check=True, capture_output=True).stdout
    paths = (Path(name) for name in output.decode().split("\0") if name)
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def dependency_names(target):
    for dependency in target["dependencies"]:
        for kind in ("byName", "target", "product"):
            if kind in dependency:
                yield dependency[kind][0]


def import_findings(package):
    targets = package["targets"]
    order = {target["name"]: index for index, target in enumerate(targets)}
    for target in targets:
        name = target["name"]
        folder = "Tests" if target["type"] == "test" else "Sources"
        allowed = set(dependency_names(target))
        for path in tracked(f"{folder}/{name}/*.swift"):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                match = IMPORT.match(line)
                module = match and match[1]
                if module not in order or module == name:
                    continue
                if order[module] > order[name]:
                    yield f"{path}:{number}: {name} imports {module}, which stands above it"
                elif module not in allowed and folder == "Sources":
                    yield f"{path}:{number}: {name} imports {module} without depending on it"


def length_findings():
    total = 0
    for path in tracked("*.swift", "*.c", "*.h", "*.py", "Scripts/*"):
        lines = len(path.read_bytes().splitlines())
        if path.parts[0] == "Sources":
            total += lines
        if lines > FILE_LINE_BUDGET:
            yield f"{path}: {lines} lines, the budget is {FILE_LINE_BUDGET}"
    if total > SOURCE_LINE_BUDGET:
        yield f"Sources: {total} lines, the budget is {SOURCE_LINE_BUDGET}"


def path_findings():
    for path in tracked():
        try:
            lines = path.read_text().splitlines()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(lines, 1):
            if MACHINE_PATH.search(line) and path.name != "check-source.py":
                yield f"{path}:{number}: names a path of one machine"
            if CI_DATA_PATH.search(line) and str(path) != ".ci/run":
                yield f"{path}:{number}: only .ci/run names where CI keeps its data"


def main():
    package = json.load(sys.stdin)
    findings = [*import_findings(package), *length_findings(), *path_findings()]
    print("\n".join(findings), file=sys.stderr, end="\n" if findings else "")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
