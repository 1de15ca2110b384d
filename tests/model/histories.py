"""Random conversations with one model, and after each step the question whether its state is what a fresh read gives.

People ask, show pictures and videos, cut answers short, edit, go back, copy conversations, let several run at once, and
change their minds about thinking. Whatever happens, the logits behind a conversation must equal those of a new state
that reads the very ids which are now its past, in one go.

`python -m tests.model.histories --minutes 60` goes on for an hour.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import PIL.Image
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from torch import Tensor

from quintet import Image, Video
from quintet.model import ChatModel, load_model
from quintet.model.encoded import Encoded, Span
from quintet.model.engine import Request
from quintet.model.local import LocalEngine
from quintet.model.machine import Guess, Machine
from quintet.model.state import Checkpoint, DecoderState, Tail

TOLERANCE = 1e-3  # of logits with a spread of about 1, in float32
TOOL = {
    "type": "function",
    "function": {
        "name": "look",
        "description": "Looks.",
        "parameters": {"type": "object", "properties": {"at": {"enum": ["left", "right"]}}, "required": ["at"]},
    },
}
_WORDS = (
    "sea <think> tree</think> <|im_start|>user\n stone <tool_call> moon 42 <|image_pad|> snow \n\n rain été 雪".split(
        " "
    )
)


class Recorded(DecoderState):
    """A state that remembers what it has read: of each token its id, and its place in a picture."""

    past: tuple[tuple[int, Span | None, int], ...] = ()


class Recorder(Machine):
    """Notes what is read into the states that it makes."""

    def new_state(self) -> DecoderState:
        return Recorded(self._decoder.config, self._model.device)

    def reading(self, state: DecoderState, encoded: Encoded) -> Iterator[Tensor]:
        note(state, encoded)
        return super().reading(state, encoded)

    def next(self, state: DecoderState, token: int) -> Tensor:
        note(state, Encoded([token], []))
        return super().next(state, token)

    def speculate(
        self, state: DecoderState, ids: list[int], tail: Tail, count: int, checkpoint: Checkpoint | None = None
    ) -> tuple[Tensor, Tail, list[Guess]]:
        start = checkpoint.length if checkpoint else state.length
        logits, tail, guesses = super().speculate(state, ids, tail, count, checkpoint)
        assert isinstance(state, Recorded)
        read = [*ids, *(guess.token for guess in guesses)]
        state.past = (*state.past[:start], *((token, None, 0) for token in read))
        return logits, tail, guesses


def note(state: DecoderState, encoded: Encoded) -> None:
    """Adds to a state's past, which a rewind has shortened."""
    assert isinstance(state, Recorded)
    tokens: list[tuple[int, Span | None, int]] = [(token, None, 0) for token in encoded.ids]
    for span in encoded.spans:
        for offset in range(span.block.tokens):
            tokens[span.block.start + offset] = (encoded.ids[span.block.start], span, offset)
    state.past = (*state.past[: state.length], *tokens)


def past(state: DecoderState) -> Encoded:
    """All that a state has read, to be read again."""
    assert isinstance(state, Recorded)
    ids, spans = [], []
    for token, span, offset in state.past[: state.length]:
        if span and offset == 0:
            spans.append(replace(span, block=replace(span.block, start=len(ids))))
        ids.append(token)
    return Encoded(ids, spans)


def kept(answer: AIMessage) -> AIMessage:
    """What of an answer goes into the history: all but calls, which would want results."""
    return answer.model_copy(update={"tool_calls": [], "invalid_tool_calls": []})


class Histories:
    """Conversations at random, by `seed`."""

    def __init__(self, folder: Path, seed: int, *, speculate: int = 0) -> None:
        self.rng = Random(seed)
        self.model: ChatModel = load_model(str(folder), context=16_384, speculate=speculate)
        engine = self.model.engine
        assert isinstance(engine, LocalEngine)
        self.engine: Any = engine
        self.machine = Recorder(engine.model, self.engine._machine._mtp)
        self.engine._machine = self.machine
        self.engine._pool._new_state = self.machine.new_state
        self.talks: list[list[BaseMessage]] = [[], []]
        self.largest = 0.0
        self.steps = 0

    def step(self) -> None:
        """Something happens, and everything is looked at."""
        acts = [self.stop_reading, self.ask_and_stop, self.ask_at_once, self.edit, self.go_back, self.copy, self.call]
        self.rng.choice([*acts, self.ask, self.ask, self.ask])()
        self.steps += 1
        self.check()

    def check(self) -> None:
        """Compares the newest conversation's state, and now and then all of them, with fresh reads."""
        sessions = self.engine._pool._idle
        assert not self.engine._pool._busy
        for session in sessions if self.steps % 8 == 0 else sessions[-1:]:
            assert session.state.length <= len(session.ids)
            assert past(session.state).ids == session.ids[: session.state.length]
            probe = Encoded(self.engine.tokenize("And"), [])
            fork = session.state.fork(session.state.checkpoint())
            fresh = self.machine.new_state()
            self.machine.read(fresh, past(session.state))
            here, there = self.machine.read(fork, probe), self.machine.read(fresh, probe)
            difference = float((here - there).abs().max())
            self.largest = max(self.largest, difference)
            assert difference < TOLERANCE, f"step {self.steps}: logits differ by {difference}"
            best = there.topk(2).values
            assert here.argmax() == there.argmax() or best[0] - best[1] < TOLERANCE
            assert fork.position == fresh.position

    def ask(self) -> None:
        talk = self.talk()
        talk.append(self.question())
        talk.append(kept(self.model.invoke(talk, **self.settings())))

    def ask_and_stop(self) -> None:
        """The answer is cut off after a few deltas; what was seen of it may stay in the history."""
        talk = self.talk()
        talk.append(self.question())
        stream = self.model.stream(talk, **self.settings())
        seen = list(islice(stream, self.rng.randint(1, 4)))
        stream.close()  # type: ignore[attr-defined]
        if self.rng.random() < 0.5:
            talk.append(AIMessage(seen[0].text or "Well"))
        else:
            talk.pop()

    def stop_reading(self) -> None:
        """A question is taken back before or while it is answered."""
        generation = self.engine.generate(Request([*self.talk(), self.question()], max_tokens=8))
        list(islice(generation, self.rng.randint(1, 6)))
        generation.close()

    def ask_at_once(self) -> None:
        """Several conversations are answered by turns, on one thread or on several."""
        talks = [self.talk(), self.new(), self.new()]
        for talk in talks:
            talk.append(self.question())
        if self.rng.random() < 0.5:
            answers = self.model.batch(talks, **self.settings())
        else:
            streams = [self.model.stream(talk, **self.settings()) for talk in talks]
            parts: list[list[Any]] = [[] for _ in talks]
            while streams:
                index = self.rng.randrange(len(streams))
                chunk = next(streams[index], None)
                if chunk is None:
                    streams.pop(index)
                    parts.append(parts.pop(index))
                else:
                    parts[index].append(chunk)
            answers = []
        for talk, answer in zip(talks, answers, strict=False):
            talk.append(kept(answer))
        for talk in talks[len(answers) :]:
            talk.append(AIMessage("So it is."))

    def edit(self) -> None:
        """An earlier question is put differently; what followed stays, or not."""
        talk = self.talk()
        asked = [index for index, message in enumerate(talk) if isinstance(message, HumanMessage)]
        if asked:
            index = self.rng.choice(asked)
            talk[index] = self.question()
            if self.rng.random() < 0.5:
                del talk[index + 1 :]
        self.ask()

    def go_back(self) -> None:
        talk = self.talk()
        asked = [index for index, message in enumerate(talk) if isinstance(message, HumanMessage)]
        if asked:
            del talk[self.rng.choice(asked) :]
        self.ask()

    def copy(self) -> None:
        self.talks.append(list(self.talk()))
        self.ask()

    def call(self) -> None:
        """A call is forced, and its result, perhaps a picture, is answered."""
        talk = self.talk()
        talk.append(self.question())
        answer = self.model.invoke(talk, tools=[TOOL], tool_choice="look")
        talk.append(answer)
        for call in answer.tool_calls:
            shown: Any = [self.picture().to_block()] if self.rng.random() < 0.5 else self.words(8)
            talk.append(ToolMessage(shown, tool_call_id=call["id"] or ""))
        talk.append(kept(self.model.invoke(talk, tools=[TOOL], **self.settings())))

    def talk(self) -> list[BaseMessage]:
        while len(self.talks) > 6:
            self.talks.pop(0)
        for index, talk in enumerate(self.talks):
            if len(talk) > 16:
                self.talks[index] = self.new()
        chosen = self.rng.choice(self.talks)
        return chosen if chosen else self.begin(chosen)

    def new(self) -> list[BaseMessage]:
        return self.begin([])

    def begin(self, talk: list[BaseMessage]) -> list[BaseMessage]:
        if self.rng.random() < 0.7:
            talk.append(SystemMessage("Answer in one of two ways. " * 8))
        return talk

    def question(self) -> HumanMessage:
        blocks: list[Any] = [{"type": "text", "text": self.words(self.rng.choice((3, 10, 200)))}]
        if self.rng.random() < 0.3:
            blocks.insert(self.rng.randint(0, 1), self.picture().to_block())
        if self.rng.random() < 0.1:
            blocks.append(self.video().to_block())
        return HumanMessage(blocks)

    def picture(self) -> Image:
        size = self.rng.choice(((64, 64), (96, 64), (64, 128)))
        return Image(PIL.Image.radial_gradient("L").rotate(self.rng.randrange(4) * 30).resize(size))

    def video(self) -> Video:
        first, *rest = [PIL.Image.new("RGB", (64, 64), (self.rng.randrange(256), 0, 99)) for _ in range(4)]
        file = BytesIO()
        first.save(file, "GIF", save_all=True, append_images=rest, duration=500)
        return Video(file.getvalue())

    def words(self, count: int) -> str:
        return " ".join(self.rng.choice(_WORDS) for _ in range(count))

    def settings(self) -> dict[str, Any]:
        return {
            "max_tokens": self.rng.choice((1, 4, 24)),
            "thinking": self.rng.choice((True, False, 6)),
            "history": self.rng.choice(("keep", "keep", "drop", "template")),
            "temperature": self.rng.choice((0.0, 1.0)),
            "seed": self.rng.randrange(1000),
        }


def main() -> None:
    """Goes on for a while with each kind of checkpoint, and says what came of it."""
    from tests.model.conftest import write_checkpoint

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory() as folder:
        for kind, speculate in (("dense", 0), ("moe", 0), ("dense", 2), ("moe", 2)):
            checkpoint = write_checkpoint(Path(folder) / f"{kind}-{speculate}", kind, mtp=speculate > 0)
            histories = Histories(checkpoint, seed=time.time_ns(), speculate=speculate)
            end = time.monotonic() + 15 * minutes
            while time.monotonic() < end:
                histories.step()
            how = f"{kind}, {speculate} guesses" if speculate else kind
            print(f"{how}: {histories.steps} steps, logits differ by at most {histories.largest:.1e}", flush=True)


if __name__ == "__main__":
    main()
