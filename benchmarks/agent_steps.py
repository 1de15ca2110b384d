"""What a step of an agent costs when the conversation is long: 20 steps of 300 new tokens behind 16,000.

Of the 300 tokens 276 are read (what a tool or a person says) and 24 written (a call), greedily; the history holds a
text and two pictures. Side by side on the same weights, ids and pixels: quintet; transformers' `generate` with the full
history at each step; and `generate` with one `DynamicCache` kept from step to step, the most that transformers offers:
it can't go back, so an edited history, dropped thinking or a new picture would end it. Full histories are timed at
three of the steps. All take turns, step by step. A second, deeper model has random weights. Tokens that would end a
turn are ruled out for all.
"""

from __future__ import annotations

import ctypes
import gc
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from random import Random
from shutil import copy
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, cast

import PIL.Image
import torch
from langchain_core.messages import BaseMessage, HumanMessage
from torch import Tensor
from transformers import DynamicCache, Qwen3_5MoeConfig, Qwen3_5MoeForConditionalGeneration
from transformers.generation.streamers import BaseStreamer

from benchmarks.report import Claim, main
from quintet import Image, load_model
from quintet.model import ChatModel

HISTORY = 16_000  # tokens
STEPS = 20
READ, WRITTEN = 276, 24
FULL = (1, STEPS // 2, STEPS - 1)  # the steps at which the full history is read
_BOXES = ((-2.0, -1.5, 1.0, 1.5), (-0.8, 0.0, -0.7, 0.1))  # of the Mandelbrot set
NANO = Path(str(files("quintet.model.nano")))


@dataclass
class Run:
    """Seconds, in all and to the first token, tokens read and tokens written, by step."""

    first: dict[int, float] = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)
    read: dict[int, int] = field(default_factory=dict)
    written: dict[int, list[int]] = field(default_factory=dict)


def measure() -> tuple[dict[str, float], list[Claim]]:
    """Both models."""
    figures: dict[str, float] = {}
    claims: list[Claim] = []
    with TemporaryDirectory() as folder:
        for kind, name in (("nano", "nano"), ("24 layers", str(deeper(Path(folder))))):
            more_figures, more_claims = compare(kind, name)
            figures |= more_figures
            claims += more_claims
    return figures, claims


def compare(kind: str, name: str) -> tuple[dict[str, float], list[Claim]]:
    """One model, all three ways."""
    model = load_model(
        name, context=32_768, device="cpu", temperature=0.0, thinking=False, presence_penalty=0.0, max_tokens=WRITTEN
    )
    engine: Any = model.engine
    ends = torch.tensor([engine.format.control[token] for token in ("<|im_end|>", "<|endoftext|>", "<tool_call>")])
    engine.model.lm_head.register_forward_hook(lambda _m, _i, logits: logits.index_fill(-1, ends, float("-inf")))
    pictures = [Image(PIL.Image.effect_mandelbrot((160, 160), box, 40).convert("RGB")) for box in _BOXES]
    shown = [engine._media.patches(picture) for picture in pictures]
    weights = sum(weight.nbytes for weight in engine.model.parameters())
    model.invoke(text(engine, Random(1), 2000))  # what is made once, is made now
    before = resident()
    converse(model, history(engine, Random(2), pictures), Random(2), lambda _step, _ids: None)
    held, needed = weights + resident() - before, weights + engine._pool._idle[-1].nbytes
    marking: list[float] = []
    engine._pool.mark = timed(engine._pool.mark, marking)
    full, kept, cache = Run(), Run(), DynamicCache(config=engine.model.config)

    def others(step: int, ids: list[int]) -> None:
        generate(engine, shown, ids, step, kept, cache)
        if step in FULL:
            generate(engine, shown, ids, step, full, None)
        if step == 0:
            marking.clear()  # those of the history

    ours = converse(model, history(engine, Random(3), pictures), Random(3), others)
    session = engine._pool._idle[-1]
    later = range(1, STEPS)
    step_seconds = median(ours.seconds[step] for step in later)
    figures = {
        f"{kind}: tokens in the conversation at the end": len(session.ids),
        f"{kind}: quintet, seconds a step": step_seconds,
        f"{kind}: quintet, seconds to the first token": median(ours.first[step] for step in later),
        f"{kind}: quintet, tokens read a step": median(ours.read[step] for step in later),
        f"{kind}: generate with the full history, seconds a step": median(full.seconds.values()),
        f"{kind}: generate with the full history, seconds to the first token": median(full.first.values()),
        f"{kind}: generate with the full history, tokens read a step": median(full.read.values()),
        f"{kind}: generate with a kept cache, seconds a step": median(kept.seconds[step] for step in later),
        f"{kind}: generate with a kept cache, seconds to the first token": median(kept.first[step] for step in later),
        f"{kind}: steps at which a kept cache writes what quintet writes": same(kept, ours),
        f"{kind}: steps of {len(FULL)} at which the full history writes what quintet writes": same(full, ours),
        f"{kind}: weights, MB": weights / 1e6,
        f"{kind}: keys, values and states, MB": session.nbytes / 1e6,
        f"{kind}: of which to go back to, MB": session.marks_nbytes / 1e6,
        f"{kind}: memory held, MB": held / 1e6,
    }
    first = median(full.first[step] / ours.first[step] for step in FULL)
    whole = median(full.seconds[step] / ours.seconds[step] for step in FULL)
    beside = median(kept.seconds[step] / ours.seconds[step] for step in later)
    new = median(ours.read[step] for step in later) + WRITTEN
    return figures, [
        Claim(f"{kind}: tokens read and written over new tokens", new / (READ + WRITTEN), most=1.05),
        Claim(f"{kind}: time to the first token with the full history over quintet's", first, least=20),
        Claim(f"{kind}: a step with the full history over one of quintet's", whole, least=8),
        Claim(f"{kind}: a step with a kept cache over one of quintet's", beside, least=0.8),
        Claim(f"{kind}: share of marks in a step", sum(marking) / (STEPS - 1) / step_seconds, most=0.02),
        Claim(f"{kind}: memory over weights, keys, values and states", held / needed, most=1.1),
    ]


def converse(model: ChatModel, messages: list[BaseMessage], rng: Random, then: Callable[[int, list[int]], None]) -> Run:
    """All steps with quintet; `then` gets the ids of each step's prompt."""
    run, engine = Run(), cast(Any, model.engine)
    for step in range(STEPS):
        messages.append(HumanMessage(text(engine, rng, READ - 12)))
        start = time.perf_counter()
        chunks = model.stream(messages)
        answer = next(chunks)
        run.first[step] = time.perf_counter() - start
        answer = sum(chunks, start=answer)
        run.seconds[step] = time.perf_counter() - start
        usage: Any = answer.usage_metadata
        end = usage["input_tokens"]
        ids = engine._pool._idle[-1].ids
        run.read[step] = end - usage["input_token_details"]["cache_read"]
        run.written[step] = ids[end : end + WRITTEN]
        messages.append(answer)
        then(step, ids[:end])
    return run


class Clock(BaseStreamer):
    """Notes when tokens come; the prompt is the first that does."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def put(self, value: Tensor) -> None:
        self.times.append(time.perf_counter())

    def end(self) -> None:
        pass


def generate(engine: Any, shown: list[Any], ids: list[int], step: int, run: Run, cache: DynamicCache | None) -> None:
    """A step of transformers' generate on the same ids; with a cache, on what it doesn't hold of them."""
    known = cache.get_seq_length() if cache else 0
    prompt, module = torch.tensor([ids]), engine.model
    pictures = {
        "pixel_values": torch.cat([patches.normalised(torch.float32, "cpu") for patches in shown]),
        "image_grid_thw": torch.tensor([patches.grid for patches in shown]),
    }
    start, clock = time.perf_counter(), Clock()
    whole = module.generate(
        input_ids=prompt,
        attention_mask=torch.ones_like(prompt),
        mm_token_type_ids=(prompt == module.config.image_token_id).int(),
        **({} if known else pictures),
        past_key_values=cache,
        do_sample=False,
        max_new_tokens=WRITTEN,
        streamer=clock,
    )
    run.seconds[step] = time.perf_counter() - start
    run.first[step] = clock.times[1] - start
    run.read[step] = len(ids) - known
    run.written[step] = whole[0, len(ids) :].tolist()


def same(run: Run, ours: Run) -> int:
    """At how many steps the same tokens were written."""
    return sum(written == ours.written[step] for step, written in run.written.items())


def history(engine: Any, rng: Random, pictures: list[Image]) -> list[BaseMessage]:
    """One long question: pictures and a text, 16,000 tokens in all."""
    tokens = sum(engine._media.patches(picture).tokens for picture in pictures)
    blocks: list[Any] = [*(picture.to_block() for picture in pictures), {"type": "text", "text": ""}]
    blocks[-1]["text"] = text(engine, rng, HISTORY - tokens)
    return [HumanMessage(blocks)]


def text(engine: Any, rng: Random, tokens: int) -> str:
    """Words, about `tokens` tokens of them."""
    words = "the boat went over a calm sea and nobody on it knew what time of day it was".split()
    said = " ".join(rng.choices(words, k=tokens))
    ids = engine.tokenize(said)[:tokens]
    written: str = engine.format.decode(ids)
    return written


def deeper(folder: Path) -> Path:
    """A checkpoint of 24 layers with random weights."""
    config = json.loads((NANO / "config.json").read_text())
    config["text_config"] |= {"num_hidden_layers": 24, "hidden_size": 384, "layer_types": None}
    config["text_config"]["layer_types"] = ["linear_attention"] * 3 + ["full_attention"]
    config["text_config"]["layer_types"] *= 6
    config["vision_config"]["out_hidden_size"] = 384
    torch.manual_seed(0)
    Qwen3_5MoeForConditionalGeneration(Qwen3_5MoeConfig(**config)).float().save_pretrained(folder)
    for file in NANO.glob("*.js*"):
        if file.name != "config.json":
            copy(file, folder)
    copy(NANO / "chat_template.jinja", folder)
    return folder


def timed(work: Callable[..., Any], into: list[float]) -> Callable[..., Any]:
    """`work`, which notes the seconds that it takes."""

    def timing(*args: Any) -> Any:
        start = time.perf_counter()
        result = work(*args)
        into.append(time.perf_counter() - start)
        return result

    return timing


def resident() -> int:
    """Bytes of memory that this process holds, without what was freed and is kept for later."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.partition("VmRSS:")[2].split()[0])


if __name__ == "__main__":
    main(measure)
