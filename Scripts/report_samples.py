"""What the runs of check_report.py are made of: a network of every layer, strokes of digits, discs in colour."""

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
  - concat: [[{maxPool: {size: 3, stride: 2, padding: same}}], [{averagePool: {size: 3, stride: 2, padding: same}}, tanh]]
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
    [[(.5, .2), (.35, .3), (.3, .5), (.35, .7), (.5, .8), (.65, .7), (.7, .5), (.65, .3), (.5, .2)]],
    [[(.5, .2), (.5, .8)]],
    [[(.3, .3), (.45, .2), (.65, .28), (.65, .42), (.3, .8), (.72, .8)]],
    [[(.3, .22), (.62, .22), (.45, .45), (.65, .6), (.6, .75), (.45, .82), (.28, .75)]],
    [[(.38, .2), (.3, .55), (.7, .55)], [(.63, .25), (.6, .85)]],
    [[(.68, .2), (.38, .2), (.35, .45), (.6, .47), (.67, .65), (.55, .8), (.3, .78)]],
    [[(.6, .18), (.4, .4), (.33, .65), (.45, .82), (.62, .75), (.62, .6), (.48, .53), (.36, .62)]],
    [[(.28, .22), (.7, .22), (.45, .82)]],
    [[(.65, .3), (.5, .2), (.36, .32), (.64, .65), (.5, .8), (.36, .66), (.65, .3)]],
    [[(.65, .38), (.5, .48), (.37, .38), (.48, .22), (.65, .3), (.64, .6), (.55, .82)]],
]


def colour_images(count):
    """Discs in ten colours on grey noise, [32, 32, 3], and their labels; the same at every call."""
    chance, images = random.Random(count), []
    for index in range(count):
        x, y, colour = chance.randrange(10, 22), chance.randrange(10, 22), index % 10
        image = bytearray(chance.randbytes(32 * 32 * 3))
        for place in range(32 * 32):
            if (place % 32 - x) ** 2 + (place // 32 - y) ** 2 < 64:
                image[3 * place:3 * place + 3] = (25 * colour, 255 - 25 * colour, 100 * (colour % 3))
        images.append(bytes(image))
    return images, [index % 10 for index in range(count)]
