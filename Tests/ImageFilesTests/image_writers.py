"""PNG and BMP files with every choice in the caller's hands, which Pillow does not leave."""

import struct
import zlib

import numpy as np

ADAM7 = [
    (0, 0, 8, 8),
    (0, 4, 8, 8),
    (4, 0, 8, 4),
    (0, 2, 4, 4),
    (2, 0, 4, 2),
    (0, 1, 2, 2),
    (1, 0, 2, 1),
]


def png(color_type, samples, depth=8, interlaced=False, chunks=()):
    """A PNG file; `samples` [height, width] or [height, width, channels]."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    def rows(part):
        for row in part.reshape(part.shape[0], -1):
            if depth == 16:
                yield b"\0" + row.astype(">u2").tobytes()
            else:
                bits = np.unpackbits(row.astype(np.uint8)[:, None], axis=1)[:, 8 - depth :]
                yield b"\0" + np.packbits(bits).tobytes()

    height, width = samples.shape[:2]
    parts = [samples]
    if interlaced:
        parts = [samples[y::dy, x::dx] for y, x, dy, dx in ADAM7]
    data = b"".join(b"".join(rows(part)) for part in parts if part.size)
    header = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, interlaced)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + b"".join(chunk(*each) for each in chunks)
        + chunk(b"IDAT", zlib.compress(data, 9))
        + chunk(b"IEND", b"")
    )


def bmp(
    pixels, bits, header_bytes=40, top_down=False, compression=0, extra=b"", palette=b"", data=None
):
    height, width = pixels.shape[:2]
    if data is None:
        rows = pixels if top_down else pixels[::-1]
        data = b"".join(row + bytes(-len(row) % 4) for row in (r.tobytes() for r in rows))
    start = 14 + header_bytes + len(palette) + (len(extra) if header_bytes == 40 else 0)
    signed = -height if top_down else height
    if header_bytes == 12:
        header = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        colors = len(palette) // 4
        header = struct.pack(
            "<IiiHHIIiiII",
            header_bytes,
            width,
            signed,
            1,
            bits,
            compression,
            len(data),
            0,
            0,
            colors,
            0,
        )
    head = (header + extra).ljust(header_bytes, b"\0")
    return struct.pack("<2sIII", b"BM", start + len(data), 0, start) + head + palette + data
