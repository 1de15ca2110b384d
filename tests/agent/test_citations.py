"""Citations: passages by number, moments of the one video, stretches that were watched."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding

from quintet.agent import Agent, Citation
from quintet.rag import Library
from quintet.tools import Returned, as_tool, watch_video

PAGES = {
    "lamp": [("The lamp lasts 24 months.", "lamp.pdf", 3), ("The lamp is red.", "lamp.md", None)],
    "pump": [("The pump is loud.", "pump.pdf", 1)],
    "nothing": [],
}


def find(query: str) -> Returned:
    """Search the documents."""
    found = [Document(text, metadata={"source": source, "page": page}) for text, source, page in PAGES[query]]
    return Returned("\n".join(f"[{n}] {passage.page_content}" for n, passage in enumerate(found, 1)), found)


search = as_tool(find, name="search")
LAMP = Citation("lamp.pdf", 3, quote="The lamp lasts 24 months.")
RED = Citation("lamp.md", None, quote="The lamp is red.")
PUMP = Citation("pump.pdf", 1, quote="The pump is loud.")


@pytest.mark.parametrize(
    ("text", "citations"),
    [
        ("24 months [1].", (LAMP,)),
        ("Red [2], 24 months [1], really [2].", (RED, LAMP)),
        ("Both [1, 2].", (LAMP, RED)),
        ("No source.", ()),
        ("Made up [7], [0].", ()),
    ],
)
def test_numbers_are_passages_of_the_search(script: Any, text: str, citations: tuple[Citation, ...]) -> None:
    model = script.model(script.call("search", {"query": "lamp"}), script.say(text))
    assert Agent(model, [search]).ask("How?").citations == citations


def test_the_newest_search_that_holds_the_number_counts(script: Any) -> None:
    model = script.model(
        script.call("search", {"query": "lamp"}),
        script.call("search", {"query": "pump"}),
        script.call("search", {"query": "nothing"}),
        script.say("Loud [1] and red [2]."),
        script.say("As I said [2]."),
    )
    agent = Agent(model, [search])
    assert agent.ask("How?").citations == (PUMP, RED)
    assert agent.ask("Sure?").citations == (RED,)  # the conversation remembers


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("It appears at 2.0 seconds.", [(2.0, 2.0)]),
        ("At 2 seconds.", [(2.0, 2.0)]),
        ("It moves from 1.5 to 3.0 seconds.", [(1.5, 3.0)]),
        ("Between 1 and 2.5 seconds, then at 3.5 s.", [(1.0, 2.5), (3.5, 3.5)]),
        ("First 0.5 seconds, then 1.5 seconds.", [(0.5, 0.5), (1.5, 1.5)]),
        ("It is shown for 2.5 seconds.", []),
        ("The video is 4.0 seconds long.", []),
        ("There are 3 circles.", []),
        ("At 99.0 seconds.", []),  # the video lasts 4
        ("From 3.0 to 1.0 seconds.", []),
    ],
)
def test_times_are_moments_of_the_only_video(
    script: Any, samples: Any, text: str, times: list[tuple[float, float]]
) -> None:
    answer = Agent(script.model(script.say(text))).ask("When?", samples.clip)
    assert [(citation.start, citation.end) for citation in answer.citations] == times
    assert all(citation.source == "clip.mp4" and citation.quote in text for citation in answer.citations)


def test_times_mean_nothing_without_a_video_or_with_two(script: Any, samples: Any, tmp_path: Any) -> None:
    other = tmp_path / "other.mp4"
    other.write_bytes(samples.clip.read_bytes())
    line = script.say("At 2.0 seconds.")
    assert Agent(script.model(list(line))).ask("When?").citations == ()
    assert Agent(script.model(list(line))).ask("When?", samples.clip, other).citations == ()
    agent = Agent(script.model(list(line), list(line)))
    assert len(agent.ask("When?", samples.clip).citations) == 1
    assert len(agent.ask("And now?", samples.clip).citations) == 1  # the same video again


def test_watched_stretches_are_cited_unless_a_moment_in_them_is(script: Any, samples: Any) -> None:
    watch = script.call("watch_video", {"video": 1, "start": 1, "end": 3})
    stretch = Citation("clip.mp4", start=1, end=3)
    agent = Agent(script.model(watch, script.say("It is red."), script.say("Yes.")), [watch_video])
    assert agent.ask("What?", samples.clip).citations == (stretch,)
    assert agent.ask("Sure?").citations == ()
    agent = Agent(script.model(watch, script.say("At 2.0 seconds.")), [watch_video])
    assert agent.ask("When?", samples.clip).citations == (Citation("clip.mp4", start=2, end=2, quote="At 2.0 seconds"),)


def test_a_library_is_searched_and_cited(script: Any, samples: Any, tmp_path: Any) -> None:
    with Library(tmp_path / "library", embedding=DeterministicFakeEmbedding(size=32)) as library:
        library.add(samples.manuals)
        model = script.model(
            script.call("search_documents", {"query": "How long does the warranty of the Lumo lamp last?"}),
            script.say("It lasts 24 months [1]."),
        )
        answer = Agent(model, [library.as_tool()]).ask("How long is the warranty?")
    found = answer.messages[2].artifact[0]
    assert found.metadata["source"] == "handbook.pdf"
    assert answer.citations == (Citation("handbook.pdf", found.metadata["page"], quote=found.page_content),)
