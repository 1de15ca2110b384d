from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
from numpy.typing import NDArray

from quintet.errors import BadInputError, MissingFileError
from quintet.vision import Patches, Video, VideoInfo, VisionSettings
from quintet.vision.resize import resize

MakeVideo = Callable[..., Path]
Frames = NDArray[np.uint8]
ReadNumber = Callable[[Frames], int]
ToFrames = Callable[[Patches], Frames]


def test_a_clip_becomes_patches_with_true_times(
    make_video: MakeVideo, to_frames: ToFrames, read_number: ReadNumber
) -> None:
    video = Video(make_video(frames=100))
    assert video.info == VideoInfo(width=192, height=128, duration=4.0, fps=25.0, frames=100)
    patches = video.patches()
    assert patches.kind == "video"
    assert patches.grid == (4, 8, 12)
    assert patches.tokens == 4 * 24
    stock = np.linspace(0, 99, 8).round().astype(int)
    assert [read_number(frame) for frame in to_frames(patches)] == stock.tolist()
    assert patches.times == pytest.approx((stock / 25).reshape(4, 2).mean(axis=1))


def test_a_path_and_its_bytes_give_the_same_patches(make_video: MakeVideo) -> None:
    path = make_video()
    by_path, by_bytes = Video(path), Video(path.read_bytes())
    assert by_path.patches().digest == by_bytes.patches().digest
    assert (by_path.name, by_bytes.name) == ("clip.mp4", "video")


def test_frames_are_resized_like_single_pictures(
    make_video: MakeVideo, every_frame: Callable[[Path], list[Frames]], to_frames: ToFrames
) -> None:
    path = make_video(frames=25, size=(256, 192))
    settings = VisionSettings(video_max_pixels=4 * 96 * 128)
    frames = to_frames(Video(path, max_frames=4).patches(settings))
    assert frames.shape == (4, 96, 128, 3)
    for index, frame in zip((0, 8, 16, 24), frames, strict=True):
        original = torch.from_numpy(every_frame(path)[index]).permute(2, 0, 1)
        assert np.array_equal(frame, resize(original, (96, 128)).permute(1, 2, 0).numpy())


def test_an_odd_number_of_frames_repeats_the_last(
    make_video: MakeVideo, to_frames: ToFrames, read_number: ReadNumber
) -> None:
    patches = Video(make_video(), fps=25.0, max_frames=5).patches()
    assert patches.grid[0] == 3
    assert [read_number(frame) for frame in to_frames(patches)] == [0, 15, 30, 44, 59, 59]
    assert patches.times[-1] == pytest.approx(59 / 25)


def test_a_clip_of_one_frame(make_video: MakeVideo) -> None:
    patches = Video(make_video(frames=1)).patches()
    assert (patches.grid, patches.times) == ((1, 8, 12), (0.0,))


def test_settings_of_the_video_win_over_the_checkpoints(make_video: MakeVideo) -> None:
    path = make_video(frames=100)
    assert Video(path, fps=4.0).patches().grid[0] == 8
    assert Video(path, fps=4.0, max_frames=6).patches().grid[0] == 3
    assert Video(path).patches(VisionSettings(fps=1.0, min_frames=2)).grid[0] == 2
    assert Video(path, max_tokens=30).patches().tokens <= 30


def test_a_stretch_keeps_the_times_of_the_whole(make_video: MakeVideo, to_frames: ToFrames) -> None:
    video = Video(make_video(frames=100), fps=25.0)
    whole, part = video.patches(), video.clip(2.0, 3.0).patches()
    assert len(part.times) == 13
    assert 2.0 <= min(part.times) <= max(part.times) <= 3.0
    assert np.array_equal(to_frames(part)[:26], to_frames(whole)[50:76])
    assert repr(video.clip(2.0, 3.0)) == "Video('clip.mp4', fps=25.0, start=2.0, end=3.0)"


def test_the_same_stretch_has_the_same_digest(make_video: MakeVideo) -> None:
    path = make_video(frames=100)
    assert Video(path, start=1.0, end=2.0).patches().digest == Video(path).clip(1.0, 2.0).patches().digest
    assert Video(path, start=1.0, end=2.0).patches().digest != Video(path, start=2.0, end=3.0).patches().digest


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv"])
def test_times_are_true_at_a_variable_rate(
    make_video: MakeVideo, to_frames: ToFrames, read_number: ReadNumber, name: str
) -> None:
    stamps = [0, 10, 20, 30, 40, 560, 600, 1000, 1010, 1020]  # hundredths of a second
    patches = Video(make_video(name, len(stamps), stamps=stamps, base=Fraction(1, 100))).patches()
    numbers = [read_number(frame) for frame in to_frames(patches)]
    shown = [stamps[number] / 100 for number in numbers]
    assert patches.times == pytest.approx([(a + b) / 2 for a, b in zip(shown[::2], shown[1::2], strict=True)], abs=2e-3)
    assert {5, 6, 7} <= set(numbers)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.ts"])
def test_the_first_frame_is_at_zero_wherever_the_file_begins(make_video: MakeVideo, name: str) -> None:
    video = Video(make_video(name, 50, stamps=[500 + i for i in range(50)], base=Fraction(1, 25)))
    assert video.info.duration == pytest.approx(2.0, abs=0.01)
    assert video.patches().times == pytest.approx((0.32, 1.64), abs=0.002)


@pytest.mark.parametrize(("rotation", "turns"), [(90, 1), (180, 2), (-90, 3)])
@pytest.mark.parametrize("mirror", [False, True])
def test_rotation_metadata_is_applied(
    make_video: MakeVideo,
    every_frame: Callable[[Path], list[Frames]],
    to_frames: ToFrames,
    rotation: int,
    turns: int,
    mirror: bool,
) -> None:
    path = make_video(frames=4, rotation=rotation, mirror=mirror)
    video = Video(path)
    coded = every_frame(path)[0]
    upright = np.rot90(coded, turns)
    upright = upright[:, ::-1] if mirror else upright
    assert (video.info.height, video.info.width) == upright.shape[:2]
    assert np.array_equal(to_frames(video.patches())[0], upright)


def test_sample_aspect_ratio_is_applied(make_video: MakeVideo) -> None:
    video = Video(make_video(frames=4, aspect=Fraction(2, 1)))
    assert (video.info.width, video.info.height) == (384, 128)
    assert video.patches().grid == (2, 8, 24)


@pytest.mark.parametrize("form", ["gif", "webp", "png"])
def test_animated_pictures_are_videos(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"moving.{form}"
    shades = [PIL.Image.new("RGB", (64, 64), (20 * i, 0, 0)) for i in range(10)]
    shades[0].save(path, save_all=True, append_images=shades[1:], duration=300)
    video = Video(path)
    assert (video.info.frames, video.info.duration) == (10, pytest.approx(3.0))
    patches = video.patches()
    assert patches.grid == (3, 4, 4)
    assert patches.times == pytest.approx((0.3, 1.35, 2.4))


def test_a_still_picture_is_a_video_of_one_frame(tmp_path: Path) -> None:
    PIL.Image.new("RGB", (64, 64)).save(tmp_path / "still.png")
    assert Video(tmp_path / "still.png").patches().times == (0.0,)


def test_settings_out_of_range_are_refused(make_video: MakeVideo, tmp_path: Path) -> None:
    path = make_video()
    for settings in ({"fps": 0}, {"max_frames": 0}, {"max_tokens": -1}, {"start": -1.0}, {"start": 2.0, "end": 1.0}):
        with pytest.raises(BadInputError, match="expected"):
            Video(path, **settings)
    with pytest.raises(BadInputError, match="the video ends at"):
        Video(path).clip(100.0, 110.0).patches()
    with pytest.raises(MissingFileError):
        Video(tmp_path / "nothing.mp4")
