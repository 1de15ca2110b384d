"""Pictures that claim too much, and sources that are no files: refused at once, without room being made for them."""

import io
import os
import socket
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from quintet.errors import MediaError, MissingFileError
from quintet.vision import Image, MediaPolicy, Video


def encoded(form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (64, 64), "teal").save(buffer, form, **options)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *chunks: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunks) + chunk(b"IDAT", zlib.compress(bytes(9999)))


@cache
def zeros() -> bytes:
    return zlib.compress(bytes(100 << 20), 1)


def replaced(data: bytes, old: bytes, new: bytes) -> bytes:
    assert old in data
    return data.replace(old, new, 1)


def gif() -> bytes:
    data = bytearray(encoded("GIF"))
    data[6:10] = b"\xff" * 4
    return bytes(data)


def bmp() -> bytes:
    data = bytearray(encoded("BMP"))
    data[18:26] = struct.pack("<ii", 100_000, 100_000)
    return bytes(data)


def webp(kind: bytes, claim: bytes) -> bytes:
    body = b"WEBP" + kind + struct.pack("<I", len(claim)) + claim + b"ANMF" + bytes(100)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def tiff() -> bytes:
    entries = [(256, 4, 1, 100_000), (257, 4, 1, 100_000), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)]
    entries += [(273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, 100_000), (279, 4, 1, 100)]
    table = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + table + bytes(4)


def ico(picture: bytes) -> bytes:
    return struct.pack("<HHHBBBBHHII", 0, 1, 1, 16, 16, 0, 0, 1, 32, len(picture), 22) + picture


JP2 = encoded("JPEG2000")
BOMBS: dict[str, Callable[[], bytes]] = {
    "png": lambda: png(12_000, 12_000),
    "png of 10 gigapixels": lambda: png(100_000, 100_000),
    "text that unpacks": lambda: png(64, 64, chunk(b"zTXt", b"Comment\0\0" + zeros())),
    "profile that unpacks": lambda: png(64, 64, chunk(b"iCCP", b"icc\0\0" + zeros())),
    "jpeg": lambda: replaced(encoded("JPEG"), b"\x08\x00\x40\x00\x40\x03", b"\x08\xff\xff\xff\xff\x03"),
    "gif": gif,
    "bmp": bmp,
    "tiff": tiff,
    "webp, extended": lambda: webp(b"VP8X", b"\x02\0\0\0" + b"\xff\xff\0" * 2),
    "webp, lossless": lambda: webp(b"VP8L", b"\x2f" + b"\xff" * 9),
    "webp, lossy": lambda: webp(b"VP8 ", b"\0\0\0\x9d\x01\x2a" + b"\xff" * 9),
    "jpeg 2000": lambda: replaced(JP2, b"ihdr\0\0\0\x40\0\0\0\x40", b"ihdr\0\1\0\0\0\1\0\0"),
    "psd": lambda: b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 30_000, 30_000, 8, 3) + bytes(12),
    "icon": lambda: ico(png(13_000, 13_000)),
    "icon of a bitmap": lambda: ico(struct.pack("<IiiHHIIiiII", 40, 13_000, 26_000, 1, 32, 0, 0, 0, 0, 0, 0)),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_picture_that_claims_too_much_is_refused(bomb: str) -> None:
    data = BOMBS[bomb]()
    for read in (lambda: Image(data).size, lambda: Image(data).pil, lambda: Image(data).plan()):
        with pytest.raises(MediaError):
            read()


def test_refusing_costs_no_memory(tmp_path: Path) -> None:
    for number, bomb in enumerate(BOMBS.values()):
        (tmp_path / str(number)).write_bytes(bomb())
    code = """if True:
        import resource, sys
        from pathlib import Path
        from quintet.errors import MediaError
        from quintet.vision import Image
        Image(sys.argv[1]).pil  # loads Pillow's readers
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for path in Path(sys.argv[2]).iterdir():
            try:
                Image(path).pil
            except MediaError:
                continue
            sys.exit(f"{path} was opened")
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    """
    good = tmp_path.parent / "good.png"
    good.write_bytes(encoded("PNG"))
    run = subprocess.run([sys.executable, "-c", code, good, tmp_path], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) * (1 if sys.platform == "darwin" else 1024) < 60 << 20


def test_limits_are_settable() -> None:
    data = encoded("PNG")
    for policy, message in ((MediaPolicy(max_pixels=4095), "4095 px"), (MediaPolicy(max_bytes=50), "limit of 50")):
        with pytest.raises(MediaError, match=message):
            _ = Image(data, policy=policy).size
    with pytest.raises(MediaError, match="over the limit of 99 px"):
        Image(np.zeros((10, 10), np.uint8), policy=MediaPolicy(max_pixels=99))
    assert Image(data, policy=MediaPolicy(max_pixels=4096)).size == (64, 64)


def test_each_page_counts_by_itself() -> None:
    pages = [PIL.Image.new("L", (10, 10)), PIL.Image.new("L", (100, 100))]
    buffer = io.BytesIO()
    pages[0].save(buffer, "TIFF", save_all=True, append_images=pages[1:])
    first, second = Image(buffer.getvalue(), policy=MediaPolicy(max_pixels=5000)).pages
    assert first.size == (10, 10)
    with pytest.raises(MediaError, match="100x100 px is over the limit"):
        _ = second.size


@pytest.mark.parametrize("kind", [Image, Video])
def test_what_is_no_file_is_refused_without_reading(tmp_path: Path, kind: type[Image] | type[Video]) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "socket"))
        for path in ("/dev/zero", "/dev/null", tmp_path, tmp_path / "pipe", tmp_path / "socket"):
            with pytest.raises(MediaError, match="a folder or device"):
                kind(path)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(MediaError):
        kind(f"file://elsewhere{tmp_path}/a.png")


def test_a_file_that_is_gone_by_the_time_it_is_read_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encoded("PNG"))
    picture, video = Image(tmp_path / "a.png"), Video(tmp_path / "a.png")
    (tmp_path / "a.png").unlink()
    for read in (picture.patches, video.patches, video.plan, video.to_block):
        with pytest.raises(MissingFileError, match=r"a\.png: the file is there no longer"):
            read()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encoded("PNG"))
    (tmp_path / "a.png").chmod(0)
    with pytest.raises(MediaError, match="permission"):
        Image(tmp_path / "a.png")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "rasterise"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- a drawing -->\n<svg/>', "rasterise"),
        (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
        (b"\0\0\0\x1cftypheic\0\0\0\0mif1heic", "pillow-heif"),
        (b"\xff\x0a" + bytes(30), "JPEG XL"),
        (b"SIMPLE  =                    T / FITS\0", "no known picture|FITS"),
        (encoded("PNG")[:40], "damaged"),
        (bytes(range(256)), "no known picture format"),
    ],
)
def test_what_pillow_cannot_read_says_what_to_do(content: bytes, message: str) -> None:
    with pytest.raises(MediaError, match=message):
        _ = Image(content).pil


def test_postscript_is_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = tmp_path / "ran"
    (tmp_path / "gs").write_text(f"#!/bin/sh\ntouch {trace}\n")
    (tmp_path / "gs").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(MediaError, match="PostScript"):
        _ = Image(encoded("EPS")).pil
    assert not trace.exists()
