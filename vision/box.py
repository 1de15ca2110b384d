"""A box on a picture: in fractions of its sides, or in pixels."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import BadInputError

Box = tuple[float, float, float, float]

_ROUNDING = 1e-6  # px: 29 / 100 * 100 is a little less than 29


def fractions(box: Sequence[float], width: int, height: int) -> Box:
    """`box` (left, top, right, bottom) as fractions of a picture of `width` x `height` px.

    Four numbers up to 1 are fractions already; anything larger counts pixels.

    Raises:
        BadInputError: not four numbers, or the box is empty, reversed or outside the picture.
    """
    if len(box) == 4 and all(isinstance(side, (int, float)) for side in box):
        inside = (1, 1) if max(box) <= 1 else (width, height)
        left, top, right, bottom = (side / inside[axis % 2] for axis, side in enumerate(box))
        if 0 <= left < right <= 1 and 0 <= top < bottom <= 1:
            return left, top, right, bottom
    sides = ", ".join(f"{side:g}" if isinstance(side, (int, float)) else repr(side) for side in box)
    raise BadInputError(
        f"box [{sides}]: expected left, top, right, bottom inside the picture, left before right and top above "
        f"bottom: as fractions from 0 to 1, or in pixels of its {width}x{height}."
    )


def edges(box: Box, width: int, height: int) -> tuple[int, int, int, int]:
    """The pixels of a box in fractions (left, top, right, bottom, the last two exclusive); 1 px at least."""
    left, top = int(box[0] * width + _ROUNDING), int(box[1] * height + _ROUNDING)
    right, bottom = round(box[2] * width), round(box[3] * height)
    return left, top, max(right, left + 1), max(bottom, top + 1)
