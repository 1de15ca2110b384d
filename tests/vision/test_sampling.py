from types import SimpleNamespace

import numpy as np
import pytest
from transformers.models.qwen3_vl.processing_qwen3_vl import Qwen3VLProcessor
from transformers.models.qwen3_vl.video_processing_qwen3_vl import Qwen3VLVideoProcessor
from transformers.video_utils import VideoMetadata

from quintet.errors import BadInputError
from quintet.vision.patches import pair_times
from quintet.vision.sampling import average_rate, choose, frame_count, stretch


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
