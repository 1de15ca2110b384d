"""Sample pictures, a video and a folder of manuals, made on the spot: `python -m examples.samples [FOLDER]`."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import docx
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import Image, ImageDraw, ImageFont

Shape = Literal["circle", "square", "triangle"]
COLOURS = {"red": (220, 30, 30), "green": (30, 160, 50), "blue": (30, 70, 220), "yellow": (245, 220, 40)}
SIDE = 192  # px
FPS = 8

HANDBOOK = (
    ("The Lumo lamp", "This handbook is about the Lumo lamp.", "The Lumo lamp weighs 3 kilograms."),
    ("Power", "The battery of the Lumo lamp lasts 9 hours.", "The lamp charges in 2 hours."),
    ("Service", "The warranty of the Lumo lamp lasts 24 months.", "The service desk opens at 8 in the morning."),
    ("Care", "Clean the lamp with a dry cloth.", "The filter is changed every 6 weeks."),
)
PUMP_HTML = """<!doctype html><html><head><title>The Aqua pump</title></head><body>
<h1>The Aqua pump</h1><p>The Aqua pump moves 40 litres in a minute.</p>
<h2>Noise</h2><p>The Aqua pump is as loud as 55 decibels.</p></body></html>
"""
OVEN_MARKDOWN = """# The Brio oven

The Brio oven reaches 280 degrees.

## Cleaning

The door of the Brio oven is made of glass.
"""
WORDS = (
    "apple bread chair door eagle field glass house iron jeans knife lemon metal north onion paper queen river sugar "
    "table uncle video water zebra arrow brush cloud dance earth flute grape honey image jelly koala light mango night "
    "ocean piano quilt radio sheep tiger under vase wheel yacht actor beach candy desk elbow fence globe hotel ink "
    "juice kite lamp mouse"
).split()
KETTLE = ("The Vela kettle", "The Vela kettle holds 2 litres.", "The Vela kettle was made in Norway.")


@dataclass(frozen=True)
class Samples:
    """The paths of everything made."""

    shapes: Path
    """A red circle on the left and a blue square on the right."""
    word: Path
    """The printed word STOP."""
    clip: Path
    """4 s: a green square moves to the right; a red circle appears at 2 s."""
    manuals: Path
    """A folder: handbook.pdf (4 pages), pump.html, oven.md, kettle.docx."""


def draw(picture: Image.Image, shape: Shape, colour: str, centre: tuple[float, float], radius: float) -> None:
    """Draw a filled shape; `centre` and `radius` in fractions of the picture's width."""
    side = picture.width
    x, y, r = centre[0] * side, centre[1] * side, radius * side
    canvas = ImageDraw.Draw(picture)
    if shape == "circle":
        canvas.ellipse((x - r, y - r, x + r, y + r), fill=COLOURS[colour])
    elif shape == "square":
        canvas.rectangle((x - r, y - r, x + r, y + r), fill=COLOURS[colour])
    else:
        canvas.polygon([(x, y - r), (x - r, y + r), (x + r, y + r)], fill=COLOURS[colour])


def picture_of(*shapes: tuple[Shape, str, tuple[float, float]], side: int = SIDE, radius: float = 0.18) -> Image.Image:
    """A white square picture with shapes on it: (shape, colour, centre)."""
    picture = Image.new("RGB", (side, side), "white")
    for shape, colour, centre in shapes:
        draw(picture, shape, colour, centre, radius)
    return picture


def picture_of_word(word: str) -> Image.Image:
    """A white picture with one word in large black print."""
    picture = Image.new("RGB", (SIDE, SIDE // 2), "white")
    font = ImageFont.load_default(180 / max(len(word), 4))
    ImageDraw.Draw(picture).text((SIDE / 2, SIDE / 4), word, fill="black", font=font, anchor="mm")
    return picture


def write_video(path: Path, frames: Sequence[Image.Image], *, fps: int = FPS, preset: str = "medium") -> Path:
    """Write `frames` (all of one even size) as an H.264 file of len(frames) / fps seconds."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("h264", rate=fps)
        stream.width, stream.height = frames[0].size
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "16", "threads": "1", "preset": preset}
        for index, picture in enumerate(frames):
            frame = av.VideoFrame.from_image(picture)
            frame.pts, frame.time_base = index, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def moving_shapes(*, seconds: float = 4.0, appears: float = 2.0, side: int = 128) -> list[Image.Image]:
    """Frames of a green square that moves to the right, and a red circle that appears after `appears` seconds."""
    count = round(seconds * FPS)
    frames = []
    for index in range(count):
        shapes: list[tuple[Shape, str, tuple[float, float]]] = [("square", "green", (0.2 + 0.6 * index / count, 0.75))]
        if index / FPS >= appears:
            shapes.append(("circle", "red", (0.5, 0.25)))
        frames.append(picture_of(*shapes, side=side))
    return frames


def make_hour(path: Path) -> Path:
    """A video of one minute less than there are `WORDS`: word 7 is written from 6.5 to 7.5 minutes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cards = [card_of_word(word) for word in WORDS]
    frames = [cards[(second + 30) // 60] for second in range((len(WORDS) - 1) * 60)]
    return write_video(path.with_suffix(".part.mp4"), frames, fps=1, preset="ultrafast").replace(path)


def card_of_word(word: str) -> Image.Image:
    """A word in the middle of a white card."""
    card = Image.new("RGB", (320, 240), "white")
    ImageDraw.Draw(card).text((160, 120), word, "black", ImageFont.load_default(80), anchor="mm")
    return card


def write_pdf(path: Path, pages: Sequence[Sequence[str]]) -> Path:
    """Write a PDF with real text: a page for each sequence of lines."""
    pdf = pdfium.PdfDocument.new()
    font = pdfium_c.FPDFText_LoadStandardFont(pdf, b"Helvetica")
    for lines in pages:
        page = pdf.new_page(420, 595)
        for row, line in enumerate(lines):
            text = pdfium_c.FPDFPageObj_CreateTextObj(pdf, font, 16.0)
            letters = ctypes.create_string_buffer(line.encode("utf-16-le") + b"\0\0")
            pdfium_c.FPDFText_SetText(text, ctypes.cast(letters, pdfium_c.FPDF_WIDESTRING))
            pdfium_c.FPDFPageObj_Transform(text, 1, 0, 0, 1, 40, 520 - 30 * row)
            pdfium_c.FPDFPage_InsertObject(page, text)
        page.gen_content()
    pdf.save(str(path))
    pdf.close()
    return path


def write_docx(path: Path, heading: str, *paragraphs: str) -> Path:
    """Write a Word document: a heading and its paragraphs."""
    document = docx.Document()
    document.add_heading(heading)
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    document.save(str(path))
    return path


def make_samples(folder: str | Path) -> Samples:
    """Make whatever of the samples is missing in `folder`, and say where everything is."""
    folder = Path(folder)
    samples = Samples(folder / "shapes.png", folder / "word.png", folder / "clip.mp4", folder / "manuals")
    samples.manuals.mkdir(parents=True, exist_ok=True)
    shapes = picture_of(("circle", "red", (0.27, 0.5)), ("square", "blue", (0.73, 0.5)))
    makers: dict[Path, Callable[[Path], object]] = {
        samples.shapes: shapes.save,
        samples.word: picture_of_word("STOP").save,
        samples.clip: lambda path: write_video(path, moving_shapes()),
        samples.manuals / "handbook.pdf": lambda path: write_pdf(path, HANDBOOK),
        samples.manuals / "pump.html": lambda path: path.write_text(PUMP_HTML, encoding="utf-8"),
        samples.manuals / "oven.md": lambda path: path.write_text(OVEN_MARKDOWN, encoding="utf-8"),
        samples.manuals / "kettle.docx": lambda path: write_docx(path, *KETTLE),
    }
    for path, make in makers.items():
        if not path.exists():
            make(path)
    return samples


if __name__ == "__main__":
    print(make_samples(sys.argv[1] if len(sys.argv) > 1 else "demo"))
