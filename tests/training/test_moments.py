"""Long videos: moments are told exactly, looked at as the product looks, and the answer is what was shown then."""

from pathlib import Path
from random import Random

import numpy as np
import pytest

from quintet.vision import VisionSettings, media_from_block
from quintet.vision.resize import video_size
from quintet.vision.sampling import stretch_frames
from training.clips import lattice, shown_size
from training.evaluate import messages
from training.reels import SIZES
from training.sample import Clip, Sample
from training.sizes import preprocessors
from training.skills.clock import moment, spelled, stretch
from training.skills.moments import moments

SETTINGS = VisionSettings.from_hf(*preprocessors().values())


def clips(sample: Sample) -> list[Clip]:
    return [part for turn in sample.turns for part in turn.parts if isinstance(part, Clip)]


@pytest.mark.parametrize("held", [False, True])
def test_a_clock_says_its_second(held: bool) -> None:
    rng = Random(1)
    for _ in range(2000):
        said, second = moment(rng, 7200, held=held)
        assert 0 <= second <= 7200
        for word in said.split():
            parts = word.strip("~.").split(":")
            if len(parts) > 1:
                assert sum(int(part) * 60**place for place, part in enumerate(reversed(parts))) == second
        if said.endswith(" minutes") and said.split()[-2].isdigit():
            assert int(said.split()[-2]) * 60 == second or "hour" in said


def test_numbers_in_words() -> None:
    assert [spelled(n) for n in (1, 19, 20, 41, 99)] == ["one", "nineteen", "twenty", "forty-one", "ninety-nine"]


def test_a_stretch_begins_with_the_video() -> None:
    assert stretch(2460) == (2445, 2475)
    assert stretch(4) == (0, 19)


@pytest.mark.parametrize("rate", [10, 25])
def test_a_stretch_shows_the_frames_that_the_product_shows(rate: int) -> None:
    rng = Random(rate)
    for _ in range(20):
        duration = rng.randint(60, 2000)
        start, end = stretch(rng.randint(0, duration - 40))
        times = np.arange(duration * rate) / rate
        expected = [float(times[i]) for i in stretch_frames(times, rate, start, end, fps=rate, max_frames=8)]
        assert lattice(rate, start, end, duration)[-len(expected) :] == pytest.approx(expected, abs=1.01 / rate)


@pytest.mark.parametrize("size", SIZES)
def test_frames_have_the_size_that_the_product_gives_them(size: tuple[int, int]) -> None:
    width, height = size
    for frames in (4, 6, 8, 16, 32):
        assert shown_size(frames, width, height) == video_size(frames, height, width, SETTINGS)[::-1]


def test_a_call_names_the_stretch_that_is_shown() -> None:
    for seed in range(20):
        sample = moments(Random(seed))
        shown = iter(clips(sample)[1:])
        for turn, after in zip(sample.turns, sample.turns[1:], strict=False):
            if turn.calls and after.role == "tool" and turn.calls[0].arguments["video"] == 1:
                wanted, seen = turn.calls[0].arguments, next(shown)
                assert wanted["end"] > wanted["start"] >= 0
                assert seen.times[0] > wanted["start"] - 9
                assert seen.times[-1] < wanted["end"] + 9


def test_evaluation_shows_what_the_product_tool_shows(tmp_path: Path) -> None:
    sample = moments(Random(4), held=True)
    found = [turn for turn in messages(sample.turns, tmp_path) if turn.type == "tool"]
    expected = [turn for turn in sample.turns if turn.role == "tool"]
    for one, turn in zip(found, expected, strict=True):
        text, block = one.content
        assert text["text"] == turn.text
        media = media_from_block(block)
        [clip] = [part for part in turn.parts if isinstance(part, Clip)]
        assert media is not None
        grid = media.patches(SETTINGS).grid
        assert grid == (len(clip.frames) // 2, clip.frames.shape[1] // 16, clip.frames.shape[2] // 16)
