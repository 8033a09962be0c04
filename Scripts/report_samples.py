"""What the runs of check_report.py are made of: every layer, strokes of digits, discs in colour."""

import random

# Every operation that a page computes, for one epoch on a few digits.
LAYERS = """name: every-layer
layers:
  - conv: {filters: 8, kernel: 5, stride: 2, padding: same}
  - silu
  - depthwise: {kernel: 3, padding: 1, bias: false}
  - conv: {filters: 8, padding: 2, dilation: 2, groups: 4}
  - batchNorm
  - gelu
  - residual:
      body: [{conv: {filters: 12, padding: 1, groups: 2, bias: false}}, batchNorm, relu6]
      shortcut: [{conv: {filters: 12, kernel: 1}}, hardSwish]
  - batchNorm
  - concat:
      - [{maxPool: {size: 3, stride: 2, padding: same}}]
      - [{averagePool: {size: 3, stride: 2, padding: same}}, tanh]
  - scale: [globalAveragePool, {dense: 24}, sigmoid]
  - conv: {filters: 8, kernel: [3, 1]}
  - leakyRelu: 0.1
  - dropout: 0.1
  - concat: [[globalMaxPool], [globalAveragePool]]
  - flatten
  - dense: 16
  - batchNorm
  - relu
  - dense: classes
recipe: {epochs: 1, batchSize: 32}
"""

# Strokes of the ten digits in a unit square.
STROKES = [
    [
        [
            (0.5, 0.2),
            (0.35, 0.3),
            (0.3, 0.5),
            (0.35, 0.7),
            (0.5, 0.8),
            (0.65, 0.7),
            (0.7, 0.5),
            (0.65, 0.3),
            (0.5, 0.2),
        ]
    ],
    [[(0.5, 0.2), (0.5, 0.8)]],
    [[(0.3, 0.3), (0.45, 0.2), (0.65, 0.28), (0.65, 0.42), (0.3, 0.8), (0.72, 0.8)]],
    [
        [
            (0.3, 0.22),
            (0.62, 0.22),
            (0.45, 0.45),
            (0.65, 0.6),
            (0.6, 0.75),
            (0.45, 0.82),
            (0.28, 0.75),
        ]
    ],
    [[(0.38, 0.2), (0.3, 0.55), (0.7, 0.55)], [(0.63, 0.25), (0.6, 0.85)]],
    [[(0.68, 0.2), (0.38, 0.2), (0.35, 0.45), (0.6, 0.47), (0.67, 0.65), (0.55, 0.8), (0.3, 0.78)]],
    [
        [
            (0.6, 0.18),
            (0.4, 0.4),
            (0.33, 0.65),
            (0.45, 0.82),
            (0.62, 0.75),
            (0.62, 0.6),
            (0.48, 0.53),
            (0.36, 0.62),
        ]
    ],
    [[(0.28, 0.22), (0.7, 0.22), (0.45, 0.82)]],
    [[(0.65, 0.3), (0.5, 0.2), (0.36, 0.32), (0.64, 0.65), (0.5, 0.8), (0.36, 0.66), (0.65, 0.3)]],
    [
        [
            (0.65, 0.38),
            (0.5, 0.48),
            (0.37, 0.38),
            (0.48, 0.22),
            (0.65, 0.3),
            (0.64, 0.6),
            (0.55, 0.82),
        ]
    ],
]


def colour_images(count):
    """Discs in ten colours on grey noise, [32, 32, 3], and their labels; the same at every call."""
    chance, images = random.Random(count), []
    for index in range(count):
        x, y, colour = chance.randrange(10, 22), chance.randrange(10, 22), index % 10
        image = bytearray(chance.randbytes(32 * 32 * 3))
        for place in range(32 * 32):
            if (place % 32 - x) ** 2 + (place // 32 - y) ** 2 < 64:
                image[3 * place : 3 * place + 3] = (
                    25 * colour,
                    255 - 25 * colour,
                    100 * (colour % 3),
                )
        images.append(bytes(image))
    return images, [index % 10 for index in range(count)]
