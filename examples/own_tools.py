"""An agent with your own tools: plain typed functions, or any tool of LangChain's. python examples/own_tools.py"""

from langchain_core.tools import tool

from quintet import Agent, load_model

STOCK = {"lamp": 12, "table": 3, "kettle": 0}


def count_stock(item: str) -> int:
    """Count how many of an item are in stock.

    Args:
        item: name of the item
    """
    return STOCK[item]


@tool
def get_weather(city: str) -> str:
    """Get the weather of a city."""
    return f"{city}: sunny, 21 degrees"


agent = Agent(load_model(), tools=[count_stock, get_weather])
for question in ("How many of the item lamp are in stock?", "What is the weather in Oslo?"):
    answer = agent.ask(question)
    print("Q:", question)
    for message in answer.messages:
        for call in getattr(message, "tool_calls", ()):
            print("  ", call["name"], call["args"])
    print("A:", answer.text)
