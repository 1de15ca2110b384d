"""Ask about a moment of an hour: python examples/long_video.py [MINUTE]

In the video, which is made on first use, another word is written every minute. The model sees a handful of its frames,
and looks again at the seconds in question.
"""

import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
from PIL import Image, ImageDraw, ImageFont

from quintet import Agent, Video, load_model
from quintet.agent import End, ToolCall
from quintet.tools import watch_video

FPS = 1
SIZE = (320, 240)  # px
WORDS = (
    "apple bread chair door eagle field glass house iron jeans knife lemon metal north onion paper queen river sugar "
    "table uncle video water zebra arrow brush cloud dance earth flute grape honey image jelly koala light mango night "
    "ocean piano quilt radio sheep tiger under vase wheel yacht actor beach candy desk elbow fence globe hotel ink "
    "juice kite lamp mouse"
).split()


def make(path: Path, words: Sequence[str]) -> Path:
    """A video of one minute less than there are words: word 7 is written from 6.5 to 7.5 minutes."""
    unfinished = path.with_suffix(".part.mp4")
    with av.open(str(unfinished), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "g": str(10 * FPS)})
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        cards = [av.VideoFrame.from_image(draw(word)) for word in words]
        for number in range((len(words) - 1) * 60 * FPS):
            card = cards[(number + 30 * FPS) // (60 * FPS)]
            card.pts, card.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(card))
        container.mux(stream.encode())
    return unfinished.replace(path)


def draw(word: str) -> Image.Image:
    """A word in the middle of a white card."""
    card = Image.new("RGB", SIZE, "white")
    ImageDraw.Draw(card).text((SIZE[0] / 2, SIZE[1] / 2), word, "black", ImageFont.load_default(80), anchor="mm")
    return card


if __name__ == "__main__":
    minute = sys.argv[1] if len(sys.argv) > 1 else "41"
    path = Path("demo/hour.mp4")
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        make(path, WORDS)
    video = Video(path)
    print(f"{path}: {video.info.duration / 60:.0f} minutes, {video.info.frames} frames")
    question = f"What is written at about {minute} minutes?"
    for event in Agent(load_model(), tools=[watch_video]).stream(question, video):
        match event:
            case ToolCall():
                print("looks again:", event.args)
            case End():
                print("answer:", event.answer.text)
                print("usage:", event.answer.usage)
