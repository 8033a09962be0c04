"""Holds the machine code of the hot kernels against what makes them fast.

    python3 Scripts/check-kernels.py BUILD      the folder with PTrainKernelsAVX2.build and the like

Every named kernel must be there as a function of its own, work on whole vectors of its
instruction set and, if it multiplies, with fused multiply-adds on them; its innermost loops call
nothing. In all kernels the innermost loops that work on such vectors do not put vectors together
lane by lane and do no arithmetic on single lanes, and nothing calls Swift's runtime for counted
references or objects. Needs objdump and swift demangle; each finding is one line.
"""

import re
import subprocess
import sys
from pathlib import Path

WIDE = {"PTrainKernelsAVX2": "%ymm", "PTrainKernelsAVX512": "%zmm"}

# Functions by the start of their name, and the fewest multiply-adds on whole vectors in each. Names
# of kernels that one instruction set has and another lacks stand under that set.
HOT = {
    "product of panels": {"singlePanel": 60},
    "weight gradient": {"correlateSingle": 8},
    "plane convolution": {"planeOutputs(": 9, "planeOutputsRelu": 9, "planeSums": 8},
    "affine first layer": {"affineOutputs": 9},
    "Winograd input": {"inputRow": 4, "inputColumnsSix": 4},
    "Winograd output": {"outputRow": 4, "outputColumnsSix": 3},
    "Winograd output gradient": {"gradientRow": 1, "gradientColumnsSix": 1},
    "Winograd input gradient": {"scatterRow": 4, "scatterColumnsSix": 4},
    "first stage": {"maximumAndSums": 4},
    "activation": {"static Activate.biasRelu": 0, "static Activate.join": 2},
    "pooling": {"static Pool.maximumOfFour": 0, "static Pool.extremeOfFour": 0},
    "BN and ReLU backward": {
        "static InputGradient.gatedSums": 4,
        "static InputGradient.plainSums": 2,
        "static OutputGradient.denseGatedRow": 4,
        "static OutputGradient.windowRow": 2,
    },
    "optimizers": {"static Adam.run": 4, "static SGD.run": 4},
    "reduction": {"static TreeSum.run": 0},
}
HOT_ON = {"PTrainKernelsAVX512": {"doublePanel": 60, "correlateDouble": 16}}

# The end of a row of sums may be shorter than a vector, and is put together from its lanes.
EXEMPT_LOOPS = ("static TreeSum.",)

# What the compiler adds to a type so that others can copy it, and nobody calls.
WITNESSES = ("initializeBufferWithCopyOfBuffer for ",)

# A vector of 8 takes 6 insertions and more; one or two may be part of a shuffle.
MOST_INSERTIONS = 3

FUNCTION = re.compile(r"^[0-9a-f]+ <(.*)>:$")
INSTRUCTION = re.compile(r"^\s+([0-9a-f]+):\t(\S+)\s*(.*)$")
RELOCATION = re.compile(r"^\s+[0-9a-f]+: R_\w+\s+(\S.*)$")
MULTIPLY_ADD = re.compile(r"vfn?m(add|sub)\d+ps")
ARITHMETIC = re.compile(r"v(fn?m(add|sub)\d+|add|sub|mul|div|max|min|sqrt)ps")
SINGLE_LANE = re.compile(r"v(fn?m(add|sub)\d+|add|sub|mul|div|max|min|sqrt)ss")
INSERTION = re.compile(r"v?insertps|v?pinsr[bwdq]")
RUNTIME = re.compile(
    r"swift_(retain|release|allocObject|deallocObject|beginAccess|bridgeObject\w*|once|"
    r"initStackObject|isUniquelyReferenced\w*)"
)


class Function:
    """Instructions as (address, mnemonic, operands), and the symbols that relocations name."""

    def __init__(self, name):
        self.name = name
        self.instructions = []
        self.symbols = []

    def innermost_loops(self):
        """Instructions from the target of a jump backwards to it, loops with no other inside."""
        starts = [address for address, _, _ in self.instructions]
        spans = set()
        for address, mnemonic, operands in self.instructions:
            target = re.match(r"([0-9a-f]+) ", operands) if mnemonic.startswith("j") else None
            if target and starts[0] <= int(target[1], 16) <= address:
                spans.add((int(target[1], 16), address))
        for first, last in sorted(spans):
            if not any(
                span != (first, last) and first <= span[0] and span[1] <= last for span in spans
            ):
                yield [entry for entry in self.instructions if first <= entry[0] <= last]


def functions(build, module):
    """All functions of a module; its code is in one of its objects."""
    objects = map(str, sorted(Path(build, f"{module}.build").glob("*.o")))
    code = subprocess.run(
        ["objdump", "--disassemble", "--reloc", "--no-show-raw-insn", *objects],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    text = subprocess.run(
        ["swift", "demangle", "--simplified"],
        input=code,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    current = None
    for line in text.splitlines():
        if match := FUNCTION.match(line):
            if current:
                yield current
            current = Function(match[1])
        elif current and (match := INSTRUCTION.match(line)):
            current.instructions.append((int(match[1], 16), match[2], match[3]))
        elif current and (match := RELOCATION.match(line)):
            current.symbols.append(match[1])
    if current:
        yield current


def wide_count(function, pattern, register):
    return sum(
        bool(pattern.fullmatch(mnemonic)) and register in operands
        for _, mnemonic, operands in function.instructions
    )


def loop_findings(function, register):
    for loop in function.innermost_loops():
        if not any(ARITHMETIC.fullmatch(m) and register in operands for _, m, operands in loop):
            continue
        place = f"its loop at {loop[0][0]:x}"
        insertions = sum(bool(INSERTION.fullmatch(mnemonic)) for _, mnemonic, _ in loop)
        if insertions > MOST_INSERTIONS:
            yield f"{place} inserts {insertions} single lanes"
        for address, mnemonic, operands in loop:
            if SINGLE_LANE.fullmatch(mnemonic):
                yield f"{place} has '{mnemonic} {operands}' at {address:x}"


def function_findings(function, register):
    for symbol in function.symbols:
        if RUNTIME.match(symbol) and not function.name.startswith(WITNESSES):
            yield f"calls {symbol}"
    if not function.name.startswith(EXEMPT_LOOPS):
        yield from loop_findings(function, register)


def hot_findings(function, least, register):
    count = wide_count(function, MULTIPLY_ADD, register)
    if count < least:
        yield f"{count} multiply-adds on {register}, expected {least} or more"
    if wide_count(function, ARITHMETIC, register) == 0:
        yield f"no arithmetic on {register}"
    for loop in function.innermost_loops():
        for address, mnemonic, operands in loop:
            if mnemonic.startswith("call"):
                yield f"its loop at {loop[0][0]:x} calls {operands} at {address:x}"


def module_findings(build, module):
    register = WIDE[module]
    code = list(functions(build, module))
    hot = [pair for kernels in HOT.values() for pair in kernels.items()]
    for name, least in [*hot, *HOT_ON.get(module, {}).items()]:
        found = [function for function in code if function.name.startswith(name)]
        if not found:
            yield f"{name}: there is no such function; was it renamed or inlined?"
        for function in found:
            for finding in hot_findings(function, least, register):
                yield f"{function.name}: {finding}"
    for function in code:
        for finding in function_findings(function, register):
            yield f"{function.name}: {finding}"


def main():
    findings = [
        f"{module}: {finding}"
        for module in WIDE
        for finding in module_findings(sys.argv[1], module)
    ]
    print(*findings, sep="\n", end="\n" if findings else "", file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
