"""Small real pictures, made here: any decoder opens them, and each seed gives its own bytes."""

from __future__ import annotations

import struct
import zlib


def png(seed: int, side: int = 4) -> bytes:
    """A valid RGB PNG of side × side pixels whose colours come from the seed."""
    rows = b"".join(
        b"\0" + b"".join(bytes(((seed >> 16) + x * 40 & 255, (seed >> 8) + y * 40 & 255, seed & 255)) for x in range(side))
        for y in range(side)
    )
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    note = b"Comment\0" + f"{seed:x}".encode()
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(name, body) for name, body in ((b"IHDR", head), (b"tEXt", note), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    )


def jpeg(seed: int) -> bytes:
    """A valid grey baseline JPEG of 8 × 8 pixels; shade and a comment come from the seed."""
    comment = f"{seed:x}".encode()
    shade = seed % 128
    return b"".join(
        (
            b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0",
            b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment,
            b"\xff\xdb\0\x43\0" + b"\1" * 64,
            b"\xff\xc0\0\x0b\x08\0\x08\0\x08\1\1\x11\0",
            # One DC code of one bit for an eight-bit difference, one AC code of one bit for the end of the block.
            b"\xff\xc4\0\x14\0\1" + b"\0" * 15 + b"\x08",
            b"\xff\xc4\0\x14\x10\1" + b"\0" * 15 + b"\0",
            b"\xff\xda\0\x08\1\1\0\0\x3f\0",
            _scan(shade),
            b"\xff\xd9",
        )
    )


def _scan(shade: int) -> bytes:
    # bits: 0 (size 8), eight bits of the difference (128..255), 0 (end of block), padding of ones.
    bits = "0" + f"{128 + shade:08b}" + "0"
    bits = bits.ljust(16, "1")
    return bytes(int(bits[i : i + 8], 2) for i in (0, 8)).replace(b"\xff", b"\xff\0")


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
