"""Holds the machine code of the hot kernels against what makes them fast.

    python3 Scripts/check-kernels.py BUILD          folder with PTrainKernelsAVX2.build and the like
    python3 Scripts/check-kernels.py --neon OBJECT  the kernels for arm64 (Scripts/check-neon)

Every named kernel must be there as a function of its own, work on whole vectors of its
instruction set and, if it multiplies, with fused multiply-adds on them; its innermost loops call
nothing. In all kernels the innermost loops that work on such vectors do not put vectors together
lane by lane and do no arithmetic on single lanes, and nothing calls Swift's runtime for counted
references or objects. Needs objdump (that of the architecture) and swift demangle; each finding is
one line.
"""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

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
HOT_ON = {
    "PTrainKernelsAVX2": {"halfPanel": 60},
    "PTrainKernelsAVX512": {"doublePanel": 60, "correlateDouble": 16},
}

# The end of a row of sums may be shorter than a vector, and is put together from its lanes.
EXEMPT_LOOPS = ("static TreeSum.",)

# On arm64 the compiler takes two of the 16 lanes of their sums apart.
EXEMPT_LOOPS_ON = {"NEON": ("planeSumsPlus", "planeSumsMinus")}

# What the compiler adds to a type so that others can copy it, and nobody calls.
WITNESSES = ("initializeBufferWithCopyOfBuffer for ",)

# A vector of 8 takes 6 insertions and more; one or two may be part of a shuffle.
MOST_INSERTIONS = 3

FUNCTION = re.compile(r"^[0-9a-f]+ <(.*)>:$")
INSTRUCTION = re.compile(r"^\s+([0-9a-f]+):\t(\S+)\s*(.*)$")
RELOCATION = re.compile(r"^\s+[0-9a-f]+: R_\w+\s+(\S.*)$")
TARGET = re.compile(r"([0-9a-f]+) <")
RUNTIME = re.compile(
    r"swift_(retain|release|allocObject|deallocObject|beginAccess|bridgeObject\w*|once|"
    r"initStackObject|isUniquelyReferenced\w*)"
)


@dataclass(frozen=True)
class InstructionSet:
    """How its machine code says what is looked for; instructions are "mnemonic operands"."""

    objdump: str
    # Names its whole vectors among the operands.
    register: str
    multiply_add: re.Pattern
    arithmetic: re.Pattern
    single_lane: re.Pattern
    insertion: re.Pattern
    jump: re.Pattern
    call: re.Pattern


def x86(register):
    arithmetic = r"v(fn?m(add|sub)\d+|add|sub|mul|div|max|min|sqrt)"
    return InstructionSet(
        objdump="objdump",
        register=register,
        multiply_add=re.compile(r"vfn?m(add|sub)\d+ps "),
        arithmetic=re.compile(arithmetic + "ps "),
        single_lane=re.compile(arithmetic + "ss "),
        insertion=re.compile(r"(v?insertps|v?pinsr[bwdq]) "),
        jump=re.compile("j"),
        call=re.compile("call"),
    )


ARM64_ARITHMETIC = r"f(n?m(add|sub)|ml[as]|add|sub|mul|div|max|maxnm|min|minnm|sqrt|cmg[te])\s"

NEON = InstructionSet(
    objdump="aarch64-linux-gnu-objdump",
    register=".4s",
    multiply_add=re.compile(r"fml[as] "),
    arithmetic=re.compile(ARM64_ARITHMETIC),
    single_lane=re.compile(ARM64_ARITHMETIC + "s"),
    insertion=re.compile(r"(mov|ins|ld1) (v\d+\.s\[|\{v\d+\.s\}\[)"),
    jump=re.compile(r"(b|b\.\w+|cbn?z|tbn?z) "),
    call=re.compile("blr? "),
)

X86 = {"PTrainKernelsAVX2": x86("%ymm"), "PTrainKernelsAVX512": x86("%zmm")}


class Function:
    """Instructions as (address, text), and the symbols that relocations name."""

    def __init__(self, name):
        self.name = name
        self.instructions = []
        self.symbols = []

    def innermost_loops(self, isa):
        """Instructions from the target of a jump backwards to it, loops with no other inside."""
        starts = [address for address, _ in self.instructions]
        spans = set()
        for address, text in self.instructions:
            target = TARGET.search(text) if isa.jump.match(text) else None
            if target and starts[0] <= int(target[1], 16) <= address:
                spans.add((int(target[1], 16), address))
        for first, last in sorted(spans):
            if not any(
                span != (first, last) and first <= span[0] and span[1] <= last for span in spans
            ):
                yield [entry for entry in self.instructions if first <= entry[0] <= last]


def functions(objects, isa):
    """All functions of a module; its code is in one of its objects."""
    code = subprocess.run(
        [isa.objdump, "--disassemble", "--reloc", "--no-show-raw-insn", *objects],
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
            current.instructions.append((int(match[1], 16), f"{match[2]} {match[3]}"))
        elif current and (match := RELOCATION.match(line)):
            current.symbols.append(match[1])
    if current:
        yield current


def without_stubs(code):
    """Without those that only call what they were specialized into; that bears their name."""
    code = list(code)
    prefix = "specialized "
    special = {f.name.removeprefix(prefix) for f in code if f.name.startswith(prefix)}
    code = [function for function in code if function.name not in special]
    for function in code:
        function.name = function.name.removeprefix(prefix)
    return code


def is_wide(text, pattern, isa):
    return bool(pattern.match(text)) and isa.register in text


def wide_count(function, pattern, isa):
    return sum(is_wide(text, pattern, isa) for _, text in function.instructions)


def loop_findings(function, isa):
    for loop in function.innermost_loops(isa):
        if not any(is_wide(text, isa.arithmetic, isa) for _, text in loop):
            continue
        place = f"its loop at {loop[0][0]:x}"
        insertions = sum(bool(isa.insertion.match(text)) for _, text in loop)
        if insertions > MOST_INSERTIONS:
            yield f"{place} inserts {insertions} single lanes"
        for address, text in loop:
            if isa.single_lane.match(text):
                yield f"{place} has '{text}' at {address:x}"


def function_findings(function, isa, exempt):
    for symbol in function.symbols:
        if RUNTIME.match(symbol) and not function.name.startswith(WITNESSES):
            yield f"calls {symbol}"
    if not function.name.startswith(exempt):
        yield from loop_findings(function, isa)


def hot_findings(function, least, isa):
    count = wide_count(function, isa.multiply_add, isa)
    if count < least:
        yield f"{count} multiply-adds on {isa.register}, expected {least} or more"
    if wide_count(function, isa.arithmetic, isa) == 0:
        yield f"no arithmetic on {isa.register}"
    for loop in function.innermost_loops(isa):
        for address, text in loop:
            if isa.call.match(text):
                yield f"its loop at {loop[0][0]:x} has '{text}' at {address:x}"


def module_findings(objects, module, isa):
    code = without_stubs(functions(objects, isa))
    exempt = EXEMPT_LOOPS + EXEMPT_LOOPS_ON.get(module, ())
    hot = [pair for kernels in HOT.values() for pair in kernels.items()]
    for name, least in [*hot, *HOT_ON.get(module, {}).items()]:
        found = [function for function in code if function.name.startswith(name)]
        if not found:
            yield f"{name}: there is no such function; was it renamed or inlined?"
        for function in found:
            for finding in hot_findings(function, least, isa):
                yield f"{function.name}: {finding}"
    for function in code:
        for finding in function_findings(function, isa, exempt):
            yield f"{function.name}: {finding}"


def main():
    if sys.argv[1] == "--neon":
        modules = {"NEON": ([sys.argv[2]], NEON)}
    else:
        modules = {
            module: (sorted(map(str, Path(sys.argv[1], f"{module}.build").glob("*.o"))), isa)
            for module, isa in X86.items()
        }
    findings = [
        f"{module}: {finding}"
        for module, (objects, isa) in modules.items()
        for finding in module_findings(objects, module, isa)
    ]
    print(*findings, sep="\n", end="\n" if findings else "", file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
