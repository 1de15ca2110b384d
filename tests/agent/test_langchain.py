"""Our tools inside LangChain's own agent."""

from __future__ import annotations

from typing import Any

import PIL.Image
from langchain.agents import create_agent
from langchain_core.messages import HumanMessage, ToolMessage

from quintet.tools import Evidence, as_tool, calculator, media_shelf, watch_video
from quintet.vision import Video


def draw(colour: str) -> PIL.Image.Image:
    """Draw a picture."""
    return PIL.Image.new("RGB", (32, 32), colour)


def test_results_errors_pictures_and_video(script: Any, samples: Any) -> None:
    calls = [
        script.call("calculator", {"expression": "6*7"}),
        script.call("calculator", {"expression": "1/0"}),
        script.call("draw", {"colour": "red"}),
        script.call("watch_video", {"video": 1, "start": 0, "end": 2}),
    ]
    model = script.model(*calls, script.say("done"))
    agent = create_agent(model, [calculator, as_tool(draw), watch_video])
    token = media_shelf.set([Video(samples.clip)])
    try:
        state = agent.invoke({"messages": [HumanMessage("Work.")]})
    finally:
        media_shelf.reset(token)
    product, failure, picture, stretch = (m for m in state["messages"] if isinstance(m, ToolMessage))
    assert (product.content, product.status) == ("42", "success")
    assert (failure.content, failure.status) == ("division by zero in '1/0'", "error")
    assert [block["type"] for block in picture.content if isinstance(block, dict)] == ["image"]
    assert [block["type"] for block in stretch.content if isinstance(block, dict)] == ["text", "file"]
    assert stretch.artifact == Evidence("clip.mp4", 0, 2)
    assert state["messages"][-1].text.strip() == "done"
