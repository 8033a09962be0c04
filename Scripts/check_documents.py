"""Holds README, articles and the other texts against the repository: links, commands, code.

Links lead to files and headings that exist, commands have the options of the help screens, blocks
of Swift are excerpts of files that are compiled. One line a finding; ends non-zero if there is any.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from document_commands import Program, command_findings

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|<img\s[^>]*src=\"([^\"]+)\"")
ARTICLE_LINK = re.compile(r"<doc:([^>]+)>")
INLINE_CODE = re.compile(r"`[^`\n]*`")
FENCE = re.compile(r"^\s*```(\w*)\s*$")
# A file of the repository, or a folder of sources: from the root, Sources, or the module
# whose article names it.
PATH = re.compile(
    r"(?:Sources|Tests|Examples)(?:/[\w.+-]+)+|[A-Z]\w*(?:/[\w+-]+)*/[\w+-]+\.(?:swift|c|js)"
)
EXCERPT = re.compile(r"^<!-- (\S+\.swift): (\w+) -->$")
LANGUAGES = {"sh", "text", "yaml", "swift", "c", "python"}
# Its commands are run one by one, other programs' among them, by Scripts/check-article.
RUN_AS_A_WHOLE = "Sources/Interchange/Interchange.docc/Microcontroller.md"
# Tables that scripts write beside their data.
GENERATED = ("Bench/results/",)


class Block:
    """A code block between fences."""

    def __init__(self, number: int, language: str, before: str) -> None:
        self.number, self.language, self.before = number, language, before
        self.lines: list[str] = []


def documents() -> list[Path]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.md"]
    names = subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout.decode()
    kept = (name for name in names.split("\0") if name and not name.startswith(GENERATED))
    return [ROOT / name for name in sorted(kept) if (ROOT / name).is_file()]


def split(lines: list[str]) -> tuple[list[tuple[int, str]], list[Block]]:
    """Lines of prose with their numbers, and the blocks between fences."""
    prose: list[tuple[int, str]] = []
    blocks: list[Block] = []
    block: Block | None = None
    for number, line in enumerate(lines, 1):
        fence = FENCE.match(line)
        if block is None and fence:
            before = next((text for _, text in reversed(prose) if text.strip()), "")
            block = Block(number, fence[1], before)
        elif block is not None and fence:
            blocks.append(block)
            block = None
        elif block is not None:
            block.lines.append(line)
        else:
            prose.append((number, line))
    return prose, blocks


def anchors(path: Path) -> set[str]:
    """Anchors of a file's headings, as GitHub makes them."""
    headings = (line.lstrip("#") for line in path.read_text().splitlines() if line.startswith("#"))
    return {re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-") for text in headings}


def link_findings(path: Path, prose: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Links that lead nowhere; one may go over the end of a line."""
    catalog = next((parent for parent in path.parents if parent.suffix == ".docc"), None)
    text = INLINE_CODE.sub("", "\n".join(line for _, line in prose))

    def number(match: re.Match[str]) -> int:
        return prose[text.count("\n", 0, match.start())][0]

    for match in LINK.finditer(text):
        target = match[1] or match[2]
        if not re.match(r"[a-z]+:", target) and (finding := file_finding(path, target, catalog)):
            yield number(match), f"links to {target}, {finding}"
    for match in ARTICLE_LINK.finditer(text):
        # An article of the same module, or `/Module/Article`.
        parts = match[1].split("/")
        home, article = catalog, parts[-1]
        if len(parts) > 1:
            folder = parts[1].removeprefix("PTrain") or parts[1]
            home = ROOT / "Sources" / folder / f"{folder}.docc"
            article = folder if len(parts) == 2 else article
        if home is None or not (home / f"{article}.md").is_file():
            yield number(match), f"links to the article {match[1]}, which is not there"


def file_finding(path: Path, target: str, catalog: Path | None) -> str | None:
    name, _, anchor = target.partition("#")
    folders = [path.parent] + ([catalog / "Resources"] if catalog else [])
    files = [folder / name for folder in folders if (folder / name).exists()]
    if name and not files:
        return "which is not there"
    if anchor and anchor not in anchors(files[0] if name else path):
        return "a heading that is not there"
    return None


def path_finding(path: Path, code: str) -> str | None:
    """Whether code names a file that is not there."""
    if not PATH.fullmatch(code):
        return None
    module = next((parent.parent for parent in path.parents if parent.suffix == ".docc"), ROOT)
    if any((folder / code).exists() for folder in (ROOT, ROOT / "Sources", module)):
        return None
    return f"names {code}, which is not there"


def dedented(lines: list[str]) -> list[str]:
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return [line[margin:].rstrip() for line in lines]


def excerpt(path: Path, name: str) -> list[str] | None:
    """Lines between `// article: NAME` and `// end of article` of a file."""
    lines: list[str] | None = None
    for line in path.read_text().splitlines():
        if line.strip() == f"// article: {name}":
            lines = []
        elif lines is not None and line.strip() == "// end of article":
            return dedented(lines)
        elif lines is not None:
            lines.append(line)
    return None


def excerpt_finding(block: Block) -> str | None:
    marker = EXCERPT.match(block.before.strip())
    if not marker:
        return "Swift without `<!-- FILE.swift: NAME -->` before it, which names what is compiled"
    path = ROOT / marker[1]
    if not path.is_file():
        return f"is said to stand in {marker[1]}, which is not there"
    lines = excerpt(path, marker[2])
    if lines is None:
        return f"{marker[1]} has no lines from `// article: {marker[2]}` to `// end of article`"
    if lines != dedented(block.lines):
        return f"differs from `// article: {marker[2]}` in {marker[1]}"
    return None


def findings(path: Path, program: Program) -> Iterator[tuple[int, str]]:
    prose, blocks = split(path.read_text().splitlines())
    yield from link_findings(path, prose)
    for block in blocks:
        if block.language not in LANGUAGES:
            known = ", ".join(sorted(LANGUAGES))
            yield block.number, f"a code block of {block.language or 'no language'}, not of {known}"
        if block.language == "swift" and (finding := excerpt_finding(block)):
            yield block.number, finding
    for number, line in prose:
        for code in INLINE_CODE.findall(line):
            if finding := path_finding(path, code[1:-1]):
                yield number, finding
            for text in command_findings(code[1:-1], program, is_whole=False):
                yield number, text
    if path == ROOT / RUN_AS_A_WHOLE:
        return
    for block in (block for block in blocks if block.language == "sh"):
        text = "\n".join(block.lines).replace("\\\n", " ")
        for line in text.splitlines():
            for finding in command_findings(line.strip(), program, is_whole=True):
                yield block.number, finding


def main() -> int:
    program = Program(ROOT)
    count = 0
    for path in documents():
        for number, text in findings(path, program):
            print(f"{path.relative_to(ROOT)}:{number}: {text}", file=sys.stderr)
            count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
