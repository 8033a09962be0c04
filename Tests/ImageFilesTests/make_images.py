"""Makes Images/: small files of every form, and what Pillow and plain formulas make of them.

    python3 make_images.py          (wants Pillow and numpy; run in this folder)

`expected.txt` has a line for each file: its name, the name of the PNM file with its pixels, and the
background where that matters. Resized pictures come from exact fractions. JPEG pixels are libjpeg's
through Pillow; a newer encoder may write other files, whose expected pixels are then written too.
"""

import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from image_writers import bmp, png
from PIL import Image, ImageOps

FOLDER = Path(__file__).parent / "Images"
HEIGHT, WIDTH = 13, 19
lines: list[str] = []


def save(name, data):
    (FOLDER / name).write_bytes(data)


def save_pnm(name, pixels):
    kind = b"P5" if pixels.ndim == 2 else b"P6"
    save(name, b"%s\n%d %d\n255\n" % (kind, pixels.shape[1], pixels.shape[0]) + pixels.tobytes())


def expect(name, expected, background="white"):
    lines.append(f"{name} {expected} {background}")


def orientation(value):
    exif = Image.Exif()
    exif[0x112] = value
    return exif


UNDO = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def picture():
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    red = 255 * x // (WIDTH - 1)
    green = 255 * y // (HEIGHT - 1)
    blue = (x * x * 7 + y * x * 13 + y * 29) % 256
    return np.stack([red, green, blue], axis=2).astype(np.uint8)


def color_files(rgb):
    image = Image.fromarray(rgb)
    names = {}
    names["color.png"] = png(2, rgb)
    names["color-interlaced.png"] = png(2, rgb, interlaced=True)
    names["color-16.png"] = png(2, rgb.astype(np.uint16) * 257, depth=16)
    names["color-16-interlaced.png"] = png(
        2, rgb.astype(np.uint16) * 257, depth=16, interlaced=True
    )
    flat = rgb.reshape(-1, 3)
    indices = np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH)
    names["color-palette.png"] = png(3, indices, chunks=[(b"PLTE", flat.tobytes())])
    opaque = np.dstack([rgb, np.full((HEIGHT, WIDTH), 255, np.uint8)])
    names["color-opaque.png"] = png(6, opaque)
    names["color.ppm"] = b"P6 # a comment\n19\t13 255\n" + rgb.tobytes()
    text = "\n".join(" ".join(map(str, row)) for row in rgb.reshape(HEIGHT, -1))
    names["color-text.ppm"] = f"P3\n# a comment\n19 13\n255\n{text}\n".encode()
    wide = (rgb.astype(np.uint32) * 257).astype(">u2")
    names["color-16.ppm"] = b"P6\n19 13\n65535\n" + wide.tobytes()
    bgr = np.ascontiguousarray(rgb[:, :, ::-1])
    names["color.bmp"] = bmp(bgr, 24)
    names["color-top-down.bmp"] = bmp(bgr, 24, top_down=True)
    names["color-os2.bmp"] = bmp(bgr, 24, header_bytes=12)
    bgrx = np.dstack([bgr, np.zeros((HEIGHT, WIDTH), np.uint8)])
    names["color-32.bmp"] = bmp(bgrx, 32)
    masks = struct.pack("<III", 0xFF, 0xFF00, 0xFF0000)
    rgbx = np.dstack([rgb, np.zeros((HEIGHT, WIDTH), np.uint8)])
    names["color-masks.bmp"] = bmp(rgbx, 32, compression=3, extra=masks)
    alpha = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    names["color-alpha.bmp"] = bmp(
        np.dstack([bgr, opaque[:, :, 3]]), 32, 124, compression=3, extra=alpha
    )
    names["color-alpha-0.bmp"] = bmp(bgrx, 32, 108, compression=3, extra=alpha)
    palette = np.concatenate([flat[:, ::-1], np.zeros((len(flat), 1), np.uint8)], axis=1)
    names["color-palette.bmp"] = bmp(indices.astype(np.uint8), 8, palette=palette.tobytes())
    for name, data in names.items():
        save(name, data)
        expect(name, "color.pnm")
    for value in range(1, 9):
        stored = image.transpose(UNDO[value]) if value > 1 else image
        name = f"color-exif-{value}.png"
        stored.save(FOLDER / name, exif=orientation(value))
        expect(name, "color.pnm")


def grey_files(grey):
    names = {}
    names["grey.png"] = png(0, grey)
    names["grey-interlaced.png"] = png(0, grey, interlaced=True)
    names["grey-16.png"] = png(0, grey.astype(np.uint16) * 257, depth=16)
    ramp = np.repeat(np.arange(256, dtype=np.uint8), 3)
    names["grey-palette.png"] = png(3, grey, chunks=[(b"PLTE", ramp.tobytes())])
    names["grey.pgm"] = b"P5\n19 13\n255\n" + grey.tobytes()
    text = "\n".join(" ".join(map(str, row)) for row in grey)
    names["grey-text.pgm"] = f"P2 19 13 255 {text}".encode()
    ramp4 = np.stack([np.arange(256)] * 3 + [np.zeros(256)], axis=1).astype(np.uint8).tobytes()
    names["grey.bmp"] = bmp(grey, 8, palette=ramp4)
    names["grey-runs.bmp"] = bmp(grey, 8, compression=1, palette=ramp4, data=runs(grey))
    for name, data in names.items():
        save(name, data)
        expect(name, "grey.pnm")


def runs(grey):
    """Pairs of count and value, a row in full, and a jump over what is 0."""
    data = b""
    for number, row in enumerate(grey[::-1]):
        if number == 1:
            data += bytes([0, len(row)]) + row.tobytes() + bytes(len(row) % 2)
        elif not row[:4].any():
            data += bytes([0, 2, 4, 0]) + b"".join(bytes([1, value]) for value in row[4:])
        else:
            data += b"".join(bytes([1, value]) for value in row)
        data += b"\0\0"
    return data + b"\0\1"


def few_values():
    """Depths below 8 bits, and 16 bits whose lower bytes matter."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    for depth in (1, 2, 4):
        levels = (x * 3 + y * y) % (1 << depth)
        save(f"levels-{depth}.png", png(0, levels, depth=depth, interlaced=depth == 2))
        save_pnm(f"levels-{depth}.pnm", (levels * (255 // ((1 << depth) - 1))).astype(np.uint8))
        expect(f"levels-{depth}.png", f"levels-{depth}.pnm")
    bits = ((x * 3 + y * y) % 2).astype(np.uint8)
    packed = np.packbits(1 - bits, axis=1)
    save("levels-1.pbm", b"P4\n19 13\n" + packed.tobytes())
    text = "\n".join("".join(map(str, row)) for row in 1 - bits)
    save("levels-1-text.pbm", f"P1\n19 13\n{text}\n".encode())
    black_and_white = b"\0\0\0\0\xff\xff\xff\0"
    save(
        "levels-1.bmp",
        bmp(
            np.packbits(bits, axis=1),
            1,
            palette=black_and_white,
            data=b"".join(r.tobytes() + b"\0" for r in np.packbits(bits, axis=1)[::-1]),
        ),
    )
    data = bytearray((FOLDER / "levels-1.bmp").read_bytes())
    data[18:22] = struct.pack("<i", WIDTH)
    save("levels-1.bmp", bytes(data))
    for name in ("levels-1.pbm", "levels-1-text.pbm", "levels-1.bmp"):
        expect(name, "levels-1.pnm")
    wide = ((x * 3001 + y * 4999) % 65536).astype(np.uint16)
    rounded = ((wide.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    save("wide.png", png(0, wide, depth=16))
    save("wide.pgm", b"P5 19 13 65535 " + wide.astype(">u2").tobytes())
    small = (wide % 101).astype(np.uint8)
    save("hundred.pgm", b"P5 19 13 100 " + small.tobytes())
    save_pnm("wide.pnm", rounded)
    save_pnm("hundred.pnm", ((small.astype(int) * 255 + 50) // 100).astype(np.uint8))
    expect("wide.png", "wide.pnm")
    expect("wide.pgm", "wide.pnm")
    expect("hundred.pgm", "hundred.pnm")
    pixel5 = (x * 31 // 18 << 10 | y * 31 // 12 << 5 | (x + y) % 32).astype("<u2")
    shown = np.stack([pixel5 >> 10 & 31, pixel5 >> 5 & 31, pixel5 & 31], axis=2).astype(int)
    save("color-15.bmp", bmp(pixel5, 16))
    save_pnm("color-15.pnm", ((shown * 255 + 15) // 31).astype(np.uint8))
    expect("color-15.bmp", "color-15.pnm")


def composited(front, alpha, back):
    alpha, front = alpha[..., None].astype(int), front.astype(int)
    return ((alpha * front + (255 - alpha) * np.array(back) + 127) // 255).astype(np.uint8)


def transparent_files(rgb, grey):
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    alpha = ((x * 14 + y * 3) % 256).astype(np.uint8)
    indices = np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH)
    colors, alphas = rgb.reshape(-1, 3).tobytes(), alpha.reshape(-1).tobytes()
    save("alpha.png", png(6, np.dstack([rgb, alpha]), interlaced=True))
    save("alpha-palette.png", png(3, indices, chunks=[(b"PLTE", colors), (b"tRNS", alphas)]))
    wide = np.dstack([rgb, alpha]).astype(np.uint16) * 257
    save("alpha-16.png", png(6, wide, depth=16))
    save("grey-alpha.png", png(4, np.dstack([grey, alpha])))
    key = tuple(int(value) for value in rgb[5, 7])
    save("key.png", png(2, rgb, chunks=[(b"tRNS", struct.pack(">HHH", *key))]))
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    bgra = np.dstack([rgb[:, :, ::-1], alpha])
    save("alpha.bmp", bmp(bgra, 32, 108, compression=3, extra=masks))
    opaque_key = np.where((rgb == np.array(key)).all(axis=2), 0, 255).astype(np.uint8)
    for name, back in (("white", (255, 255, 255)), ("#204080", (0x20, 0x40, 0x80))):
        tag = name.strip("#")
        save_pnm(f"alpha-{tag}.pnm", composited(rgb, alpha, back))
        save_pnm(f"key-{tag}.pnm", composited(rgb, opaque_key, back))
        for file in ("alpha.png", "alpha-palette.png", "alpha-16.png", "alpha.bmp"):
            expect(file, f"alpha-{tag}.pnm", name)
        expect("key.png", f"key-{tag}.pnm", name)
        on_grey = composited(np.dstack([grey] * 3), alpha, back)
        save_pnm(f"grey-alpha-{tag}.pnm", on_grey[:, :, 0] if name == "white" else on_grey)
        expect("grey-alpha.png", f"grey-alpha-{tag}.pnm", name)


def jpeg_files(rgb):
    image = Image.fromarray(np.tile(rgb, (3, 2, 1)))
    kinds: dict[str, dict[str, Any]] = {
        "quarter": dict(subsampling=2),
        "half": dict(subsampling=1),
        "full": dict(subsampling=0, quality=95),
        "progressive": dict(progressive=True),
        "restarts": dict(restart_marker_blocks=2),
    }
    for name, options in kinds.items():
        image.save(FOLDER / f"{name}.jpg", **options)
    image.convert("L").save(FOLDER / "grey.jpg")
    image.convert("CMYK").save(FOLDER / "cmyk.jpg")
    for value in range(1, 9):
        image.crop((3, 1, 20, 12)).save(FOLDER / f"exif-{value}.jpg", exif=orientation(value))
    for path in sorted(FOLDER.glob("*.jpg")):
        opened = ImageOps.exif_transpose(Image.open(path))
        pixels = np.asarray(opened if opened.mode == "L" else opened.convert("RGB"))
        save_pnm(f"jpeg-{path.stem}.pnm", pixels)
        expect(path.name, f"jpeg-{path.stem}.pnm")


def axis(n, m, i):
    """Source pixels and weights of target pixel i, as fractions."""
    if m <= n:
        for j in range(n):
            low = max(Fraction(i * n, m), Fraction(j))
            high = min(Fraction((i + 1) * n, m), Fraction(j + 1))
            if high > low:
                yield j, (high - low) * Fraction(m, n)
    else:
        center = Fraction((2 * i + 1) * n, 2 * m) - Fraction(1, 2)
        j = center.numerator // center.denominator
        yield max(j, 0), 1 - (center - j)
        yield min(j + 1, n - 1), center - j


def resized_files(rgb):
    for height, width in ((5, 7), (31, 40), (4, 50), (26, 3), (13, 6), (1, 1)):
        result = np.zeros((height, width, 3), np.uint8)
        for y in range(height):
            for x in range(width):
                for c in range(3):
                    exact = sum(
                        wy * wx * int(rgb[j, k, c])
                        for j, wy in axis(HEIGHT, height, y)
                        for k, wx in axis(WIDTH, width, x)
                    )
                    result[y, x, c] = int(exact + Fraction(1, 2))
        save_pnm(f"resized-{width}x{height}.pnm", result)


def main():
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    rgb = picture()
    image = Image.fromarray(rgb)
    grey = np.asarray(image.convert("L")).copy()
    grey[3, :4] = 0
    save_pnm("color.pnm", rgb)
    save_pnm("luma.pnm", np.asarray(image.convert("L")))
    save_pnm("grey.pnm", grey)
    color_files(rgb)
    grey_files(grey)
    few_values()
    transparent_files(rgb, grey)
    jpeg_files(rgb)
    resized_files(rgb)
    (FOLDER / "expected.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
