"""Whatever the codec and container, exactly the wanted frames come out, equal to those of a full decode."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from quintet.vision import Patches, Video

Frames = NDArray[np.uint8]
EveryFrame = Callable[[Path], list[Frames]]

OPEN_X264 = {"x264-params": "keyint=12:open-gop=1:bframes=3:b-pyramid=normal:scenecut=0"}
REFRESH_X264 = {"x264-params": "keyint=20:intra-refresh=1:bframes=2"}
OPEN_X265 = {"x265-params": "keyint=12:open-gop=1:scenecut=0:log-level=none"}
FILES = {
    "mp4-h264": ("h264.mp4", "libx264", {"g": "12"}),
    "ts-h264": ("h264.ts", "libx264", {"g": "12"}),
    "avi-h264-reordered": ("h264.avi", "libx264", {"g": "12"}),
    "raw-h264-without-stamps": ("plain.h264", "libx264", {"g": "12"}),
    "mp4-h264-open-groups": ("open.mp4", "libx264", OPEN_X264),
    "ts-h264-open-groups": ("open.ts", "libx264", OPEN_X264),
    "mp4-h264-no-keyframes": ("refresh.mp4", "libx264", REFRESH_X264),
    "ts-h264-interlaced": ("fields.ts", "libx264", {"x264-params": "keyint=12:interlaced=1"}),
    "mp4-hevc-open-groups": ("open265.mp4", "libx265", OPEN_X265),
    "ts-hevc-open-groups": ("open265.ts", "libx265", OPEN_X265),
    "mp4-mpeg4": ("mpeg4.mp4", "mpeg4", {"g": "12", "bf": "2"}),
    "avi-mpeg4": ("mpeg4.avi", "mpeg4", {"g": "12", "bf": "2"}),
    "mpg-mpeg2": ("mpeg2.mpg", "mpeg2video", {"g": "12", "bf": "2"}),
    "ts-mpeg2": ("mpeg2.ts", "mpeg2video", {"g": "12", "bf": "2"}),
    "webm-vp8-hidden-frames": ("vp8.webm", "libvpx", {"g": "12", "auto-alt-ref": "1", "lag-in-frames": "16"}),
    "webm-vp9": ("vp9.webm", "libvpx-vp9", {"g": "12", "auto-alt-ref": "1", "lag-in-frames": "16"}),
    "mkv-av1": ("av1.mkv", "libsvtav1", {"g": "12", "preset": "12"}),
}


@pytest.mark.parametrize("name", FILES)
def test_wanted_frames_equal_those_of_a_full_decode(
    make_video: Callable[..., Path], every_frame: EveryFrame, to_frames: Callable[[Patches], Frames], name: str
) -> None:
    file, codec, options = FILES[name]
    path = make_video(file, 72, codec=codec, **options)
    expected = every_frame(path)
    assert len(expected) == 72
    video = Video(path)
    assert (video.info.frames, video.info.fps, video.info.duration) == (72, 25.0, pytest.approx(2.88, abs=0.002))

    for count in (72, 24, 7, 2):
        patches = Video(path, fps=25.0, max_frames=count).patches()
        stock = np.linspace(0, 71, count).round().astype(int)
        frames = to_frames(patches)[:count]
        assert all(np.array_equal(frame, expected[i]) for frame, i in zip(frames, stock, strict=True)), count
        assert patches.times[0] == pytest.approx((stock[0] + stock[1]) / 50, abs=0.002)

    for index in range(0, 72, 5):
        seconds = index / 25
        frames = to_frames(video.clip(max(0.0, seconds - 0.01), seconds + 0.01).patches())
        assert np.array_equal(frames[0], expected[index]), index


@pytest.mark.parametrize("file", ["long.mp4", "long.mkv", "long.ts", "long.avi", "long.flv", "long.webm"])
def test_distant_frames_are_reached_by_seeking(
    make_video: Callable[..., Path],
    to_frames: Callable[[Patches], Frames],
    read_number: Callable[[Frames], int],
    file: str,
) -> None:
    codec = {"avi": "mpeg4", "webm": "libvpx"}.get(file[-3:], {"webm": "libvpx"}.get(file[-4:], "libx264"))
    fast = {"libx264": {"preset": "ultrafast"}, "libvpx": {"deadline": "realtime", "cpu-used": "8"}}
    video = Video(make_video(file, 1200, codec=codec, g="40", **fast.get(codec, {})))
    for seconds in (44.0, 47.96, 20.0, 0.0, 33.2):
        frames = to_frames(video.clip(max(0.0, seconds - 0.01), seconds + 0.01).patches())
        assert read_number(frames[0]) == round(25 * seconds)
    patches = Video(video.to_block()["url"].removeprefix("file://"), max_frames=4).patches()
    assert [read_number(frame) for frame in to_frames(patches)] == [0, 400, 799, 1199]
