"""Labelled pictures of what an answer rests on: frames of a video side by side, or a part of a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence

import PIL.Image
from PIL import ImageDraw, ImageFont

from ..errors import BadInputError
from .box import edges, fractions
from .image import Image
from .video import Video

_PAPER, _INK, _LINE, _MARK = "#ffffff", "#1f2328", "#c4c9d0", "#d1242f"
_GAP = 12  # px around each part of a sheet
_ASPECT = 1.6  # width by height of a sheet whose columns aren't given
_TILE = 160  # px: a frame is made no narrower, so that its label fits
_PART = (480, 1280)  # px: a part's longer side is scaled to lie between these
_LOCATOR = 110  # px: longer side of the small picture that shows where a part lies


def contact_sheet(video: Video, times: Sequence[float], *, columns: int | None = None, width: int = 1280) -> Image:
    """The frames on screen at `times` (seconds), side by side in order of time, each labelled with its own.

    columns: frames in a row; where None, as many as make the sheet a little wider than high. width: of the sheet in px;
    it gets narrower where the frames are small.

    Raises:
        MediaError: the video can't be read.
        BadInputError: no times, a time outside the video, or `columns` or `width` too small.
    """
    if not len(times):
        raise BadInputError("times=[]: expected the seconds of one frame at least.")
    info = video.info
    columns = columns or math.ceil(math.sqrt(len(times) * _ASPECT * info.height / info.width))
    columns = min(columns, len(set(times)))
    tile = min((width - _GAP) // max(columns, 1) - _GAP, max(info.width, _TILE))
    if columns < 1 or tile < _TILE // 2:
        raise BadInputError(f"columns={columns}, width={width}: a frame would be {tile} px wide; expected 80 at least.")
    frames = [(seconds, _scaled(PIL.Image.fromarray(rgb), tile)) for seconds, rgb in video.frames(times)]
    font = ImageFont.load_default(max(13, min(tile // 16, 24)))
    label = _GAP // 2 + _height(font)
    height = max(frame.height for _, frame in frames)
    rows = math.ceil(len(frames) / columns)
    sheet = PIL.Image.new("RGB", (columns * (tile + _GAP) + _GAP, rows * (label + height + _GAP) + _GAP), _PAPER)
    draw = ImageDraw.Draw(sheet)
    for place, (seconds, frame) in enumerate(frames):
        x = _GAP + place % columns * (tile + _GAP)
        y = _GAP + place // columns * (label + height + _GAP)
        draw.text((x, y), clock(seconds), _INK, font)
        _framed(sheet, frame, (x, y + label))
    return Image(sheet)


def crop(image: Image, box: Sequence[float], *, margin: float = 0.15) -> Image:
    """The part of a picture inside `box` (left, top, right, bottom, as fractions or in px), outlined.

    Around it lies a margin, a share of the box's longer side; below, the place of the part in the whole picture.

    Raises:
        MediaError: the picture can't be read.
        BadInputError: the box is empty, reversed or outside the picture; or `margin` is below 0.
    """
    if not (isinstance(margin, (int, float)) and 0 <= margin < math.inf):
        raise BadInputError(f"margin={margin!r}: expected a share of the box's longer side, 0 or more.")
    whole = image.pil
    left, top, right, bottom = edges(fractions(box, *whole.size), *whole.size)
    around = round(margin * max(right - left, bottom - top))
    view = (
        *(max(0, left - around), max(0, top - around)),
        *(min(whole.width, right + around), min(whole.height, bottom + around)),
    )
    part, scale = _zoomed(whole.crop(view))
    if around:
        _outline(part, [scale * (side - view[axis % 2]) for axis, side in enumerate((left, top, right, bottom))])
    locator = whole.copy()
    locator.thumbnail((_LOCATOR, _LOCATOR))
    reduced = locator.width / whole.width
    _outline(locator, [reduced * side for side in (left, top, right, bottom)])
    lines = [f"x {left} to {right} px, y {top} to {bottom} px", f"of {whole.width} x {whole.height} px"]
    if image.name.isascii() and image.name.isprintable():  # the built-in font has no other letters
        lines.insert(0, image.name[-50:])
    return Image(_below(part, locator, lines))


def clock(seconds: float) -> str:
    """A time as m:ss.s, from one hour on as h:mm:ss.s."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    return (f"{hours}:{minutes:02}" if hours else f"{minutes}") + f":{rest // 10:02}.{rest % 10}"


def _below(part: PIL.Image.Image, locator: PIL.Image.Image, lines: Sequence[str]) -> PIL.Image.Image:
    """`part`, and below it the small picture with the lines of text beside it."""
    font = ImageFont.load_default(17)
    step = round(_height(font) * 1.4)
    text = max(math.ceil(font.getlength(line)) for line in lines)
    foot = max(locator.height, step * len(lines))
    width = max(part.width, locator.width + _GAP + text) + 2 * _GAP
    sheet = PIL.Image.new("RGB", (width, part.height + foot + 3 * _GAP), _PAPER)
    _framed(sheet, part, (_GAP, _GAP))
    y = part.height + 2 * _GAP
    _framed(sheet, locator, (_GAP, y))
    draw = ImageDraw.Draw(sheet)
    for number, line in enumerate(lines):
        draw.text((2 * _GAP + locator.width, y + number * step), line, _INK, font)
    return sheet


def _scaled(picture: PIL.Image.Image, width: int) -> PIL.Image.Image:
    size = width, max(1, round(picture.height * width / picture.width))
    return picture.resize(size, PIL.Image.Resampling.LANCZOS)


def _zoomed(picture: PIL.Image.Image) -> tuple[PIL.Image.Image, float]:
    """At a size that can be looked at, and by how much it was scaled."""
    longer = max(picture.size)
    scale = min(max(longer, _PART[0]), _PART[1]) / longer
    return (picture if scale == 1 else _scaled(picture, max(1, round(picture.width * scale)))), scale


def _framed(sheet: PIL.Image.Image, picture: PIL.Image.Image, place: tuple[int, int]) -> None:
    """`picture` on the sheet with a line of 1 px around."""
    sheet.paste(picture, place)
    x, y = place
    ImageDraw.Draw(sheet).rectangle((x - 1, y - 1, x + picture.width, y + picture.height), outline=_LINE)


def _outline(picture: PIL.Image.Image, box: Sequence[float]) -> None:
    """A red line between two white ones around the box, to be seen on any ground."""
    draw = ImageDraw.Draw(picture)
    left, top = (max(round(side), 4) for side in box[:2])
    right, bottom = (min(round(side), length - 4) for side, length in zip(box[2:], picture.size, strict=True))
    for far, colour in ((4, _PAPER), (3, _MARK), (2, _MARK), (1, _PAPER)):
        corners = (left - far, top - far, right - 1 + far, bottom - 1 + far)
        if corners[0] <= corners[2] and corners[1] <= corners[3]:
            draw.rectangle(corners, outline=colour)


def _height(font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> int:
    return math.ceil(font.getbbox("0gÅ")[3])
