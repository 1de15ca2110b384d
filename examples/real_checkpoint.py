"""With a real checkpoint of the Qwen3.5 family: python examples/real_checkpoint.py NAME [QUESTION [FILE...]]

NAME is a repository such as Qwen/Qwen3.5-35B-A3B-FP8, or the folder of a checkpoint. It is loaded into this process.
"""

import sys

from quintet import Agent, Limits, load_model
from quintet.tools import calculator, watch_video, zoom_image

if len(sys.argv) < 2:
    sys.exit(__doc__)
name = sys.argv[1]
question = sys.argv[2] if len(sys.argv) > 2 else "What is 17 * 23? Use the calculator."

model = load_model(name)
agent = Agent(model, tools=[calculator, zoom_image, watch_video], limits=Limits(steps=8))
answer = agent.ask(question, *sys.argv[3:])
print("thinking:", answer.thinking)
print("answer:", answer.text)
print("usage:", answer.usage)
