"""The table of skills: `python -m training.evaluate [--skill tools] [--samples 100] [--json]`.

Held-out samples (words, names, values and phrasings that training never draws), answered by real generation through
the product's own path: pictures as PNG files, clips as H.264 files, `load_model`, greedy, thinking on and off. A sample
is right when each of its graded turns is: the answer's text, or the call's name and arguments, equal to the expected
ones. Turns before the one being answered are given as they should have been.
"""

import argparse
import io
import json
import re
import tempfile
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import av
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from PIL import Image as Pillow

from quintet import Image, Video, load_model
from quintet.agent.media import media_in
from quintet.model import ChatModel
from quintet.tools import media_shelf, watch_video

from .reels import Reel
from .sample import Clip, Part, Picture, Sample, Turn
from .skills import LEVEL, SKILLS

Result = dict[str, Any]


def messages(turns: tuple[Turn, ...], folder: Path) -> list[BaseMessage]:
    """The turns as the product's messages."""
    out: list[BaseMessage] = []
    pending: list[Any] = []
    for turn in turns:
        match turn.role:
            case "system":
                out.append(SystemMessage(turn.text))
            case "user":
                out.append(HumanMessage(content=_blocks(turn.parts, folder)))
            case "tool" if any(isinstance(part, Clip) and isinstance(part.film, Reel) for part in turn.parts):
                out.append(_watched(out, pending.pop(0)))
            case "tool":
                out.append(ToolMessage(content=_blocks(turn.parts, folder), tool_call_id=pending.pop(0)["id"]))
            case _:
                calls = [
                    {"name": call.name, "args": call.arguments, "id": uuid4().hex, "type": "tool_call"}
                    for call in turn.calls
                ]
                pending = list(calls)
                content: list[str | dict[str, Any]] = (
                    [{"type": "reasoning", "reasoning": turn.thought}] if turn.thought else []
                )
                content += [{"type": "text", "text": turn.text}] if turn.text else []
                out.append(AIMessage(content=content, tool_calls=calls))
    return out


def _watched(history: list[BaseMessage], call: Any) -> ToolMessage:
    """What the product's own tool shows of the videos in `history`."""
    shelf = media_shelf.set(tuple(media_in(history)))
    try:
        message: ToolMessage = watch_video.invoke(call)
    finally:
        media_shelf.reset(shelf)
    return message


def _blocks(parts: tuple[Part, ...], folder: Path) -> Any:
    if all(isinstance(part, str) for part in parts):
        return "".join(part for part in parts if isinstance(part, str))
    return [{"type": "text", "text": part} if isinstance(part, str) else _media(part, folder) for part in parts]


def _media(part: Picture | Clip, folder: Path) -> dict[str, Any]:
    if isinstance(part, Picture):
        packed = io.BytesIO()
        Pillow.fromarray(part.pixels).save(packed, "PNG")
        return Image(packed.getvalue()).to_block()
    path = folder / f"{uuid4().hex}.mp4"
    write_film(part, path, 1.0 if isinstance(part.film, Reel) else 2.0)
    when = part.timing
    wanted: dict[str, Any] = (
        {"fps": when.wanted * when.rate / when.count, "max_frames": when.wanted} if when.begin else {}
    )
    if isinstance(part.film, Reel):
        wanted = {"max_frames": when.wanted}
    return Video(path, **wanted).to_block()


def write_film(clip: Clip, path: Path, scale: float = 2.0) -> None:
    """The whole clip, every frame, as H.264, its time starting where the clip's does."""
    with av.open(path, "w") as file:
        stream = file.add_stream("libx264", rate=clip.timing.rate, options={"crf": "20", "preset": "ultrafast"})
        stream.width, stream.height = int(clip.film.width * scale) // 2 * 2, int(clip.film.height * scale) // 2 * 2
        stream.pix_fmt = "yuv420p"
        for index, time in enumerate(clip.timing.all_times):
            frame = av.VideoFrame.from_image(clip.film.frame(time, scale).resize((stream.width, stream.height)))
            frame.pts, frame.time_base = index, Fraction(1, clip.timing.rate)
            file.mux(stream.encode(frame))
        file.mux(stream.encode())


def answered(model: ChatModel, sample: Sample, folder: Path) -> Result:
    """Runs one sample; what was expected and found at the first turn that is wrong, or at the last."""
    bound = model.bind_tools(list(sample.tools)) if sample.tools else model
    history = messages(sample.turns, folder)
    result: Result = {}
    for index, turn in enumerate(sample.turns):
        if turn.role == "assistant" and turn.graded:
            found = bound.invoke(
                history[:index], temperature=0.0, presence_penalty=0.0, max_tokens=160, thinking=sample.thinking
            )
            result = {"expected": _said(turn.text, [(call.name, call.arguments) for call in turn.calls])}
            result["found"] = _said(
                str(found.text).strip(), [(call["name"], call["args"]) for call in found.tool_calls]
            )
            result["right"] = agrees(result["expected"], result["found"], sample.tolerance)
            if not result["right"]:
                break
    return result


def _said(text: str, calls: list[tuple[str, dict[str, Any]]]) -> str:
    return text + "".join(f" {name}({json.dumps(arguments, sort_keys=True)})" for name, arguments in calls)


def agrees(expected: str, found: str, tolerance: float) -> bool:
    """Equal, or equal up to a time that is off by at most `tolerance` seconds."""
    if expected == found or not tolerance:
        return expected == found
    pattern = r"(\d+\.\d) seconds"
    times = [re.findall(pattern, text) for text in (expected, found)]
    same = re.sub(pattern, "", expected) == re.sub(pattern, "", found) and len(times[0]) == len(times[1])
    return same and all(abs(float(a) - float(b)) <= tolerance for a, b in zip(*times, strict=True))


def evaluate(model: ChatModel, skill: str, samples: int, level: float, seed: int = 2026) -> list[Result]:
    """`samples` held-out samples of one skill, half of them with thinking."""
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for index in range(samples):
            rng = Random(f"{seed}/{skill}/{index}")
            while True:
                sample = SKILLS[skill](rng, held=True, level=level)
                if sample.thinking == bool(index % 2):
                    break
            results.append(answered(model, sample, Path(folder)) | {"skill": skill, "thinking": sample.thinking})
    return results


def main() -> None:
    """Reads the command line and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="nano")
    parser.add_argument("--skill", nargs="*", choices=list(SKILLS), default=list(SKILLS))
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--level", type=float, default=LEVEL, help="difficulty, 0 to 1")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--verbose", action="store_true", help="show what was wrong")
    args = parser.parse_args()
    model = load_model(args.model)
    table = {}
    for skill in args.skill:
        results = evaluate(model, skill, args.samples, args.level)
        share = {
            mode: [r["right"] for r in results if r["thinking"] in which]
            for mode, which in (("all", (True, False)), ("off", (False,)), ("on", (True,)))
        }
        table[skill] = {mode: round(sum(right) / max(1, len(right)), 3) for mode, right in share.items()}
        if not args.json:
            print(
                f"{skill:<14}" + "".join(f"  {mode} {value:6.1%}" for mode, value in table[skill].items()), flush=True
            )
        if args.verbose:
            for result in results:
                if not result["right"]:
                    print(f"    {result['expected']!r}\n    {result['found']!r}", flush=True)
    mean = sum(row["all"] for row in table.values()) / len(table)
    print(json.dumps({"skills": table, "mean": round(mean, 3)}) if args.json else f"{'mean':<14}  all {mean:6.1%}")


if __name__ == "__main__":
    main()
