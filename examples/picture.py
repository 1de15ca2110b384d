"""Ask about a picture: python examples/picture.py [PICTURE [QUESTION]]

`python -m examples.samples` makes the picture that is used when none is named.
"""

import sys

from quintet import Agent, Image, load_model

path = sys.argv[1] if len(sys.argv) > 1 else "demo/shapes.png"
question = sys.argv[2] if len(sys.argv) > 2 else "What colour is the circle?"

picture = Image(path)
patches = picture.patches()
print(f"{picture.name}: {picture.pil.width}x{picture.pil.height} px, {patches.tokens} tokens by the family's defaults")

agent = Agent(load_model())
answer = agent.ask(question, picture)
print("Q:", question)
print("A:", answer.text)

# The conversation goes on; what was read is not read again.
follow_up = agent.ask("What colour is the square?")
print("Q: What colour is the square?")
print("A:", follow_up.text)
print("usage of the second answer:", follow_up.usage)
