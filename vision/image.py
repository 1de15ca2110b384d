"""`Image`: one picture, opened upright and in RGB."""

from __future__ import annotations

import base64
import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import PIL.Image
import PIL.ImageOps

from ..errors import BadInputError, MediaError
from .patches import Patches, PatchRows
from .resize import VisionSettings, image_size, resize
from .sniff import is_text, picture_mime
from .source import Source

# A 20 KB file can claim 160 million pixels and take 1.4 GB to open; cameras stop near 110 million.
MAX_PIXELS = 120_000_000
# What Pillow's plugins raise on damaged files.
DAMAGE = (
    *(ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, OSError, RuntimeError, SyntaxError),
    *(TypeError, ValueError, struct.error, zlib.error),
)


class Image:
    """One picture: a path, the bytes of a file, or a Pillow picture.

    Read upright (EXIF orientation), transparency on white, 8-bit RGB. Nothing is decoded before it is needed.

    Raises:
        MissingFileError: no such file.
        MediaError: empty, or not a file.
    """

    def __init__(self, source: str | Path | bytes | PIL.Image.Image) -> None:
        self._source = source if isinstance(source, PIL.Image.Image) else Source.of(source, "picture")

    def __repr__(self) -> str:
        return f"Image({self.name!r})"

    @property
    def name(self) -> str:
        """The file's name, or "picture"."""
        return (self._source.name if isinstance(self._source, Source) else None) or "picture"

    @property
    def pil(self) -> PIL.Image.Image:
        """The picture, upright, RGB.

        Raises:
            MediaError: not a picture, damaged, or larger than `MAX_PIXELS`.
        """
        if isinstance(self._source, PIL.Image.Image):
            return _decode(self._source, "the picture")
        with open_picture(self._source) as picture:
            return _decode(picture, self._source.label)

    def patches(self, settings: VisionSettings = VisionSettings()) -> Patches:  # noqa: B008  frozen
        """The picture on the patch grid.

        Raises:
            MediaError: as `pil`; or one side is more than 200 times the other.
        """
        import torch

        picture = self.pil
        size = image_size(picture.height, picture.width, settings)
        pixels = resize(torch.from_numpy(np.array(picture)).permute(2, 0, 1), size)
        rows = PatchRows(settings.temporal, size, settings)
        for position in range(settings.temporal):
            rows.put(position, pixels)
        return rows.finish("image", ())

    def crop(self, box: tuple[float, float, float, float]) -> Image:
        """The part inside `box`: left, top, right, bottom as fractions 0 to 1 of the upright picture; 1 px at least.

        Raises:
            BadInputError: the box is empty, reversed or outside the picture.
        """
        x0, y0, x1, y1 = box
        if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
            raise BadInputError(
                f"box {list(box)}: expected [x0, y0, x1, y1] with 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1."
            )
        picture = self.pil
        left, top = int(x0 * picture.width), int(y0 * picture.height)
        right, bottom = round(x1 * picture.width), round(y1 * picture.height)
        return Image(picture.crop((left, top, max(right, left + 1), max(bottom, top + 1))))

    def to_block(self) -> dict[str, Any]:
        """A standard content block of langchain-core: a file by its URL, anything else by its bytes."""
        if isinstance(self._source, PIL.Image.Image):
            png = io.BytesIO()
            self.pil.save(png, "PNG")
            return {"type": "image", "base64": base64.b64encode(png.getvalue()).decode(), "mime_type": "image/png"}
        if self._source.path is not None:
            return {"type": "image", "url": self._source.path.as_uri()}
        mime = picture_mime(self._source.head()) or "application/octet-stream"
        return {"type": "image", "base64": base64.b64encode(self._source.read()).decode(), "mime_type": mime}


@contextmanager
def open_picture(source: Source) -> Iterator[PIL.Image.Image]:
    """A picture of which only the header has been read.

    Raises:
        MediaError: not a picture, a PostScript program, or larger than `MAX_PIXELS`.
    """
    with source.open() as stream:
        picture = _identify(source, stream)
        if picture.format == "EPS":  # Pillow would have Ghostscript run it
            raise MediaError(f"{source.label}: PostScript is a program, not a picture; export it as PNG first.")
        if picture.width * picture.height > MAX_PIXELS:
            raise MediaError(
                f"{source.label}: {picture.width}x{picture.height} px is over the limit of {MAX_PIXELS} px; "
                "scale the picture down first."
            )
        yield picture


def _decode(picture: PIL.Image.Image, label: str) -> PIL.Image.Image:
    try:
        return upright_rgb(picture)
    except DAMAGE as error:
        raise MediaError(f"{label}: the picture is damaged ({error}); get a whole copy.") from error


def _identify(source: Source, stream: IO[bytes]) -> PIL.Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own limit, and odd metadata
            return PIL.Image.open(stream)
    except PIL.Image.DecompressionBombError as error:
        raise MediaError(f"{source.label}: {error}; scale the picture down first.") from error
    except DAMAGE as error:
        found = "it holds text" if is_text(source.head()) else "its content is no known picture format"
        raise MediaError(f"{source.label}: not a picture: {found}; pass a PNG, JPEG, WebP or similar.") from error


def upright_rgb(picture: PIL.Image.Image) -> PIL.Image.Image:
    """Turned as EXIF says, transparency on white, deep greys brought to 8 bits."""
    picture = PIL.ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I") or picture.mode == "F":
        picture = _eight_bits(picture)
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = PIL.Image.new("RGBA", picture.size, "white")
        picture = PIL.Image.alpha_composite(white, picture)
    return picture.convert("RGB")


def _eight_bits(picture: PIL.Image.Image) -> PIL.Image.Image:
    """Grey of 16 bits, 32 bits (holding 16) or floats (0 to 1, or 0 to 255) as 8 bits."""
    values = np.asarray(picture).astype(np.float64)
    if picture.mode == "F":
        values = np.nan_to_num(values)
        scaled = values * 255 if values.max(initial=0.0) <= 1 else values
    else:
        scaled = values / 257
    return PIL.Image.fromarray(np.clip(np.rint(scaled), 0, 255).astype(np.uint8))
