"""Ask about a video: python examples/video.py [VIDEO [QUESTION]]

`python -m examples.samples` makes the video that is used when none is named.
"""

import sys

from quintet import Agent, Video, load_model
from quintet.tools import watch_video

path = sys.argv[1] if len(sys.argv) > 1 else "demo/clip.mp4"
question = sys.argv[2] if len(sys.argv) > 2 else "When does the red circle appear?"

video = Video(path)
print(f"{video.name}: {video.info.width}x{video.info.height} px, {video.info.duration:.1f} s")
print("seconds that the model sees:", *(f"{time:.2f}" for time in video.patches().times))

agent = Agent(load_model(), tools=[watch_video])
answer = agent.ask(question, video)
print("Q:", question)
print("A:", answer.text)
for citation in answer.citations:
    print("  ", citation.source, citation.start, "to", citation.end, "seconds")
