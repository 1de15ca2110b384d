"""What Pillow doesn't tell of a header before it makes room for the pixels."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO


def early_claims(head: bytes) -> list[tuple[int, int]]:
    """The sizes that a GIF or WebP claims: Pillow makes room for their pixels as it opens them."""
    if head[:4] == b"GIF8" and len(head) >= 10:
        return [struct.unpack_from("<HH", head, 6)]
    if head[8:12] != b"WEBP" or len(head) < 30:
        return []
    match head[12:16]:
        case b"VP8X":
            return [(1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little"))]
        case b"VP8L":
            bits = int.from_bytes(head[21:25], "little")
            return [(1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))]
        case _:
            width, height = struct.unpack_from("<HH", head, 26)
            return [(width & 0x3FFF, height & 0x3FFF)]


def icon_claims(stream: IO[bytes]) -> Iterator[tuple[int, int]]:
    """The true sizes of the pictures in an ICO, which its table needn't tell."""
    stream.seek(0)
    table = stream.read(6 + 16 * 65535)
    for entry in range(struct.unpack_from("<H", table, 4)[0]):
        if len(table) < 22 + 16 * entry:
            return
        stream.seek(struct.unpack_from("<I", table, 18 + 16 * entry)[0])
        head = stream.read(24)
        if head[:4] == b"\x89PNG" and len(head) == 24:
            yield struct.unpack_from(">II", head, 16)
        elif len(head) == 24:
            width, height = struct.unpack_from("<ii", head, 4)
            yield abs(width), abs(height) // 2  # the colours, and as many rows of the mask


def late_exif(stream: IO[bytes]) -> bytes:
    """The EXIF chunk of a PNG, wherever it is; empty without one."""
    stream.seek(8)
    while len(head := stream.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind == b"eXIf":
            return stream.read(min(length, 1 << 16))
        if kind == b"IEND":
            break
        stream.seek(length + 4, 1)
    return b""
