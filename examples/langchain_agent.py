"""The same model inside LangChain's own agent (pip install langchain): python examples/langchain_agent.py [PICTURE]"""

import sys

from langchain.agents import create_agent
from langchain_core.messages import HumanMessage
from langchain_core.tools import tool

from quintet import Image, load_model

path = sys.argv[1] if len(sys.argv) > 1 else "demo/shapes.png"


@tool
def get_weather(city: str) -> str:
    """Get the weather of a city."""
    return f"{city}: sunny, 21 degrees"


agent = create_agent(load_model(), tools=[get_weather])
for question in (
    HumanMessage("What is the weather in Oslo?"),
    HumanMessage([Image(path).to_block(), {"type": "text", "text": "What colour is the circle?"}]),
):
    state = agent.invoke({"messages": [question]})
    for message in state["messages"]:
        for call in getattr(message, "tool_calls", ()):
            print("calls", call["name"], call["args"])
    print(state["messages"][-1].text)
