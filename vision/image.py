"""`Image`: one picture, opened upright and in RGB."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import PIL.Image

from ..errors import BadInputError
from .arrays import from_array, is_array
from .box import edges, fractions
from .patches import Patches, PatchRows
from .picture import check_pixels, decode, open_picture, page_count, upright_size
from .plan import Plan
from .policy import MediaPolicy
from .resize import VisionSettings, fit_image, resize
from .sniff import picture_mime
from .source import Source

if TYPE_CHECKING:
    from torch import Tensor


class Image:
    """One picture: a path, an address, the bytes of a file, an open file, a Pillow picture, or an array.

    Read upright (EXIF orientation), transparency on white, 8-bit RGB. Nothing is decoded before it is needed.
    Arrays are NumPy's `[H, W]` or `[H, W, C]`, or torch's `[H, W]` or `[C, H, W]`, C being 1, 3 or 4: uint8, uint16,
    bool, or floats from 0 to 1.

    page: which page of a TIFF with several, from 1.
    max_tokens, max_pixels: the most the picture may cost, in tokens or in px once resized; it gets smaller.
    policy: what the picture may cost before that, and where it may come from.

    Raises:
        MissingFileError: no such file.
        MediaError: empty, not a file, too large, or an address that may not be or can't be fetched.
        BadInputError: a setting out of range, or an array that is no picture.
    """

    SETTINGS = ("page", "max_tokens", "max_pixels")

    def __init__(
        self,
        source: object,
        *,
        page: int | None = None,
        max_tokens: int | None = None,
        max_pixels: int | None = None,
        policy: MediaPolicy = MediaPolicy(),  # noqa: B008  frozen
    ) -> None:
        for key, value in {"page": page, "max_tokens": max_tokens, "max_pixels": max_pixels}.items():
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise BadInputError(f"{key}={value!r}: expected a whole number from 1, or None.")
        self.page, self.max_tokens, self.max_pixels, self.policy = page, max_tokens, max_pixels, policy
        self._source: Source | PIL.Image.Image
        if is_array(source):
            source = from_array(source)
        if isinstance(source, PIL.Image.Image):
            if page is not None:
                raise BadInputError(f"page={page}: only files have pages.")
            check_pixels(source.size, "the picture", policy)
            self._source = source
        else:
            self._source = Source.of(source, "picture", policy)

    def __repr__(self) -> str:
        settings = "".join(f", {key}={value}" for key, value in self._settings().items())
        return f"Image({self.name!r}{settings})"

    @property
    def name(self) -> str:
        """The file's name, or "picture"."""
        return (self._source.name if isinstance(self._source, Source) else None) or "picture"

    @property
    def identity(self) -> str | None:
        """Equal for pictures of equal content and settings; None for those that are no file.

        Raises:
            MissingFileError: the file is gone.
        """
        return f"{self._source.identity} {self._settings()}" if isinstance(self._source, Source) else None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in px, upright, told by the header alone.

        Raises:
            MediaError: not a picture, or over a limit of `policy`.
            BadInputError: there is no such page.
        """
        with self._opened() as picture:
            return upright_size(picture)

    @property
    def pil(self) -> PIL.Image.Image:
        """The picture, upright, RGB.

        Raises:
            MediaError: as `size`; or the picture is damaged.
        """
        with self._opened() as picture:
            decoded = decode(picture, self._label)
            return decoded.copy() if decoded is self._source else decoded

    @property
    def pages(self) -> tuple[Image, ...]:
        """Each page of a TIFF; the picture itself if it has one page, or if `page` is chosen.

        Raises:
            MediaError: as `size`.
        """
        if self.page is not None or isinstance(self._source, PIL.Image.Image):
            return (self,)
        with self._opened() as picture:
            count = page_count(picture, self._label)
        if count == 1:
            return (self,)
        settings = self._settings()
        return tuple(Image(self._source, **settings, page=page, policy=self.policy) for page in range(1, count + 1))

    def plan(self, settings: VisionSettings = VisionSettings()) -> Plan:  # noqa: B008  frozen
        """Size and tokens, told by the header alone.

        Raises:
            MediaError: as `size`; no size keeps within the budget; or one side is more than 200 times the other.
            BadInputError: as `size`.
        """
        width, height = self.size
        return Plan("image", fit_image(height, width, settings, self.max_tokens, self.max_pixels), (), (), settings)

    def patches(self, settings: VisionSettings = VisionSettings()) -> Patches:  # noqa: B008  frozen
        """The picture on the patch grid. Raises as `pil` and `plan`."""
        picture = self.pil
        size = fit_image(picture.height, picture.width, settings, self.max_tokens, self.max_pixels)
        pixels = _resized(picture, size)
        rows = PatchRows(settings.temporal, size, settings)
        for position in range(settings.temporal):
            rows.put(position, pixels)
        return rows.finish("image", ())

    def pixels(self, size: tuple[int, int]) -> Tensor:
        """The picture resized to `size` (height, width) as `patches` does: uint8 `[3, H, W]`. Raises as `pil`."""
        return _resized(self.pil, size)

    def crop(self, box: Sequence[float]) -> Image:
        """The part inside `box`: left, top, right, bottom of the upright picture, as fractions from 0 to 1 or in px.

        Raises:
            BadInputError: the box is empty, reversed or outside the picture.
        """
        picture = self.pil
        part = picture.crop(edges(fractions(box, *picture.size), *picture.size))
        return Image(part, max_tokens=self.max_tokens, max_pixels=self.max_pixels, policy=self.policy)

    def png(self) -> bytes:
        """The picture as it is seen, as the bytes of a PNG file."""
        file = io.BytesIO()
        self.pil.save(file, "PNG")
        return file.getvalue()

    def save(self, path: str | Path) -> None:
        """Write the picture as it is seen as a PNG file."""
        Path(path).write_bytes(self.png())

    def to_block(self) -> dict[str, Any]:
        """A standard content block of langchain-core: a file by its URL, else bytes as base64; settings in `extras`."""
        settings = self._settings()
        block = {"type": "image", **self._content()}
        return {**block, "extras": settings} if settings else block

    def _content(self) -> dict[str, str]:
        if isinstance(self._source, PIL.Image.Image):
            mime, data = "image/png", self.png()
        elif self._source.path is not None:
            return {"url": self._source.path.as_uri()}
        else:
            mime, data = picture_mime(self._source.head()) or "application/octet-stream", self._source.read()
        return {"base64": base64.b64encode(data).decode(), "mime_type": mime}

    def _settings(self) -> dict[str, int]:
        return {key: getattr(self, key) for key in self.SETTINGS if getattr(self, key) is not None}

    @property
    def _label(self) -> str:
        return self._source.label if isinstance(self._source, Source) else "the picture"

    @contextmanager
    def _opened(self) -> Iterator[PIL.Image.Image]:
        if isinstance(self._source, PIL.Image.Image):
            yield self._source
        else:
            with open_picture(self._source, self.policy, self.page or 1) as picture:
                yield picture


def _resized(picture: PIL.Image.Image, size: tuple[int, int]) -> Tensor:
    import torch

    return resize(torch.from_numpy(np.array(picture)).permute(2, 0, 1), size)
