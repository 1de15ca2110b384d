"""How a video is looked at: stretches, parts of frames, chosen moments, lists of frames, what was seen before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray

from quintet.errors import BadInputError, MediaError
from quintet.vision import Patches, Video, VisionSettings, media_from_block
from quintet.vision.box import edges, fractions
from quintet.vision.cache import ByteBudget
from quintet.vision.decode import FileTrack
from quintet.vision.picking import Probe, keyframes

MakeVideo = Callable[..., Path]
Frame = NDArray[np.uint8]
AsFrames = Callable[[Patches], Frame]
SMALL = VisionSettings(video_min_pixels=1024, video_max_pixels=64 * 192 * 128)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The frames of video files that were decoded, by index."""
    indices: list[int] = []
    frames = FileTrack.frames

    def counting(track: FileTrack, wanted: Sequence[int]) -> Iterator[tuple[int, Any]]:
        for index, rgb in frames(track, wanted):
            indices.append(index)
            yield index, rgb

    monkeypatch.setattr(FileTrack, "frames", counting)
    return indices


def test_the_plan_tells_tokens_and_times_before_anything_is_decoded(make_video: MakeVideo, decoded: list[int]) -> None:
    path = make_video(frames=100)
    for settings in ({}, {"max_tokens": 40}, {"start": 1.0, "end": 2.5}, {"times": [0.5, 3]}, {"box": (0, 0, 0.5, 1)}):
        plan = Video(path, **settings).plan()
        assert not decoded
        patches = Video(path, **settings).patches()
        assert (plan.grid, plan.tokens, plan.times) == (patches.grid, patches.tokens, patches.times)
        decoded.clear()


def test_an_overlapping_look_decodes_and_encodes_only_what_is_new(make_video: MakeVideo, decoded: list[int]) -> None:
    video = Video(make_video(frames=200), fps=5)
    kept: ByteBudget[Any] = ByteBudget(1 << 26)
    first = video.clip(1, 5).patches(frames=kept)
    seen = set(decoded)
    decoded.clear()
    second = video.clip(3, 7).patches(frames=kept)
    assert decoded
    assert not seen & set(decoded)
    assert len(set(first.digests) & set(second.digests)) >= 5
    decoded.clear()
    assert video.clip(3, 7).patches(frames=kept).digest == second.digest
    assert not decoded


def test_moments_fill_a_temporal_patch_each(make_video: MakeVideo, to_frames: AsFrames, read_number: Any) -> None:
    patches = Video(make_video(frames=100), times=[2, 0.5, 3.99]).patches(SMALL)
    assert patches.times == pytest.approx((0.48, 2.0, 3.96), abs=0.021)
    assert [read_number(frame) for frame in to_frames(patches)] == [12, 12, 50, 50, 99, 99]


def test_moments_are_chosen_by_a_function_of_a_probe(make_video: MakeVideo) -> None:
    path = make_video(frames=200, g="25")
    asked: list[Probe] = []

    def last(probe: Probe) -> list[float]:
        asked.append(probe)
        return [float(probe.times[-1])]

    assert Video(path, pick=last).patches().times == pytest.approx((7.96,))
    assert Video(path, pick=last, end=2).patches().times == pytest.approx((2.0,))
    assert asked[0].count == 8  # 16 frames in pairs
    shown = asked[0].look([0.0, 4.0], side=48)
    assert [frame.shape for frame in shown] == [(32, 48, 3)] * 2
    assert Video(path, pick=keyframes).patches().times == pytest.approx(tuple(range(8)))


def test_chosen_moments_survive_a_content_block(make_video: MakeVideo) -> None:
    video = Video(make_video(frames=200, g="25"), pick=keyframes, max_tokens=900)
    back = media_from_block(video.to_block())
    assert isinstance(back, Video)
    assert back.patches().digest == video.patches().digest


def test_a_stretch_of_chosen_moments_forgets_them(make_video: MakeVideo) -> None:
    path = make_video(frames=100)
    assert Video(path, times=[0.5], max_tokens=96).clip(2, 3).plan() == Video(path, max_tokens=96).clip(2, 3).plan()


def test_settings_come_from_arrays_too(make_video: MakeVideo) -> None:
    path = make_video(frames=100)
    video = Video(path, times=np.arange(3), box=np.array([0, 0, 0.5, 0.5], np.float32))
    assert video.to_block()["extras"] == {"times": [0, 1, 2], "box": [0, 0, 0.5, 0.5]}


def test_a_function_that_chooses_nothing_is_told(make_video: MakeVideo) -> None:
    with pytest.raises(BadInputError, match="pick chose no frames"):
        Video(make_video(frames=4), pick=lambda probe: []).plan()


def test_a_box_counts_pixels_exactly() -> None:
    whole = np.zeros((100, 100, 3), np.uint8)
    for left in range(100):
        assert edges(fractions((left, 0, 100, 100), 100, 100), 100, 100)[0] == left
    assert Video([whole], rate=1, box=(29, 29, 61, 61)).look.shape(Video([whole], rate=1).info) == (32, 32)


def test_a_part_of_each_frame(make_video: MakeVideo, to_frames: AsFrames, every_frame: Any) -> None:
    path = make_video(frames=4, size=(384, 256), rotation=90)
    box = (64, 192, 192, 384)  # of 256 x 384 px as seen
    by_pixels, by_fractions = Video(path, box=box), Video(path, box=(0.25, 0.5, 0.75, 1))
    assert by_pixels.patches().digest == by_fractions.patches().digest
    whole, part = (to_frames(video.patches(SMALL)) for video in (Video(path, max_tokens=192), by_pixels))
    assert part.shape[1:3] == (192, 128)
    assert whole.shape[1:3] == (384, 256)
    assert np.array_equal(part, whole[:, 192:384, 64:192])


@pytest.mark.parametrize("box", [(0, 0, 0, 1), (0.5, 0, 0.4, 1), (0, 0, 193, 128), (0, 0, 1), (-1, 0, 1, 1)])
def test_a_box_outside_the_frame_is_refused(make_video: MakeVideo, box: tuple[float, ...]) -> None:
    with pytest.raises(BadInputError, match=r"expected left, top, right, bottom inside.*192x128"):
        Video(make_video(frames=4), box=box).plan()


def test_frames_come_in_order_of_time_as_they_are_seen(make_video: MakeVideo, read_number: Any) -> None:
    from fractions import Fraction

    video = Video(make_video(frames=60, aspect=Fraction(2, 1)))
    shown = list(video.frames([2.0, 0.5, 0.51, 0]))
    assert [time for time, _ in shown] == pytest.approx([0, 0.48, 2.0], abs=0.021)
    assert [frame.shape for _, frame in shown] == [(128, 384, 3)] * 3
    assert read_number(shown[2][1][:, ::2]) == 50
    with pytest.raises(BadInputError, match=r"9 s: the video goes from 0 to 2\.4 s"):
        list(video.frames([9.0]))


def test_a_file_replaced_after_it_was_opened_is_counted_again(make_video: MakeVideo, read_number: Any) -> None:
    path = make_video(frames=60)
    video = Video(path)
    assert video.info.frames == 60
    path.write_bytes(make_video("other.mp4", frames=50, rate=10).read_bytes())
    assert [(time, read_number(rgb)) for time, rgb in video.frames([0, 1, 2])] == [(0, 0), (1, 10), (2, 20)]


def test_the_notes_of_a_look_are_of_what_it_shows(make_video: MakeVideo) -> None:
    path = make_video(frames=60, g="20")
    with av.open(str(path)) as container:
        packet = next(packet for number, packet in enumerate(container.demux(video=0)) if number == 20)
        assert packet.pos is not None
        place, size = packet.pos + packet.size // 3, packet.size - packet.size // 3
    with path.open("r+b") as file:
        file.seek(place)
        file.write(np.random.default_rng(0).bytes(size))
    assert "damaged" in Video(path, times=[1.0]).patches().notes[0]
    assert Video(path, times=[0.2, 2.0]).patches().notes == ()
    assert Video(path).report  # of the whole file


def test_a_list_of_frames_is_a_video_with_a_rate(make_video: MakeVideo, every_frame: Any) -> None:
    path = make_video(frames=30, rate=10)
    frames = every_frame(path)
    given = Video(frames, rate=10)
    assert given.patches().digest == Video(path).patches().digest
    assert Video(np.stack(frames), rate=10).patches().digest == given.patches().digest
    back = media_from_block(given.to_block())
    assert isinstance(back, Video)
    assert (back.info.frames, back.info.fps) == (30, 10)
    assert back.info.duration == pytest.approx(3.0)
    assert back.patches().digest == given.patches().digest
    with pytest.raises(BadInputError, match="rate"):
        Video(frames)
    with pytest.raises(BadInputError, match="a file has its own"):
        Video(path, rate=10)


def test_pruning_keeps_the_first_patch_and_what_changes() -> None:
    still = np.full((8, 128, 128, 3), 200, np.uint8)
    still[4:, :64, :64] = 20
    settings = VisionSettings(video_min_pixels=1024, video_max_pixels=1 << 20)
    patches = Video(still, rate=2, fps=2, prune=1.0).patches(settings)
    assert patches.kept is not None
    assert patches.kept.sum(1).tolist() == [16, 1, 4, 1]
    assert patches.tokens == 22
    whole = Video(still, rate=2, fps=2).patches(settings)
    assert whole.kept is None
    assert patches.digests == whole.digests
    assert patches.digest != whole.digest


def test_slow_changes_are_noticed_when_they_add_up() -> None:
    fading = np.stack([np.full((128, 128, 3), 100 + step, np.uint8) for step in range(8)])
    settings = VisionSettings(video_min_pixels=1024, video_max_pixels=1 << 20)
    kept = Video(fading, rate=2, fps=2, prune=4.5).patches(settings).kept
    assert kept is not None
    assert kept.sum(1).tolist() == [16, 1, 1, 14]  # two were shown in the meantime, for there is always one


def test_a_still_picture_lasts_for_one_frame(tmp_path: Path) -> None:
    PIL.Image.new("RGB", (64, 64), "red").save(tmp_path / "still.png")
    patches = Video(tmp_path / "still.png").patches()
    assert patches.grid[0] == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"fps": 0}, "fps=0: expected more than 0"),
        ({"max_pixels": -5}, "max_pixels=-5: expected more than 0"),
        ({"start": 3, "end": 1}, "expected 0 <= start < end"),
        ({"start": -1}, "expected 0 <= start < end"),
        ({"start": float("nan")}, "expected 0 <= start < end"),
        ({"times": []}, "expected one or more seconds"),
        ({"times": [-1]}, "expected one or more seconds"),
        ({"times": [1], "pick": keyframes}, "give one of them"),
        ({"prune": 0}, "prune=0: expected more than 0"),
        ({"fps": float("inf")}, "fps=inf: expected more than 0"),
        ({"max_frames": 1.5}, "max_frames=1.5: expected more than 0, a whole number"),
        ({"max_tokens": float("inf")}, "max_tokens=inf: expected more than 0, a whole number"),
        ({"times": 1.0}, "times=1.0: expected a list"),
        ({"box": 5}, "box=5: expected a list"),
        ({"times": [1], "start": 1}, "start=1: times alone"),
        ({"times": [1], "max_frames": 2}, "max_frames=2: times alone"),
        ({"pick": 3}, "pick=3: expected a function"),
    ],
)
def test_settings_out_of_range_are_refused_at_once(
    make_video: MakeVideo, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadInputError, match=message):
        Video(make_video(frames=4), **settings)


def test_a_budget_below_one_frame_is_refused(make_video: MakeVideo) -> None:
    with pytest.raises(MediaError, match="max_pixels=1000"):
        Video(make_video(frames=4), max_pixels=1000).plan()
