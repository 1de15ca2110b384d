"""The media of conversations as an engine keeps them: fetched once, noted when damaged, cheap to see again."""

from __future__ import annotations

import io
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import PIL.Image
import pytest
from langchain_core.messages import AIMessage, HumanMessage

from quintet import Agent
from quintet.agent import Notice
from quintet.errors import MediaError
from quintet.model import ChatModel, load_model
from quintet.vision import MediaPolicy

SHORT: dict[str, Any] = {"temperature": 0, "max_tokens": 4, "thinking": False}


@pytest.fixture
def address() -> Iterator[tuple[str, list[str]]]:
    """Where a picture is served on this machine, and the requests so far."""
    file = io.BytesIO()
    PIL.Image.new("RGB", (96, 96), "red").save(file, "PNG")
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(file.getvalue())))
            self.end_headers()
            self.wfile.write(file.getvalue())

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/red.png", asked
        server.shutdown()


def image_tokens(answer: AIMessage) -> int:
    assert answer.usage_metadata
    tokens: int = answer.usage_metadata["input_token_details"]["image"]  # type: ignore[typeddict-item]
    return tokens


def test_an_address_is_fetched_once_where_its_host_is_allowed(address: tuple[str, list[str]]) -> None:
    url, asked = address
    policy = MediaPolicy(hosts=(url.split("/")[2],), schemes=("http",), private_addresses=True)
    model = load_model("nano", device="cpu", media_policy=policy, **SHORT)
    question = HumanMessage([{"type": "image_url", "image_url": {"url": url}}, "What colour is it?"])
    first = model.invoke([question])
    assert image_tokens(first) == 9
    assert image_tokens(model.invoke([question, first, HumanMessage("And now?")])) == 9
    assert asked == ["/red.png"]


def test_an_address_is_not_fetched_unless_its_host_is_allowed(nano: ChatModel, address: tuple[str, list[str]]) -> None:
    url, asked = address
    with pytest.raises(MediaError, match="hosts"):
        nano.invoke([HumanMessage([{"type": "image", "url": url}, "What colour is it?"])])
    assert not asked


def test_an_agent_fetches_what_it_is_given(address: tuple[str, list[str]], nano: ChatModel) -> None:
    url, asked = address
    policy = MediaPolicy(hosts=(url.split("/")[2],), schemes=("http",), private_addresses=True)
    agent = Agent(nano.bind(**SHORT), media_policy=policy)
    agent.ask("What colour is it?", url)
    agent.ask("And now?")
    assert asked == ["/red.png"]
    with pytest.raises(MediaError, match="hosts"):
        Agent(nano).ask("What colour is it?", url)


def test_damage_is_told_once_in_a_conversation(nano: ChatModel, samples: Any, tmp_path: Path) -> None:
    cut = tmp_path / "cut.mkv"
    _remux(samples.clip, cut)
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size * 2 // 3])
    agent = Agent(nano.bind(**SHORT))
    answer = agent.ask("When does the red circle appear?", cut)
    assert answer.notes
    assert all(note.startswith("cut.mkv: ") for note in answer.notes)
    later = [event.text for event in agent.stream("And the square?") if isinstance(event, Notice)]
    assert not set(later) & set(answer.notes)
    fresh = Agent(nano.bind(**SHORT)).stream("When does the red circle appear?", cut)
    told = [event.text for event in fresh if isinstance(event, Notice)]
    assert [note for note in told if note in answer.notes] == list(answer.notes)


def _remux(source: Path, target: Path) -> None:
    import av

    with av.open(str(source)) as given, av.open(str(target), "w") as made:
        stream = made.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                made.mux(packet)
