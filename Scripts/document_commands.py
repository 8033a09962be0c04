"""Commands as texts tell them, held against the program's help screens and the scripts themselves.

`Tests/CommandTests/Help` has a screen for each subcommand, which HelpTests compares with the
program.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

OPTION = re.compile(r"^ {2}(-.+?)(?: <([^>]+)>)?(?: {2,}.*)?$")
# What stands for something of the reader's in a synopsis.
PLACEHOLDER = re.compile(r"[|…\[\]]|^[A-Z]")
# Programs of others that a block may call.
OTHERS = {
    "swift",
    "mpirun",
    "git",
    "cd",
    "awk",
    "sudo",
    "chrt",
    "gcc",
    "curl",
    "tar",
    "sort",
    "head",
}


class Screen:
    """What a help screen says of a command's options and arguments."""

    def __init__(self, text: str) -> None:
        # Options with a value: the words that it may be, or none where anything goes.
        self.values: dict[str, list[str] | None] = {}
        self.flags: set[str] = set()
        # Options that must be there, each with its other names.
        self.required: list[list[str]] = []
        body = text.partition("\nUSAGE:")[2]
        self.takes_arguments = "\nARGUMENTS:" in body
        usage = re.sub(r"\[[^\]]*\]", "", body.partition("\n\n")[0])
        lines = body.splitlines()
        for index, line in enumerate(lines):
            match = OPTION.match(line)
            if not match:
                continue
            names = [name.split()[0] for name in match[1].split(", ")]
            rest = " ".join(self._entry(lines, index))
            words = re.search(r"\(values: ([^;)]+)", rest)
            for name in names:
                if match[2] is None:
                    self.flags.add(name)
                else:
                    self.values[name] = words[1].split(", ") if words else None
            if match[2] and any(re.search(rf" {name}(?![\w-])", usage) for name in names):
                self.required.append(names)

    @staticmethod
    def _entry(lines: list[str], index: int) -> list[str]:
        entry = [lines[index].strip()]
        for line in lines[index + 1 :]:
            if not line.startswith(" " * 20):
                break
            entry.append(line.strip())
        return entry


class Program:
    """The help screens by subcommand, `train` being the one that needs no name."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.screens = {
            path.stem.removeprefix("ptrain").strip("-"): Screen(path.read_text())
            for path in (root / "Tests/CommandTests/Help").glob("*.txt")
        }

    def resolve(self, words: list[str]) -> tuple[str, list[str]]:
        """The subcommand that words call, and what is left of them."""
        name = ""
        for index, word in enumerate(words):
            longer = f"{name}-{word}".strip("-")
            if longer not in self.screens:
                return name or "train", words[index:]
            name = longer
        return name or "train", []


def command_findings(line: str, program: Program, *, is_whole: bool) -> Iterator[str]:
    """What is wrong with a command; `is_whole`: it can be run as it stands."""
    for words in commands(line):
        if words[0] == "mpirun":
            start = next((i for i, word in enumerate(words) if word.endswith("ptrain")), len(words))
            words = words[start:] or words
        name = words[0].removeprefix(".build/release/")
        if name == "ptrain" or name == "Scripts/ptrain":
            if is_whole or len(words) > 1:
                yield from program_findings(words[1:], program, is_whole=is_whole)
        elif re.match(r"(Scripts|Bench)/\w", name):
            yield from script_findings(name, words[1:], program.root)
        elif is_whole and name not in OTHERS:
            yield f"`{line}` begins with `{name}`: neither ptrain nor a script of ours"


def commands(line: str) -> list[list[str]]:
    """The words of each command of a line, without comments, environment and redirections."""
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        return []
    parts: list[list[str]] = [[]]
    for word in words:
        if word in ("|", "&&", ";", ">", ">>", "2>&1"):
            parts.append([])
        elif parts[-1] or not re.match(r"^\w+=", word):
            parts[-1].append(word)
    # What follows a redirection is a file.
    marks = [word for word in words if word in ("|", "&&", ";", ">", ">>", "2>&1")]
    kept = [part for mark, part in zip(["", *marks], parts, strict=True) if mark not in (">", ">>")]
    return [part for part in kept if part]


def program_findings(words: list[str], program: Program, *, is_whole: bool) -> Iterator[str]:
    words = [word for word in words if word != "[train]"]
    name, rest = program.resolve(words)
    screen = program.screens[name]
    title = f"`ptrain {name}`"
    seen: set[str] = set()
    index = 0
    while index < len(rest):
        word, index = rest[index], index + 1
        option, equals, value = word.partition("=")
        if not word.startswith("-"):
            if is_whole and not screen.takes_arguments:
                yield f"{title} takes no argument `{word}`"
        elif option in screen.values:
            seen.add(option)
            if not equals:
                value = rest[index] if index < len(rest) else ""
                index += 1
            if not value and is_whole:
                yield f"{title} needs a value for {option}"
            allowed = screen.values[option]
            if value and allowed and value not in allowed and not PLACEHOLDER.search(value):
                yield f"{title} has {option} {', '.join(allowed)}, not {value}"
        elif option not in screen.flags:
            yield f"{title} has no option {option}"
    for names in screen.required if is_whole and "--help" not in rest else []:
        if not seen & set(names):
            yield f"{title} needs {names[0]}"


def script_findings(name: str, words: list[str], root: Path) -> Iterator[str]:
    path = root / name
    if not path.exists():
        yield f"there is no {name}"
        return
    if path.is_dir() or path.suffix:
        return
    if name in ("Scripts/ptrain", "Scripts/test"):  # pass theirs on
        return
    modules = path.parent.glob("*.py")
    text = path.read_text() + "".join(module.read_text() for module in modules)
    for word in words:
        option = word.partition("=")[0]
        if option.startswith("--") and option not in text:
            yield f"{name} has no option {option}"
