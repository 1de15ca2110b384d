"""Strategies on a real video of five scenes, the third of them short."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray

from quintet.errors import BadInputError
from quintet.vision import Video
from quintet.vision.picking import Pick, Probe, by_question, cosine, keyframes, scene_changes, uniform

RATE = 10
# Seconds at which each scene begins, and its colour.
SCENES = {0.0: "navy", 4.0: "orange", 7.0: "white", 7.6: "darkgreen", 10.0: "crimson"}
END = 16.0


def scene(time: float) -> float:
    return max(start for start in SCENES if start <= time + 1e-6)


def frame(number: int) -> NDArray[np.uint8]:
    """A grey bar that moves over the scene's colour."""
    picture = PIL.Image.new("RGB", (96, 64), SCENES[scene(number / RATE)])
    picture.paste("grey", (number % 80, 20, number % 80 + 16, 44))
    return np.asarray(picture)


def shoot(path: Path, gap: int) -> Path:
    """The five scenes, with a keyframe every `gap` frames and nowhere else."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"g": str(gap), "x264-params": "scenecut=0"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for number in range(round(END * RATE)):
            picture = av.VideoFrame.from_ndarray(frame(number), format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shoot(tmp_path_factory.mktemp("film") / "film.mp4", gap=50)


def picked(film: Path, pick: Pick, count: int) -> list[float]:
    """When the frames that fill a temporal patch each appear."""
    return list(Video(film, pick=pick, fps=10.0, max_frames=2 * count).plan().times)


class Spy:
    """A probe that passes everything on and counts what is decoded."""

    def __init__(self, pick: Pick) -> None:
        self.pick, self.looks = pick, 0

    def __call__(self, probe: Probe) -> Sequence[float]:
        self.probe = probe
        return self.pick(self)

    def __getattr__(self, name: str) -> object:
        return getattr(self.probe, name)

    def look(self, times: Sequence[float], side: int = 64) -> list[NDArray[np.uint8]]:
        self.looks += len(times)
        return self.probe.look(times, side)


def test_uniform_is_the_stock_choice(film: Path) -> None:
    assert picked(film, uniform, 5) == pytest.approx([0.0, 4.0, 8.0, 11.9, 15.9], abs=0.051)


def test_keyframes_are_taken_alone(film: Path) -> None:
    spy = Spy(keyframes)
    assert picked(film, spy, 100) == pytest.approx([0.0, 5.0, 10.0, 15.0])
    assert picked(film, keyframes, 2) == pytest.approx([0.0, 15.0])
    assert spy.looks == 0


def test_every_scene_is_shown_once(film: Path) -> None:
    times = picked(film, scene_changes(), 5)
    assert [scene(time) for time in times] == list(SCENES)


def test_where_keyframes_are_dense_only_they_are_decoded(tmp_path: Path) -> None:
    spy = Spy(scene_changes())
    times = picked(shoot(tmp_path / "dense.mp4", gap=5), spy, 5)
    assert [scene(time) for time in times] == list(SCENES)
    assert spy.looks == END * RATE / 5


def test_what_the_budget_has_left_goes_to_long_scenes(film: Path) -> None:
    shown = [scene(time) for time in picked(film, scene_changes(), 13)]
    assert len(shown) == 13
    assert [shown.count(start) for start in SCENES] == pytest.approx([3, 2, 1, 2, 5], abs=1)


def test_where_scenes_are_too_many_the_clearest_changes_count(film: Path) -> None:
    shown = [scene(time) for time in picked(film, scene_changes(), 3)]
    assert len(shown) == len(set(shown)) == 3


def test_the_threshold_says_what_a_scene_is(film: Path) -> None:
    assert picked(film, scene_changes(threshold=1.0), 4) == pytest.approx([2.0, 6.0, 10.0, 14.0], abs=0.11)  # one scene
    with pytest.raises(BadInputError, match=r"threshold=2"):
        scene_changes(threshold=2)


def test_the_frames_nearest_to_the_question_come_with_their_neighbours(film: Path) -> None:
    def redness(frames: list[PIL.Image.Image]) -> list[float]:
        assert max(max(one.size) for one in frames) <= 48
        values = [np.asarray(one, dtype=np.float64).mean(axis=(0, 1)) for one in frames]
        return [red - (green + blue) / 2 for red, green, blue in values]

    times = picked(film, by_question(redness, looks=32, side=48), 3)
    assert [scene(time) for time in times] == [10.0] * 3
    assert 0 < np.diff(times).max() <= 0.6
    spread = picked(film, by_question(redness, looks=32, side=48), 12)
    assert {scene(time) for time in spread} >= {10.0}
    assert max(spread) - min(time for time in spread if scene(time) == 10.0) > 3  # not one place alone


def test_a_budget_above_the_looks_is_spread_evenly(film: Path) -> None:
    times = picked(film, by_question(lambda frames: [0.0] * len(frames), looks=4), 40)
    assert len(times) >= 38
    assert np.diff(times).max() < 1.0
    assert times[-1] > 15.0


def test_embeddings_of_question_and_frames_are_compared_by_angle(film: Path) -> None:
    def embed(frames: list[PIL.Image.Image]) -> list[list[float]]:
        return [list(np.asarray(one, dtype=np.float64).mean(axis=(0, 1)) * 3) for one in frames]

    (time,) = picked(film, by_question(cosine([0.0, 100.0, 0.0], embed)), 1)
    assert scene(time) == 7.6  # dark green
    assert cosine([1.0, 0.0], lambda frames: [[2.0, 0.0], [0.0, 0.0]])([]) == [1.0, 0.0]


def test_a_budget_above_the_frames_takes_each_once(film: Path) -> None:
    for pick in (uniform, scene_changes(), by_question(lambda frames: range(len(frames)))):
        times = picked(film, pick, 500)
        assert times == sorted(set(times))
        assert len(times) <= 160


def test_scores_must_be_one_finite_number_each(film: Path) -> None:
    with pytest.raises(BadInputError, match="a number for each"):
        picked(film, by_question(lambda frames: [1.0]), 4)
    with pytest.raises(BadInputError, match="a number for each"):
        picked(film, by_question(lambda frames: [float("nan")] * len(frames)), 4)
    with pytest.raises(BadInputError, match="looks=0"):
        by_question(len, looks=0)  # type: ignore[arg-type]


def test_choices_are_the_same_every_time(film: Path) -> None:
    for pick in (scene_changes(), by_question(lambda frames: [0.0] * len(frames))):
        assert picked(film, pick, 7) == picked(film, pick, 7)


def test_a_stretch_is_picked_from_by_itself(film: Path) -> None:
    times = Video(film, pick=scene_changes(), start=6.0, end=9.0, fps=10.0, max_frames=6).plan().times
    assert [scene(time) for time in times] == [4.0, 7.0, 7.6]
    assert all(6.0 <= time <= 9.0 for time in times)
