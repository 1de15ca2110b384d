import random
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from transformers.models.qwen3_vl.processing_qwen3_vl import Qwen3VLProcessor
from transformers.models.qwen3_vl.video_processing_qwen3_vl import Qwen3VLVideoProcessor
from transformers.video_utils import VideoMetadata

from quintet.errors import BadInputError
from quintet.vision import Video
from quintet.vision.patches import pair_times
from quintet.vision.sampling import Times, average_rate, choose, frame_count, stretch, stretch_frames


@pytest.mark.parametrize("rate", [1.0, 10.0, 15.0, 23.976, 24.0, 25.0, 30000 / 1001, 30.0, 50.0, 60.0, 120.0])
@pytest.mark.parametrize("total", [1, 2, 3, 4, 5, 7, 30, 97, 250, 1500, 12345])
@pytest.mark.parametrize("fps", [0.5, 2.0, 7.0])
def test_indices_and_times_are_the_stock_ones_at_a_constant_rate(rate: float, total: int, fps: float) -> None:
    stock = SimpleNamespace(fps=2, min_frames=4, max_frames=768)
    metadata = VideoMetadata(total_num_frames=total, fps=rate)
    expected = Qwen3VLVideoProcessor.sample_frames(stock, metadata, fps=fps)

    times = np.arange(total) / rate
    count = frame_count(times, average_rate(times, rate), fps=fps, min_frames=4, max_frames=768)
    chosen = choose(times, rate, count)
    assert chosen == expected.tolist()

    stamps = Qwen3VLProcessor._calculate_timestamps(None, expected, rate, 2)
    assert pair_times([float(times[i]) for i in chosen], 2) == pytest.approx(stamps, abs=1e-9)


def test_stamps_in_milliseconds_still_count_as_a_constant_rate() -> None:
    times = np.round(np.arange(300) / 30, 3)
    assert choose(times, 30.0, 20) == np.linspace(0, 299, 20).round().astype(int).tolist()


def test_a_variable_rate_is_sampled_by_time_not_by_number() -> None:
    busy_then_quiet = np.concatenate([np.arange(100) / 100, np.arange(1, 11)])
    chosen = choose(busy_then_quiet, average_rate(busy_then_quiet, 0.0), 11)
    assert [busy_then_quiet[i] for i in chosen] == pytest.approx(range(11), abs=0.011)


def test_a_frame_shown_for_long_is_taken_once() -> None:
    times = np.array([0.0, 0.1, 0.2, 30.0, 30.1])
    assert choose(times, average_rate(times, 0.0), 600) == [0, 1, 2, 3, 4]
    assert choose(times, average_rate(times, 0.0), 3) == [0, 2, 4]


def test_the_stated_rate_holds_where_the_times_agree() -> None:
    assert average_rate(np.arange(100) / 25, 25.0) == 25.0
    assert average_rate(np.arange(100) / 10, 25.0) == pytest.approx(10.0)
    assert average_rate(np.zeros(1), 25.0) == 25.0


def test_a_stretch_holds_the_frames_that_appear_in_it() -> None:
    times = np.arange(100) / 10
    assert stretch(times, times[-1] + 2.5, None, None) == slice(0, 100)
    assert stretch(times, times[-1] + 2.5, 2.0, 3.0) == slice(20, 31)
    assert stretch(times, times[-1] + 2.5, 5.0, None) == slice(50, 100)


def test_a_stretch_between_two_frames_holds_the_one_on_screen() -> None:
    times = np.array([0.0, 5.0, 10.0])
    assert stretch(times, times[-1] + 2.5, 6.0, 7.0) == slice(1, 2)
    assert stretch(times, times[-1] + 2.5, 11.0, 12.0) == slice(2, 3)


def test_a_stretch_after_the_end_is_refused() -> None:
    with pytest.raises(BadInputError, match=r"start=20 s: the video ends at 10\.0 s"):
        stretch(np.arange(100) / 10, 10.0, 20.0, 30.0)


HOUR = np.arange(25 * 3600) / 25


def looked(times: Times, start: float, end: float, **settings: float) -> list[int]:
    settings = {"fps": 2.0, "max_frames": 8, **settings}
    return stretch_frames(times, average_rate(times, 0.0), start, end, **settings)  # type: ignore[arg-type]


def pairs(frames: list[int]) -> set[tuple[int, ...]]:
    return {tuple(frames[i : i + 2]) for i in range(0, len(frames), 2)}


@pytest.mark.parametrize("max_frames", [8, 16, 31, 768])
@pytest.mark.parametrize("fps", [0.3, 2.0, 7.0, 25.0, 100.0])
def test_overlapping_stretches_of_equal_settings_share_their_pairs(fps: float, max_frames: int) -> None:
    one = looked(HOUR, 1000.0, 1020.0, fps=fps, max_frames=max_frames)
    other = looked(HOUR, 1013.1, 1033.1, fps=fps, max_frames=max_frames)
    shared = pairs(one) & pairs(other)
    within = {frame for frame in {*one, *other} if 1013.1 <= HOUR[frame] <= 1020.0}
    assert within
    assert within <= {frame for pair in shared for frame in pair}


def test_a_stretch_is_covered_from_its_first_moment_to_its_last() -> None:
    draw = random.Random(1)
    for _ in range(300):
        start = draw.uniform(0, 3500)
        end = min(start + 2 ** draw.uniform(-2, 10), 3599.0)
        asked = draw.randint(2, 64)
        frames = looked(HOUR, start, end, max_frames=asked)
        assert frames == sorted(set(frames))
        assert 1 <= len(frames) <= asked
        shown = HOUR[frames]
        gap = max(np.diff(shown).max(initial=0.04), 0.04)
        assert shown[0] - gap - 0.05 <= start + gap
        assert start - gap - 0.05 <= shown[0] <= start + gap + 0.05 or len(frames) <= 2
        assert end - gap - 0.05 <= shown[-1] <= end + gap + 0.05 or len(frames) <= 2


def test_at_least_half_of_the_frames_asked_for_come() -> None:
    for length in np.linspace(8, 900, 400):
        for asked in (8, 16, 64):
            if length * 2 >= asked:
                assert len(looked(HOUR, 600.0, 600.0 + length, max_frames=asked)) >= asked / 2


def test_a_rate_above_the_files_own_gives_every_frame_once() -> None:
    assert looked(HOUR, 10.0, 12.0, fps=60.0, max_frames=768) == list(range(250, 302))


def test_short_stretches_show_what_is_there() -> None:
    assert len(looked(HOUR, 3.1, 3.2)) == 4
    assert set(looked(HOUR, 3.1, 3.2)) >= {78, 79, 80}
    assert 250 in looked(HOUR, 10.01, 10.02)
    assert len(looked(HOUR, 100.0, 101.0)) >= 4
    assert looked(HOUR, 3599.9, 4000.0)[-1] == len(HOUR) - 1


def test_a_budget_below_a_pair_gives_one_frame_of_the_stretch() -> None:
    (frame,) = looked(HOUR, 5.0, 7.0, max_frames=1)
    assert 5.0 <= HOUR[frame] <= 7.0


def test_a_picture_that_stands_still_is_not_paired_with_one_far_away() -> None:
    slides = np.array([0.0, 5.0, 60.0, 65.0, 120.0])
    assert looked(slides, 6.0, 50.0) == [1]
    assert looked(slides, 58.0, 70.0) == [2, 3]
    assert looked(np.zeros(1), 0.0, 5.0) == [0]


def test_a_variable_rate_is_looked_at_by_time() -> None:
    busy_then_quiet = np.concatenate([np.arange(1000) / 100, 10 + np.arange(0, 50) / 2])
    frames = looked(busy_then_quiet, 5.0, 15.0, fps=2.0, max_frames=100)
    assert np.diff(busy_then_quiet[frames]) == pytest.approx(0.5, abs=0.011)


def test_overlapping_stretches_of_a_file_have_temporal_patches_in_common(make_video: Callable[..., Path]) -> None:
    path = make_video(frames=300, size=(640, 352))
    one, other = (
        Video(path, start=start, end=start + 5, max_frames=16, max_tokens=600).patches() for start in (1.0, 3.3)
    )
    shared = set(one.digests) & set(other.digests)
    within = [time for time in one.times if 3.3 <= time <= 6.0]
    assert len(shared) >= len(within) >= 2
