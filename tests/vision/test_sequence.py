from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import torch

from quintet.errors import BadInputError, MediaError, MissingFileError
from quintet.vision import Image, MediaPolicy, Video, media_from_block
from quintet.vision.sequence import FramesTrack

FRAMES = np.random.default_rng(0).integers(0, 256, (6, 48, 64, 3), dtype=np.uint8)


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    found = [tmp_path / f"{number}.png" for number in range(len(FRAMES))]
    for path, frame in zip(found, FRAMES, strict=True):
        PIL.Image.fromarray(frame).save(path)
    return found


def read(frames: Any, rate: float = 2.0) -> np.ndarray[Any, Any]:
    track = FramesTrack(frames, rate)
    return np.stack([rgb for _, rgb in track.frames(range(len(track.times)))])


def test_frames_of_every_kind_read_the_same(paths: list[Path]) -> None:
    tensor = torch.from_numpy(FRAMES).permute(0, 3, 1, 2)
    pictures = [PIL.Image.fromarray(frame) for frame in FRAMES]
    for frames in (
        *(paths, [str(path) for path in paths], [path.read_bytes() for path in paths], tuple(pictures)),
        *(FRAMES, list(FRAMES), FRAMES / 255, tensor, list(tensor), [Image(picture) for picture in pictures]),
        [paths[0], *pictures[1:3], *FRAMES[3:]],
    ):
        assert np.array_equal(read(frames), FRAMES)


def test_times_follow_from_the_rate() -> None:
    track = FramesTrack(FRAMES, 4)
    assert track.times.tolist() == [0, 0.25, 0.5, 0.75, 1.0, 1.25]
    assert (track.info.width, track.info.height, track.info.frames) == (64, 48, 6)
    assert (track.info.duration, track.info.fps) == (1.5, 4.0)
    assert track.keyframes.tolist() == [0, 1, 2, 3, 4, 5]
    assert track.counted() is track
    assert not track.report
    assert [index for index, _ in track.frames([1, 4])] == [1, 4]


def test_only_wanted_frames_are_opened(paths: list[Path]) -> None:
    track = FramesTrack(paths, 1.0)
    paths[2].unlink()
    paths[3].write_bytes(b"\x89PNG\r\n\x1a\n")
    assert [index for index, _ in track.frames([0, 1, 4, 5])] == [0, 1, 4, 5]
    with pytest.raises(MissingFileError, match=r"2\.png"):
        list(track.frames([2]))
    with pytest.raises(MediaError, match=r"3\.png"):
        list(track.frames([3]))


def test_a_list_of_frames_is_a_video(paths: list[Path]) -> None:
    video = Video(paths, rate=2.0)
    assert video.patches().times == (0.25, 1.25, 2.25)
    assert video.patches().tokens == video.plan().tokens
    back = media_from_block(video.to_block())
    assert isinstance(back, Video)
    assert back.patches().digest == video.patches().digest


def test_blocks_may_list_frames(paths: list[Path]) -> None:
    expected = Video(paths, rate=2.0).patches()
    blocks = [Image(path).to_block() for path in paths]
    for frames in ([str(path) for path in paths], [path.as_uri() for path in paths], blocks):
        video = media_from_block({"type": "video", "video": frames, "fps": 2.0})
        assert isinstance(video, Video)
        assert video.patches().digest == expected.digest
        assert video.patches().times == expected.times
    with pytest.raises(BadInputError, match="rate: missing"):
        media_from_block({"type": "video", "video": blocks})


@pytest.mark.parametrize("rate", [None, 0, -1.0, float("nan"), float("inf"), "2", True])
def test_a_rate_is_needed(rate: Any) -> None:
    with pytest.raises(BadInputError, match="frames a second"):
        FramesTrack(FRAMES, rate)


def test_what_is_no_list_of_frames_is_refused() -> None:
    for frames, message in (
        ([], "empty"),
        (FRAMES[0], r"expected \[frames, height, width, 3\]"),
        (FRAMES[:0], "empty"),
        ("clip.mp4", "no video"),
        (5, "no video"),
        ([5], "no picture"),
    ):
        with pytest.raises(BadInputError, match=message):
            FramesTrack(frames, 1.0)
    with pytest.raises(BadInputError, match="frame 1 is 32x48 px and the first is 64x48"):
        read([FRAMES[0], FRAMES[1, :, :32]])


def test_limits_hold_for_lists_too() -> None:
    with pytest.raises(MediaError, match="last 6 s; the limit is 5 s"):
        FramesTrack(FRAMES, 1.0, MediaPolicy(max_duration=5))
    with pytest.raises(MediaError, match="over the limit"):
        FramesTrack(FRAMES, 1.0, MediaPolicy(max_pixels=1000))
