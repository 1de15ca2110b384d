"""Pictures through Pillow: opened by their header, checked, then decoded upright into RGB."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from ..errors import BadInputError, MediaError
from .arrays import EIGHT_BITS
from .headers import early_claims, icon_claims, late_exif
from .policy import MediaPolicy
from .sniff import is_text, picture_mime
from .source import Source

# What Pillow's plugins raise on damaged files.
DAMAGE = (
    *(ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, MemoryError, OSError, RuntimeError),
    *(SyntaxError, TypeError, ValueError, struct.error, zlib.error),
)
# Of these Pillow runs a program (Ghostscript), or unpacks pixel by pixel in Python.
_REFUSED = {
    "EPS": "PostScript is a program, not a picture; export it as PNG first.",
    "FITS": "FITS holds measurements; export it as TIFF or PNG first.",
}
_ORIENTATION = 0x0112  # EXIF's tag
_TURNS = {
    2: PIL.Image.Transpose.FLIP_LEFT_RIGHT,
    3: PIL.Image.Transpose.ROTATE_180,
    4: PIL.Image.Transpose.FLIP_TOP_BOTTOM,
    5: PIL.Image.Transpose.TRANSPOSE,
    6: PIL.Image.Transpose.ROTATE_270,
    7: PIL.Image.Transpose.TRANSVERSE,
    8: PIL.Image.Transpose.ROTATE_90,
}
_TELLS_ORIENTATION = ("exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp")
_LYING = frozenset({5, 6, 7, 8})


@contextmanager
def open_picture(
    source: Source,
    policy: MediaPolicy = MediaPolicy(),  # noqa: B008  frozen
    page: int = 1,
) -> Iterator[PIL.Image.Image]:
    """A picture of which only the header has been read; `page` (from 1) of a TIFF with several.

    Raises:
        MediaError: not a picture, a PostScript program, or more pixels than `policy` allows.
        BadInputError: there is no such page.
    """
    with source.open() as stream:
        for size in early_claims(source.head()):
            check_pixels(size, source.label, policy)
        picture = _identify(source, stream)
        if picture.format in _REFUSED:
            raise MediaError(f"{source.label}: {_REFUSED[picture.format]}")
        if page > 1:
            _turn_to(picture, page, source.label)
        place = stream.tell()
        for size in (picture.size, *(icon_claims(stream) if picture.format == "ICO" else ())):
            check_pixels(size, source.label, policy)
        if picture.format == "PNG" and "exif" not in picture.info:
            picture.info["exif"] = late_exif(stream)  # Pillow would decode all pixels to look behind them
        stream.seek(place)
        yield picture


def check_pixels(size: tuple[int, int], label: str, policy: MediaPolicy) -> None:
    """Raises MediaError if a picture or frame of `size` (width, height) is larger than `policy` allows."""
    if size[0] * size[1] > policy.max_pixels:
        raise MediaError(
            f"{label}: {size[0]}x{size[1]} px is over the limit of {policy.max_pixels} px; "
            "scale the picture down first, or raise MediaPolicy.max_pixels."
        )


def page_count(picture: PIL.Image.Image, label: str) -> int:
    """Pages of a TIFF; 1 for everything else, animations included. Raises MediaError if a page's header is damaged."""
    try:
        with _quiet():
            return int(getattr(picture, "n_frames", 1)) if picture.format == "TIFF" else 1
    except DAMAGE as error:
        raise MediaError(f"{label}: the pages can't be counted ({error}); get a whole copy.") from error


def upright_size(picture: PIL.Image.Image) -> tuple[int, int]:
    """Width and height in px once `upright_rgb` has turned the picture; nothing is decoded."""
    width, height = picture.size
    return (height, width) if _orientation(picture) in _LYING else (width, height)


def decode(picture: PIL.Image.Image, label: str) -> PIL.Image.Image:
    """As `upright_rgb`. Raises MediaError if the picture is damaged, or has another size than its header says."""
    expected = upright_size(picture)
    try:
        with _quiet():
            decoded = upright_rgb(picture)
    except DAMAGE as error:
        raise MediaError(f"{label}: the picture is damaged ({error}); get a whole copy.") from error
    if decoded.size != expected:
        raise MediaError(f"{label}: its header says {expected} px and it has {decoded.size} px; save it again.")
    return decoded


def upright_rgb(picture: PIL.Image.Image) -> PIL.Image.Image:
    """Turned as EXIF says, transparency on white, deep greys brought to 8 bits. Colour profiles aren't applied."""
    turn = _TURNS.get(_orientation(picture))
    picture.load()
    if turn is not None:
        picture = picture.transpose(turn)
        for key in _TELLS_ORIENTATION:  # a part cut out of it would be turned again
            picture.info.pop(key, None)
    if picture.mode.startswith("I") or picture.mode == "F":
        picture = _eight_bits(picture)
    if picture.has_transparency_data:
        clear = picture.convert("LA" if picture.mode == "La" else "RGBA").convert("RGBA")
        picture = PIL.Image.new("RGB", picture.size, "white")
        picture.paste(clear, mask=clear)
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def _orientation(picture: PIL.Image.Image) -> int:
    """As EXIF counts it, 1 for upright; Pillow turns a TIFF itself, and tells its size as turned."""
    if picture.format == "TIFF":
        return 1
    try:
        with _quiet():
            return int(picture.getexif().get(_ORIENTATION, 1))
    except DAMAGE:
        return 1


def _eight_bits(picture: PIL.Image.Image) -> PIL.Image.Image:
    """Grey of 16 bits, 32 bits or floats as 8 bits, with alpha where one tone is transparent.

    White is 255 or 65,535 for 32 bits and 1 or 255 for floats, whichever holds all tones, else the lightest of them.
    """
    values = np.asarray(picture)
    clear = picture.info.get("transparency")
    grey = PIL.Image.fromarray(EIGHT_BITS.take(values) if values.dtype.itemsize == 2 else _scaled(values, picture.mode))
    if isinstance(clear, int):
        grey.putalpha(PIL.Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8)))
    return grey


def _scaled(values: NDArray[Any], mode: str) -> NDArray[np.uint8]:
    tones = values.astype(np.float32)
    highest = float(tones.max(where=np.isfinite(tones), initial=0.0))
    white = next((white for white in ((1.0, 255.0) if mode == "F" else (255.0, 65535.0)) if highest <= white), highest)
    tones = np.nan_to_num(tones, nan=0.0, posinf=white, neginf=0.0).clip(0, white)
    eight: NDArray[np.uint8] = np.rint(tones * (255 / white)).astype(np.uint8)
    return eight


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Pillow's warnings: of its own limit on pixels, of odd metadata."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _identify(source: Source, stream: IO[bytes]) -> PIL.Image.Image:
    try:
        with _quiet():
            return PIL.Image.open(stream)
    except PIL.Image.DecompressionBombError as error:
        raise MediaError(
            f"{source.label}: more pixels than Pillow opens; scale the picture down first, "
            "or raise PIL.Image.MAX_IMAGE_PIXELS."
        ) from error
    except DAMAGE as error:
        raise MediaError(f"{source.label}: {_what_it_is(source.head(), error)}") from error


def _what_it_is(head: bytes, error: Exception) -> str:
    """Why a file is no picture for Pillow, and what to do."""
    text = head.lstrip(b"\xef\xbb\xbf\r\n\t ")
    if text.startswith((b"<svg", b"<?xml")) and b"<svg" in head:
        return "SVG is a drawing in text; rasterise it first (export it as PNG)."
    if text.startswith(b"%PDF-"):
        return "not a picture: a PDF; render its page as PNG, or add it to a Library."
    match picture_mime(head):
        case "image/heic":
            return "HEIC needs pillow-heif: pip install pillow-heif, then pillow_heif.register_heif_opener()."
        case "image/jxl":
            return "Pillow can't read JPEG XL; convert the picture to PNG or JPEG."
        case str(mime):
            return f"the header of this {mime} is damaged ({error}); get a whole copy."
    found = "it holds text" if is_text(head) else "its content is no known picture format"
    return f"not a picture: {found}; pass a PNG, JPEG, WebP or similar."


def _turn_to(picture: PIL.Image.Image, page: int, label: str) -> None:
    pages = page_count(picture, label)
    if page > pages:
        hint = "; frames of an animation are read by Video" if getattr(picture, "is_animated", False) else ""
        raise BadInputError(f"page={page}: {label} has {pages} page{'s' * (pages > 1)}{hint * (pages == 1)}.")
    with _quiet():
        picture.seek(page - 1)
