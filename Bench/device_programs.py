"""Exported C programs, compiled and run over images."""

import os
import subprocess
from pathlib import Path

import numpy

FLAGS = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-pedantic"]
MAIN = """
#include <stdio.h>
#include "{name}.h"
int main(void)
{{
    static uint8_t image[{count}];
    {kind} logits[{classes}];
    while (fread(image, 1, sizeof image, stdin) == sizeof image) {{
        {name}_predict(image, logits);
        fwrite(logits, 1, sizeof logits, stdout);
    }}
    return 0;
}}
"""


def c_logits(source, images, kind, classes=10):
    """Logits of images [N, H, W, C] of bytes, by a program whose logits are `kind`."""
    source = Path(source)
    main, program = source.with_suffix(".main.c"), source.with_suffix("")
    main.write_text(MAIN.format(name=source.stem, count=images[0].size, kind=kind, classes=classes))
    compiler = os.environ.get("CC", "clang")
    subprocess.run([compiler, *FLAGS, source, main, "-o", program, "-lm"], check=True)
    output = subprocess.run(
        [program], input=numpy.ascontiguousarray(images).tobytes(), capture_output=True, check=True
    ).stdout
    types = {"float": numpy.float32, "int8_t": numpy.int8}
    return numpy.frombuffer(output, types[kind]).reshape(len(images), classes)
