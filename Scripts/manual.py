"""The manual page, from what the program says of itself.

Reads the output of `ptrain --experimental-dump-help`, writes ptrain.1 in man's macros.
"""

import json
import sys


def escape(text):
    """Text that begins no macro; hyphens and quotes stay what they are when they are copied."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.split("\n"))


def discussion(text):
    """Paragraphs; indented lines (examples) stay as they are."""
    for paragraph in filter(None, (part.strip("\n") for part in (text or "").split("\n\n"))):
        yield ".PP"
        is_example = False
        for line in paragraph.split("\n"):
            if line.startswith("  ") != is_example:
                is_example = not is_example
                yield ".RS 4\n.nf" if is_example else ".fi\n.RE"
            yield escape(line[2:] if is_example else line)
        if is_example:
            yield ".fi\n.RE"


def spelled(argument):
    """An argument's names, and its value where it takes one."""
    value = f"\\fI{escape(argument['valueName'])}\\fR"
    if argument["kind"] == "positional":
        return value + (" ..." if argument["isRepeating"] else "")
    dashes = {"short": "-", "long": "--", "longWithSingleDash": "-"}
    names = [f"\\fB{escape(dashes[n['kind']] + n['name'])}\\fR" for n in argument["names"]]
    return ", ".join(names) + (f" {value}" if argument["kind"] == "option" else "")


def help_of(argument):
    text = argument.get("abstract", "")
    notes = []
    if argument.get("allValues"):
        notes.append("values: " + ", ".join(argument["allValues"]))
    if argument.get("defaultValue") and argument["kind"] != "flag":
        notes.append("default: " + argument["defaultValue"])
    return escape(text + (f" ({'; '.join(notes)})" if notes else ""))


def options(command):
    """Options in their groups, those without one last."""
    shown = [
        argument
        for argument in command.get("arguments", [])
        if argument["shouldDisplay"] and argument["valueName"] not in ("help", "version")
    ]
    for title in dict.fromkeys(argument.get("sectionTitle") for argument in shown):
        group = [argument for argument in shown if argument.get("sectionTitle") == title]
        yield f".PP\n\\fI{escape(title or 'Options')}\\fR"
        for argument in group:
            yield f".TP\n{spelled(argument)}\n{help_of(argument)}"


def subcommands(command, path):
    for child in command.get("subcommands", []):
        name = f"{path} {child['commandName']}"
        if child["commandName"] == "help":
            continue
        yield f'.SS "{escape(name)}"'
        yield escape(child.get("abstract", ""))
        yield from discussion(child.get("discussion"))
        yield from options(child)
        yield from subcommands(child, name)


def page(command):
    name = command["commandName"]
    yield f'.TH {name.upper()} 1 "" "{name}" "User Commands"'
    yield f".SH NAME\n{name} \\- {escape(command['abstract'].rstrip('.'))}"
    yield f".SH SYNOPSIS\n.B {name}\n[\\fIsubcommand\\fR] [\\fIoptions\\fR]"
    yield ".SH DESCRIPTION"
    yield from discussion(command["discussion"])
    yield ".SH SUBCOMMANDS"
    yield from subcommands(command, name)
    yield ".SH EXIT STATUS"
    for code, meaning in (
        ("0", "done"),
        ("64", "wrong usage"),
        ("65", "bad data: damaged, contradicting itself, or a loss that is no number"),
        ("66", "an input is missing"),
        ("70", "a fault of the program"),
        ("73", "an output cannot be created"),
        ("74", "an input or output error such as a full disk"),
        ("129, 130, 143", "interrupted by a signal; the run can be resumed"),
    ):
        yield f".TP\n{code}\n{meaning}"
    yield ".SH ENVIRONMENT"
    for variable, meaning in (
        ("PTRAIN_DATA", "the data where --data names none"),
        ("PTRAIN_ISA", "the instruction set: baseline, avx2, avx512 or neon"),
        ("XDG_CACHE_HOME", "where downloads are kept, in ptrain/"),
    ):
        yield f".TP\n.B {variable}\n{escape(meaning)}"


def main():
    print("\n".join(page(json.load(sys.stdin)["command"])))


if __name__ == "__main__":
    main()
