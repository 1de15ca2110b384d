"""Pictures for tests."""

import io

import numpy as np
import PIL.Image


def encoded(picture: PIL.Image.Image, form: str = "PNG", **options: object) -> bytes:
    """The picture as the bytes of a file."""
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def gradient(width: int = 64, height: int = 48) -> PIL.Image.Image:
    """Another colour at each pixel."""
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return PIL.Image.fromarray(np.stack([x, y, 255 - x], axis=2).astype(np.uint8))
