"""Ask about a moment of an hour: python examples/long_video.py [VIDEO [QUESTION]]

Without a VIDEO, one is made in which another word is written every minute. The model sees a handful of its frames, and
looks again at the seconds in question.
"""

import sys
from pathlib import Path

from examples.samples import make_hour
from quintet import Agent, Video, load_model
from quintet.agent import End, ToolCall
from quintet.tools import watch_video

path = Path(sys.argv[1] if len(sys.argv) > 1 else "demo/hour.mp4")
question = sys.argv[2] if len(sys.argv) > 2 else "What is written at about 41 minutes?"

if not path.exists():
    make_hour(path)
video = Video(path)
print(f"{video.name}: {video.info.duration / 60:.0f} minutes, {video.info.frames} frames")

for event in Agent(load_model(), tools=[watch_video]).stream(question, video):
    match event:
        case ToolCall():
            print("looks again:", event.args)
        case End():
            print("answer:", event.answer.text)
            print("usage:", event.answer.usage)
