"""Watch an agent work, event by event: python examples/streaming.py [QUESTION [FILE...]]"""

import sys

from quintet import Agent, load_model
from quintet.agent import End, TextDelta, ThinkingDelta, ToolCall, ToolResult
from quintet.tools import calculator

question = sys.argv[1] if len(sys.argv) > 1 else "What is 17 * 23?"

agent = Agent(load_model(), tools=[calculator])
for event in agent.stream(question, *sys.argv[2:]):
    match event:
        case ThinkingDelta(text):
            print(text, end="", flush=True)
        case TextDelta(text):
            print(text, end="", flush=True)
        case ToolCall(_, name, args):
            print(f"\n[calls {name} with {args}]")
        case ToolResult(_, _, content, error):
            print(f"[{'failed' if error else 'returned'}: {content}]")
        case End(answer):
            print(f"\n[{answer.steps} steps, {answer.usage}]")
